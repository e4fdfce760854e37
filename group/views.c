/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/proc.h"
#include "eal/runtime.h"
#include "group/file.h"
#include "group/heartbeat.h"
#include "group/primary.h"
#include "group/views.h"

/* The kernel stamps files with a coarse clock: two changes this close may have the same time. */
#define SETTLED_MS 50
/* A process that leaves has no socket for a moment; one that has none for longer has been cut off.
 */
#define CUT_OFF_MS 1000

bool
peers_beat_is_old(uint64_t beat_ns, unsigned int limit_ms)
{
	uint64_t now = clock_now_ns();

	return beat_ns != 0 && now > beat_ns && now - beat_ns > limit_ms * CLOCK_NS_PER_MS;
}

/* Only what the member shows in shared memory. */
static void
shown_look(const struct group_member *member, struct peer *peer)
{
	unsigned int i;

	memset(peer, 0, sizeof(*peer));
	peer->who = member_who(member);
	peer->join = atomic_load(&member->join);
	peer->self = member == group_self;
	peer->beat_ns = atomic_load(&member->state.beat_ns);
	peer->late_ns = atomic_load(&member->state.late_ns);
	for (i = 0; i < RTE_DIM(member->state.ports); i++)
		peer->ports.words[i] = atomic_load(&member->state.ports[i]);
	peer->state = atomic_load(&member->state.short_of_files) != 0 ? PEER_SHORT : PEER_OK;
}

/* Does this status belong to the process of the slot, and does that run or wait? */
static bool
is_status_of(const struct group_member *member, struct proc_status status)
{
	return status.started != 0 && status.started == atomic_load(&member->started) &&
	       !status.ends && status.state != 'Z' && status.state != 'X';
}

/* Has its death been told? A process that joins has the lock of a slot before it claims the slot.
 * Until then the slot shows the dead process, and the lock says that it runs. */
static bool
died(const struct group_member *member, const struct peer *peer)
{
	return peer->join != 0 &&
	       peer->join == atomic_load(&group_shared->died[member_slot(member)]);
}

void
peers_look_at(const struct group_member *member, struct peer *peer)
{
	struct proc_status status = {0};

	shown_look(member, peer);
	if (!peer->self)
		status = proc_status(peer->who.pid);
	if (died(member, peer) || (!is_status_of(member, status) && !member_alive(member)))
		peer->state = PEER_GONE;
	else if (proc_stopped(status))
		peer->state = PEER_STOPPED;
	/* That is one more system call, so only if it has missed a beat. */
	else if (peers_beat_is_old(peer->beat_ns, HEARTBEAT_LATE_MS) &&
		 cgroup_frozen(peer->who.pid))
		peer->state = PEER_FROZEN;
	else if (peers_beat_is_old(peer->beat_ns, HEARTBEAT_HUNG_MS))
		peer->state = PEER_HUNG;
}

static void
foreign_look(pid_t pid, struct peer *peer)
{
	memset(peer, 0, sizeof(*peer));
	peer->who = (struct who){.pid = pid, .primary = pid == primary_pid()};
	peer->foreign = true;
	peer->state = PEER_FOREIGN;
	if (pid == RUNTIME_ELSEWHERE)
		return;
	if (!proc_alive(pid))
		peer->state = PEER_GONE;
	else if (proc_stopped(proc_status(pid)))
		peer->state = PEER_STOPPED;
	else if (cgroup_frozen(pid))
		peer->state = PEER_FROZEN;
}

static bool
is_listed(const struct peer *peers, unsigned int nb, pid_t pid)
{
	while (nb > 0 && peers[nb - 1].who.pid != pid)
		nb--;
	return nb > 0;
}

/* The sockets in the group's directory. */
struct socket_list {
	pid_t pids[PEERS_MAX + 1]; /* as runtime_sockets() finds them */
	int nb;			   /* negative if they cannot be seen */
	bool settled;		   /* they are the same as a second ago */
};

static bool
list_has(const struct socket_list *list, pid_t pid)
{
	int i;

	for (i = 0; i < list->nb; i++) {
		if (list->pids[i] == pid)
			return true;
	}
	return false;
}

/* Those in place of whose pid another process is here, or none, are of another pid namespace. */
static void
find_elsewhere(struct socket_list *list, const struct views *members)
{
	int i;

	for (i = 0; i < list->nb; i++) {
		if (list->pids[i] != RUNTIME_PRIMARY &&
			!is_listed(members->peers, members->nb, list->pids[i]) &&
			!runtime_is_secondary(group_file_dir(), list->pids[i]))
			list->pids[i] = RUNTIME_ELSEWHERE;
	}
}

/* The directory is read again only if its time has changed, or was so recent that a later change
 * may have the same time; or if there are processes of another pid namespace, as nothing else tells
 * that they have died. */
static const struct socket_list *
sockets_look(const struct views *members)
{
	static struct timespec changed;
	static struct socket_list list;
	static bool known;
	struct stat st = {0};
	struct timespec now;
	int64_t age;

	/* A directory that has been removed has no time and no sockets. */
	stat(group_file_dir(), &st);
	clock_gettime(CLOCK_REALTIME, &now);
	age = (now.tv_sec - st.st_mtim.tv_sec) * INT64_C(1000000000) + now.tv_nsec -
	      st.st_mtim.tv_nsec;
	list.settled = age > CUT_OFF_MS * (int64_t)CLOCK_NS_PER_MS;
	if (known && memcmp(&changed, &st.st_mtim, sizeof(changed)) == 0)
		return &list;
	list.nb = runtime_sockets(group_file_dir(), list.pids, RTE_DIM(list.pids));
	find_elsewhere(&list, members);
	changed = st.st_mtim;
	known = age > SETTLED_MS * (int64_t)CLOCK_NS_PER_MS && list.nb >= 0 &&
		!list_has(&list, RUNTIME_ELSEWHERE);
	return &list;
}

/* Note that a process has no socket, so that no request reaches it. */
static void
socket_check(const struct socket_list *list, struct peer *peer)
{
	pid_t pid = peer->who.primary ? RUNTIME_PRIMARY : peer->who.pid;

	/* One that starts has none yet. */
	if (peer->state == PEER_GONE || (!peer->foreign && peer->beat_ns == 0) ||
		peer->who.pid == RUNTIME_ELSEWHERE || list->nb < 0 || list_has(list, pid))
		return;
	peer->no_socket = true;
	if (list->settled && (peer->state == PEER_OK || peer->state == PEER_FOREIGN))
		peer->state = PEER_CUT_OFF;
}

/* Add the processes of other programs, and see who has a socket. */
static void
sockets_add(struct views *views)
{
	const struct socket_list *list = sockets_look(views);
	const unsigned int members = views->nb;
	pid_t primary = primary_pid();
	unsigned int i;

	views->primary_left = primary_left() != 0;
	for (i = 0; (int)i < list->nb && views->nb < PEERS_MAX; i++) {
		if (list->pids[i] != RUNTIME_PRIMARY &&
			!is_listed(views->peers, members, list->pids[i]))
			foreign_look(list->pids[i], &views->peers[views->nb++]);
	}
	/* The primary's socket does not have its pid. */
	if (primary > 0 && !is_listed(views->peers, members, primary) && !views->primary_left &&
		views->nb < PEERS_MAX)
		foreign_look(primary, &views->peers[views->nb++]);
	/* A process that is alone needs no socket. */
	for (i = 0; i < views->nb && views->nb > 1 && !views->primary_left; i++)
		socket_check(list, &views->peers[i]);
}

void
views_take(struct views *views)
{
	/* Protects what sockets_look() keeps. It also keeps two threads apart that look at the same
	 * time: proc_forget_others() forgets each process that has not been looked at since the
	 * call before, so the second thread's call would forget all of them. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const struct group_member *member;

	views->nb = 0;
	views->primary_left = false;
	pthread_mutex_lock(&lock);
	/* Skip slots without a pid: asking the kernel about each would cost more than the rest. */
	MEMBER_FOREACH(member) {
		if (views->nb == PEERS_MAX)
			break;
		peers_look_at(member, &views->peers[views->nb]);
		/* It may just have left and cleared its pid. */
		if (views->peers[views->nb].who.pid > 0)
			views->nb++;
	}
	if (group_file_dir()[0] != '\0')
		sockets_add(views);
	proc_forget_others();
	pthread_mutex_unlock(&lock);
}

void
views_shown(struct views *views)
{
	const struct group_member *member;

	views->nb = 0;
	MEMBER_FOREACH(member) {
		shown_look(member, &views->peers[views->nb]);
		if (views->peers[views->nb].who.pid > 0)
			views->nb++;
	}
}

const struct peer *
peers_find(const struct views *views, const struct peer *peer)
{
	unsigned int i;

	for (i = 0; i < views->nb; i++) {
		if (views->peers[i].who.pid == peer->who.pid && views->peers[i].join == peer->join)
			return &views->peers[i];
	}
	return NULL;
}

const char *
peers_state_name(enum peer_state state)
{
	static const char *const names[] = {
		[PEER_OK] = "ok",
		[PEER_STOPPED] = "stopped",
		[PEER_FROZEN] = "frozen",
		[PEER_HUNG] = "hung",
		[PEER_SHORT] = "short",
		[PEER_CUT_OFF] = "cut-off",
		[PEER_GONE] = "gone",
		[PEER_FOREIGN] = "foreign",
	};

	return names[state];
}

const char *
peers_halt(enum peer_state state)
{
	if (state == PEER_STOPPED)
		return proc_stopped_is;
	return state == PEER_FROZEN ? cgroup_frozen_is : NULL;
}

GROUP_MAY_RACE void
views_device(unsigned int id, struct port_device *device)
{
	*device = group_shared->ports[id];
	device->name[sizeof(device->name) - 1] = '\0';
	device->devargs[sizeof(device->devargs) - 1] = '\0';
	device->port[sizeof(device->port) - 1] = '\0';
}

bool
views_count(const struct peer *peer)
{
	return !peer->foreign && peer->state != PEER_GONE && peer->beat_ns != 0;
}

const struct port_set *
views_own(const struct views *views)
{
	unsigned int i;

	for (i = 0; i < views->nb; i++) {
		if (views->peers[i].self)
			return &views->peers[i].ports;
	}
	return NULL;
}

const struct port_set *
views_reference(const struct views *views)
{
	const struct port_set *self = views_own(views);
	unsigned int i;

	for (i = 0; i < views->nb; i++) {
		if (views->peers[i].who.primary && views_count(&views->peers[i]))
			return &views->peers[i].ports;
	}
	return self != NULL ? self : &views->peers[0].ports;
}
