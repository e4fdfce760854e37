/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/*
 * End this process by force if it takes too long to leave. Any thread, unless a function says
 * otherwise.
 *
 * The EAL's locks lie in memory that all processes of a group share, and nothing drops them when
 * their holder ends: the group would wait for ever. So a process is not ended before it holds none.
 */

/** How a process is ended. The functions run in threads of their own, beside whatever hangs. */
struct force_hooks {
	/* Does anybody wait for the locks that this process may hold? */
	bool (*locks_matter)(void);
	/* Take each lock that other processes need, and release it: it returns if nobody holds one
	 * for long. Neither this nor locks_matter() may allocate with malloc(3), because every
	 * other thread is held meanwhile. */
	void (*pass_locks)(void);
	/* Clean up what must not be left behind. Called once, before the process is ended. It may
	 * allocate. */
	void (*clean)(void);
};

/** Main thread, before anything else here. */
void force_set_hooks(const struct force_hooks *hooks);

/** The process is about to leave. If it takes longer than it may, end it by force, with this
 * status. Another call only changes the status. */
void force_soon(int status);

/** Give the process this much more time to leave. */
void force_allow(unsigned int ms);

/** When the process may be ended. */
enum force_when {
	FORCE_WHEN_FREE, /* once no lock is held, as far as pass_locks() can tell; from the start on
			  */
	FORCE_NEVER,	 /* it holds locks that cannot be looked at */
	FORCE_AT_ONCE,	 /* there are no locks any more, or nobody needs them */
};
/** Waits until no pass_locks() is under way, unless it is for FORCE_WHEN_FREE. After FORCE_NEVER
 * the process has as long again as it had at first. Main thread, which must hold no lock of the
 * EAL's. */
void force_when(enum force_when when);
