#define _GNU_SOURCE
#include "exhaustion.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static int exit_code;
static size_t spare_bytes;

uint64_t qkz_address_space_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_cur;
}

// Async-signal-safe: mmap and munmap are system calls, and write and _exit are on POSIX's list.
static void judge(int number) {
  static const char line[] =
      "qkzoo: memory: not-enough-memory: expected room for what the command needs, found the limit of the "
      "process reached (ulimit -v)\n";
  void *probe = mmap(NULL, spare_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED && errno == ENOMEM) {
    ssize_t written = write(2, line, sizeof line - 1);
    (void)written;
    _exit(exit_code);
  }
  if (probe != MAP_FAILED) munmap(probe, spare_bytes);
  // SA_RESETHAND gave the signal its default action back.
  raise(number);
}

int qkz_exhaustion_ends_with(int code, uint64_t spare) {
  // Swift's runtime aborts or traps where an allocation fails; C code that does not look writes to address 0.
  static const int signals[] = {SIGABRT, SIGILL, SIGTRAP, SIGSEGV};
  exit_code = code;
  spare_bytes = (size_t)spare;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = judge;
  action.sa_flags = SA_RESETHAND;
  for (size_t index = 0; index < sizeof signals / sizeof *signals; index++)
    if (sigaction(signals[index], &action, NULL)) return -1;
  return 0;
}
