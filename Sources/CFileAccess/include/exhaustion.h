#pragma once

#include <stdint.h>

// The address space that the process may have, in bytes; UINT64_MAX if nothing limits it (ulimit -v).
uint64_t qkz_address_space_limit(void);

// From now on a process that ends because it cannot get memory says so in one line and ends with `code`. Nothing but
// the lack of memory is told so: whatever ends a process that could still get `spare` bytes ends it as before.
int qkz_exhaustion_ends_with(int code, uint64_t spare);
