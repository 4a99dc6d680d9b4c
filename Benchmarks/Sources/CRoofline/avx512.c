#include "common.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,fma"))), apply_to = function)
#define NAME "avx512"
#define LANES 16
typedef __m512 vec;
static inline vec v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline vec v_set(float a) { return _mm512_set1_ps(a); }
static inline vec v_add(vec a, vec b) { return _mm512_add_ps(a, b); }
static inline vec v_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
static inline float v_sum(vec a) { return _mm512_reduce_add_ps(a); }
#include "body.h"
#pragma clang attribute pop
const roofline *roofline_avx512(void) {
  return __builtin_cpu_supports("avx512f") ? &measurements : NULL;
}
#else
const roofline *roofline_avx512(void) { return NULL; }
#endif
