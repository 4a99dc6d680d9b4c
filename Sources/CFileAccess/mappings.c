#define _GNU_SOURCE
#include "mappings.h"
#include "blocks.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCK = 256 };

struct mapping {
  atomic_bool is_taken, is_broken;
  atomic_uintptr_t base;
  atomic_size_t size;  // 0 unless the mapping is there
};

struct block {
  struct link link;
  struct mapping mappings[BLOCK];
};

static struct block first;
static struct sigaction previous;

static struct mapping *mapping_at(int index) {
  struct block *block = &first;
  for (; index >= BLOCK; index -= BLOCK) block = next_block(&block->link);
  return &block->mappings[index];
}

int qkz_mapping_add(const void *base, size_t size) {
  int start = 0;
  for (struct block *block = &first; block; block = block_after(&block->link, sizeof *block), start += BLOCK) {
    for (int index = 0; index < BLOCK; index++) {
      struct mapping *mapping = &block->mappings[index];
      if (atomic_exchange(&mapping->is_taken, true)) continue;
      atomic_store(&mapping->is_broken, false);
      atomic_store(&mapping->base, (uintptr_t)base);
      atomic_store(&mapping->size, size);
      return start + index;
    }
  }
  return -1;
}

void qkz_mapping_remove(int index) {
  struct mapping *mapping = mapping_at(index);
  atomic_store(&mapping->size, 0);
  atomic_store(&mapping->is_taken, false);
}

bool qkz_mapping_is_broken(int index) { return atomic_load(&mapping_at(index)->is_broken); }

// Zeros from the page of an address to the end of a mapping. One piece: a page at a time, a file with many lost
// pages would pass the system's limit of mappings.
static bool patch(struct mapping *mapping, uintptr_t address) {
  uintptr_t base = atomic_load(&mapping->base);
  size_t size = atomic_load(&mapping->size);
  if (address < base || address - base >= size) return false;
  // Between the two reads the place may have got another mapping.
  if (atomic_load(&mapping->base) != base) return false;
  uintptr_t page = address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
  atomic_store(&mapping->is_broken, true);
  void *zeros = mmap((void *)page, base + size - page, PROT_READ,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  return zeros != MAP_FAILED;
}

static void on_bus_error(int number, siginfo_t *info, void *context) {
  (void)context;
  int error = errno;
  for (struct block *block = &first; block; block = next_block(&block->link)) {
    for (int index = 0; index < BLOCK; index++) {
      if (patch(&block->mappings[index], (uintptr_t)info->si_addr)) {
        errno = error;
        return;
      }
    }
  }
  // Not ours: the read is tried again, and fails under the handler before.
  sigaction(number, &previous, NULL);
  errno = error;
}

int qkz_mappings_survive(void) {
  struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  return sigaction(SIGBUS, &action, &previous);
}
