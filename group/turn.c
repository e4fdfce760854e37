/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_TURN
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "base/text.h"
#include "group/file.h"
#include "group/locks.h"
#include "group/primary.h"
#include "group/turn.h"

static wait_fn waiter; /* the argument of turn_take() */
static bool waited;    /* turn_take() has */

/* Record that this process has the turn, and for what. @return 0 or 1, as turn_take(). */
static int
record_begin(char role, const char *what, char *why)
{
	struct turn_record *record = &group_shared->turn;
	char dead_what[sizeof(record->dead_what)];
	pid_t dead = atomic_load(&record->holder);

	if (dead != 0) {
		snprintf(record->dead_what, sizeof(record->dead_what), "%.*s",
			(int)sizeof(record->what) - 1, record->what);
		atomic_store(&record->dead, dead);
	}
	atomic_store(&record->role, role);
	strlcpy(record->what, what, sizeof(record->what));
	atomic_fetch_add(&record->op, 1);
	atomic_store(&record->holder, getpid());
	dead = atomic_load(&record->dead);
	if (dead == 0)
		return 0;
	snprintf(dead_what, sizeof(dead_what), "%.*s", (int)sizeof(dead_what) - 1,
		record->dead_what);
	return why_set(why, 1, "pid %d died during: %s", dead, text_printable(dead_what));
}

void
turn_begin_start(void)
{
	char why[WHY_SIZE];

	record_begin(0, "start", why);
}

static int
lock_and_begin(const char *what, wait_fn wait, char *why)
{
	int ret = 0;

	if (group_file_dir()[0] != '\0')
		ret = locks_turn_take(wait, why);
	if (ret < 0)
		return ret;
	return record_begin(primary_is_self() ? 'p' : 's', what, why);
}

/* The turn is useless without a primary, so stop waiting when it leaves. */
static bool
wait_with_primary(const char *text)
{
	waited = true;
	return primary_left() == 0 && wait_go_on(waiter, text);
}

int
turn_take(const char *what, wait_fn wait, char *why)
{
	int ret = -ENOTCONN;

	waiter = wait;
	waited = false;
	if (primary_left() == 0)
		ret = lock_and_begin(what, wait_with_primary, why);
	/* The person may have given up just before the turn came. */
	if (ret >= 0 && waited && !wait_go_on(wait, NULL)) {
		turn_release();
		ret = why_set(why, -ECANCELED, "gave up waiting for the turn");
	}
	if (ret < 0 && primary_left() != 0)
		primary_lost_text(why, WHY_SIZE);
	return ret;
}

void
turn_take_to_leave(wait_fn wait)
{
	char why[WHY_SIZE];

	if (!locks_turn_held())
		lock_and_begin("quit", wait, why);
}

void
turn_dead_done(void)
{
	atomic_store(&group_shared->turn.dead, 0);
}

void
turn_release(void)
{
	/* A process that leaves without the turn must not clear another holder's record. */
	if (locks_fd() >= 0 && !locks_turn_held())
		return;
	atomic_store(&group_shared->turn.holder, 0);
	locks_turn_release();
}

uint64_t
turn_operation(void)
{
	return atomic_load(&group_shared->turn.holder) == 0 ? 0
							    : atomic_load(&group_shared->turn.op);
}

pid_t
turn_last_holder(void)
{
	pid_t dead = atomic_load(&group_shared->turn.dead);

	/* A holder that died stays in the record until the next process takes the turn. */
	return dead != 0 ? dead : atomic_load(&group_shared->turn.holder);
}
