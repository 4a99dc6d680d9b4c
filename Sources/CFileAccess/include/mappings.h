#pragma once
#include <stdbool.h>
#include <stddef.h>

// The mappings of this process, so that a signal handler can look an address up; and that handler.
//
// A file that is cut shorter while it is mapped makes the next read of a lost page a SIGBUS. Swift cannot run in
// a signal handler, so the list and the handler are C: atomics, no locks, no allocation while handling.

// Registers a mapping; its number, or -1 if memory is short.
int qkz_mapping_add(const void *base, size_t size);
// Forgets a mapping. Call it before munmap.
void qkz_mapping_remove(int mapping);
// Whether reading the mapping has failed, so that zeros were read instead.
bool qkz_mapping_is_broken(int mapping);
// Installs the handler: where a read of a registered mapping fails, zeros are read from there to its end. A fault
// at any other address is left to the handler before. Returns 0, or -1 with errno.
int qkz_mappings_survive(void);
