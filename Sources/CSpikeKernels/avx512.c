// Sixteen lanes of AVX-512.
#include "kernels.h"
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#include <immintrin.h>

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,popcnt,bmi,bmi2")

#define NAME "avx512"
#define LANES 16
typedef __m512 vec;

static inline vec v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void v_store(float *p, vec a) { _mm512_storeu_ps(p, a); }
static inline vec v_zero(void) { return _mm512_setzero_ps(); }
static inline vec v_set(float a) { return _mm512_set1_ps(a); }
static inline vec v_add(vec a, vec b) { return _mm512_add_ps(a, b); }
static inline vec v_sub(vec a, vec b) { return _mm512_sub_ps(a, b); }
static inline vec v_mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
static inline vec v_div(vec a, vec b) { return _mm512_div_ps(a, b); }
static inline vec v_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
// The second operand where neither is greater, as in a > b ? a : b.
static inline vec v_max(vec a, vec b) { return _mm512_max_ps(a, b); }
static inline uint32_t v_above(vec a, vec b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}
static inline uint32_t v_at_or_above(vec a, vec b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
}
static inline vec v_pick(uint32_t bits, vec a, vec b) {
  return _mm512_mask_blend_ps((__mmask16)bits, b, a);
}

#include "x86_entries.h"
#include "bodies.h"

TARGET_END

const qkz_kernels *qkz_avx512(void) {
  bool available = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
    && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
    && __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt")
    && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  return available ? &kernels : NULL;
}
#else
const qkz_kernels *qkz_avx512(void) { return NULL; }
#endif
