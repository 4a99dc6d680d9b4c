/* The checksum at the end of a zstd frame: the lower half of XXH64 of what it decodes to. */
#define ZSTD_STATIC_LINKING_ONLY
#include "cfuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define LIMIT ((size_t)4 << 20)

static const uint64_t P1 = 0x9E3779B185EBCA87u, P2 = 0xC2B2AE3D27D4EB4Fu, P3 = 0x165667B19E3779F9u,
                      P4 = 0x85EBCA77C2B2AE63u, P5 = 0x27D4EB2F165667C5u;

static uint64_t rotate(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

static uint64_t load(const uint8_t *bytes, int count) {
  uint64_t value = 0;
  memcpy(&value, bytes, count);
  return value;
}

static uint64_t round64(uint64_t sum, uint64_t word) { return rotate(sum + word * P2, 31) * P1; }

static uint64_t merge(uint64_t hash, uint64_t sum) { return (hash ^ round64(0, sum)) * P1 + P4; }

/* Corresponds to the specification of XXH64, seed 0. */
static uint64_t xxh64(const uint8_t *bytes, size_t size) {
  const uint8_t *end = bytes + size;
  uint64_t hash = P5;
  if (size >= 32) {
    uint64_t sums[4] = {P1 + P2, P2, 0, -P1};
    for (; end - bytes >= 32; bytes += 32)
      for (int lane = 0; lane < 4; lane++) sums[lane] = round64(sums[lane], load(bytes + 8 * lane, 8));
    hash = rotate(sums[0], 1) + rotate(sums[1], 7) + rotate(sums[2], 12) + rotate(sums[3], 18);
    for (int lane = 0; lane < 4; lane++) hash = merge(hash, sums[lane]);
  }
  hash += size;
  for (; end - bytes >= 8; bytes += 8) hash = rotate(hash ^ round64(0, load(bytes, 8)), 27) * P1 + P4;
  if (end - bytes >= 4) {
    hash = rotate(hash ^ load(bytes, 4) * P1, 23) * P2 + P3;
    bytes += 4;
  }
  for (; bytes < end; bytes++) hash = rotate(hash ^ *bytes * P5, 11) * P1;
  hash = (hash ^ hash >> 33) * P2;
  hash = (hash ^ hash >> 29) * P3;
  return hash ^ hash >> 32;
}

void fuzz_repair_zstd(uint8_t *frame, size_t size) {
  static ZSTD_DCtx *context;
  static uint8_t *content;
  if (size < 9 || ZSTD_findFrameCompressedSize(frame, size) != size || !(frame[4] & 4)) return;
  if (!context) {
    context = ZSTD_createDCtx();
    content = malloc(LIMIT);
    ZSTD_DCtx_setParameter(context, ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum);
  }
  size_t count = ZSTD_decompressDCtx(context, content, LIMIT, frame, size);
  if (ZSTD_isError(count)) return;
  uint64_t hash = xxh64(content, count);
  memcpy(frame + size - 4, &hash, 4);
}
