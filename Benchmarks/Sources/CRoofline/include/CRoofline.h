// What this processor can do at most, measured: one thread, registers or one cache, nothing else.
#ifndef CROOFLINE_H
#define CROOFLINE_H

#include <stddef.h>
#include <stdint.h>

/// Measurements for one vector width. Each runs for some milliseconds and returns a rate.
typedef struct {
  const char *name;
  /// Multiply-accumulates a second: independent fused multiply-adds in registers.
  double (*fma)(void);
  /// Bytes a second: sequential loads of `bytes` of memory, again and again.
  double (*load)(const float *memory, size_t bytes);
  /// Rows a second: loads of 128-byte rows in the order of `entries`, each added to a sum.
  double (*rows)(const float *table, const uint16_t *entries, size_t count);
} roofline;

/// The measurements of a name (`avx512`, `avx2`), or null where the processor lacks it.
const roofline *roofline_named(const char *name);

#endif
