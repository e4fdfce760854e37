/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/force.h"
#include "base/text.h"
#include "group/dead.h"
#include "group/file.h"
#include "group/heartbeat.h"
#include "group/primary.h"
#include "group/readiness.h"

/* How long to wait for a beat that is missed, and how often at least: the whole machine may have
 * stood still for that long. A signal makes a sleep shorter, so both count. */
#define GRACE_MS 700
#define GRACE_SLEEPS 3
#define SETTLE_MS 20000 /* twice the longest that the EAL keeps a request waiting */
#define TELL_MS 1000	/* when the person learns which process is busy */

/*
 * Can this process answer? A hung process has a late beat, and none since the check began at start.
 * A request reaches no process without a socket, but one that just leaves has none for a moment.
 *
 * @param slept how often it has been waited for since start.
 * @param late set to true if that is not certain yet.
 * @return 0, or why and -EBUSY; -EDEADLK if it is this process.
 */
static int
peer_check(const struct peer *peer, uint64_t start, unsigned int slept, bool *late, char *why)
{
	const char *halt = peers_halt(peer->state);
	const int no = peer->self ? -EDEADLK : -EBUSY;
	bool answers;

	if (peer->state == PEER_GONE)
		return 0;
	if (halt != NULL)
		return why_set(why, -EBUSY, "%s is %s", who_name(peer->who).text, halt);
	if (peer->state == PEER_SHORT)
		return why_set(why, no,
			"%s may open fewer than %d files more; allow it more (prlimit -p %d "
			"-n1024)",
			peer->self ? "this process" : who_name(peer->who).text, HEARTBEAT_FILES,
			peer->who.pid);
	answers = peer->foreign || peer->beat_ns > start ||
		  !peers_beat_is_old(peer->beat_ns, HEARTBEAT_LATE_MS);
	if (answers && !peer->no_socket)
		return 0;
	*late = true;
	if (slept < GRACE_SLEEPS || clock_now_ns() - start < GRACE_MS * CLOCK_NS_PER_MS)
		return why_set(why, 0, "gave up waiting for %s, which has missed a beat",
			peer->self ? "this process" : who_name(peer->who).text);
	if (answers)
		snprintf(why, WHY_SIZE,
			"%s cannot be reached: its socket has been removed from %s; quit %s and "
			"start anew",
			who_name(peer->who).text, group_file_dir(),
			peer->who.primary ? "all processes of the group" : "it");
	else if (peer->self)
		snprintf(why, WHY_SIZE,
			heartbeat_deaf() ? "this process has lost the EAL's thread for messages; "
					   "quit and restart it"
					 : "this process still serves an earlier request; try "
					   "again when it is done");
	else
		snprintf(why, WHY_SIZE,
			"%s is hung: it has served no request for %u ms; end it, or try again "
			"later",
			who_name(peer->who).text,
			(unsigned int)((clock_now_ns() - peer->beat_ns) / CLOCK_NS_PER_MS));
	return no;
}

/* Has the process served what was sent to it before start? If a request and the first beat since
 * start are due at once, the beat may come first; by the second beat the request has been served.
 * first keeps the time of the first beat, 0 before that. */
static bool
has_settled(
	const struct group_member *member, const struct peer *peer, uint64_t start, uint64_t *first)
{
	if (*first == 0 && peer->beat_ns > start)
		*first = peer->beat_ns;
	return *first != 0 && peer->beat_ns != *first && atomic_load(&member->serving) == 0;
}

/* Wait like readiness_settle(). @param left receives the process that was waited for: one that
 * stays busy, or else one that is stopped. */
static int
settle(wait_fn wait, struct peer *left)
{
	uint64_t first[GROUP_MAX_MEMBERS] = {0}, start = clock_now_ns();
	const struct group_member *member;
	bool told = false, tell;
	char text[160];
	struct peer peer;

	while (clock_now_ns() - start < SETTLE_MS * CLOCK_NS_PER_MS) {
		left->state = PEER_GONE;
		MEMBER_FOREACH(member) {
			peers_look_at(member, &peer);
			if (peer.state == PEER_GONE ||
				(peers_halt(peer.state) == NULL &&
					has_settled(
						member, &peer, start, &first[member_slot(member)])))
				continue;
			if (left->state == PEER_GONE || peers_halt(left->state) != NULL)
				*left = peer;
		}
		if (left->state == PEER_GONE)
			return 0;
		if (peers_halt(left->state) != NULL)
			break;
		tell = !told && clock_now_ns() - start > TELL_MS * CLOCK_NS_PER_MS;
		told = told || tell;
		snprintf(text, sizeof(text), "waiting for %s: busy with an earlier request",
			who_name(left->who).text);
		if (!wait_go_on(wait, tell ? text : NULL))
			return -ECANCELED;
		heartbeat_sleep();
	}
	return -ETIMEDOUT;
}

/* Look at every process, or at those that the EAL asks. @return 0; -EAGAIN if it is not certain
 * yet, and why says who is late; or another negative errno and why. */
static int
look(struct views *now, uint64_t start, unsigned int slept, bool asked_only, char *why)
{
	struct peer *peer;
	bool late = false;
	int ret;

	views_take(now);
	if (now->primary_left) {
		/* What a dead primary has left is for the next one to clear away. */
		now->nb = 0;
		primary_lost_text(why, WHY_SIZE);
		return -ENOTCONN;
	}
	for (peer = now->peers; peer < now->peers + now->nb; peer++) {
		if (asked_only && peer->no_socket)
			continue;
		/* It may have been frozen since its last beat. */
		if (peer->state == PEER_OK && !peer->self && cgroup_frozen(peer->who.pid))
			peer->state = PEER_FROZEN;
		ret = peer_check(peer, start, slept, &late, why);
		if (ret < 0)
			return ret;
	}
	return late ? -EAGAIN : 0;
}

int
readiness_look(struct views *now, char *why)
{
	uint64_t start = clock_now_ns();
	unsigned int slept = 0;
	int ret = look(now, start, slept, true, why);

	if (ret == -EAGAIN)
		force_allow(GRACE_MS);
	for (; ret == -EAGAIN; ret = look(now, start, ++slept, true, why))
		heartbeat_sleep();
	return ret;
}

int
readiness_check(struct views *now, wait_fn wait, char *why)
{
	uint64_t start = clock_now_ns();
	unsigned int slept = 0;
	const char *halt;
	struct peer left;
	int ret;

	for (;; slept++) {
		ret = look(now, start, slept, false, why);
		dead_clear(now);
		if (ret != -EAGAIN)
			break;
		if (!wait_go_on(wait, NULL))
			return -ECANCELED; /* look() has said who is late */
		heartbeat_sleep();
	}
	if (ret < 0)
		return ret;
	/* A process that was late may still have to serve what was sent to it meanwhile. */
	ret = slept > 0 ? settle(wait, &left) : 0;
	if (ret == 0)
		return 0;
	if (ret == -ECANCELED)
		return why_set(why, ret, "gave up waiting for %s: busy with an earlier request",
			who_name(left.who).text);
	halt = peers_halt(left.state);
	return why_set(why, -EBUSY, "%s is %s", who_name(left.who).text,
		halt != NULL ? halt : "still busy with an earlier request; try again later");
}

int
readiness_settle(wait_fn wait)
{
	struct peer left;

	return settle(wait, &left);
}
