// Guarded memory, repeatable numbers, comparing and failing.
#define _GNU_SOURCE
#include "runner.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// MARK: What runs

static const char *kernel_name = "", *function_name = "";
static char case_text[256];
static size_t done;
static uint64_t state;

void begin(const char *kernel, const char *functions) {
  kernel_name = kernel;
  function_name = functions;
  case_text[0] = 0;
  state = 1;
}

size_t cases_done(void) { return done; }

void at(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(case_text, sizeof case_text, format, arguments);
  va_end(arguments);
}

void fail(const char *format, ...) {
  printf("kernels: %s %s: %s: ", kernel_name, function_name, case_text);
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
  exit(1);
}

static void crashed(int number) {
  // Nothing is left to be kept intact: the process ends here.
  printf(
    "kernels: %s %s: %s: %s\n", kernel_name, function_name, case_text,
    number == SIGILL ? "an instruction that this processor lacks" : "memory that is not its own");
  fflush(stdout);
  _exit(1);
}

void catch_crashes(void) {
  int signals[] = {SIGSEGV, SIGBUS, SIGILL};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], crashed);
}

// MARK: Memory

enum { regions = 16, region_bytes = 1 << 20, guard_bytes = 128, guard = 0xa5 };

static struct {
  // The page that may not be touched.
  unsigned char *limit;
  // The elements of this case.
  unsigned char *start, *end;
} memory[regions];
static size_t used;

void *guarded(size_t count, size_t size, size_t slack) {
  if (used == regions) fail("a case with too many buffers");
  if (!memory[used].limit) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *bytes = mmap(
      NULL, region_bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED || mprotect(bytes + region_bytes, page, PROT_NONE) != 0)
      fail("no memory");
    memory[used].limit = bytes + region_bytes;
  }
  unsigned char *end = memory[used].limit - slack * size;
  unsigned char *start = end - count * size;
  if (count * size + slack * size + guard_bytes > region_bytes) fail("a case too large");
  memset(start - guard_bytes, guard, (size_t)(memory[used].limit - start) + guard_bytes);
  memory[used].start = start;
  memory[used].end = end;
  used++;
  return start;
}

void *twin(const void *original, size_t bytes) {
  return memcpy(guarded(bytes, 1, 0), original, bytes);
}

void end_case(void) {
  for (size_t i = 0; i < used; i++) {
    for (unsigned char *p = memory[i].start - guard_bytes; p < memory[i].start; p++)
      if (*p != guard) fail("wrote %td bytes before buffer %zu", memory[i].start - p, i);
    for (unsigned char *p = memory[i].end; p < memory[i].limit; p++)
      if (*p != guard) fail("wrote %td bytes behind buffer %zu", p - memory[i].end + 1, i);
  }
  used = 0;
  done++;
}

// MARK: Numbers

// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t random_bits(void) {
  uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

size_t between(size_t low, size_t high) { return low + random_bits() % (high - low + 1); }

static float of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

float random_number(void) {
  uint32_t random = (uint32_t)random_bits();
  uint32_t sign = random & UINT32_C(0x80000000), fraction = random & UINT32_C(0x7fffff);
  switch (between(0, 15)) {
  case 0: return of_bits(sign);
  case 1: return of_bits(sign | fraction);
  case 2: return of_bits(sign | (uint32_t)between(127 - 60, 127 + 50) << 23 | fraction);
  // Multiples of a quarter meet thresholds exactly.
  case 3: return (float)((int)(random % 33) - 16) / 4;
  default: return of_bits(sign | (uint32_t)between(127 - 4, 127 + 3) << 23 | fraction);
  }
}

float random_float(void) {
  return between(0, 3) == 0 ? of_bits((uint32_t)random_bits() | (uint32_t)between(0, 1) << 30)
                            : random_number();
}

void fill(float *values, size_t count, float (*next)(void)) {
  for (size_t i = 0; i < count; i++) values[i] = next();
}

void fill_bits(uint64_t *words, size_t positions, size_t stride, size_t channels) {
  for (size_t i = 0; i < positions; i++)
    for (size_t w = 0; w < stride; w++) {
      size_t rest = channels < w * 64 ? 0 : channels - w * 64;
      uint64_t some = random_bits();
      // Full, half and nearly empty words.
      switch (between(0, 3)) {
      case 0: some = ~UINT64_C(0); break;
      case 1: some &= random_bits() & random_bits() & random_bits(); break;
      }
      words[i * stride + w] = rest < 64 ? some & ((UINT64_C(1) << rest) - 1) : some;
    }
}

// MARK: Comparing

void expect_floats(const float *found, const float *expected, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (bits_of(found[i]) == bits_of(expected[i])) continue;
    if (found[i] != found[i] && expected[i] != expected[i]) continue;
    fail("value %zu: expected %a, found %a", i, (double)expected[i], (double)found[i]);
  }
}

void expect_words(const uint64_t *found, const uint64_t *expected, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (found[i] != expected[i])
      fail(
        "word %zu: expected %016llx, found %016llx", i, (unsigned long long)expected[i],
        (unsigned long long)found[i]);
}
