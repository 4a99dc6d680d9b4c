// widen, add, head_sums, mask_heads, channel_sums and attend: spikes as bits, sums as integers.
#include "runner.h"

#pragma STDC FP_CONTRACT OFF

static uint64_t *random_spikes(size_t positions, size_t stride, size_t channels, size_t slack) {
  uint64_t *words = guarded(positions * stride, 8, slack % word_slacks);
  fill_bits(words, positions, stride, channels);
  return words;
}

static void set(uint64_t *words, size_t index) { words[index / 64] |= UINT64_C(1) << index % 64; }

// MARK: widen

static void check_widen_shape(
  const qkz_kernels *k, size_t channels, size_t width, size_t steps, size_t slack
) {
  at("channels %zu, width %zu, steps %zu, slack %zu", channels, width, steps, slack);
  size_t stride = between(1, 2), wide = words_of(3 * channels), count = width * steps;
  uint64_t *words = random_spikes(count, stride, channels, slack);
  uint64_t *found = guarded(count * wide, 8, slack);
  uint64_t *expected = twin(found, count * wide * 8);
  k->widen(words, stride, width, steps, channels, found, wide);
  for (size_t i = 0; i < count; i++) {
    uint64_t *out = expected + i * wide;
    for (size_t w = 0; w < wide; w++) out[w] = 0;
    for (size_t dx = 0; dx < 3; dx++) {
      size_t x = i / steps + dx;  // Of the padded row.
      if (x == 0 || x > width) continue;
      const uint64_t *neighbour = words + ((x - 1) * steps + i % steps) * stride;
      for (size_t c = 0; c < channels; c++)
        if (bit(neighbour, c)) set(out, dx * channels + c);
    }
  }
  expect_words(found, expected, count * wide);
  end_case();
}

void check_widen(const qkz_kernels *k) {
  for (size_t channels = 1; channels <= 32; channels++)
    for (size_t width = 0; width < 6; width++)
      for (size_t steps = 1; steps < 4; steps++)
        check_widen_shape(k, channels, width, steps, (channels + width) % word_slacks);
  for (size_t slack = 0; slack < word_slacks; slack++) check_widen_shape(k, 32, 9, 2, slack);
}

// MARK: add

static void check_add_shape(const qkz_kernels *k, size_t planes, size_t words, size_t slack) {
  at("planes %zu, words %zu, slack %zu", planes, words, slack);
  size_t stride = words + between(0, 2), count = (planes - 1) * stride + words;
  uint64_t *found = random_spikes(count, 1, 64, slack);
  uint64_t *addend = random_spikes(words, 1, 64, word_slacks - 1 - slack);
  // A count never leaves its planes: what is full gets nothing.
  for (size_t i = 0; i < words; i++) {
    uint64_t full = ~UINT64_C(0);
    for (size_t p = 0; p < planes; p++) full &= found[p * stride + i];
    addend[i] &= ~full;
  }
  uint64_t *expected = twin(found, count * 8);
  k->add(found, stride, planes, addend, words);
  for (size_t i = 0; i < words * 64; i++) {
    unsigned sum = bit(addend, i);
    for (size_t p = 0; p < planes; p++) sum += (unsigned)bit(expected + p * stride, i) << p;
    for (size_t p = 0; p < planes; p++) {
      uint64_t *word = expected + p * stride + i / 64;
      *word = (*word & ~(UINT64_C(1) << i % 64)) | (uint64_t)(sum >> p & 1) << i % 64;
    }
  }
  expect_words(found, expected, count);
  end_case();
}

void check_add(const qkz_kernels *k) {
  for (size_t planes = 1; planes <= qkz_planes; planes++)
    for (size_t words = 0; words < 18; words++)
      for (size_t slack = 0; slack < word_slacks; slack++)
        check_add_shape(k, planes, words, slack);
}

// MARK: head_sums, mask_heads

typedef struct {
  size_t positions, heads, width, slack;
} head_shape;

static void say_heads(const head_shape *s) {
  at("positions %zu, heads %zu, width %zu, slack %zu", s->positions, s->heads, s->width, s->slack);
}

static void check_head_sums_shape(const qkz_kernels *k, const head_shape *s) {
  say_heads(s);
  size_t channels = s->heads * s->width, stride = words_of(channels) + between(0, 1);
  size_t apart = s->heads + between(0, 3);
  size_t floats = s->positions == 0 ? 0 : (s->positions - 1) * apart + s->heads;
  uint64_t *words = random_spikes(s->positions, stride, channels, s->slack);
  float *found = guarded(floats, 4, s->slack), *expected = twin(found, floats * 4);
  k->head_sums(words, stride, s->positions, s->heads, s->width, found, apart);
  for (size_t i = 0; i < s->positions; i++)
    for (size_t h = 0; h < s->heads; h++) {
      float sum = 0;
      for (size_t j = 0; j < s->width; j++) sum += bit(words + i * stride, h * s->width + j);
      expected[i * apart + h] = sum;
    }
  expect_floats(found, expected, floats);
  end_case();
}

static void check_mask_heads_shape(const qkz_kernels *k, const head_shape *s) {
  say_heads(s);
  size_t channels = s->heads * s->width, stride = words_of(channels);
  size_t mask_stride = words_of(s->heads) + between(0, 1), count = s->positions * stride;
  uint64_t *key = random_spikes(s->positions, stride, channels, s->slack);
  uint64_t *mask = random_spikes(s->positions, mask_stride, s->heads, s->slack);
  uint64_t *found = guarded(count, 8, s->slack % word_slacks);
  uint64_t *expected = twin(found, count * 8);
  k->mask_heads(key, stride, mask, mask_stride, s->positions, s->heads, s->width, found);
  for (size_t w = 0; w < count; w++) expected[w] = 0;
  for (size_t i = 0; i < s->positions; i++)
    for (size_t c = 0; c < channels; c++)
      if (bit(key + i * stride, c) && bit(mask + i * mask_stride, c / s->width))
        set(expected + i * stride, c);
  expect_words(found, expected, count);
  end_case();
}

static void over_head_shapes(
  const qkz_kernels *k, void (*check)(const qkz_kernels *, const head_shape *)
) {
  for (size_t heads = 1; heads < 8; heads++)
    for (size_t width = 1; width < 140; width += width < 70 ? 1 : 7)
      check(k, &(head_shape){(heads + width) % 4, heads, width, width % float_slacks});
  for (size_t slack = 0; slack < float_slacks; slack++) check(k, &(head_shape){5, 3, 48, slack});
  for (int i = 0; i < 200; i++)
    check(k, &(head_shape){between(0, 20), between(1, 70), between(1, 96), between(0, 15)});
}

void check_head_sums(const qkz_kernels *k) { over_head_shapes(k, check_head_sums_shape); }
void check_mask_heads(const qkz_kernels *k) { over_head_shapes(k, check_mask_heads_shape); }

// MARK: channel_sums

static void check_channel_sums_shape(
  const qkz_kernels *k, size_t channels, size_t positions, size_t slack
) {
  int32_t weight = (int32_t)between(0, 256) - 128;
  at(
    "channels %zu, positions %zu, weight %d, slack %zu", channels, positions, weight, slack);
  size_t stride = words_of(channels) + between(0, 2);
  uint64_t *words = random_spikes(positions, stride, channels, slack);
  int32_t *found = guarded(channels, 4, slack);
  for (size_t c = 0; c < channels; c++) found[c] = (int32_t)between(0, 1000) - 500;
  int32_t *expected = twin(found, channels * 4);
  k->channel_sums(words, stride, positions, channels, weight, found);
  for (size_t i = 0; i < positions; i++)
    for (size_t c = 0; c < channels; c++) expected[c] += bit(words + i * stride, c) * weight;
  for (size_t c = 0; c < channels; c++)
    if (found[c] != expected[c])
      fail("channel %zu: expected %d, found %d", c, expected[c], found[c]);
  end_case();
}

void check_channel_sums(const qkz_kernels *k) {
  for (size_t channels = 1; channels < 140; channels++)
    for (size_t positions = 0; positions < 4; positions++)
      check_channel_sums_shape(k, channels, positions, channels % float_slacks);
  for (size_t slack = 0; slack < float_slacks; slack++)
    check_channel_sums_shape(k, 96, 40, slack);
}

// MARK: attend

typedef struct {
  size_t tokens, first, width, slack;
} attend_shape;

static void check_attend_shape(const qkz_kernels *k, const attend_shape *s) {
  const float scales[] = {0.125f, 1, 0.3f, random_number()};
  float scale = scales[between(0, 3)];
  at(
    "tokens %zu, first %zu, width %zu, scale %a, slack %zu", s->tokens, s->first, s->width,
    (double)scale, s->slack);
  size_t channels = s->first + s->width, stride = words_of(channels) + between(0, 1);
  size_t apart = s->width + between(0, 3);
  size_t floats = s->tokens == 0 ? 0 : (s->tokens - 1) * apart + s->width;
  uint64_t *query = random_spikes(s->tokens, stride, channels, s->slack);
  uint64_t *key = random_spikes(s->tokens, stride, channels, s->slack);
  uint64_t *value = random_spikes(s->tokens, stride, channels, s->slack);
  int32_t *product = guarded(s->width * s->width, 4, s->slack);
  int32_t *row = guarded(s->width, 4, s->slack);
  float *found = guarded(floats, 4, s->slack), *expected = twin(found, floats * 4);
  k->attend(
    query, key, value, stride, s->tokens, s->first, s->width, scale, product, row, found, apart);
  // (Q K^T) V, whose order of exact sums is another one.
  for (size_t n = 0; n < s->tokens; n++)
    for (size_t j = 0; j < s->width; j++) {
      int sum = 0;
      for (size_t m = 0; m < s->tokens; m++) {
        if (!bit(value + m * stride, s->first + j)) continue;
        for (size_t i = 0; i < s->width; i++)
          sum += bit(query + n * stride, s->first + i) && bit(key + m * stride, s->first + i);
      }
      expected[n * apart + j] = (float)sum * scale;
    }
  expect_floats(found, expected, floats);
  end_case();
}

void check_attend(const qkz_kernels *k) {
  for (size_t width = 1; width < 72; width++)
    check_attend_shape(
      k, &(attend_shape){width % 6, width * (width % 3), width, width % float_slacks});
  for (size_t slack = 0; slack < float_slacks; slack++)
    check_attend_shape(k, &(attend_shape){4, 33, 33, slack});
  for (int i = 0; i < 60; i++)
    check_attend_shape(
      k, &(attend_shape){between(0, 12), between(0, 130), between(1, 130), between(0, 15)});
}
