#include "zoo_index.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// One JSON array; scripts/check compares this list with the folders of zoo/entries.
static const unsigned char index_bytes[] = {
    '[',
#embed "../../zoo/entries/qkformer-digits/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-digits-batch/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-384-t4-r224.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-512-t4-r224.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-768-t4-r224.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-768-t4-r288.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-768-t4-r384.in1k/entry.json" suffix(, )
    ']',
};

const unsigned char *qkz_zoo_index_bytes(void) { return index_bytes; }
size_t qkz_zoo_index_size(void) { return sizeof index_bytes; }
