#pragma once
#include <zlib.h>

// inflateInit2 is a macro that passes the version and the size of the stream, which Swift does not
// import.
static inline int qkz_inflate_init2(z_stream *stream, int window_bits) {
  return inflateInit2(stream, window_bits);
}
