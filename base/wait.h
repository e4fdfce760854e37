/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* How an operation that waits tells the person who waits. Called in the thread that waits. */

/**
 * Called again and again during a wait; the first time a text is given is after a second.
 *
 * @param text which process is waited for, or NULL when there is nothing new to say.
 * @return false to give up waiting.
 */
typedef bool (*wait_fn)(const char *text);

/** A wait_fn that does not wait: it gives up at its first call. */
static inline bool
wait_not(const char *text)
{
	(void)text;
	return false;
}

/** Call wait, which may be NULL: then the wait goes on. */
static inline bool
wait_go_on(wait_fn wait, const char *text)
{
	return wait == NULL || wait(text);
}
