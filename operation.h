/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OPERATION_H
#define OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_devargs.h>

#include "base/wait.h"
#include "group.h"
#include "hotplug.h"
#include "views.h"

/*
 * What every operation of the group goes through, whatever it does between: for
 * hotplug.c and sync.c, main thread only.
 */

/** An operation under way: the turn is held, and everyone could answer when it began. */
struct operation {
	/* To be set before operation_begin(). */
	const char *verb;
	const char *announce; /* what everyone is told of the device if it succeeds, or NULL */
	wait_fn wait;
	struct hotplug_result *res;

	struct rte_devargs da; /* the device it is about; empty if none */
	struct views before;
	struct views now;   /* to be taken by the operation itself */
	uint64_t turn_ns;   /* when it got the turn, or began to wait if it has not */
	uint64_t start_ns;  /* of this try */
	unsigned int tries; /* done once more */
	bool again; /* it failed, leaving nothing, because a process came or went meanwhile */
};

/**
 * Parse what device it is about (NULL for none), take the turn and see that
 * everyone can answer. What an operation before it has left unfinished goes to
 * the result's note.
 *
 * @return 0; or a negative errno, with the result set and nothing held.
 */
int operation_begin(struct operation *op, const char *device);

/**
 * A process that has died, or a foreign one that came or went outside of the
 * turn, is no reason to fail: should the operation be done once more, among those
 * who are here now?
 */
bool operation_again(struct operation *op);

/**
 * The last holder of the turn has died: wait until what it had asked for is not under way in
 * others any more. If they differ after that, it goes to the result's note. Holder of the turn.
 *
 * @param who died and during what, from group_turn_take().
 */
void operation_see_to_dead(wait_fn wait, const char *who, struct hotplug_result *res);

/** Let the others know what there is now, and give the turn away. */
void operation_end(struct operation *op);

/** Set what came of it: err, and the text by a format. */
__rte_format_printf(3, 4) void operation_result(
	struct operation *op, int err, const char *format, ...);

/** Why the EAL says err, from what each process knows. op->now is the moment it said so. */
void operation_reason(struct operation *op, int err, char *text, size_t size);

#endif
