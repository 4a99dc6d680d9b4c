// Decoding of JPEG and PNG pictures that lie in memory.
//
// Both libraries report errors by longjmp, which must not cross Swift frames: every jump starts and
// ends inside one function of this module. Nothing is kept between calls.
#ifndef CPICTURECODECS_H
#define CPICTURECODECS_H

#include <stddef.h>
#include <stdint.h>

enum {
  /// Bytes of a message, with the final zero.
  qkz_message_size = 256,
  /// No progressive picture has more scans; each costs a pass over all coefficients.
  qkz_most_scans = 500,
};

/// How a call ended.
typedef enum {
  qkz_picture_ok = 0,
  /// The library refuses the bytes; `message` has its words.
  qkz_picture_broken = 1,
  /// The bytes end before the picture does; `message` may say what is missing.
  qkz_picture_truncated = 2,
} qkz_picture_outcome;

/// What a picture's header says.
typedef struct {
  uint32_t width;
  uint32_t height;
  /// Samples of a pixel as decoded. JPEG: 1 grey, 3 RGB, 4 CMYK; others are not decoded.
  /// PNG: 1 grey or index, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
  int32_t channels;
  /// Bits of a sample: 8 for JPEG; 1, 2, 4, 8 or 16 for PNG.
  int32_t depth;
  /// Entries of `palette`; 0 if samples are no indices.
  int32_t palette_count;
  /// RGB by index.
  uint8_t palette[768];
  /// Why a call failed, in the library's words.
  char message[qkz_message_size];
} qkz_picture;

/// Reads the header of a JPEG picture.
qkz_picture_outcome qkz_jpeg_header(const uint8_t *bytes, size_t count, qkz_picture *picture);

/// Decodes a JPEG picture into `capacity` bytes, which must be width x height x channels.
///
/// Accurate integer DCT, smooth upsampling of chroma; the input is never padded, so a picture that
/// lacks bytes for a line is truncated, and so is a progressive one that lacks scans.
qkz_picture_outcome qkz_jpeg_pixels(
  const uint8_t *bytes, size_t count, qkz_picture *picture, uint8_t *pixels, size_t capacity);

/// Reads the header of a PNG picture, up to its first pixels.
qkz_picture_outcome qkz_png_header(const uint8_t *bytes, size_t count, qkz_picture *picture);

/// Decodes a PNG picture into `capacity` bytes, which must be width x height x channels, twice that
/// for depth 16 (big-endian). Samples of fewer than 8 bits take a byte each and keep their value.
qkz_picture_outcome qkz_png_pixels(
  const uint8_t *bytes, size_t count, qkz_picture *picture, uint8_t *pixels, size_t capacity);

#endif
