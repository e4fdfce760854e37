/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <sys/types.h>

#include "base/wait.h"

/* The locks of a group: record locks of fcntl(2) on its file. The kernel drops them when their
 * process ends. Every build has them at the same place in the file. Main thread, unless a comment
 * says otherwise. */

/** Open the file at path, or make it; refuse a file that other users can open. The descriptor stays
 * open, because closing it would drop the locks. path must stay valid until locks_close().
 * @return 0, or a negative errno and why. */
int locks_open(const char *path, char *why);

/** Drop all locks and close the file. */
void locks_close(void);

/** Descriptor of the file; -1 if it is not open. */
int locks_fd(void);

/** Is the open file still at its path? The last process that leaves removes it. */
bool locks_file_current(void);

/**
 * Wait for the turn and take it. Processes get it roughly in the order in which they came. A holder
 * that releases it and wants it again comes last.
 *
 * @return 0, or a negative errno and why: -EBUSY if the holder, or the next in line, is stopped;
 *   -ECANCELED if wait() gave up.
 */
int locks_turn_take(wait_fn wait, char *why);

/** Give the turn to the next process. Does nothing without the turn. */
void locks_turn_release(void);

/** Is the turn free at this moment? False in a group without a file. Any thread. */
bool locks_turn_is_free(void);

/** Does this process have the turn? Any thread. */
bool locks_turn_held(void);

/** Lock a slot. @return false if another process has it. */
bool locks_slot_take(unsigned int slot);

/** Pid of the other process that has locked this slot, or 0. It is -1 if that process is in another
 * pid namespace, so that it has no pid here. Any thread. */
pid_t locks_slot_owner(unsigned int slot);

/** The same for any slot. */
pid_t locks_any_slot(void);
