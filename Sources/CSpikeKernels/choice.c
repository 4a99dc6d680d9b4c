// Which kernels this processor can run, and how many processors there are.
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>

#include "kernels.h"

#if defined(__x86_64__)
uint8_t qkz_front[256][16];

// For each mask the byte shuffle that moves the 16-bit lanes it keeps to the front.
__attribute__((constructor)) static void make_fronts(void) {
  for (unsigned mask = 0; mask < 256; mask++) {
    unsigned kept = 0;
    for (unsigned lane = 0; lane < 8; lane++) {
      if ((mask >> lane & 1) == 0) continue;
      qkz_front[mask][2 * kept] = (uint8_t)(2 * lane);
      qkz_front[mask][2 * kept + 1] = (uint8_t)(2 * lane + 1);
      kept++;
    }
  }
}
#endif

const char *const qkz_kernel_names[] = {"avx512", "avx2", "neon", "scalar", NULL};

const qkz_kernels *qkz_kernels_named(const char *name) {
  const qkz_kernels *all[] = {qkz_avx512(), qkz_avx2(), qkz_neon(), qkz_scalar()};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i] && strcmp(all[i]->name, name) == 0) return all[i];
  return NULL;
}

// The set must have room for every processor that the kernel knows, present or not.
int qkz_processors(void) {
  for (int most = CPU_SETSIZE; most <= 1 << 20; most *= 2) {
    cpu_set_t *set = CPU_ALLOC(most);
    if (set == NULL) break;
    size_t size = CPU_ALLOC_SIZE(most);
    int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return 1;
}
