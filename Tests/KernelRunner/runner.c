// Runs every kernel that this processor has against the numerics contract, bit by bit.
//
//   runner [--fastest NAME]    also requires that NAME is what would be chosen here
//
// Each check has a naive oracle, written from docs/numerics.md and CSpikeKernels.h and not from the
// kernels: small cases over every alignment and tail, then random ones. Exit code 1 at the first
// difference.
#include "runner.h"

#include <stdio.h>
#include <string.h>

static const struct {
  const char *functions;
  void (*check)(const qkz_kernels *kernels);
} checks[] = {
  {"list, tables, accumulate", check_lookups},
  {"dense", check_dense},
  {"normalise", check_normalise},
  {"maximum", check_maximum},
  {"fire", check_fire},
  {"widen", check_widen},
  {"add", check_add},
  {"head_sums", check_head_sums},
  {"mask_heads", check_mask_heads},
  {"channel_sums", check_channel_sums},
  {"attend", check_attend},
};

_Static_assert(
  sizeof(qkz_kernels) == (1 + 13) * sizeof(void *), "a function was added: it needs a check here");

static void run(const qkz_kernels *kernels) {
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    begin(kernels->name, checks[i].functions);
    checks[i].check(kernels);
  }
}

static void append(char *list, const char *name) {
  if (*list) strcat(list, ", ");
  strcat(list, name);
}

int main(int count, char **arguments) {
  catch_crashes();
  char held[64] = "", skipped[64] = "";
  const char *fastest = NULL;
  for (const char *const *name = qkz_kernel_names; *name; name++) {
    const qkz_kernels *kernels = qkz_kernels_named(*name);
    append(kernels ? held : skipped, *name);
    if (!kernels) continue;
    if (!fastest) fastest = *name;
    run(kernels);
  }
  if (count == 3 && strcmp(arguments[1], "--fastest") == 0 && strcmp(arguments[2], fastest) != 0) {
    printf("kernels: %s would be chosen, expected %s\n", fastest, arguments[2]);
    return 1;
  }
  printf("kernels: %zu cases hold for %s; ", cases_done(), held);
  printf("skipped, not for this processor: %s\n", *skipped ? skipped : "none");
  return 0;
}
