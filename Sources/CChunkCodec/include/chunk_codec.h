#pragma once
#include <stddef.h>
#include <stdint.h>

// The two filters of a chunk that touch every byte, in vectors of 16 bytes. They keep nothing and allocate nothing.

// Filter 2: all first bytes of `count` elements, all second bytes, and so on; planes lie `stride` bytes apart.
void qkz_split_planes(const uint8_t *elements, size_t count, size_t width, uint8_t *planes, size_t stride);
// The way back.
void qkz_join_planes(const uint8_t *planes, size_t stride, size_t count, size_t width, uint8_t *elements);
// Filter 3: Fletcher-32 over big-endian words of 16 bits; an odd last byte counts as the upper half of one.
uint32_t qkz_fletcher32(const uint8_t *bytes, size_t count);
