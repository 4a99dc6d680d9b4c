#pragma once
// ZSTD_c_literalCompressionMode is in the static section of the header.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
