#pragma once

// Files and folders that are being written and have no name of their own yet, so that a signal that ends the process
// can remove them. Swift cannot run in a signal handler, so the list and the handler are C: atomics, no locks, no
// allocation while handling.

// Registers a file or a folder; its number, or -1 if memory is short. A folder before what is in it.
int qkz_temporary_add(const char *path);
// Forgets it: it is complete, or gone.
void qkz_temporary_remove(int temporary);
// Removes what is registered, and may be called in a signal handler.
void qkz_temporaries_remove_all(void);
// From now on SIGINT, SIGTERM and SIGHUP remove what is registered before they end the process; one that is ignored
// or handled already stays so. Returns 0, or -1 with errno.
int qkz_temporaries_end_with_process(void);
