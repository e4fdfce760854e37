/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <rte_common.h>

#include "base/clock.h"
#include "base/proc.h"
#include "eal/runtime.h"
#include "group/file.h"
#include "group/heartbeat.h"
#include "group/peers.h"
#include "group/primary.h"

/* The kernel stamps files with a coarse clock: two changes this close may have the same time. */
#define SETTLED_MS 50

bool
peers_beat_is_old(uint64_t beat_ns, unsigned int limit_ms)
{
	uint64_t now = clock_now_ns();

	return beat_ns != 0 && now > beat_ns && now - beat_ns > limit_ms * CLOCK_NS_PER_MS;
}

void
peers_look_at(const struct group_member *member, struct peer *peer)
{
	unsigned int i;

	memset(peer, 0, sizeof(*peer));
	peer->who = member_who(member);
	peer->self = member == group_self;
	peer->beat_ns = atomic_load(&member->state.beat_ns);
	peer->late_ns = atomic_load(&member->state.late_ns);
	for (i = 0; i < RTE_DIM(member->state.ports); i++)
		peer->ports.words[i] = atomic_load(&member->state.ports[i]);
	if (!member_alive(member))
		peer->state = PEER_GONE;
	else if (!peer->self && proc_stopped(peer->who.pid))
		peer->state = PEER_STOPPED;
	else if (peers_beat_is_old(peer->beat_ns, HEARTBEAT_HUNG_MS))
		peer->state = PEER_HUNG;
	else
		peer->state = PEER_OK;
}

static void
foreign_look(pid_t pid, struct peer *peer)
{
	memset(peer, 0, sizeof(*peer));
	peer->who = (struct who){.pid = pid, .primary = pid == primary_pid()};
	peer->foreign = true;
	peer->state = PEER_FOREIGN;
	if (!proc_alive(pid))
		peer->state = PEER_GONE;
	else if (proc_stopped(pid))
		peer->state = PEER_STOPPED;
}

/* Pids of all secondaries that have a socket. The directory is read again only if its time has
 * changed, or was so recent that a later change may have the same time. */
static unsigned int
secondaries(const pid_t **pids)
{
	static pid_t cached[PEERS_MAX];
	static struct timespec changed;
	static unsigned int nb;
	struct timespec now;
	struct stat st;

	*pids = cached;
	if (group_file_dir()[0] == '\0' || stat(group_file_dir(), &st) < 0)
		return 0;
	if (memcmp(&changed, &st.st_mtim, sizeof(changed)) != 0) {
		clock_gettime(CLOCK_REALTIME, &now);
		if ((now.tv_sec - st.st_mtim.tv_sec) * 1000000000 + now.tv_nsec -
				st.st_mtim.tv_nsec >
			SETTLED_MS * (int64_t)CLOCK_NS_PER_MS)
			changed = st.st_mtim;
		nb = runtime_secondaries(group_file_dir(), cached, RTE_DIM(cached));
	}
	return nb;
}

unsigned int
peers_look(struct peer *peers, unsigned int max)
{
	/* Protects what secondaries() keeps. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	unsigned int nb = 0, members, i, nb_pids;
	const struct group_member *member;
	const pid_t *pids;
	pid_t pid;

	/* Skip slots without a pid: asking the kernel about each would cost more than the rest. */
	MEMBER_FOREACH(member) {
		if (nb == max)
			break;
		peers_look_at(member, &peers[nb]);
		/* It may just have left and cleared its pid. */
		if (peers[nb].who.pid > 0)
			nb++;
	}
	members = nb;
	pthread_mutex_lock(&lock);
	nb_pids = secondaries(&pids);
	for (i = 0; i <= nb_pids && nb < max; i++) {
		/* The primary comes last: the name of its socket does not have its pid. */
		pid = i < nb_pids ? pids[i] : primary_pid();
		if (pid > 0 && peers_find(peers, members, pid) == NULL &&
			(i < nb_pids || primary_left() == 0))
			foreign_look(pid, &peers[nb++]);
	}
	pthread_mutex_unlock(&lock);
	proc_forget_others();
	return nb;
}

const struct peer *
peers_find(const struct peer *peers, unsigned int nb, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < nb; i++) {
		if (peers[i].who.pid == pid)
			return &peers[i];
	}
	return NULL;
}

const char *
peers_state_name(enum peer_state state)
{
	static const char *const names[] = {
		[PEER_OK] = "ok",
		[PEER_STOPPED] = "stopped",
		[PEER_HUNG] = "hung",
		[PEER_GONE] = "gone",
		[PEER_FOREIGN] = "foreign",
	};

	return names[state];
}
