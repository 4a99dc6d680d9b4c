#pragma once
#include <stddef.h>

// The zoo's entries as they were when this software was built: one JSON array.
const unsigned char *qkz_zoo_index_bytes(void);
size_t qkz_zoo_index_size(void);
