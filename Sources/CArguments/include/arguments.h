#pragma once

// The arguments of this process.
//
// Swift's own list is read from /proc/self/cmdline, which an empty root does not have.
int qkz_argument_count(void);
const char *qkz_argument(int index);
