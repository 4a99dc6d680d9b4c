// Writing the entries of a position one after the other; for machines without byte shuffles.

// Entries of a position, group by group and plane by plane; `span` is the number of planes,
// rounded up to a power of two, and `base` has the entry of the empty pattern for each in order.
// Every entry is written and only those that are not empty are kept, which costs no branch.
static inline __attribute__((always_inline)) void write_entries(
  const uint64_t *words, unsigned span, unsigned groups, const uint16_t *base, uint16_t *out
) {
  for (unsigned g = 0; g < groups; g++)
    for (unsigned p = 0; p < span; p++) {
      unsigned pattern = words[p] >> (4 * g) & 15;
      *out = (uint16_t)(*base++ + pattern * qkz_entry);
      out += pattern != 0;
    }
}
