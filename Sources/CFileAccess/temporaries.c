#define _GNU_SOURCE
#include "temporaries.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64 };

// Who takes a path out of its place owns it, so the handler never reads one that is freed.
struct block {
  _Atomic(char *) paths[BLOCK];
  _Atomic(struct block *) next;
};

// Blocks are never freed, so the handler can walk them at any time.
static struct block first;

static struct block *block_after(struct block *block) {
  struct block *next = atomic_load(&block->next);
  if (next) return next;
  struct block *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(&block->next, &next, made)) return made;
  free(made);  // another thread was first; next is its block
  return next;
}

int qkz_temporary_add(const char *path) {
  char *copy = strdup(path);
  if (!copy) return -1;
  int start = 0;
  for (struct block *block = &first; block; block = block_after(block), start += BLOCK) {
    for (int index = 0; index < BLOCK; index++) {
      char *none = NULL;
      if (atomic_compare_exchange_strong(&block->paths[index], &none, copy)) return start + index;
    }
  }
  free(copy);
  return -1;
}

void qkz_temporary_remove(int temporary) {
  struct block *block = &first;
  for (; temporary >= BLOCK; temporary -= BLOCK) block = atomic_load(&block->next);
  free(atomic_exchange(&block->paths[temporary], NULL));
}

// Removes what can be removed now; whether there was something.
static bool remove_some(void) {
  bool removed = false;
  for (struct block *block = &first; block; block = atomic_load(&block->next)) {
    for (int index = 0; index < BLOCK; index++) {
      char *path = atomic_exchange(&block->paths[index], NULL);
      if (!path) continue;
      if (unlink(path) == 0 || rmdir(path) == 0) {
        removed = true;
      } else {
        atomic_store(&block->paths[index], path);
      }
    }
  }
  return removed;
}

static void on_end(int number) {
  // A folder can go when what is in it has gone.
  while (remove_some()) continue;
  signal(number, SIG_DFL);
  raise(number);
}

int qkz_temporaries_end_with_process(void) {
  const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction action = {.sa_handler = on_end}, before;
  sigemptyset(&action.sa_mask);
  for (int index = 0; index < 3; index++) sigaddset(&action.sa_mask, numbers[index]);
  for (int index = 0; index < 3; index++) {
    if (sigaction(numbers[index], NULL, &before) != 0) return -1;
    if (before.sa_handler != SIG_DFL) continue;
    if (sigaction(numbers[index], &action, NULL) != 0) return -1;
  }
  return 0;
}
