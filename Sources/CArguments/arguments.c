#include "arguments.h"

static int argument_count;
static char **arguments;

// glibc hands argc and argv to every constructor.
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
  argument_count = count;
  arguments = values;
}

int qkz_argument_count(void) { return argument_count; }
const char *qkz_argument(int index) { return arguments[index]; }
