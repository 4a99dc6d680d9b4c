#include <stddef.h>
#include <time.h>

#include "CRoofline.h"

// Results go here so that no measurement can be left out.
static volatile float sink;

static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

const roofline *roofline_avx512(void);
const roofline *roofline_avx2(void);
