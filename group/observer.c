/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "base/clock.h"
#include "base/proc.h"
#include "group/dead.h"
#include "group/events.h"
#include "group/heartbeat.h"
#include "group/observer.h"
#include "group/primary.h"

static bool
is_observer(void)
{
	const struct group_member *member;

	if (primary_is_self() || !primary_is_foreign())
		return primary_is_self();
	MEMBER_FOREACH(member) {
		if (member_alive(member))
			break;
	}
	return member == group_self;
}

/* Tell what has changed for a process that was listed at the last look too. dead_tell() reports the
 * death of a member. */
static void
tell_change(const struct peer *was, const struct peer *is)
{
	if (was->state == is->state || (is->state == PEER_GONE && !is->foreign))
		return;
	if (is->state == PEER_GONE)
		events_add(is->who, "left (foreign)");
	else if (is->state == PEER_STOPPED)
		events_add(is->who, "is stopped");
	else if (is->state == PEER_FROZEN)
		events_add(is->who, "is frozen");
	else if (is->state == PEER_HUNG)
		events_add(is->who, "is hung");
	else if (is->state == PEER_SHORT)
		events_add(is->who, "may open too few files more");
	else if (is->state == PEER_CUT_OFF)
		events_add(is->who, "is cut off");
	else
		events_add(is->who, "runs again");
}

/* Tell of a process that was not listed at the last look. */
static void
tell_new(const struct peer *is)
{
	struct peer was = *is;
	char program[32];

	/* Already dead: only its socket is there, so tell nothing. */
	if (is->state == PEER_GONE)
		return;
	was.state = is->foreign ? PEER_FOREIGN : PEER_OK;
	/* A member reports by itself that it has joined. */
	if (is->foreign) {
		proc_program(is->who.pid, program, sizeof(program));
		events_add(is->who, "joined (foreign, %s)", program);
	}
	tell_change(&was, is);
}

void
observer_look(void)
{
	static struct views before, now;
	static uint64_t last_ns;
	static bool known;
	const struct group_member *member;
	const struct peer *was;
	unsigned int i;
	bool late;

	if (!is_observer()) {
		known = false;
		return;
	}
	MEMBER_FOREACH(member)
		dead_tell(member);
	late = peers_beat_is_old(last_ns, 2 * HEARTBEAT_MS);
	last_ns = clock_now_ns();
	views_take(&now);
	for (i = 0; i < now.nb && known; i++) {
		was = peers_find(&before, &now.peers[i]);
		/* If the whole machine stood still, the others are late as well. The next look
		 * tells who is hung. */
		if (late && now.peers[i].state == PEER_HUNG)
			now.peers[i].state = was == NULL ? PEER_OK : was->state;
		if (was == NULL)
			tell_new(&now.peers[i]);
		else
			tell_change(was, &now.peers[i]);
	}
	for (i = 0; i < before.nb && known; i++) {
		was = &before.peers[i];
		if (was->foreign && was->state != PEER_GONE && peers_find(&now, was) == NULL)
			events_add(was->who, "left (foreign)");
	}
	memcpy(&before, &now, sizeof(before));
	known = true;
}
