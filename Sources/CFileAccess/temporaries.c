#define _GNU_SOURCE
#include "temporaries.h"
#include "blocks.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64 };

// Who takes a path out of its place owns it, so the handler never reads one that is freed.
struct block {
  struct link link;
  _Atomic(char *) paths[BLOCK];
};

static struct block first;

int qkz_temporary_add(const char *path) {
  char *copy = strdup(path);
  if (!copy) return -1;
  int start = 0;
  for (struct block *block = &first; block; block = block_after(&block->link, sizeof *block), start += BLOCK) {
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
  for (; temporary >= BLOCK; temporary -= BLOCK) block = next_block(&block->link);
  free(atomic_exchange(&block->paths[temporary], NULL));
}

// Removes what can be removed now; whether there was something.
static bool remove_some(void) {
  bool removed = false;
  for (struct block *block = &first; block; block = next_block(&block->link)) {
    for (int index = 0; index < BLOCK; index++) {
      char *path = atomic_exchange(&block->paths[index], NULL);
      if (!path) continue;
      if (unlink(path) == 0 || rmdir(path) == 0) {
        removed = true;
      } else {
        char *none = NULL;  // unless another thread has begun something in its place
        atomic_compare_exchange_strong(&block->paths[index], &none, path);
      }
    }
  }
  return removed;
}

void qkz_temporaries_remove_all(void) {
  // A folder can go when what is in it has gone.
  while (remove_some()) continue;
}

static void on_end(int number) {
  qkz_temporaries_remove_all();
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
