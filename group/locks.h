/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/wait.h"

/* The locks of a group: record locks of fcntl(2) on its file, which the kernel drops with the
 * process that holds them. They keep their place in the file in every build, whatever else of its
 * layout changes. Main thread, where nothing else is said. */

/**
 * Open the file at path, or make it. The descriptor stays open, because closing it would drop the
 * locks.
 *
 * @param why on failure receives a sentence; a file that other users can get at is refused.
 * @return 0 or a negative errno.
 */
int locks_open(const char *path, char *why);

/** Drop all locks and close the file. */
void locks_close(void);

/** The file's descriptor, -1 if none is open. */
int locks_fd(void);

/** Is the open file still the one at its path? The last process that leaves removes it. */
bool locks_file_current(void);

/**
 * Wait for the turn and take it. Processes that wait get it in about the order they came; a holder
 * that releases it and wants it again comes after them.
 *
 * @return 0; -EBUSY if the process waited for is stopped; -ECANCELED if wait() said so; or another
 *   negative errno. On failure why receives a sentence.
 */
int locks_turn_take(wait_fn wait, char *why);

/** Give the turn to the next process. Does nothing without the turn. */
void locks_turn_release(void);

/** Has no process the turn at this moment? False in a group without a file. Any thread. */
bool locks_turn_is_free(void);

/** Does this process hold the turn? Any thread. */
bool locks_turn_held(void);

/** Take a slot. @return false if another process has it. */
bool locks_slot_take(unsigned int slot);

/** Pid of the other process that has a slot, 0 if no other has it, -1 if that process has no pid
 * here because it is in another pid namespace. Any thread. */
pid_t locks_slot_owner(unsigned int slot);

/** The same, of any slot. */
pid_t locks_any_slot(void);
