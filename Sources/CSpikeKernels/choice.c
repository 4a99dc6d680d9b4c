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

int qkz_processors(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}
