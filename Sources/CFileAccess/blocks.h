#pragma once
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

// The first member of a block in a chain that grows and is never freed, so a signal handler can walk it at any time.
struct link {
  _Atomic(struct link *) next;
};

// The block after another, made of `size` zeros if there is none; NULL if memory is short.
static inline void *block_after(struct link *block, size_t size) {
  struct link *next = atomic_load(&block->next);
  if (next) return next;
  struct link *made = calloc(1, size);
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(&block->next, &next, made)) return made;
  free(made);  // another thread was first; next is its block
  return next;
}

// The block after another, or NULL.
static inline void *next_block(struct link *block) { return atomic_load(&block->next); }
