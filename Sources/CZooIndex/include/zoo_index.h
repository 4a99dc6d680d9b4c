#pragma once
#include <stddef.h>

// The zoo as it was when this software was built: one JSON object.
const unsigned char *qkz_zoo_index_bytes(void);
size_t qkz_zoo_index_size(void);

// The public key of the zoo's signatures: PEM text.
const unsigned char *qkz_zoo_key_bytes(void);
size_t qkz_zoo_key_size(void);

// A file of an entry that is part of this software.
struct qkz_zoo_file {
  const char *sha256;  // hexadecimal digits
  const unsigned char *bytes;
  size_t size;
};
const struct qkz_zoo_file *qkz_zoo_files(void);
size_t qkz_zoo_file_count(void);
