#include "chunk_codec.h"

#include <string.h>

// 256 turns of a word below 2^16 give less than 2^24, and their running sums less than 2^31: no lane overflows.
enum { LANES = 8, TURNS = 256 };

typedef uint16_t Words __attribute__((vector_size(16)));
typedef uint32_t Sums __attribute__((vector_size(32)));

// The two sums, modulo 65535. A sum that is not zero is never brought down to zero: folding the carries
// back in, as the filter does, gives 65535 for a multiple of it.
typedef struct {
  uint64_t first, second;
} State;

static uint64_t reduced(uint64_t sum) { return sum == 0 ? 0 : (sum - 1) % 65535 + 1; }

static uint32_t word(const uint8_t *at) { return (uint32_t)at[0] << 8 | at[1]; }

// Adds `turns` times eight words. Each lane sums its own words and its own running sums; a word in lane l that has t
// turns after it enters the second sum 8 t + 8 - l times.
static State add_vectors(State state, const uint8_t *bytes, size_t turns) {
  Sums first = {0}, second = {0};
  for (size_t turn = 0; turn < turns; turn++) {
    Words words;
    memcpy(&words, bytes + turn * sizeof words, sizeof words);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    words = words << 8 | words >> 8;
#endif
    second += first;
    first += __builtin_convertvector(words, Sums);
  }
  state.second += state.first * turns * LANES;
  for (int lane = 0; lane < LANES; lane++) {
    state.first += first[lane];
    state.second += (uint64_t)second[lane] * LANES + (uint64_t)first[lane] * (uint64_t)(LANES - lane);
  }
  return (State){reduced(state.first), reduced(state.second)};
}

static State add(State state, uint32_t word) {
  state.first += word;
  state.second += state.first;
  return (State){reduced(state.first), reduced(state.second)};
}

uint32_t qkz_fletcher32(const uint8_t *bytes, size_t count) {
  State state = {0, 0};
  size_t done = 0;
  for (size_t left; (left = (count - done) / 16) > 0;) {
    size_t turns = left < TURNS ? left : TURNS;
    state = add_vectors(state, bytes + done, turns);
    done += turns * 16;
  }
  for (; done + 2 <= count; done += 2) state = add(state, word(bytes + done));
  if (done < count) state = add(state, (uint32_t)bytes[done] << 8);
  return (uint32_t)state.second << 16 | (uint32_t)state.first;
}
