// What the checks of the kernels share: guarded memory, repeatable numbers, comparing and failing.
#ifndef KERNEL_RUNNER_H
#define KERNEL_RUNNER_H

#include "CSpikeKernels.h"

/// Alignments of a 64-byte line that a buffer of floats or of words can have.
enum { float_slacks = 16, word_slacks = 8 };

/// Says which functions are checked now, and starts the random numbers anew.
void begin(const char *kernel, const char *functions);
/// Cases so far.
size_t cases_done(void);
/// Makes a crash say where it happened.
void catch_crashes(void);

/// Says which case runs now, should it fail.
void at(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Ends the run with the kernel, the function, the case and what was found.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// `count` elements of `size` bytes for the case that is set up.
///
/// They end `slack` elements before a page that may not be touched, so that a read too far is found
/// too. The bytes around them are guards; the elements start as the guards do.
void *guarded(size_t count, size_t size, size_t slack);
/// A copy for the oracle to work on.
void *twin(const void *original, size_t bytes);
/// Ends a case: no guard may have changed, and its memory is free again.
void end_case(void);

/// 64 random bits, the same in every run.
uint64_t random_bits(void);
/// A random integer of a range, both ends included.
size_t between(size_t low, size_t high);
/// A finite number: zeros, subnormal, huge and tiny ones among many of ordinary size.
float random_number(void);
/// Any float, not a number and infinities included.
float random_float(void);
/// Fills floats.
void fill(float *values, size_t count, float (*next)(void));
/// Fills `positions` of `stride` words with `channels` random bits each, the rest zero.
void fill_bits(uint64_t *words, size_t positions, size_t stride, size_t channels);

/// One bit of consecutive words.
static inline bool bit(const uint64_t *words, size_t index) {
  return words[index / 64] >> (index % 64) & 1;
}
/// Words that hold some bits.
static inline size_t words_of(size_t bits) { return (bits + 63) / 64; }

/// The same bits; all that is not a number counts as the same.
void expect_floats(const float *found, const float *expected, size_t count);
/// The same words.
void expect_words(const uint64_t *found, const uint64_t *expected, size_t count);

void check_lookups(const qkz_kernels *kernels);
void check_dense(const qkz_kernels *kernels);
void check_normalise(const qkz_kernels *kernels);
void check_maximum(const qkz_kernels *kernels);
void check_fire(const qkz_kernels *kernels);
void check_widen(const qkz_kernels *kernels);
void check_add(const qkz_kernels *kernels);
void check_head_sums(const qkz_kernels *kernels);
void check_mask_heads(const qkz_kernels *kernels);
void check_channel_sums(const qkz_kernels *kernels);
void check_attend(const qkz_kernels *kernels);

#endif
