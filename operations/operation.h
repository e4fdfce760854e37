/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <rte_devargs.h>

#include "base/wait.h"
#include "group/views.h"

/* How every operation of the group begins and ends. At the beginning the device is parsed, the turn
 * is taken, and every process must be able to answer. At the end the group learns the result, and
 * the turn is released. Main thread. */

/** An operation under way. This process has the turn. */
struct operation {
	/* The caller of operation_begin() sets these, and all others to zero. */
	const char *verb;
	const char *announce; /* as for attach() */
	wait_fn wait;
	struct result *res;

	struct rte_devargs da; /* the device; empty if the operation has none */
	struct views before;
	struct views now; /* set by the operation itself */
	/* When it began to wait for the turn; once it has the turn, when it got it. */
	uint64_t turn_ns;
	uint64_t start_ns;  /* when this try began */
	unsigned int tries; /* retries so far */
	bool again;	    /* try again: a process died, or a foreign one came or went */
};

/**
 * Begin an operation. res->note says what an operation of a dead process has left unfinished.
 *
 * @param device [bus:]name[,arguments], or NULL if it needs none.
 * @return 0; or a negative errno, with res set and the turn released.
 */
int operation_begin(struct operation *op, const char *device);

/** Should the operation be tried again, with the processes that are here now? Yes, a few times, if
 * it failed only because a process died, or a foreign one came or went. */
bool operation_again(struct operation *op);

/** Has an operation of this process begun to change the group, and is not over? From then on it
 * cannot be cancelled. Any thread. */
bool operation_under_way(void);

/** End an operation: update the catalogue, tell the group the result, and release the turn. */
void operation_end(struct operation *op);

/**
 * Take the turn. Clean up after a dead holder and wait until the primary is not serving, but do not
 * check that every process answers. turn_release() ends it.
 *
 * @return 0; or a negative errno, with res set and the turn released.
 */
int operation_take_turn(const char *what, wait_fn wait, struct result *res);

/** Write into text why the EAL returned err, and set op->again if another try may succeed. op->now
 * must be taken right after the EAL returned. */
void reason_find(struct operation *op, int err, char *text, size_t size);

/** The result of an operation; console/output.h prints it. */
struct result {
	/** 0, or a negative errno. */
	int err;
	/** The device as its bus names it; empty if none. */
	char name[RTE_DEV_NAME_MAX_LEN];
	/** The second device of a forward; else empty. */
	char other[RTE_DEV_NAME_MAX_LEN];
	/** After a failure the reason, without a full stop; after a success a remark, or empty. */
	char text[1024];
	/** What an operation of a dead process has left unfinished; mostly empty. */
	char note[512];
};

/** Set err and text. */
__rte_format_printf(3, 4) void result_set(struct result *res, int err, const char *format, ...);
