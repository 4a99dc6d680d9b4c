// dense, normalise, maximum and fire: float operations, each rounded as the contract says.
#include "runner.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

// MARK: dense

typedef struct {
  size_t taps, channels, pixels, slack;
} dense_shape;

static void check_dense_shape(const qkz_kernels *k, const dense_shape *s) {
  at("taps %zu, channels %zu, pixels %zu, slack %zu", s->taps, s->channels, s->pixels, s->slack);
  size_t stride = s->channels + between(0, 2), slot_stride = qkz_tile + between(0, 5);
  size_t before = between(0, 20), apart = between(0, 9);
  qkz_tap *taps = guarded(s->taps, sizeof(qkz_tap), 0);
  size_t most = 0, rows = 0;
  for (size_t tap = 0; tap < s->taps; tap++) {
    // Anywhere, also before the first pixel; each tap has weights of its own.
    taps[tap] = (qkz_tap){(ptrdiff_t)between(0, apart) - (ptrdiff_t)before, rows * qkz_tile};
    size_t end = before + (size_t)(taps[tap].input + (ptrdiff_t)s->channels);
    if (end > most) most = end;
    rows += s->channels + between(0, 1);
  }
  if (s->pixels > 0) most += (s->pixels - 1) * stride;
  float *weights = guarded(rows * qkz_tile, 4, s->slack);
  fill(weights, rows * qkz_tile, random_number);
  float *input = guarded(most, 4, s->slack);
  fill(input, most, random_number);
  size_t floats = s->pixels == 0 ? 0 : (s->pixels - 1) * slot_stride + qkz_tile;
  float *found = guarded(floats, 4, s->slack), *expected = twin(found, floats * 4);
  k->dense(
    input + before, stride, weights, taps, s->taps, s->channels, s->pixels, found, slot_stride);

  for (size_t i = 0; i < s->pixels; i++)
    for (size_t lane = 0; lane < qkz_tile; lane++) {
      float acc = 0;
      for (size_t tap = 0; tap < s->taps; tap++)
        for (size_t c = 0; c < s->channels; c++) {
          float x = input[before + i * stride + (size_t)taps[tap].input + c];
          acc = fmaf(x, weights[taps[tap].weights + c * qkz_tile + lane], acc);
        }
      expected[i * slot_stride + lane] = acc;
    }
  expect_floats(found, expected, floats);
  end_case();
}

void check_dense(const qkz_kernels *k) {
  for (size_t pixels = 0; pixels < 10; pixels++)
    for (size_t slack = 0; slack < float_slacks; slack++) {
      check_dense_shape(k, &(dense_shape){0, 3, pixels, slack});
      check_dense_shape(k, &(dense_shape){1, 1, pixels, slack});
      check_dense_shape(k, &(dense_shape){4, 2, pixels, slack});
    }
  for (int i = 0; i < 150; i++)
    check_dense_shape(
      k, &(dense_shape){between(1, 9), between(1, 5), between(0, 20), between(0, 15)});
  // The classifier: one tap over all features.
  check_dense_shape(k, &(dense_shape){1, 384, 1, 0});
}

// MARK: normalise

void check_normalise(const qkz_kernels *k) {
  for (size_t count = 0; count < 10; count++)
    for (size_t slack = 0; slack < float_slacks; slack++) {
      at("count %zu, slack %zu", count, slack);
      size_t floats = count * qkz_tile;
      float *scale = guarded(qkz_tile, 4, slack), *shift = guarded(qkz_tile, 4, 15 - slack);
      float *found = guarded(floats, 4, slack);
      fill(scale, qkz_tile, random_number);
      fill(shift, qkz_tile, random_number);
      fill(found, floats, random_float);
      float *expected = twin(found, floats * 4);
      k->normalise(found, count, scale, shift);
      for (size_t i = 0; i < floats; i++)
        expected[i] = fmaf(expected[i], scale[i % qkz_tile], shift[i % qkz_tile]);
      expect_floats(found, expected, floats);
      end_case();
    }
}

// MARK: maximum

static float random_awkward(void) {
  const float values[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1, -1, 1};
  return values[between(0, 7)];
}

static void check_maximum_of(
  const qkz_kernels *k, size_t count, size_t slack, size_t x_slack, float (*next)(void)
) {
  at("count %zu, slack %zu and %zu", count, slack, x_slack);
  float *found = guarded(count, 4, slack), *x = guarded(count, 4, x_slack);
  fill(found, count, next);
  fill(x, count, next);
  float *expected = twin(found, count * 4);
  k->maximum(found, x, count);
  for (size_t i = 0; i < count; i++)
    if (x[i] > expected[i]) expected[i] = x[i];
  expect_floats(found, expected, count);
  end_case();
}

void check_maximum(const qkz_kernels *k) {
  for (size_t count = 0; count < 70; count++)
    for (size_t slack = 0; slack < float_slacks; slack++) {
      check_maximum_of(k, count, slack, 0, random_awkward);
      check_maximum_of(k, count, 0, slack, random_awkward);
    }
  for (int i = 0; i < 300; i++)
    check_maximum_of(k, between(0, 200), between(0, 15), between(0, 15), random_float);
}

// MARK: fire

typedef struct {
  qkz_lif lif;
  size_t chains, members, steps, slack;
  bool repeats, normalises, keeps;
  // Whether some neuron meets the threshold exactly, so that a last bit becomes a spike.
  bool meets;
  float (*next)(void);
} fire_shape;

typedef struct {
  size_t chain, member, step, span;
} layout;

// The three axes in any order, with gaps; `unit` elements belong together.
static layout lay_out(const fire_shape *s, size_t unit, bool repeats) {
  size_t extent[3] = {s->chains, s->members, repeats ? 1 : s->steps}, stride[3] = {0};
  size_t span = unit, first = between(0, 2), turn = between(1, 2);
  for (size_t i = 0; i < 3; i++) {
    size_t axis = (first + i * turn) % 3;
    stride[axis] = span + between(0, 2);
    span = extent[axis] == 0 ? span : (extent[axis] - 1) * stride[axis] + span;
  }
  return (layout){stride[0], stride[1], repeats ? 0 : stride[2], s->chains == 0 ? 0 : span};
}

// H = V + (X - (V - reset)) / tau, fires, hard reset; one chain of one channel. Returns the largest
// H.
static float charge(
  const fire_shape *s, const qkz_neurons *n, size_t chain, size_t lane, const float *x,
  const float *scale, const float *shift, uint32_t *spikes, float *current
) {
  float potential = s->lif.reset, largest = -INFINITY;
  for (size_t t = 0; t < s->steps; t++)
    for (size_t m = 0; m < s->members; m++) {
      float in = x[chain * n->x_chain + m * n->x_member + t * n->x_step + lane];
      if (scale) in = fmaf(in, scale[lane], shift[lane]);
      if (current)
        current[
          chain * n->current_chain + m * n->current_member + t * n->current_step + lane] = in;
      float charged = potential + (in - (potential - s->lif.reset)) / s->lif.time_constant;
      if (charged > largest) largest = charged;
      bool fires = s->lif.above ? charged > s->lif.threshold : charged >= s->lif.threshold;
      potential = fires ? s->lif.reset : charged;
      uint32_t *word =
        spikes + chain * n->spike_chain + m * n->spike_member + t * n->spike_step;
      uint32_t spike = (uint32_t)fires << lane & n->lanes;
      *word = lane == 0 ? spike : *word | spike;
    }
  return largest;
}

static void check_fire_shape(const qkz_kernels *k, fire_shape *s, uint32_t lanes) {
  at(
    "chains %zu, members %zu, steps %zu, tau %a, threshold %a, reset %a, lanes %08x, slack %zu%s%s%s",
    s->chains, s->members, s->steps, (double)s->lif.time_constant, (double)s->lif.threshold,
    (double)s->lif.reset, lanes, s->slack, s->normalises ? ", normalises" : "",
    s->repeats ? ", repeats" : "", s->meets ? ", another threshold that is met" : "");
  layout x_at = lay_out(s, qkz_tile, s->repeats), spike_at = lay_out(s, 1, false);
  layout current_at = lay_out(s, qkz_tile, false);
  qkz_neurons n = {
    s->chains, s->members, s->steps, x_at.chain, x_at.member, x_at.step, spike_at.chain,
    spike_at.member, spike_at.step, current_at.chain, current_at.member, current_at.step, lanes};
  float *x = guarded(x_at.span, 4, s->slack);
  fill(x, x_at.span, s->next);
  float *scale = NULL, *shift = NULL, *current = NULL, *expected_current = NULL;
  if (s->normalises) {
    scale = guarded(qkz_tile, 4, 15 - s->slack);
    shift = guarded(qkz_tile, 4, s->slack);
    fill(scale, qkz_tile, random_number);
    fill(shift, qkz_tile, random_number);
  }
  uint32_t *spikes = guarded(spike_at.span, 4, s->slack);
  uint32_t *expected = twin(spikes, spike_at.span * 4);
  if (s->keeps) {
    current = guarded(current_at.span, 4, s->slack);
    expected_current = twin(current, current_at.span * 4);
  }
  if (s->meets && s->chains > 0) {
    s->lif.threshold = INFINITY;
    s->lif.threshold = charge(
      s, &n, s->chains - 1, between(0, qkz_tile - 1), x, scale, shift, expected, expected_current);
  }
  k->fire(&s->lif, &n, x, scale, shift, spikes, current);

  for (size_t chain = 0; chain < s->chains; chain++)
    for (size_t lane = 0; lane < qkz_tile; lane++)
      charge(s, &n, chain, lane, x, scale, shift, expected, expected_current);
  for (size_t i = 0; i < spike_at.span; i++)
    if (spikes[i] != expected[i])
      fail("word %zu: expected %08x, found %08x", i, expected[i], spikes[i]);
  if (s->keeps) expect_floats(current, expected_current, current_at.span);
  end_case();
}

// As the engine does: a reciprocal only where multiplying rounds as dividing does.
static qkz_lif lif(float threshold, float reset, float tau, bool above) {
  int exponent;
  bool is_power = frexpf(tau, &exponent) == 0.5f;
  return (qkz_lif){threshold, reset, tau, is_power ? 1 / tau : 0, above};
}

// Subnormal inputs: where halving rounds, and a fused step would not.
static float random_tiny(void) { return (float)between(0, 15) * 0x1p-149f; }

// Potentials that meet a threshold of 1 exactly.
static float random_quarter(void) { return (float)between(0, 16) / 4 - 1; }

void check_fire(const qkz_kernels *k) {
  const float taus[] = {2, 1.7f, 1, 4, 3, 0x1p-3f};
  const qkz_lif quarters[] = {lif(1, 0, 2, false), lif(1, 0, 2, true), lif(1, 0.25f, 3, false)};
  for (size_t slack = 0; slack < float_slacks; slack++)
    for (size_t steps = 0; steps < 6; steps++)
      for (int kind = 0; kind < 3; kind++) {
        fire_shape s = {quarters[kind], between(0, 3), 1, steps, slack, false, false, slack % 2,
                        false, random_quarter};
        check_fire_shape(k, &s, ~UINT32_C(0));
        s.lif = lif(0x1p-147f, 0, 2, kind == 1);
        s.next = random_tiny;
        check_fire_shape(k, &s, (uint32_t)random_bits());
      }
  for (int i = 0; i < 800; i++) {
    fire_shape s = {.chains = between(0, 4), .members = between(1, 3), .steps = between(1, 5)};
    float reset = between(0, 2) == 0 ? random_number() : 0;
    s.lif = lif(between(0, 2) == 0 ? random_number() : 1, reset, taus[between(0, 5)], i & 1);
    s.slack = between(0, 15);
    s.repeats = i & 2;
    s.normalises = i & 4;
    s.keeps = i & 8;
    s.next = i & 16 ? random_float : random_number;
    s.meets = i & 64;
    check_fire_shape(k, &s, i & 32 ? (uint32_t)random_bits() : ~UINT32_C(0));
  }
}
