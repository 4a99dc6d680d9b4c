// The loops, written once over a small vector layer that the including file defines:
//   LANES, vec, v_load, v_store, v_zero, v_set, v_add, v_sub, v_mul, v_div, v_fma, v_max
//   v_above(a, b), v_at_or_above(a, b) -> one bit per lane;  v_pick(bits, a, b)
// Comments give the idea; the order of float operations is that of docs/numerics.md.

#define VECTORS (qkz_tile / LANES)

// MARK: Lookups

// One bit, the lowest of four, for each group with a channel set.
static inline uint64_t occupied(uint64_t word) {
  word |= word >> 1;
  return (word | word >> 2) & 0x1111111111111111u;
}

// Deals the positions into runs, those without lookups behind the last.
static inline __attribute__((always_inline)) void deal(
  const uint64_t *planes, size_t plane_stride, size_t plane_count, unsigned span, size_t first,
  uint64_t block, size_t groups, const qkz_positions *at, const uint8_t *count, uint32_t **slots,
  uint16_t **entries
) {
  // The entry of the empty pattern of every group and plane, in their order.
  uint16_t base[qkz_groups * 8 + 16];
  for (unsigned g = 0, i = 0; g < qkz_groups; g++)
    for (unsigned p = 0; p < span; p++)
      base[i++] = (uint16_t)((p * groups + g) * qkz_patterns * qkz_entry);
  for (size_t b = 0; b < at->extent[0]; b++)
    for (size_t y = 0; y < at->extent[1]; y++)
      for (size_t x = 0; x < at->extent[2]; x++) {
        size_t source = b * at->source[0] + y * at->source[1] + x * at->source[2];
        size_t target =
          at->first + b * at->slot[0] + y * at->slot[1] + x * at->slot[2];
        for (size_t t = 0; t < at->extent[3];
             t++, source += at->source[3], target += at->slot[3]) {
          unsigned lookups = *count++;
          *slots[lookups]++ = (uint32_t)(target * qkz_tile * sizeof(float));
          uint64_t words[8] = {0};
          for (size_t p = 0; p < plane_count; p++)
            words[p] = planes[p * plane_stride + source] >> first & block;
          write_entries(words, span, (unsigned)groups, base, entries[lookups]);
          entries[lookups] += lookups;
        }
      }
}

// Counts each position's lookups, then deals the positions into runs of equal count.
static void list(
  const uint64_t *planes, size_t plane_stride, size_t plane_count, size_t first, size_t groups,
  const qkz_positions *at, uint8_t *scratch, const qkz_lookups *out
) {
  uint64_t block = groups < qkz_groups ? (UINT64_C(1) << 4 * groups) - 1 : ~UINT64_C(0);
  uint32_t positions[qkz_most_lookups + 1] = {0};
  uint64_t channels[qkz_planes] = {0};
  uint8_t *count = scratch;
  for (size_t b = 0; b < at->extent[0]; b++)
    for (size_t y = 0; y < at->extent[1]; y++)
      for (size_t x = 0; x < at->extent[2]; x++) {
        size_t source = b * at->source[0] + y * at->source[1] + x * at->source[2];
        for (size_t t = 0; t < at->extent[3]; t++, source += at->source[3]) {
          unsigned lookups = 0;
          for (size_t p = 0; p < plane_count; p++) {
            uint64_t word = planes[p * plane_stride + source] >> first & block;
            channels[p] |= word;
            lookups += (unsigned)__builtin_popcountll(occupied(word));
          }
          positions[lookups]++;
          *count++ = (uint8_t)lookups;
        }
      }
  size_t used = 0;
  for (size_t p = 0; p < plane_count; p++) {
    out->channels[p] = channels[p];
    if (channels[p] != 0) used = p + 1;
  }
  uint32_t *slots[qkz_most_lookups + 1];
  uint16_t *entries[qkz_most_lookups + 1];
  uint32_t *slot = out->slots;
  uint16_t *entry = out->entries;
  qkz_run *run = out->runs;
  for (uint32_t n = 1; n <= groups * used; n++) {
    if (positions[n] == 0) continue;
    *run++ = (qkz_run){n, positions[n]};
    slots[n] = slot;
    entries[n] = entry;
    slot += positions[n];
    entry += (size_t)positions[n] * n + qkz_spare;
  }
  *run = (qkz_run){0, 0};
  slots[0] = slot;
  entries[0] = entry;
#define DEAL(SPAN) \
  deal( \
    planes, plane_stride, used, SPAN, first, block, groups, at, scratch, slots, entries)
  if (used == 1) DEAL(1);
  else if (used == 2) DEAL(2);
  else if (used > 2 && used <= 4) DEAL(4);
  else if (used > 4) DEAL(8);
#undef DEAL
}

// The sixteen sums (w0 x0 + w1 x1) + (w2 x2 + w3 x3) of each group, times 2^plane (exact).
static void tables(
  const float *weights, const uint64_t *channels, size_t plane_count, size_t groups, float *out
) {
  for (size_t p = 0; p < plane_count; p++) {
    vec scale = v_set((float)(1u << p));
    for (size_t g = 0; g < groups; g++) {
      unsigned allowed = channels[p] >> (4 * g) & 15;
      if (allowed == 0) continue;
      const float *w = weights + g * 4 * qkz_tile;
      float *rows = out + (p * groups + g) * qkz_patterns * qkz_tile;
      for (int v = 0; v < VECTORS; v++, w += LANES, rows += LANES) {
        vec w0 = v_load(w), w1 = v_load(w + qkz_tile);
        vec w2 = v_load(w + 2 * qkz_tile), w3 = v_load(w + 3 * qkz_tile);
        if (p > 0) {
          w0 = v_mul(w0, scale), w1 = v_mul(w1, scale);
          w2 = v_mul(w2, scale), w3 = v_mul(w3, scale);
        }
        vec low[4] = {v_zero(), w0, w1, v_add(w0, w1)};
        vec high[4] = {v_zero(), w2, w3, v_add(w2, w3)};
        _Pragma("clang loop unroll(full)") for (unsigned h = 0; h < 4; h++) {
          if ((h * 4 & ~allowed) != 0) continue;
          _Pragma("clang loop unroll(full)") for (unsigned l = 0; l < 4; l++)
            v_store(rows + (h * 4 + l) * qkz_tile, v_add(low[l], high[h]));
        }
      }
    }
  }
}

// The entry is read as volatile so that each goes straight to an address: gathered into vectors
// and taken out again they cost more than the additions.
static inline __attribute__((always_inline)) void add_row(
  vec *acc, const char *table, const uint16_t *entry
) {
  const float *row = (const float *)(table + (size_t)*(const volatile uint16_t *)entry * 8);
  for (int v = 0; v < VECTORS; v++) acc[v] = v_add(acc[v], v_load(row + v * LANES));
}

static inline __attribute__((always_inline)) void add_rows(
  const char *table, const uint32_t *slots, uint32_t positions, const uint16_t *e, unsigned n,
  float *base
) {
  for (uint32_t i = 0; i < positions; i++, e += n) {
    float *slot = (float *)((char *)base + slots[i]);
    vec acc[VECTORS];
    for (int v = 0; v < VECTORS; v++) acc[v] = v_load(slot + v * LANES);
    _Pragma("clang loop unroll(full)") for (unsigned k = 0; k < n; k++) add_row(acc, table, e + k);
    for (int v = 0; v < VECTORS; v++) v_store(slot + v * LANES, acc[v]);
  }
}

// For each run a loop of its own, unrolled to its number of lookups.
static void accumulate(const float *rows, const qkz_lookups *lookups, float *base) {
  const char *table = (const char *)rows;
  const uint32_t *slots = lookups->slots;
  const uint16_t *e = lookups->entries;
  for (const qkz_run *run = lookups->runs; run->positions != 0; run++) {
    uint32_t positions = run->positions, n = run->lookups;
    switch (n) {
#define RUN(N) case N: add_rows(table, slots, positions, e, N, base); break;
      RUN(1) RUN(2) RUN(3) RUN(4) RUN(5) RUN(6) RUN(7) RUN(8)
      RUN(9) RUN(10) RUN(11) RUN(12) RUN(13) RUN(14) RUN(15) RUN(16)
#undef RUN
    default:
      for (uint32_t i = 0; i < positions; i++) {
        const uint16_t *entry = e + (size_t)i * n;
        float *slot = (float *)((char *)base + slots[i]);
        vec acc[VECTORS];
        for (int v = 0; v < VECTORS; v++) acc[v] = v_load(slot + v * LANES);
        unsigned k = 0;
        for (; k + 4 <= n; k += 4) {
          add_row(acc, table, entry + k);
          add_row(acc, table, entry + k + 1);
          add_row(acc, table, entry + k + 2);
          add_row(acc, table, entry + k + 3);
        }
        for (; k < n; k++) add_row(acc, table, entry + k);
        for (int v = 0; v < VECTORS; v++) v_store(slot + v * LANES, acc[v]);
      }
    }
    slots += positions;
    e += (size_t)positions * n + qkz_spare;
  }
}

// MARK: Real-valued inputs

static inline __attribute__((always_inline)) void dense_pixels(
  const float *input, size_t input_stride, const float *weights, const qkz_tap *taps,
  size_t tap_count, size_t channels, float *slots, size_t slot_stride, int pixels
) {
  vec acc[2][VECTORS];
  for (int i = 0; i < pixels; i++)
    for (int v = 0; v < VECTORS; v++) acc[i][v] = v_zero();
  for (size_t tap = 0; tap < tap_count; tap++) {
    const float *x = input + taps[tap].input;
    const float *w = weights + taps[tap].weights;
    for (size_t c = 0; c < channels; c++, w += qkz_tile)
      for (int i = 0; i < pixels; i++) {
        vec value = v_set(x[(size_t)i * input_stride + c]);
        for (int v = 0; v < VECTORS; v++)
          acc[i][v] = v_fma(value, v_load(w + v * LANES), acc[i][v]);
      }
  }
  for (int i = 0; i < pixels; i++)
    for (int v = 0; v < VECTORS; v++)
      v_store(slots + (size_t)i * slot_stride + v * LANES, acc[i][v]);
}

static void dense(
  const float *input, size_t input_stride, const float *weights, const qkz_tap *taps,
  size_t tap_count, size_t channels, size_t pixels, float *slots, size_t slot_stride
) {
  size_t i = 0;
  for (; i + 2 <= pixels; i += 2)
    dense_pixels(
      input + i * input_stride, input_stride, weights, taps, tap_count, channels,
      slots + i * slot_stride, slot_stride, 2);
  for (; i < pixels; i++)
    dense_pixels(
      input + i * input_stride, input_stride, weights, taps, tap_count, channels,
      slots + i * slot_stride, slot_stride, 1);
}

// MARK: After the sum

static void normalise(float *slots, size_t count, const float *scale, const float *shift) {
  for (int v = 0; v < VECTORS; v++) {
    vec s = v_load(scale + v * LANES), t = v_load(shift + v * LANES);
    float *x = slots + v * LANES;
    for (size_t i = 0; i < count; i++, x += qkz_tile) v_store(x, v_fma(v_load(x), s, t));
  }
}

static void maximum(float *out, const float *x, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) v_store(out + i, v_max(v_load(x + i), v_load(out + i)));
  for (; i < count; i++) out[i] = x[i] > out[i] ? x[i] : out[i];
}

static inline __attribute__((always_inline)) void fire_as(
  const qkz_lif *lif, const qkz_neurons *at, const float *x, const float *scale,
  const float *shift, uint32_t *spikes, float *current, bool multiply, bool above
) {
  vec threshold = v_set(lif->threshold), reset = v_set(lif->reset);
  vec tau = v_set(multiply ? lif->reciprocal : lif->time_constant);
  for (size_t chain = 0; chain < at->chains; chain++) {
    vec potential[VECTORS];
    for (int v = 0; v < VECTORS; v++) potential[v] = reset;
    for (size_t t = 0; t < at->steps; t++)
      for (size_t m = 0; m < at->members; m++) {
        const float *input = x + chain * at->x_chain + m * at->x_member + t * at->x_step;
        uint32_t word = 0;
        for (int v = 0; v < VECTORS; v++) {
          vec in = v_load(input + v * LANES);
          if (scale) in = v_fma(in, v_load(scale + v * LANES), v_load(shift + v * LANES));
          if (current)
            v_store(
              current + chain * at->current_chain + m * at->current_member
                + t * at->current_step + v * LANES, in);
          vec difference = v_sub(in, v_sub(potential[v], reset));
          vec charged = v_add(
            potential[v], multiply ? v_mul(difference, tau) : v_div(difference, tau));
          uint32_t bits = above ? v_above(charged, threshold) : v_at_or_above(charged, threshold);
          potential[v] = v_pick(bits, reset, charged);
          word |= bits << (v * LANES);
        }
        spikes[chain * at->spike_chain + m * at->spike_member + t * at->spike_step] =
          word & at->lanes;
      }
  }
}

static void fire(
  const qkz_lif *lif, const qkz_neurons *neurons, const float *x, const float *scale,
  const float *shift, uint32_t *spikes, float *current
) {
#define FIRE(MULTIPLY, ABOVE) \
  fire_as(lif, neurons, x, scale, shift, spikes, current, MULTIPLY, ABOVE)
  if (lif->above) lif->reciprocal != 0 ? FIRE(true, true) : FIRE(false, true);
  else lif->reciprocal != 0 ? FIRE(true, false) : FIRE(false, false);
#undef FIRE
}

// MARK: Integers

static void add(
  uint64_t *planes, size_t plane_stride, size_t plane_count, const uint64_t *addend, size_t words
) {
  for (size_t i = 0; i < words; i++) {
    uint64_t carry = addend[i];
    for (size_t p = 0; p < plane_count && carry != 0; p++) {
      uint64_t *word = planes + p * plane_stride + i;
      uint64_t old = *word;
      *word = old ^ carry;
      carry &= old;
    }
  }
}

// Up to 64 bits from any bit on.
static inline uint64_t bits(const uint64_t *words, size_t first, size_t width) {
  size_t word = first / 64, shift = first % 64;
  uint64_t value = words[word] >> shift;
  if (shift + width > 64) value |= words[word + 1] << (64 - shift);
  return width < 64 ? value & ((UINT64_C(1) << width) - 1) : value;
}

static void widen(
  const uint64_t *words, size_t stride, size_t width, size_t steps, size_t channels,
  uint64_t *out, size_t out_stride
) {
  size_t pixel = steps * stride;
  for (size_t x = 0; x < width; x++)
    for (size_t t = 0; t < steps; t++, out += out_stride) {
      const uint64_t *centre = words + x * pixel + t * stride;
      uint64_t left = x > 0 ? centre[-(ptrdiff_t)pixel] : 0;
      uint64_t right = x + 1 < width ? centre[pixel] : 0;
      out[0] = left | *centre << channels;
      if (2 * channels < 64) {
        out[0] |= right << 2 * channels;
        if (3 * channels > 64) out[1] = right >> (64 - 2 * channels);
      } else {
        out[1] = right;
      }
    }
}

static void head_sums(
  const uint64_t *words, size_t word_stride, size_t positions, size_t heads, size_t width,
  float *sums, size_t sum_stride
) {
  for (size_t i = 0; i < positions; i++, words += word_stride, sums += sum_stride)
    for (size_t h = 0; h < heads; h++) {
      int sum = 0;
      for (size_t done = 0; done < width; done += 64) {
        size_t part = width - done < 64 ? width - done : 64;
        sum += __builtin_popcountll(bits(words, h * width + done, part));
      }
      sums[h] = (float)sum;
    }
}

static void mask_heads(
  const uint64_t *key, size_t word_stride, const uint64_t *mask, size_t mask_stride,
  size_t positions, size_t heads, size_t width, uint64_t *out
) {
  for (size_t i = 0; i < positions;
       i++, key += word_stride, out += word_stride, mask += mask_stride) {
    for (size_t w = 0; w < word_stride; w++) out[w] = 0;
    for (size_t h = 0; h < heads; h++) {
      if ((mask[h / 64] >> (h % 64) & 1) == 0) continue;
      for (size_t done = 0; done < width; done += 64) {
        size_t part = width - done < 64 ? width - done : 64;
        size_t first = h * width + done, shift = first % 64;
        uint64_t value = bits(key, first, part);
        out[first / 64] |= value << shift;
        if (shift + part > 64) out[first / 64 + 1] |= value >> (64 - shift);
      }
    }
  }
}

static void channel_sums(
  const uint64_t *words, size_t word_stride, size_t positions, size_t channels, int32_t weight,
  int32_t *sums
) {
  for (size_t i = 0; i < positions; i++, words += word_stride)
    for (size_t w = 0; w * 64 < channels; w++)
      for (uint64_t rest = words[w]; rest != 0; rest &= rest - 1)
        sums[w * 64 + (size_t)__builtin_ctzll(rest)] += weight;
}

static void attend(
  const uint64_t *query, const uint64_t *key, const uint64_t *value, size_t token_stride,
  size_t tokens, size_t first, size_t width, float scale, int32_t *product, int32_t *row,
  float *current, size_t current_stride
) {
  for (size_t i = 0; i < width * width; i++) product[i] = 0;
  for (size_t n = 0; n < tokens; n++) {
    const uint64_t *k = key + n * token_stride, *v = value + n * token_stride;
    for (size_t j = 0; j < width; j++)
      row[j] = (int32_t)(v[(first + j) / 64] >> ((first + j) % 64) & 1);
    for (size_t done = 0; done < width; done += 64) {
      size_t part = width - done < 64 ? width - done : 64;
      for (uint64_t rest = bits(k, first + done, part); rest != 0; rest &= rest - 1) {
        int32_t *sums = product + (done + (size_t)__builtin_ctzll(rest)) * width;
        for (size_t j = 0; j < width; j++) sums[j] += row[j];
      }
    }
  }
  for (size_t n = 0; n < tokens; n++) {
    const uint64_t *q = query + n * token_stride;
    for (size_t j = 0; j < width; j++) row[j] = 0;
    for (size_t done = 0; done < width; done += 64) {
      size_t part = width - done < 64 ? width - done : 64;
      for (uint64_t rest = bits(q, first + done, part); rest != 0; rest &= rest - 1) {
        const int32_t *sums = product + (done + (size_t)__builtin_ctzll(rest)) * width;
        for (size_t j = 0; j < width; j++) row[j] += sums[j];
      }
    }
    float *x = current + n * current_stride;
    for (size_t j = 0; j < width; j++) x[j] = (float)row[j] * scale;
  }
}

static const qkz_kernels kernels = {
  .name = NAME,
  .list = list,
  .tables = tables,
  .accumulate = accumulate,
  .dense = dense,
  .normalise = normalise,
  .maximum = maximum,
  .fire = fire,
  .widen = widen,
  .add = add,
  .head_sums = head_sums,
  .mask_heads = mask_heads,
  .channel_sums = channel_sums,
  .attend = attend,
};
