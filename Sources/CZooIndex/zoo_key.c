// The public key of the zoo's signatures; docs/releasing.md says how it is replaced.
#include "zoo_index.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char key_bytes[] = {
#embed "../../zoo/index.pub.pem"
};

const unsigned char *qkz_zoo_key_bytes(void) { return key_bytes; }
size_t qkz_zoo_key_size(void) { return sizeof key_bytes; }
