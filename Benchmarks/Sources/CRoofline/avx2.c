#include "common.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME "avx2"
#define LANES 8
typedef __m256 vec;
static inline vec v_load(const float *p) { return _mm256_loadu_ps(p); }
static inline vec v_set(float a) { return _mm256_set1_ps(a); }
static inline vec v_add(vec a, vec b) { return _mm256_add_ps(a, b); }
static inline vec v_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
static inline float v_sum(vec a) { return a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7]; }
#include "body.h"
#pragma clang attribute pop
const roofline *roofline_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &measurements : NULL;
}
#else
const roofline *roofline_avx2(void) { return NULL; }
#endif
