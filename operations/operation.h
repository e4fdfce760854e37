/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_devargs.h>

#include "base/wait.h"
#include "group/views.h"

/* What every operation of the group goes through, whatever it does between: its device is parsed,
 * the turn is taken, everyone must be able to answer; in the end what came of it is told and the
 * turn is given away. Main thread. */

/** An operation under way: the turn is held, and everyone could answer when it began. */
struct operation {
	/* To be set before operation_begin(). */
	const char *verb;
	const char *announce; /* what everyone is told of the device if it succeeds, or NULL */
	wait_fn wait;
	struct result *res;

	struct rte_devargs da; /* the device it is about; empty if none */
	struct views before;
	struct views now;   /* the operation takes it itself */
	uint64_t turn_ns;   /* when it got the turn, or began to wait if it has not */
	uint64_t start_ns;  /* of this try */
	unsigned int tries; /* done once more */
	bool again; /* it failed, leaving nothing, because a process came or went meanwhile */
};

/**
 * Parse what device it is about (NULL for none), take the turn and see that everyone can answer.
 * What an operation before it has left unfinished goes to the result's note.
 *
 * @return 0; or a negative errno, with the result set and nothing held.
 */
int operation_begin(struct operation *op, const char *device);

/** Should a failed operation be done once more, among the processes that are here now? It should if
 * it failed only because a process has died, or a foreign one came or went. */
bool operation_again(struct operation *op);

/** Tell the others what there is now and what came of it, and give the turn away. */
void operation_end(struct operation *op);

/**
 * For what asks nothing of the other processes: take the turn, and see to what a dead holder and an
 * asker of the primary's server have left. turn_release() ends it.
 *
 * @return 0; or a negative errno, with the result set and nothing held.
 */
int operation_take_turn(const char *what, wait_fn wait, struct result *res);

/** What came of an operation. The operation decides; console/answers.h prints. */
struct result {
	/** 0, or a negative errno. */
	int err;
	/** The device as its bus knows it; empty if what was asked for names none. */
	char name[RTE_DEV_NAME_MAX_LEN];
	/** After a failure: why, a sentence without its full stop. After a success: a remark, or
	 * empty. */
	char text[1024];
	/** What an earlier operation that was never finished has left behind; mostly empty. */
	char note[512];
};

/** Set err, and the text by a format. Main thread. */
__rte_format_printf(3, 4) void result_set(struct result *res, int err, const char *format, ...);
