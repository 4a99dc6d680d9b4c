// One lane: what every machine can run, and the plainest reading of bodies.h.
#include "kernels.h"
#pragma STDC FP_CONTRACT OFF

#define NAME "scalar"
#define LANES 1
typedef float vec;

static inline vec v_load(const float *p) { return *p; }
static inline void v_store(float *p, vec a) { *p = a; }
static inline vec v_zero(void) { return 0; }
static inline vec v_set(float a) { return a; }
static inline vec v_add(vec a, vec b) { return a + b; }
static inline vec v_sub(vec a, vec b) { return a - b; }
static inline vec v_mul(vec a, vec b) { return a * b; }
static inline vec v_div(vec a, vec b) { return a / b; }
static inline vec v_fma(vec a, vec b, vec c) { return __builtin_fmaf(a, b, c); }
static inline vec v_max(vec a, vec b) { return a > b ? a : b; }
static inline uint32_t v_above(vec a, vec b) { return a > b; }
static inline uint32_t v_at_or_above(vec a, vec b) { return a >= b; }
static inline vec v_pick(uint32_t bits, vec a, vec b) { return bits ? a : b; }

#include "plain_entries.h"
#include "bodies.h"

const qkz_kernels *qkz_scalar(void) { return &kernels; }
