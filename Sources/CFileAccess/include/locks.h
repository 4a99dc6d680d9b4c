#pragma once

// Locks a whole open file for writing, for as long as it stays open; does not wait. The lock is the open file's, not
// the process's: it does not fall when the process closes the file under another descriptor.
// Returns 0; -1 if somebody else has the lock; -2 if there are no such locks here.
int qkz_lock_open_file(int descriptor);
