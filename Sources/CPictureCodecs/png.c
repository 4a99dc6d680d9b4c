#include "CPictureCodecs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

// One decompression; lives in one call. What a jump must find again lies here, not in registers.
typedef struct {
  png_structp png;
  png_infop info;
  const uint8_t *bytes;
  size_t left;
  bool truncated;
  png_bytep *rows;
  char *message;
} decoder;

static void fail(png_structp png, png_const_charp text) {
  decoder *self = png_get_error_ptr(png);
  snprintf(self->message, qkz_message_size, "%s", text);
  png_longjmp(png, 1);
}

static void stay_silent(png_structp png, png_const_charp text) { (void)png; (void)text; }

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  decoder *self = png_get_io_ptr(png);
  if (count > self->left) {
    self->truncated = true;
    png_error(png, "");
  }
  memcpy(target, self->bytes, count);
  self->bytes += count;
  self->left -= count;
}

static bool start(decoder *self, const uint8_t *bytes, size_t count, qkz_picture *picture) {
  memset(self, 0, sizeof *self);
  memset(picture, 0, sizeof *picture);
  self->bytes = bytes;
  self->left = count;
  self->message = picture->message;
  self->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, self, fail, stay_silent);
  if (self->png) self->info = png_create_info_struct(self->png);
  return self->info != NULL;
}

static qkz_picture_outcome finish(decoder *self, qkz_picture_outcome outcome) {
  free(self->rows);
  png_destroy_read_struct(&self->png, &self->info, NULL);
  return outcome != qkz_picture_ok && self->truncated ? qkz_picture_truncated : outcome;
}

// The caller has set the jump.
static void read_header(decoder *self, qkz_picture *picture) {
  png_set_read_fn(self->png, self, read_bytes);
  png_set_crc_action(self->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  // Text, colour profiles and the like are passed over; only their checksum is looked at.
  png_set_keep_unknown_chunks(self->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(self->png, self->info);
  picture->width = png_get_image_width(self->png, self->info);
  picture->height = png_get_image_height(self->png, self->info);
  picture->channels = png_get_channels(self->png, self->info);
  picture->depth = png_get_bit_depth(self->png, self->info);
  png_colorp palette;
  int colours;
  if (png_get_color_type(self->png, self->info) == PNG_COLOR_TYPE_PALETTE
    && png_get_PLTE(self->png, self->info, &palette, &colours)) {
    picture->palette_count = colours < 256 ? colours : 256;
    for (int index = 0; index < picture->palette_count; index++) {
      picture->palette[3 * index] = palette[index].red;
      picture->palette[3 * index + 1] = palette[index].green;
      picture->palette[3 * index + 2] = palette[index].blue;
    }
  }
}

static void read_rows(
  decoder *self, const qkz_picture *picture, uint8_t *pixels, size_t capacity
) {
  png_set_packing(self->png);
  png_set_interlace_handling(self->png);
  png_read_update_info(self->png, self->info);
  size_t width = png_get_rowbytes(self->png, self->info);
  if (width == 0 || capacity / width != picture->height || capacity % width != 0) {
    png_error(self->png, "the buffer has another size");
  }
  self->rows = malloc(picture->height * sizeof *self->rows);
  if (!self->rows) png_error(self->png, "out of memory");
  for (size_t y = 0; y < picture->height; y++) self->rows[y] = pixels + y * width;
  png_read_image(self->png, self->rows);
}

qkz_picture_outcome qkz_png_header(const uint8_t *bytes, size_t count, qkz_picture *picture) {
  decoder self;
  if (!start(&self, bytes, count, picture)) return finish(&self, qkz_picture_broken);
  if (setjmp(png_jmpbuf(self.png)) != 0) return finish(&self, qkz_picture_broken);
  read_header(&self, picture);
  return finish(&self, qkz_picture_ok);
}

qkz_picture_outcome qkz_png_pixels(
  const uint8_t *bytes, size_t count, qkz_picture *picture, uint8_t *pixels, size_t capacity
) {
  decoder self;
  if (!start(&self, bytes, count, picture)) return finish(&self, qkz_picture_broken);
  if (setjmp(png_jmpbuf(self.png)) != 0) return finish(&self, qkz_picture_broken);
  read_header(&self, picture);
  read_rows(&self, picture, pixels, capacity);
  return finish(&self, qkz_picture_ok);
}
