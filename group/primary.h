/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "group/members.h"

/* The primary of this process: which process it is, and whether it has left. Any thread, unless a
 * comment says otherwise. */

/** Find the primary. After rte_eal_init(), main thread. @return 0 or a negative errno. */
int primary_look(void);

/** Is this process the primary? */
bool primary_is_self(void);

/** Pid of the primary, which may be this process; 0 before primary_look(). */
pid_t primary_pid(void);

/** The primary, to name it to people. */
struct who primary_who(void);

/** This process, to name it to people. */
struct who primary_who_self(void);

/** Is the primary another program, and does it still run? */
bool primary_is_foreign(void);

/** Pid of the primary if it has begun to leave or has died, else 0. */
pid_t primary_left(void);

/** Does this process know already that its primary leaves or has left? Cheap enough to poll. */
bool primary_seen_leaving(void);

/** Write "the primary (pid 7541) has left; quit this process" into text. */
void primary_lost_text(char *text, size_t size);

/** Tell the secondaries that this process, their primary, begins to leave. Main thread, with the
 * turn if it got it. */
void primary_leaves(void);
