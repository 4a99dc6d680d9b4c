#pragma once

// The end of this program where the system gives no more memory: one line on standard error and exit code 69.
//
// Swift's runtime ends a process by a signal when an allocation fails, and libraries in C take the failure for one
// of their input. So `malloc` and its kin are defined here, around those of the C library, for the whole program.
//
// Installs what is done before the end: it must be safe in a signal handler.
void qkz_before_memory_ends(void (*cleanup)(void));
