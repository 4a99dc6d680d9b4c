// Four lanes of Advanced SIMD, which every 64-bit ARM has.
#include "kernels.h"
#pragma STDC FP_CONTRACT OFF

#if defined(__aarch64__)
#include <arm_neon.h>

#define NAME "neon"
#define LANES 4
typedef float32x4_t vec;

static inline vec v_load(const float *p) { return vld1q_f32(p); }
static inline void v_store(float *p, vec a) { vst1q_f32(p, a); }
static inline vec v_zero(void) { return vdupq_n_f32(0); }
static inline vec v_set(float a) { return vdupq_n_f32(a); }
static inline vec v_add(vec a, vec b) { return vaddq_f32(a, b); }
static inline vec v_sub(vec a, vec b) { return vsubq_f32(a, b); }
static inline vec v_mul(vec a, vec b) { return vmulq_f32(a, b); }
static inline vec v_div(vec a, vec b) { return vdivq_f32(a, b); }
static inline vec v_fma(vec a, vec b, vec c) { return vfmaq_f32(c, a, b); }
static inline vec v_max(vec a, vec b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
static inline uint32_t lanes(uint32x4_t set) {
  static const uint32_t lane[4] = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(set, vld1q_u32(lane)));
}
static inline uint32_t v_above(vec a, vec b) { return lanes(vcgtq_f32(a, b)); }
static inline uint32_t v_at_or_above(vec a, vec b) { return lanes(vcgeq_f32(a, b)); }
static inline vec v_pick(uint32_t bits, vec a, vec b) {
  static const uint32_t lane[4] = {1, 2, 4, 8};
  return vbslq_f32(vtstq_u32(vdupq_n_u32(bits), vld1q_u32(lane)), a, b);
}

#include "plain_entries.h"
#include "bodies.h"

const qkz_kernels *qkz_neon(void) { return &kernels; }
#else
const qkz_kernels *qkz_neon(void) { return NULL; }
#endif
