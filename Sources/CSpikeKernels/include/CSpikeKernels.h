// Inner loops of the fast forward pass, one body for each instruction set.
//
// Nothing here allocates, knows a network, or decides what to compute. All bodies give the same
// bits: every float operation is written out, none may be contracted or reordered.
//
// Words used throughout:
//   position   one pixel (or token) of one sample at one time step
//   plane      bit b of the integer inputs, x = sum_b 2^b x_b
//   group      four consecutive input channels; a pattern is the four bits of one plane of a group
//   block      sixteen groups: the 64 channels of one 64-bit word
//   tile       thirty-two output channels
//   slot       the accumulators of one position, 32 floats
#ifndef CSPIKEKERNELS_H
#define CSPIKEKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  /// Output channels of a tile.
  qkz_tile = 32,
  /// The most groups of a block.
  qkz_groups = 16,
  /// Patterns of a group.
  qkz_patterns = 16,
  /// No input has more planes: counts are below 256.
  qkz_planes = 8,
  /// The most lookups of one position in one block.
  qkz_most_lookups = qkz_groups * qkz_planes,
  /// Entries that a run may write too far.
  qkz_spare = 8,
  /// An entry is the row's number times this: its offset in units of 8 bytes.
  qkz_entry = qkz_tile * sizeof(float) / 8,
};

/// Positions of a segment as four nested axes, slowest first: sample, row, column, step.
///
/// `source` strides are in 64-bit words of a plane, `slot` strides in slots.
typedef struct {
  size_t extent[4];
  size_t source[4];
  size_t slot[4];
  /// The slot of the first position.
  size_t first;
} qkz_positions;

/// Positions that need equally many lookups; they stand together, so that the loop over lookups
/// ends where the branch predictor expects it.
typedef struct {
  uint32_t lookups;
  uint32_t positions;
} qkz_run;

/// The lookups of the positions of a segment in one block.
///
/// The caller provides the memory; `entries` needs `16 * planes` for each position and `qkz_spare`
/// for each run.
typedef struct {
  /// Ends with a run of no positions; at most `qkz_most_lookups` before it.
  qkz_run *runs;
  /// Byte offset of each position's slot, run after run.
  uint32_t *slots;
  /// Offsets into the tables in units of 8 bytes, position after position.
  uint16_t *entries;
  /// Channels that are set anywhere, for each plane.
  uint64_t *channels;
} qkz_lookups;

/// Constants of leaky integrate-and-fire neurons.
typedef struct {
  float threshold;
  float reset;
  float time_constant;
  /// 1 / time_constant where that is a power of two, so that multiplying is dividing; else 0.
  float reciprocal;
  /// Fires above the threshold only, not at it.
  bool above;
} qkz_lif;

/// Where neurons read and write. A chain is the positions that share one state, visited step by
/// step and, within a step, member by member.
typedef struct {
  /// Chains, members of one, and steps.
  size_t chains, members, steps;
  /// Floats from a chain, member or step to the next; a step of 0 repeats one current.
  size_t x_chain, x_member, x_step;
  /// 32-bit words from a chain, member or step to the next.
  size_t spike_chain, spike_member, spike_step;
  /// Floats from a chain, member or step to the next.
  size_t current_chain, current_member, current_step;
  /// The channels of the tile that exist; the others never fire.
  uint32_t lanes;
} qkz_neurons;

/// One kernel tap that is inside the image.
typedef struct {
  /// Floats from a pixel to the first channel that the tap reads.
  ptrdiff_t input;
  /// Floats from the weights' start to the tap's.
  size_t weights;
} qkz_tap;

/// The loops of one instruction set.
typedef struct {
  const char *name;

  /// Lists the lookups of a segment in one block; `words` is the first position's word in plane 0,
  /// `plane_stride` the words from a plane to the next, `first` the block's first bit.
  /// `scratch` has a byte for each position.
  void (*list)(
    const uint64_t *words, size_t plane_stride, size_t plane_count, size_t first, size_t groups,
    const qkz_positions *positions, uint8_t *scratch, const qkz_lookups *lookups);

  /// Makes the tables of one block and tile, `[plane][group][pattern][32]`, of the patterns that
  /// `channels` (one word for each plane) allow, from weights `[group][4][32]`.
  void (*tables)(
    const float *weights, const uint64_t *channels, size_t plane_count, size_t groups,
    float *tables);

  /// Adds the looked-up rows to the slots, in order.
  void (*accumulate)(const float *tables, const qkz_lookups *lookups, float *slots);

  /// A left fold of fma(x, w, acc) over taps and channels, for pixels in a row, from +0.
  void (*dense)(
    const float *input, size_t input_stride, const float *weights, const qkz_tap *taps,
    size_t tap_count, size_t channels, size_t pixels, float *slots, size_t slot_stride);

  /// X = fma(acc, scale, shift) in place, for each slot.
  void (*normalise)(float *slots, size_t count, const float *scale, const float *shift);

  /// out = x > out ? x : out, element by element.
  void (*maximum)(float *out, const float *x, size_t count);

  /// Charges, fires and resets 32 neurons of each chain and writes their spikes as words.
  /// With `scale`, `x` is an accumulator and is normalised first; `current`, if given, gets X.
  void (*fire)(
    const qkz_lif *lif, const qkz_neurons *neurons, const float *x, const float *scale,
    const float *shift, uint32_t *spikes, float *current);

  /// The channels of each pixel's left neighbour, its own and its right neighbour's, side by side:
  /// `channels` of each, at most 32; nothing outside the row. `stride` is the source's words of a
  /// position, `width` its pixels, each with `steps` positions.
  void (*widen)(
    const uint64_t *words, size_t stride, size_t width, size_t steps, size_t channels,
    uint64_t *out, size_t out_stride);

  /// Adds one plane to the integers in `planes`: a ripple of exclusive or and carry.
  void (*add)(
    uint64_t *planes, size_t plane_stride, size_t plane_count, const uint64_t *addend,
    size_t words);

  /// Bits of `width` channels from `first` on, for each of `heads` heads, as floats.
  void (*head_sums)(
    const uint64_t *words, size_t word_stride, size_t positions, size_t heads, size_t width,
    float *sums, size_t sum_stride);

  /// `key` where its head's bit in `mask` is set.
  void (*mask_heads)(
    const uint64_t *key, size_t word_stride, const uint64_t *mask, size_t mask_stride,
    size_t positions, size_t heads, size_t width, uint64_t *out);

  /// Adds each channel's bit times `weight` to its sum.
  void (*channel_sums)(
    const uint64_t *words, size_t word_stride, size_t positions, size_t channels, int32_t weight,
    int32_t *sums);

  /// One head's `Q (K^T V)` times `scale` for tokens of one sample and step.
  /// `product` has `width * width`, `row` has `width` integers.
  void (*attend)(
    const uint64_t *query, const uint64_t *key, const uint64_t *value, size_t token_stride,
    size_t tokens, size_t first, size_t width, float scale, int32_t *product, int32_t *row,
    float *current, size_t current_stride);
} qkz_kernels;

/// The kernels of a name (`scalar`, `avx2`, `avx512`, `neon`), or null where this processor or
/// this build has none.
const qkz_kernels *qkz_kernels_named(const char *name);

/// The names that exist anywhere, fastest first, ending with null.
extern const char *const qkz_kernel_names[];

/// The processors that this process may run on.
int qkz_processors(void);

#endif
