/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* How an operation that waits tells the user what it waits for. Called in the thread that waits. */

/**
 * Called again and again during a wait.
 *
 * @param text says for which process, once the wait has lasted a second; NULL if nothing is new.
 * @return false to give up waiting.
 */
typedef bool (*wait_fn)(const char *text);

/** A wait_fn that never waits. */
static inline bool
wait_not(const char *text)
{
	(void)text;
	return false;
}

/** Call wait; if it is NULL, the wait goes on. @return false to give up waiting. */
static inline bool
wait_go_on(wait_fn wait, const char *text)
{
	return wait == NULL || wait(text);
}
