// What the files of this module share.
#ifndef QKZ_KERNELS_H
#define QKZ_KERNELS_H

#include "CSpikeKernels.h"

// Everything between compiles for an instruction set; nothing else in the build does, so that no
// instruction runs that was not asked for.
#if defined(__clang__)
#define PRAGMA(text) _Pragma(#text)
#define TARGET_BEGIN(features) \
  PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define TARGET_END PRAGMA(clang attribute pop)
#else
#define PRAGMA(text) _Pragma(#text)
#define TARGET_BEGIN(features) PRAGMA(GCC push_options) PRAGMA(GCC target(features))
#define TARGET_END PRAGMA(GCC pop_options)
#endif

const qkz_kernels *qkz_scalar(void);
const qkz_kernels *qkz_avx2(void);
const qkz_kernels *qkz_avx512(void);
const qkz_kernels *qkz_neon(void);

#endif
