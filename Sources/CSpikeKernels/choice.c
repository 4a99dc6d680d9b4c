// Which kernels this processor can run, and how many processors there are.
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>

#include "kernels.h"

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
