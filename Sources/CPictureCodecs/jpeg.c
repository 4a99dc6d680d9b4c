#include "CPictureCodecs.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// One decompression; lives in one call.
typedef struct {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf failure;
  char *message;
} decoder;

static void fail(j_common_ptr info) {
  decoder *self = info->client_data;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  snprintf(self->message, qkz_message_size, "%s", text);
  longjmp(self->failure, 1);
}

static void stay_silent(j_common_ptr info) { (void)info; }

// Warnings are left to the picture, as in Pillow.
static void count_warning(j_common_ptr info, int level) {
  if (level < 0) info->err->num_warnings++;
}

static void limit_scans(j_common_ptr info) {
  decoder *self = info->client_data;
  if (self->info.input_scan_number <= qkz_most_scans) return;
  snprintf(self->message, qkz_message_size, "more than %d scans", qkz_most_scans);
  longjmp(self->failure, 1);
}

// MARK: a source that has all bytes from the start and suspends at their end

static void begin(j_decompress_ptr info) { (void)info; }
static boolean suspend(j_decompress_ptr info) { (void)info; return FALSE; }

static void skip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  size_t step = (size_t)count;
  if (step > info->src->bytes_in_buffer) step = info->src->bytes_in_buffer;
  info->src->next_input_byte += step;
  info->src->bytes_in_buffer -= step;
}

// MARK: decoding

static void start(decoder *self, const uint8_t *bytes, size_t count, qkz_picture *picture) {
  memset(self, 0, sizeof *self);
  memset(picture, 0, sizeof *picture);
  self->message = picture->message;
  self->info.err = jpeg_std_error(&self->errors);
  self->errors.error_exit = fail;
  self->errors.output_message = stay_silent;
  self->errors.emit_message = count_warning;
  self->info.client_data = self;
  self->source = (struct jpeg_source_mgr){
    .next_input_byte = bytes, .bytes_in_buffer = count, .init_source = begin,
    .fill_input_buffer = suspend, .skip_input_data = skip,
    .resync_to_restart = jpeg_resync_to_restart, .term_source = begin,
  };
  self->progress.progress_monitor = limit_scans;
}

// Creates the decompressor and reads the header; the caller has set `failure`.
static bool read_header(decoder *self, qkz_picture *picture) {
  jpeg_create_decompress(&self->info);
  self->info.src = &self->source;
  self->info.progress = &self->progress;
  if (jpeg_read_header(&self->info, TRUE) != JPEG_HEADER_OK) return false;
  picture->width = self->info.image_width;
  picture->height = self->info.image_height;
  picture->channels = self->info.num_components;
  picture->depth = self->info.data_precision;
  return true;
}

// Coefficients of a block that block smoothing looks at: SAVED_COEFS of libjpeg-turbo.
enum { smoothed_coefficients = 10 };

// Whether the scans of a progressive picture leave bits of coefficients unsaid. The library would
// smooth such blocks, each version in its own way.
static bool lacks_scans(const decoder *self) {
  if (self->info.coef_bits == NULL) return false;
  for (int component = 0; component < self->info.num_components; component++) {
    for (int index = 0; index < smoothed_coefficients; index++) {
      if (self->info.coef_bits[component][index] != 0) return true;
    }
  }
  return false;
}

static bool read_lines(decoder *self, uint8_t *pixels, size_t width) {
  if (!jpeg_start_decompress(&self->info)) return false;
  if (lacks_scans(self)) {
    snprintf(self->message, qkz_message_size, "scans are missing");
    return false;
  }
  while (self->info.output_scanline < self->info.output_height) {
    JSAMPROW line = pixels + self->info.output_scanline * width;
    if (jpeg_read_scanlines(&self->info, &line, 1) != 1) return false;
  }
  // What is missing after the last line, as an end marker, is not missed.
  jpeg_finish_decompress(&self->info);
  return true;
}

qkz_picture_outcome qkz_jpeg_header(const uint8_t *bytes, size_t count, qkz_picture *picture) {
  decoder self;
  start(&self, bytes, count, picture);
  if (setjmp(self.failure) != 0) {
    jpeg_destroy_decompress(&self.info);
    return qkz_picture_broken;
  }
  bool complete = read_header(&self, picture);
  jpeg_destroy_decompress(&self.info);
  return complete ? qkz_picture_ok : qkz_picture_truncated;
}

qkz_picture_outcome qkz_jpeg_pixels(
  const uint8_t *bytes, size_t count, qkz_picture *picture, uint8_t *pixels, size_t capacity
) {
  decoder self;
  start(&self, bytes, count, picture);
  if (setjmp(self.failure) != 0) {
    jpeg_destroy_decompress(&self.info);
    return qkz_picture_broken;
  }
  bool complete = read_header(&self, picture);
  size_t channels = (size_t)picture->channels;
  size_t width = picture->width * channels;
  if (complete && (width == 0 || capacity / width != picture->height || capacity % width != 0)) {
    ERREXIT(&self.info, JERR_BUFFER_SIZE);
  }
  if (complete) {
    self.info.out_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    self.info.dct_method = JDCT_ISLOW;
    self.info.do_fancy_upsampling = TRUE;
    complete = read_lines(&self, pixels, width);
  }
  jpeg_destroy_decompress(&self.info);
  return complete ? qkz_picture_ok : qkz_picture_truncated;
}
