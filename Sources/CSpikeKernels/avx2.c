// Eight lanes of AVX2 with FMA.
#include "kernels.h"
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#include <immintrin.h>

TARGET_BEGIN("avx2,fma,popcnt,bmi,bmi2")

#define NAME "avx2"
#define LANES 8
typedef __m256 vec;

static inline vec v_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void v_store(float *p, vec a) { _mm256_storeu_ps(p, a); }
static inline vec v_zero(void) { return _mm256_setzero_ps(); }
static inline vec v_set(float a) { return _mm256_set1_ps(a); }
static inline vec v_add(vec a, vec b) { return _mm256_add_ps(a, b); }
static inline vec v_sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
static inline vec v_mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
static inline vec v_div(vec a, vec b) { return _mm256_div_ps(a, b); }
static inline vec v_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
// The second operand where neither is greater, as in a > b ? a : b.
static inline vec v_max(vec a, vec b) { return _mm256_max_ps(a, b); }
static inline uint32_t v_above(vec a, vec b) {
  return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ));
}
static inline uint32_t v_at_or_above(vec a, vec b) {
  return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GE_OQ));
}
static inline vec v_pick(uint32_t bits, vec a, vec b) {
  __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  __m256i set = _mm256_and_si256(_mm256_set1_epi32((int)bits), lane);
  return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, lane)));
}

#include "x86_entries.h"
#include "bodies.h"

TARGET_END

const qkz_kernels *qkz_avx2(void) {
  bool available = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
    && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi")
    && __builtin_cpu_supports("bmi2");
  return available ? &kernels : NULL;
}
#else
const qkz_kernels *qkz_avx2(void) { return NULL; }
#endif
