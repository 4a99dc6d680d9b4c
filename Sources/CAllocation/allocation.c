#define _GNU_SOURCE
#include "allocation.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// The C library's own, under the names that it exports for those who define the usual ones.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Atomic(void (*)(void)) before_end;

void qkz_before_memory_ends(void (*cleanup)(void)) { atomic_store(&before_end, cleanup); }

// Only what may be called in a signal handler, and no memory but the stack.
static _Noreturn void end(size_t size) {
  static atomic_flag ending = ATOMIC_FLAG_INIT;
  // The first thread that comes here ends the process.
  while (atomic_flag_test_and_set(&ending)) sleep(1);
  void (*cleanup)(void) = atomic_load(&before_end);
  if (cleanup) cleanup();
  char line[200];
  struct rlimit limit;
  int count;
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    count = snprintf(
        line, sizeof line,
        "qkzoo: memory: not-enough-memory: expected %zu more bytes, found none below the limit of %llu KiB of "
        "address space; raise it (ulimit -v)\n",
        size, (unsigned long long)limit.rlim_cur / 1024);
  } else {
    count = snprintf(
        line, sizeof line,
        "qkzoo: memory: not-enough-memory: expected %zu more bytes, found that the system gives none\n", size);
  }
  ssize_t written = write(STDERR_FILENO, line, (size_t)count);
  (void)written;
  _exit(69);
}

static void *checked(void *block, size_t size) {
  if (!block && size) end(size);
  return block;
}

void *malloc(size_t size) { return checked(__libc_malloc(size), size); }

void *calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
  return checked(__libc_calloc(count, size), bytes);
}

void *realloc(void *block, size_t size) { return checked(__libc_realloc(block, size), size); }

void *memalign(size_t alignment, size_t size) { return checked(__libc_memalign(alignment, size), size); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) || alignment & (alignment - 1) || !alignment) return EINVAL;
  *block = memalign(alignment, size);
  return 0;
}
