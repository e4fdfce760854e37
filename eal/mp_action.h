/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdatomic.h>

#include <rte_eal.h>

/* Take an mp action over from the library that registers it with the EAL. The messages then come
 * here, and the library's own handler, which no call returns, can be called. */

/** Instead of the asker's socket: what the library answers goes to answered(). */
#define MP_ACTION_SELF "mp_action"

struct mp_action {
	const char *name;
	rte_mp_t ours; /* registered instead of the library's handler */
	/** Gets the answer to MP_ACTION_SELF, in the thread that answers. */
	void (*answered)(const struct rte_mp_msg *answer);
	/** Called whenever the library registers its handler, also if it has before, in that
	 * thread; may be NULL. */
	void (*registers)(void);
	/* The library's handler; NULL before it has been registered. */
	_Atomic rte_mp_t theirs;
};

/** Take it over, before the library registers it. It is used until the process ends. Main thread.
 */
void mp_action_take(struct mp_action *action);
