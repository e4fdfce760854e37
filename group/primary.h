/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "group/members.h"

/* The primary of this process: who it is, whether it has left. Any thread, where nothing else is
 * said. */

/** Find out who the primary is. After rte_eal_init(), main thread. */
void primary_look(void);

/** Is this process the primary? */
bool primary_is_self(void);

/** Pid of the primary, perhaps of this process; 0 before primary_look(). */
pid_t primary_pid(void);

/** The primary, for people. */
struct who primary_who(void);

/** This process, for people. */
struct who primary_who_self(void);

/** Does the primary run, and is it another program? */
bool primary_is_foreign(void);

/** Pid of the primary if it has begun to leave or has died, else 0. */
pid_t primary_left(void);

/** Has this process noticed already that its primary leaves or has left? Costs nothing. */
bool primary_seen_leaving(void);

/** Put "the primary (pid 7541) has left; quit this process" into text. */
void primary_lost_text(char *text, size_t size);

/** Tell the secondaries that this process, their primary, begins to leave. Main thread, with the
 * turn if it could be had. */
void primary_leaves(void);
