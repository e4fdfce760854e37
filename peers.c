/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <rte_common.h>

#include "eal/own_files.h"
#include "base/wait.h"
#include "base/proc.h"
#include "base/port_set.h"
#include "base/clock.h"
#include "group.h"
#include "group_shared.h"
#include "eal/runtime.h"
#include "base/text.h"

#define SETTLED_MS 50	/* file times are coarse; one older than this will not come again */
#define LATE_MS 300	/* a beat older than this is waited for before anything is sent */
#define GRACE_MS 700	/* for as long as this, since the operation began */
#define SETTLE_MS 20000 /* the longest the EAL keeps a request waiting, and as much again */

/* Its own slot looks free to the kernel, so ask first. */
bool
group_member_alive(unsigned int slot)
{
	return group_self == &group_shared->members[slot] || turn_slot_owner(slot) != 0;
}

static void
tick(void)
{
	clock_sleep_ns(WATCH_BEAT_MS * CLOCK_NS_PER_MS);
}

/* The state of a process of this program from its last beat; a starting one has none yet. */
static enum group_state
beat_state(uint64_t beat_ns, unsigned int limit_ms)
{
	uint64_t now = clock_now_ns();

	if (beat_ns != 0 && now > beat_ns && now - beat_ns > limit_ms * CLOCK_NS_PER_MS)
		return GROUP_HUNG;
	return GROUP_OK;
}

static void
member_look(unsigned int slot, struct group_peer *peer)
{
	struct group_member *member = &group_shared->members[slot];
	unsigned int i;

	memset(peer, 0, sizeof(*peer));
	peer->pid = atomic_load(&member->pid);
	peer->primary = atomic_load(&member->primary) != 0;
	peer->self = member == group_self;
	peer->beat_ns = atomic_load(&member->state.beat_ns);
	peer->late_ns = atomic_load(&member->state.late_ns);
	for (i = 0; i < RTE_DIM(member->state.ports); i++)
		peer->view.words[i] = atomic_load(&member->state.ports[i]);
	if (!group_member_alive(slot))
		peer->state = GROUP_GONE;
	else if (!peer->self && proc_stopped(peer->pid))
		peer->state = GROUP_STOPPED;
	else
		peer->state = beat_state(peer->beat_ns, WATCH_HUNG_MS);
}

static void
foreign_look(pid_t pid, struct group_peer *peer)
{
	memset(peer, 0, sizeof(*peer));
	peer->pid = pid;
	peer->primary = pid == group_primary_pid;
	peer->foreign = true;
	peer->state = GROUP_FOREIGN;
	if (!proc_alive(pid))
		peer->state = GROUP_GONE;
	else if (proc_stopped(pid))
		peer->state = GROUP_STOPPED;
}

/*
 * Pids of all secondaries the EAL knows; read anew only when a socket has come or
 * gone, which the directory's time tells if it is not of this very moment.
 */
static unsigned int
secondaries(const pid_t **pids)
{
	static pid_t cached[GROUP_MAX_PEERS];
	static struct timespec changed;
	static unsigned int nb;
	struct timespec now;
	struct stat st;

	*pids = cached;
	if (group_dir[0] == '\0' || stat(group_dir, &st) < 0)
		return 0;
	if (memcmp(&changed, &st.st_mtim, sizeof(changed)) != 0) {
		clock_gettime(CLOCK_REALTIME, &now);
		if ((now.tv_sec - st.st_mtim.tv_sec) * 1000000000 + now.tv_nsec -
				st.st_mtim.tv_nsec >
			SETTLED_MS * (int64_t)CLOCK_NS_PER_MS)
			changed = st.st_mtim;
		nb = runtime_secondaries(group_dir, cached, RTE_DIM(cached));
	}
	return nb;
}

unsigned int
group_peers(struct group_peer *peers, unsigned int max)
{
	/* What is remembered from one look to the next is for one thread at a time. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	unsigned int nb = 0, members, slot, i, j, nb_pids;
	const pid_t *pids;

	for (slot = 0; slot < GROUP_MAX_MEMBERS && nb < max; slot++) {
		/* To ask the kernel about a slot nobody is in would cost more than all the rest. */
		if (atomic_load(&group_shared->members[slot].pid) == 0)
			continue;
		/* It may leave between two looks. */
		member_look(slot, &peers[nb]);
		if (peers[nb].pid > 0)
			nb++;
	}
	members = nb;
	pthread_mutex_lock(&lock);
	nb_pids = secondaries(&pids);
	for (i = 0; i <= nb_pids && nb < max; i++) {
		/* Last of all the primary, whose socket does not bear its pid. */
		pid_t pid = i < nb_pids ? pids[i] : group_primary_pid;

		for (j = 0; j < members && peers[j].pid != pid; j++)
			;
		if (pid > 0 && j == members && (i < nb_pids || group_primary_left() == 0))
			foreign_look(pid, &peers[nb++]);
	}
	pthread_mutex_unlock(&lock);
	proc_forget_others();
	return nb;
}

/*
 * One process is enough to tell the group of those that cannot tell it
 * themselves: the primary, or, if that is foreign, the first of the members.
 */
static bool
is_observer(void)
{
	unsigned int slot;

	if (group_is_primary() || !group_primary_foreign())
		return group_is_primary();
	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		if (atomic_load(&group_shared->members[slot].pid) != 0 && group_member_alive(slot))
			return group_self == &group_shared->members[slot];
	}
	return false;
}

void
group_death_tell(unsigned int slot, pid_t pid)
{
	const struct group_peer peer = {
		.pid = pid, .primary = atomic_load(&group_shared->members[slot].primary) != 0};

	if (pid != 0 && atomic_exchange(&group_shared->died[slot], pid) != pid)
		group_event(&peer, "died");
}

/* One that was, and still is. That a member has died is told of its slot. */
static void
peer_tell(const struct group_peer *was, const struct group_peer *is)
{
	if (was->state == is->state || (is->state == GROUP_GONE && !is->foreign))
		return;
	if (is->state == GROUP_GONE)
		group_event(is, "left (foreign)");
	else if (is->state == GROUP_STOPPED)
		group_event(is, "is stopped");
	else if (is->state == GROUP_HUNG)
		group_event(is, "is hung");
	else
		group_event(is, "runs again");
}

/* A peer that was not there at the last look. */
static void
peer_tell_new(const struct group_peer *is)
{
	struct group_peer was = *is;
	char program[32];

	was.state = is->foreign ? GROUP_FOREIGN : GROUP_OK;
	/* Members say so themselves; of one that has gone already its socket alone is left. */
	if (is->foreign && is->state != GROUP_GONE) {
		proc_program(is->pid, program, sizeof(program));
		group_event(is, "joined (foreign, %s)", program);
	}
	if (is->state != GROUP_GONE)
		peer_tell(&was, is);
}

/* One that is not there any more. */
static void
peer_tell_old(const struct group_peer *was)
{
	if (was->foreign && was->state != GROUP_GONE)
		group_event(was, "left (foreign)");
}

static const struct group_peer *
peer_find(const struct group_peer *peers, unsigned int nb, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < nb; i++) {
		if (peers[i].pid == pid)
			return &peers[i];
	}
	return NULL;
}

void
group_peers_observe(void)
{
	static struct group_peer before[GROUP_MAX_PEERS], now[GROUP_MAX_PEERS];
	static unsigned int nb_before;
	static bool known;
	const struct group_peer *was;
	unsigned int nb, i;
	pid_t pid;

	if (!is_observer()) {
		known = false;
		return;
	}
	for (i = 0; i < GROUP_MAX_MEMBERS; i++) {
		/* In this order: its successor may claim the slot meanwhile. */
		pid = atomic_load(&group_shared->members[i].pid);
		if (pid != 0 && !group_member_alive(i))
			group_death_tell(i, pid);
	}
	nb = group_peers(now, RTE_DIM(now));
	for (i = 0; i < nb && known; i++) {
		was = peer_find(before, nb_before, now[i].pid);
		if (was == NULL)
			peer_tell_new(&now[i]);
		else
			peer_tell(was, &now[i]);
	}
	for (i = 0; i < nb_before && known; i++) {
		if (peer_find(now, nb, before[i].pid) == NULL)
			peer_tell_old(&before[i]);
	}
	memcpy(before, now, sizeof(before));
	nb_before = nb;
	known = true;
}

bool
group_ports_at(const struct port_set *ports, bool everywhere)
{
	struct group_member *member;
	uint64_t has;
	unsigned int i;

	for (member = group_shared->members; member < group_shared->members + GROUP_MAX_MEMBERS;
		member++) {
		if (atomic_load(&member->pid) == 0 || atomic_load(&member->state.beat_ns) == 0)
			continue;
		for (i = 0; i < RTE_DIM(ports->words); i++) {
			has = atomic_load(&member->state.ports[i]) & ports->words[i];
			if (has != (everywhere ? ports->words[i] : 0))
				return false;
		}
	}
	return true;
}

const char *
group_peer_name(const struct group_peer *peer, char *text, size_t size)
{
	snprintf(text, size, "pid %d (%s)", peer->pid, group_role_name(peer->primary));
	return text;
}

/*
 * Clear away what the dead have left: their slots, and their sockets, which would
 * make the EAL's next broadcast fail when two of its threads find them at once.
 */
static void
dead_reap(const struct group_peer *peers, unsigned int nb)
{
	unsigned int slot, i;
	pid_t pid;

	for (i = 0; i < nb && peers[i].state != GROUP_GONE; i++)
		;
	if (i == nb)
		return;
	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		pid = atomic_load(&group_shared->members[slot].pid);
		if (pid != 0 && !group_member_alive(slot)) {
			group_death_tell(slot, pid);
			atomic_store(&group_shared->members[slot].pid, 0);
		}
	}
	for (i = 0; i < nb; i++) {
		if (peers[i].state == GROUP_GONE)
			own_files_remove_dead(group_dir, peers[i].pid);
	}
}

/*
 * Why this peer could not answer now, if that is so.
 *
 * @param start one that has beaten since then runs, however late it was.
 * @return -EBUSY, or 0; and late if only time will tell.
 */
static int
peer_check(const struct group_peer *peer, uint64_t start, bool *late, char *why, size_t size)
{
	char name[64];

	if (peer->state == GROUP_GONE)
		return 0;
	if (peer->state == GROUP_STOPPED) {
		snprintf(why, size, "%s is stopped; resume or end it",
			group_peer_name(peer, name, sizeof(name)));
		return -EBUSY;
	}
	if (peer->foreign || peer->beat_ns > start ||
		beat_state(peer->beat_ns, LATE_MS) == GROUP_OK)
		return 0;
	*late = true;
	if (clock_now_ns() - start < GRACE_MS * CLOCK_NS_PER_MS)
		return 0;
	if (peer->self) {
		snprintf(why, size,
			watch_deaf() ? "this process has lost the EAL's thread for messages; quit "
				       "and restart it"
				     : "this process still serves an earlier request; try again "
				       "when it is done");
		return -EBUSY;
	}
	snprintf(why, size,
		"%s is hung: it has served no request for %u ms; end it, or try again later",
		group_peer_name(peer, name, sizeof(name)),
		(unsigned int)((clock_now_ns() - peer->beat_ns) / CLOCK_NS_PER_MS));
	return -EBUSY;
}

int
group_check(struct group_peer *peers, unsigned int *nb_peers, wait_fn wait, char *why, size_t size)
{
	uint64_t start = clock_now_ns();
	char name[64];
	bool late, was_late = false;
	unsigned int i;
	int ret;

	for (;;) {
		if (group_primary_left() != 0) {
			group_lost_text(why, size);
			return -ENOTCONN;
		}
		*nb_peers = group_peers(peers, GROUP_MAX_PEERS);
		dead_reap(peers, *nb_peers);
		late = false;
		for (i = 0; i < *nb_peers; i++) {
			ret = peer_check(&peers[i], start, &late, why, size);
			if (ret < 0)
				return ret;
		}
		if (!late)
			break;
		was_late = true;
		tick();
	}
	/* One that was stopped until now first serves what it was sent meanwhile. */
	if (!was_late || group_settle(wait) == 0)
		return 0;
	snprintf(why, size, "some process is still busy with an earlier request; try again later");
	for (i = 0; i < *nb_peers; i++) {
		if (peers[i].state != GROUP_GONE && !peers[i].self && proc_stopped(peers[i].pid))
			snprintf(why, size, "%s is stopped; resume or end it",
				group_peer_name(&peers[i], name, sizeof(name)));
	}
	return -EBUSY;
}

static struct group_member *
member_find(pid_t pid)
{
	unsigned int slot;

	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		if (atomic_load(&group_shared->members[slot].pid) == pid)
			return &group_shared->members[slot];
	}
	return NULL;
}

int
group_sync_peers(const struct group_peer *peers, unsigned int nb, wait_fn wait)
{
	uint64_t op = turn_operation(&group_shared->turn), start = clock_now_ns();
	struct group_member *member;
	unsigned int i;

	/* One after the other: what they ask the primary for must not collide either. */
	for (i = 0; i < nb; i++) {
		member = member_find(peers[i].pid);
		if (member == NULL)
			continue;
		atomic_store(&member->sync_wanted, op);
		while (atomic_load(&member->sync_done) != op &&
			group_member_alive(member - group_shared->members)) {
			if (!wait_go_on(wait, NULL) ||
				clock_now_ns() - start > SETTLE_MS * CLOCK_NS_PER_MS)
				return -ETIMEDOUT;
			tick();
		}
	}
	return 0;
}

int
group_settle(wait_fn wait)
{
	uint64_t first[GROUP_MAX_MEMBERS] = {0}, start = clock_now_ns();
	struct group_peer peer;
	char name[64], text[160];
	bool busy, told = false;
	unsigned int slot;
	int ret;

	while (clock_now_ns() - start < SETTLE_MS * CLOCK_NS_PER_MS) {
		busy = false;
		ret = 0;
		for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
			if (atomic_load(&group_shared->members[slot].pid) == 0)
				continue;
			member_look(slot, &peer);
			if (peer.state == GROUP_GONE)
				continue;
			if (peer.state == GROUP_STOPPED) {
				ret = -ETIMEDOUT;
				continue;
			}
			/* What waits for the interrupt thread may come after the first beat, when
			 * both were due; by the second it has been served. */
			if (peer.beat_ns <= start || first[slot] == 0 ||
				peer.beat_ns == first[slot] ||
				atomic_load(&group_shared->members[slot].serving) != 0) {
				if (first[slot] == 0 && peer.beat_ns > start)
					first[slot] = peer.beat_ns;
				busy = true;
				group_peer_name(&peer, name, sizeof(name));
			}
		}
		if (!busy)
			return ret;
		text[0] = '\0';
		if (!told && clock_now_ns() - start > 1000 * CLOCK_NS_PER_MS) {
			snprintf(text, sizeof(text), "waiting for %s: busy with an earlier request",
				name);
			told = true;
		}
		if (!wait_go_on(wait, text[0] == '\0' ? NULL : text))
			return -ETIMEDOUT;
		tick();
	}
	return -ETIMEDOUT;
}

bool
group_error_first(struct group_peer *peer, char *text, size_t size)
{
	uint64_t op = turn_operation(&group_shared->turn), order = UINT64_MAX;
	struct group_member *member;

	for (member = group_shared->members; member < group_shared->members + GROUP_MAX_MEMBERS;
		member++) {
		if (atomic_load(&member->error.op) != op || member->error.order >= order)
			continue;
		order = member->error.order;
		member_look(member - group_shared->members, peer);
		snprintf(text, size, "%.*s", (int)sizeof(member->error.text) - 1,
			member->error.text);
		text_printable(text);
	}
	return order != UINT64_MAX;
}
