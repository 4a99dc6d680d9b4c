// Writing the entries of a position with byte shuffles; for both x86 bodies.

// Lanes of 16 bits that a mask of eight keeps, moved to the front.
extern uint8_t qkz_front[256][16];

// One byte for each of the 16 groups of a word.
static inline __m128i nibbles(uint64_t word) {
  __m128i low = _mm_set1_epi64x((long long)(word & 0x0f0f0f0f0f0f0f0fu));
  __m128i high = _mm_set1_epi64x((long long)(word >> 4 & 0x0f0f0f0f0f0f0f0fu));
  return _mm_unpacklo_epi8(low, high);
}

// Entries of 16 patterns, the empty ones left out; writes up to eight too many.
static inline uint16_t *keep(__m128i patterns, const uint16_t *base, uint16_t *out) {
  __m128i zero = _mm_setzero_si128();
  unsigned kept = ~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(patterns, zero)) & 0xffff;
  __m128i low = _mm_slli_epi16(_mm_unpacklo_epi8(patterns, zero), 4);
  __m128i high = _mm_slli_epi16(_mm_unpackhi_epi8(patterns, zero), 4);
  low = _mm_add_epi16(low, _mm_loadu_si128((const __m128i *)base));
  high = _mm_add_epi16(high, _mm_loadu_si128((const __m128i *)(base + 8)));
  const __m128i *front = (const __m128i *)qkz_front;
  _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(low, _mm_loadu_si128(front + (kept & 255))));
  out += __builtin_popcount(kept & 255);
  _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(high, _mm_loadu_si128(front + (kept >> 8))));
  return out + __builtin_popcount(kept >> 8);
}

// Entries of a position, group by group and plane by plane; `span` is the number of planes,
// rounded up to a power of two, and `base` has the entry of the empty pattern for each in order.
static inline __attribute__((always_inline)) void write_entries(
  const uint64_t *words, unsigned span, unsigned groups, const uint16_t *base, uint16_t *out
) {
  if (span == 1) {
    keep(nibbles(words[0]), base, out);
    return;
  }
  __m128i n[8];
  for (unsigned p = 0; p < span; p++) n[p] = nibbles(words[p]);
  if (span == 2) {
    out = keep(_mm_unpacklo_epi8(n[0], n[1]), base, out);
    if (groups > 8) keep(_mm_unpackhi_epi8(n[0], n[1]), base + 16, out);
    return;
  }
  for (unsigned half = 0; half < 2 && half * 8 < groups; half++) {
    __m128i pair[4];
    for (unsigned p = 0; p < span / 2; p++)
      pair[p] = half ? _mm_unpackhi_epi8(n[2 * p], n[2 * p + 1])
                     : _mm_unpacklo_epi8(n[2 * p], n[2 * p + 1]);
    for (unsigned quarter = 0; quarter < 2; quarter++) {
      __m128i four[2];
      for (unsigned p = 0; p < span / 4; p++)
        four[p] = quarter ? _mm_unpackhi_epi16(pair[2 * p], pair[2 * p + 1])
                          : _mm_unpacklo_epi16(pair[2 * p], pair[2 * p + 1]);
      if (span == 4) {
        out = keep(four[0], base, out);
        base += 16;
      } else {
        out = keep(_mm_unpacklo_epi32(four[0], four[1]), base, out);
        out = keep(_mm_unpackhi_epi32(four[0], four[1]), base + 16, out);
        base += 32;
      }
    }
  }
}
