#pragma once
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's own mutations. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t limit);

/* Starts to watch every allocation, and to report at the end of the process. */
void fuzz_watch(void);

/* Before and after one execution: no single allocation above `limit` bytes, no more than `total`
   bytes at one time, no more than one second of the processor. What breaks a rule ends the
   process. */
void fuzz_begin(size_t limit, size_t total);
void fuzz_end(void);

/* Writes the checksum that the content of a zstd frame needs; leaves other bytes alone. */
void fuzz_repair_zstd(uint8_t *frame, size_t size);
