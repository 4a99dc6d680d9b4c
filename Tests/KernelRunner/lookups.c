// list, tables and accumulate: together they convolve counts of spikes.
//
// What stands in a list is between `list` and `accumulate`, except for what the engine reads: the
// number of lookups and the channels that are set. So the three run as the engine runs them, and
// what they add up to is compared.
#include "runner.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

typedef struct {
  size_t planes, first, groups, slack;
  size_t extent[4];
} shape;

// Strides for nested axes, innermost last, with gaps; returns the elements that they span.
static size_t nest(const size_t extent[4], size_t unit, size_t stride[4]) {
  size_t span = unit;
  for (int axis = 3; axis >= 0; axis--) {
    stride[axis] = span + between(0, 2);
    span = (extent[axis] - 1) * stride[axis] + span;
  }
  return span;
}

static size_t count_positions(const size_t extent[4]) {
  return extent[0] * extent[1] * extent[2] * extent[3];
}

// Where position `i` of the axes lies.
static size_t offset(size_t i, const size_t extent[4], const size_t stride[4]) {
  size_t sum = 0;
  for (int axis = 3; axis >= 0; axis--) {
    sum += i % extent[axis] * stride[axis];
    i /= extent[axis];
  }
  return sum;
}

static unsigned pattern(const uint64_t *word, const shape *s, size_t g) {
  return (unsigned)(*word >> (s->first + 4 * g)) & 15;
}

// acc = fma(2^b, (w0 x0b + w1 x1b) + (w2 x2b + w3 x3b), acc), group by group, plane by plane.
static void visit(
  const uint64_t *words, size_t plane_stride, const float *weights, const shape *s, float *slot
) {
  for (size_t g = 0; g < s->groups; g++)
    for (size_t p = 0; p < s->planes; p++) {
      unsigned bits = pattern(words + p * plane_stride, s, g);
      float x[4];
      for (int i = 0; i < 4; i++) x[i] = (float)(bits >> i & 1);
      for (size_t lane = 0; lane < qkz_tile; lane++) {
        const float *w = weights + g * 4 * qkz_tile + lane;
        float sum = (w[0] * x[0] + w[qkz_tile] * x[1])
          + (w[2 * qkz_tile] * x[2] + w[3 * qkz_tile] * x[3]);
        slot[lane] = fmaf((float)(1 << p), sum, slot[lane]);
      }
    }
}

static qkz_lookups room_for_lookups(const shape *s, size_t positions) {
  size_t runs = qkz_most_lookups;
  return (qkz_lookups){
    .runs = guarded(runs + 1, sizeof(qkz_run), s->slack),
    .slots = guarded(positions, sizeof(uint32_t), s->slack),
    .entries =
      guarded(16 * s->planes * positions + qkz_spare * runs, sizeof(uint16_t), s->slack),
    .channels = guarded(qkz_planes, sizeof(uint64_t), s->slack),
  };
}

static void expect_summary(
  const qkz_lookups *list, const uint64_t *words, size_t plane_stride, const qkz_positions *at,
  const shape *s
) {
  size_t expected = 0, found = 0;
  uint64_t block = s->groups < 16 ? (UINT64_C(1) << 4 * s->groups) - 1 : ~UINT64_C(0);
  uint64_t channels[qkz_planes] = {0};
  for (size_t i = 0; i < count_positions(s->extent); i++)
    for (size_t p = 0; p < s->planes; p++) {
      const uint64_t *word = words + p * plane_stride + offset(i, s->extent, at->source);
      channels[p] |= *word >> s->first & block;
      for (size_t g = 0; g < s->groups; g++) expected += pattern(word, s, g) != 0;
    }
  size_t runs = 0;
  for (; list->runs[runs].positions != 0; runs++)
    found += (size_t)list->runs[runs].positions * list->runs[runs].lookups;
  if (runs > qkz_most_lookups) fail("%zu runs", runs);
  if (found != expected) fail("expected %zu lookups, found %zu", expected, found);
  expect_words(list->channels, channels, s->planes);
}

static void check_shape(
  const qkz_kernels *k, const shape *s, void (*fill_words)(uint64_t *, size_t)
) {
  at(
    "planes %zu, first %zu, groups %zu, slack %zu, extent %zu %zu %zu %zu", s->planes, s->first,
    s->groups, s->slack, s->extent[0], s->extent[1], s->extent[2], s->extent[3]);
  qkz_positions positions = {.first = between(0, 2)};
  for (int i = 0; i < 4; i++) positions.extent[i] = s->extent[i];
  size_t count = count_positions(s->extent);
  size_t span = nest(s->extent, 1, positions.source);
  size_t slots = positions.first + nest(s->extent, 1, positions.slot);
  size_t plane_stride = span + between(0, 3);

  uint64_t *words = guarded((s->planes - 1) * plane_stride + span, 8, s->slack % word_slacks);
  fill_words(words, (s->planes - 1) * plane_stride + span);
  float *weights = guarded(s->groups * 4 * qkz_tile, 4, s->slack);
  fill(weights, s->groups * 4 * qkz_tile, random_number);
  float *found = guarded(slots * qkz_tile, 4, s->slack);
  fill(found, slots * qkz_tile, random_number);
  // An accumulator starts at +0 and is never -0.
  for (size_t i = 0; i < slots * qkz_tile; i++) found[i] += 0.0f;
  float *expected = twin(found, slots * qkz_tile * 4);

  uint8_t *scratch = guarded(count, 1, s->slack);
  qkz_lookups list = room_for_lookups(s, count);
  k->list(words, plane_stride, s->planes, s->first, s->groups, &positions, scratch, &list);
  expect_summary(&list, words, plane_stride, &positions, s);
  // One table serves several lists: it has the patterns of all of them.
  uint64_t channels[qkz_planes];
  for (size_t p = 0; p < s->planes; p++)
    channels[p] = list.channels[p] | (between(0, 1) == 0 ? random_bits() & random_bits() : 0);
  // A row that is not made must not be looked up.
  size_t rows = s->planes * s->groups * qkz_patterns;
  float *tables = guarded(rows * qkz_tile, 4, s->slack);
  for (size_t i = 0; i < rows * qkz_tile; i++) tables[i] = NAN;
  k->tables(weights, channels, s->planes, s->groups, tables);
  k->accumulate(tables, &list, found);

  for (size_t i = 0; i < count; i++)
    visit(
      words + offset(i, s->extent, positions.source), plane_stride, weights, s,
      expected + (positions.first + offset(i, s->extent, positions.slot)) * qkz_tile);
  expect_floats(found, expected, slots * qkz_tile);
  end_case();
}

static const uint64_t seeds[] = {
  0, 1, 8, 15, UINT64_C(1) << 63, UINT64_C(0xf) << 28, UINT64_C(0x8421842184218421),
  UINT64_C(0x1111111111111111), UINT64_C(0xf0f0f0f0f0f0f0f0), ~UINT64_C(0),
};

static void fill_seeds(uint64_t *words, size_t count) {
  size_t kinds = sizeof seeds / sizeof *seeds, seed = between(0, kinds - 1);
  for (size_t i = 0; i < count; i++) words[i] = seeds[(i + seed) % kinds];
}

static void fill_random(uint64_t *words, size_t count) { fill_bits(words, count, 1, 64); }

static void fill_sparse(uint64_t *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    words[i] = between(0, 2) == 0 ? UINT64_C(1) << between(0, 63) : 0;
}

void check_lookups(const qkz_kernels *k) {
  for (size_t planes = 1; planes <= qkz_planes; planes++)
    for (size_t groups = 1; groups <= qkz_groups; groups++) {
      shape s = {planes, 0, groups, (planes * 5 + groups) % float_slacks, {1, 1, 2, 3}};
      check_shape(k, &s, fill_seeds);
      check_shape(k, &s, fill_sparse);
      s.first = between(0, 16 - groups) * 4;
      check_shape(k, &s, fill_random);
    }
  for (size_t slack = 0; slack < float_slacks; slack++)
    check_shape(k, &(shape){2, 0, 3, slack, {1, 1, 1, 5}}, fill_seeds);
  void (*const fills[])(uint64_t *, size_t) = {fill_seeds, fill_random, fill_sparse};
  for (int i = 0; i < 300; i++) {
    shape s = {.planes = between(1, qkz_planes), .groups = between(1, qkz_groups)};
    s.first = between(0, 64 - 4 * s.groups);
    s.slack = between(0, float_slacks - 1);
    for (int axis = 0; axis < 4; axis++) s.extent[axis] = between(1, axis < 2 ? 2 : 4);
    check_shape(k, &s, fills[i % 3]);
  }
}
