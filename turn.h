/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TURN_H
#define TURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/wait.h"

/*
 * The locks of a group: record locks of fcntl(2) on its file, which the kernel
 * drops with the process that holds them. They and the record below keep their
 * place in the file in every build, whatever else of its layout changes. Used
 * by those who know group_shared.h, from the main thread where nothing else is said.
 */

/** Where the record lies in the file. */
#define TURN_RECORD_OFFSET 16

/** Who has the turn. Written by the holder of the turn. */
struct turn_record {
	/* 0 between turns; the pid of a dead process if it died before it was done. */
	_Atomic pid_t holder;
	/* What the holder is: 'p'rimary, 's'econdary, or 0 while it starts. */
	_Atomic uint32_t role;
	/* Number of the operation under way, or of the last one. Any thread may read. */
	_Atomic uint64_t op;
	/* "attach net_null0"; one who waits for the turn may see it half written. */
	char what[104];
	/* The last holder that died, and during what, until an operation has seen to it; else 0. */
	_Atomic pid_t dead;
	char dead_what[104];
};

/**
 * Open the file at path, or make it. The descriptor stays open: to close it drops the locks.
 *
 * @param why on failure receives a sentence, as one that other users can get at is refused.
 * @return 0 or a negative errno.
 */
int turn_open(const char *path, char *why, size_t size);

/** Drop all locks. */
void turn_close(void);

/** The file's descriptor, -1 if none is open. */
int turn_fd(void);

/** Is the open file still the one at its path? The last to leave removes it. */
bool turn_file_current(void);

/**
 * Wait for the turn. Those who wait get it in about the order they came; a holder
 * that releases it and wants it again is behind those who wait.
 *
 * @return 0, -EBUSY if the process waited for is stopped, -ECANCELED if wait() said so.
 */
int turn_lock(wait_fn wait, char *why, size_t size);

/**
 * Enter into the record that this process has the turn and what for.
 *
 * @return 0, or 1 if a holder died and nobody has seen to it; then why says who and during what.
 */
int turn_begin(struct turn_record *record, char role, const char *what, char *why, size_t size);

/** What a dead holder has left is seen to. Holder of the turn. */
void turn_dead_done(struct turn_record *record);

/** Clear the record, then unlock. */
void turn_end(struct turn_record *record);

/** Has nobody the turn at this moment? Any thread. */
bool turn_is_free(void);

/** Does this process hold the turn? */
bool turn_held(void);

/** Number of the operation under way, 0 between turns. Any thread. */
uint64_t turn_operation(struct turn_record *record);

/** Take a slot if nobody has it. */
bool turn_slot_take(unsigned int slot);

/** Pid of the other process that has a slot, 0 if none has, -1 if it has no pid here. Any thread.
 */
pid_t turn_slot_owner(unsigned int slot);

/** Pid of some other process that has a slot, 0 if none has, -1 if it has no pid here. */
pid_t turn_any_slot(void);

#endif
