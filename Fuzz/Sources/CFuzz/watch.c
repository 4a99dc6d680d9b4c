/* Rules that every execution of a target must keep, beyond not crashing. */
#include "cfuzz.h"

#include <sanitizer/allocator_interface.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#define SECOND 1000000000LL

static _Atomic size_t limit, largest;
/* Freeing what was allocated before the execution makes `live` negative for a while. */
static _Atomic long long total, live, peak;
static size_t most_at_once;
static long long most_live;
static long long started, slowest;

static long long processor_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * SECOND + now.tv_nsec;
}

static void refuse(const char *rule, long long found, long long allowed) {
  limit = 0;
  fprintf(stderr, "fuzz: %s: %lld, at most %lld\n", rule, found, allowed);
  abort();
}

static void allocated(const volatile void *address, size_t size) {
  (void)address;
  size_t allowed = limit;
  if (allowed == 0) return;
  if (size > allowed) refuse("bytes of one allocation", size, allowed);
  long long now =
      atomic_fetch_add_explicit(&live, (long long)size, memory_order_relaxed) + (long long)size;
  if (size > largest) largest = size;
  if (now > peak) peak = now;
  if (now > total) refuse("bytes at one time", now, total);
}

static void freed(const volatile void *address) {
  if (limit == 0 || address == NULL) return;
  size_t size = __sanitizer_get_allocated_size((const void *)address);
  atomic_fetch_sub_explicit(&live, (long long)size, memory_order_relaxed);
}

/* An execution that does not end; the clock of the wall would count what other processes take. */
static void look_at_clock(int signal) {
  (void)signal;
  long long time = processor_time() - started;
  if (limit != 0 && time > SECOND) refuse("nanoseconds of the processor", time, SECOND);
}

static void report(void) {
  fprintf(
      stderr, "fuzz: slowest_us %lld\nfuzz: largest_allocation %zu\nfuzz: most_bytes %lld\n",
      slowest / 1000, most_at_once, most_live);
}

void fuzz_watch(void) {
  __sanitizer_install_malloc_and_free_hooks(allocated, freed);
  atexit(report);
  signal(SIGVTALRM, look_at_clock);
  struct itimerval half = {.it_interval = {.tv_usec = 500000}, .it_value = {.tv_usec = 500000}};
  setitimer(ITIMER_VIRTUAL, &half, NULL);
}

void fuzz_begin(size_t one, size_t all) {
  started = processor_time();
  live = peak = largest = 0;
  total = (long long)all;
  limit = one;
}

void fuzz_end(void) {
  limit = 0;
  long long time = processor_time() - started;
  if (time > slowest) slowest = time;
  if (largest > most_at_once) most_at_once = largest;
  if (peak > most_live) most_live = peak;
  if (time > SECOND) refuse("nanoseconds of the processor", time, SECOND);
}
