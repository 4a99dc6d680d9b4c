#include "chunk_codec.h"

#include <string.h>

typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef uint16_t Pairs __attribute__((vector_size(16)));

static inline Bytes load(const uint8_t *from) {
  Bytes bytes;
  memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

static inline void store(Bytes bytes, uint8_t *to) { memcpy(to, &bytes, sizeof bytes); }

// The bytes of two vectors at even and at odd places.
static inline Bytes evens(Bytes a, Bytes b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
static inline Bytes odds(Bytes a, Bytes b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

// Two vectors byte by byte in turn: the first halves, and the second halves.
static inline Bytes low(Bytes a, Bytes b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
static inline Bytes high(Bytes a, Bytes b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
static inline Bytes low_pairs(Bytes a, Bytes b) {
  return (Bytes)__builtin_shufflevector((Pairs)a, (Pairs)b, 0, 8, 1, 9, 2, 10, 3, 11);
}
static inline Bytes high_pairs(Bytes a, Bytes b) {
  return (Bytes)__builtin_shufflevector((Pairs)a, (Pairs)b, 4, 12, 5, 13, 6, 14, 7, 15);
}

// Each of these does 16 elements at a time and returns how many it did.

static size_t split_two(const uint8_t *elements, size_t count, uint8_t *planes, size_t stride) {
  size_t done = 0;
  for (; done + 16 <= count; done += 16) {
    Bytes a = load(elements + done * 2), b = load(elements + done * 2 + 16);
    store(evens(a, b), planes + done);
    store(odds(a, b), planes + stride + done);
  }
  return done;
}

static size_t split_four(const uint8_t *elements, size_t count, uint8_t *planes, size_t stride) {
  size_t done = 0;
  for (; done + 16 <= count; done += 16) {
    const uint8_t *from = elements + done * 4;
    Bytes a = load(from), b = load(from + 16), c = load(from + 32), d = load(from + 48);
    Bytes even0 = evens(a, b), even1 = evens(c, d), odd0 = odds(a, b), odd1 = odds(c, d);
    store(evens(even0, even1), planes + done);
    store(evens(odd0, odd1), planes + stride + done);
    store(odds(even0, even1), planes + 2 * stride + done);
    store(odds(odd0, odd1), planes + 3 * stride + done);
  }
  return done;
}

static size_t join_two(const uint8_t *planes, size_t stride, size_t count, uint8_t *elements) {
  size_t done = 0;
  for (; done + 16 <= count; done += 16) {
    Bytes a = load(planes + done), b = load(planes + stride + done);
    store(low(a, b), elements + done * 2);
    store(high(a, b), elements + done * 2 + 16);
  }
  return done;
}

static size_t join_four(const uint8_t *planes, size_t stride, size_t count, uint8_t *elements) {
  size_t done = 0;
  for (; done + 16 <= count; done += 16) {
    Bytes a = load(planes + done), b = load(planes + stride + done);
    Bytes c = load(planes + 2 * stride + done), d = load(planes + 3 * stride + done);
    Bytes first0 = low(a, b), first1 = high(a, b), last0 = low(c, d), last1 = high(c, d);
    uint8_t *to = elements + done * 4;
    store(low_pairs(first0, last0), to);
    store(high_pairs(first0, last0), to + 16);
    store(low_pairs(first1, last1), to + 32);
    store(high_pairs(first1, last1), to + 48);
  }
  return done;
}

void qkz_split_planes(const uint8_t *elements, size_t count, size_t width, uint8_t *planes, size_t stride) {
  size_t done = width == 4   ? split_four(elements, count, planes, stride)
                : width == 2 ? split_two(elements, count, planes, stride)
                             : 0;
  for (; done < count; done++) {
    for (size_t byte = 0; byte < width; byte++) planes[byte * stride + done] = elements[done * width + byte];
  }
}

void qkz_join_planes(const uint8_t *planes, size_t stride, size_t count, size_t width, uint8_t *elements) {
  size_t done = width == 4   ? join_four(planes, stride, count, elements)
                : width == 2 ? join_two(planes, stride, count, elements)
                             : 0;
  for (; done < count; done++) {
    for (size_t byte = 0; byte < width; byte++) elements[done * width + byte] = planes[byte * stride + done];
  }
}
