/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include "errors.h"
#include "eal/own_files.h"
#include "eal/private.h"
#include "base/wait.h"
#include "base/program.h"
#include "base/port_set.h"
#include "group.h"
#include "group_shared.h"
#include "eal/log_tap.h"
#include "news.h"
#include "options.h"
#include "polling.h"
#include "eal/runtime.h"
#include "stats.h"
#include "turn.h"
#include "watch.h"
#include "withdraw.h"

#define GROUP_FILE "hotplug_mp_group"

#define LEAVE_MS 300 /* how long a primary that leaves waits for those who poll its ports */

struct group_shared *group_shared;
struct group_member *group_self;
char group_dir[PATH_MAX];
pid_t group_primary_pid;

static bool is_primary;	   /* of this process, whatever the shared file says */
static _Atomic pid_t lost; /* group_primary_pid once it has left */
static void (*sync_fn)(void);

bool
group_is_primary(void)
{
	return is_primary;
}

bool
group_primary_foreign(void)
{
	unsigned int slot;

	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		if (atomic_load(&group_shared->members[slot].pid) == group_primary_pid)
			return false;
	}
	return group_primary_left() == 0;
}

static int
file_map(char *why, size_t size)
{
	struct group_shared header = {0};
	bool alone = turn_any_slot() == 0;
	int fd = turn_fd(), ret = 0;
	struct stat st;

	if (turn_any_slot() < 0) {
		snprintf(why, size,
			"processes of another pid namespace are in this group; start this one "
			"there, or choose another --file-prefix");
		return -EREMOTE;
	}
	if (!alone && (pread(fd, &header, offsetof(struct group_shared, turn), 0) < 0 ||
			      header.magic != GROUP_MAGIC || header.layout != GROUP_LAYOUT ||
			      header.size != sizeof(header))) {
		snprintf(why, size,
			"another build of this program runs in this group (pid %d, layout %u; this "
			"one has layout %u); start the same build, or choose another --file-prefix",
			turn_any_slot(), header.layout, GROUP_LAYOUT);
		return -EPROTO;
	}
	/* Past the end of a file that somebody has cut off there is nothing to read or write. */
	if (!alone && (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(header))) {
		snprintf(why, size,
			"%s/" GROUP_FILE " has been cut off; quit all processes of this group, or "
			"choose another --file-prefix",
			group_dir);
		return -EPROTO;
	}
	/* All of it now: to write to a page that the file system has no room for is SIGBUS. */
	if (alone)
		ret = ftruncate(fd, 0) < 0 ? errno : posix_fallocate(fd, 0, sizeof(*group_shared));
	if (ret != 0) {
		snprintf(why, size, "cannot make %s/" GROUP_FILE ": %s", group_dir, strerror(ret));
		return -ret;
	}
	group_shared = mmap(NULL, sizeof(*group_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (group_shared == MAP_FAILED) {
		group_shared = NULL;
		snprintf(why, size, "cannot map %s/" GROUP_FILE ": %s", group_dir, strerror(errno));
		return -errno;
	}
	if (alone) {
		withdraw_init(&group_shared->withdraw);
		group_shared->magic = GROUP_MAGIC;
		group_shared->layout = GROUP_LAYOUT;
		group_shared->size = sizeof(*group_shared);
	}
	return 0;
}

static int
slot_claim(char *why, size_t size)
{
	unsigned int slot;
	pid_t died;

	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		if (!turn_slot_take(slot))
			continue;
		/* One that has died may have had it, and nobody has looked since. */
		died = atomic_load(&group_shared->members[slot].pid);
		if (died != 0) {
			group_death_tell(slot, died);
			own_files_remove_dead(group_dir, died);
		}
		memset(&group_shared->members[slot], 0, sizeof(group_shared->members[slot]));
		withdraw_slot_claimed(slot);
		group_self = &group_shared->members[slot];
		atomic_store(&group_self->pid, getpid());
		return 0;
	}
	snprintf(why, size,
		"the group has %d processes already, and room for no more; quit one first",
		GROUP_MAX_MEMBERS);
	return -EUSERS;
}

/* Open the group's file, which is made if need be, and take the turn. */
static int
file_lock(const char *path, wait_fn wait, char *why, size_t size)
{
	int ret;

	for (;;) {
		ret = private_make_dir(group_dir, why, size);
		if (ret < 0)
			return ret;
		ret = turn_open(path, why, size);
		/* The last process of an earlier group may remove the directory, too. */
		if (ret == -ENOENT)
			continue;
		if (ret < 0)
			return ret;
		ret = turn_lock(wait, why, size);
		if (ret < 0 || turn_file_current())
			return ret;
		/* The last process of an earlier group has left while this one waited. */
		turn_close();
	}
}

int
group_join(const char *dir, wait_fn wait, char *why, size_t size)
{
	char path[PATH_MAX];
	int ret;

	if (dir == NULL) {
		group_shared = aligned_alloc(
			RTE_CACHE_LINE_SIZE, RTE_ALIGN(sizeof(*group_shared), RTE_CACHE_LINE_SIZE));
		if (group_shared == NULL) {
			snprintf(why, size, "no memory");
			return -ENOMEM;
		}
		memset(group_shared, 0, sizeof(*group_shared));
		withdraw_init(&group_shared->withdraw);
		group_self = &group_shared->members[0];
		atomic_store(&group_self->pid, getpid());
		return 0;
	}
	strlcpy(group_dir, dir, sizeof(group_dir));
	if (snprintf(path, sizeof(path), "%s/" GROUP_FILE, dir) >= (int)sizeof(path)) {
		snprintf(why, size, "the path of the runtime directory is too long");
		return -ENAMETOOLONG;
	}
	ret = file_lock(path, wait, why, size);
	if (ret == 0)
		ret = file_map(why, size);
	if (ret == 0)
		ret = slot_claim(why, size);
	if (ret < 0) {
		turn_close();
		return ret;
	}
	turn_begin(&group_shared->turn, 0, "start", NULL, 0);
	return 0;
}

static bool ports_unknown(void);

/*
 * In the watch thread, each beat: do what the holder of the turn wants of this
 * process. Is there news the main thread has not seen?
 */
static bool
watch_tick(void)
{
	uint64_t wanted = atomic_load(&group_self->sync_wanted);
	static bool deaf;

	/* Without a socket nobody sends it anything, and waits for it to be read. */
	if (!deaf && !is_primary && watch_deaf()) {
		own_files_remove(group_dir, getpid());
		deaf = true;
	}
	if (wanted != atomic_load(&group_self->sync_done)) {
		/* Unless the one who wanted it has given up: what it asks for needs the turn. */
		if (wanted == turn_operation(&group_shared->turn))
			sync_fn();
		atomic_store(&group_self->sync_done, wanted);
	}
	group_peers_observe();
	ports_tick();
	withdraw_recover(false);
	return group_news_pending() || (group_news_events() && ports_unknown());
}

static uint64_t
operation_number(void)
{
	return turn_operation(&group_shared->turn);
}

int
group_enter(void (*sync)(void))
{
	uint64_t owner;
	int ret;

	sync_fn = sync;
	/* Makes ethdev's shared data, without which a secondary that finds a port before any is
	 * here would panic. */
	if (rte_eal_process_type() == RTE_PROC_PRIMARY && rte_eth_dev_owner_new(&owner) < 0)
		return -ENOMEM;
	is_primary = rte_eal_process_type() == RTE_PROC_PRIMARY;
	atomic_store(&group_self->primary, is_primary);
	group_primary_pid = group_is_primary() ? getpid() : runtime_primary(group_dir);
	group_news_begin();
	ret = errors_start(&group_self->error, &group_shared->error_order, operation_number);
	if (ret == 0)
		ret = watch_start(&group_self->state, watch_tick);
	if (ret == 0)
		group_event(NULL, "joined");
	return ret;
}

static int
turn_take(const char *what, wait_fn wait, char *why, size_t size)
{
	int ret = 0;

	if (group_dir[0] != '\0')
		ret = turn_lock(wait, why, size);
	if (ret < 0)
		return ret;
	return turn_begin(&group_shared->turn, is_primary ? 'p' : 's', what, why, size);
}

/* Does everyone take what the EAL sends? */
static bool
nobody_stopped(void)
{
	struct group_peer peers[GROUP_MAX_PEERS];
	unsigned int nb = group_peers(peers, RTE_DIM(peers));

	while (nb > 0 && peers[nb - 1].state != GROUP_STOPPED)
		nb--;
	return nb == 0;
}

bool
group_withdraw(wait_fn wait)
{
	struct port_set all;
	bool all_answer;
	char why[256];

	if (!turn_held())
		turn_take("quit", wait, why, sizeof(why));
	all_answer = nobody_stopped();
	watch_stop(all_answer && group_primary_left() == 0);
	log_tap_stop();
	group_event(NULL, "left");
	polling_forward_off();
	if (group_is_primary()) {
		/* Those who poll ports see it, and end; their ports are about to be closed. */
		atomic_store(&group_shared->leaving, getpid());
		all = port_set_all();
		if (withdraw_ports(&all, LEAVE_MS, why, sizeof(why)) < 0)
			fprintf(stderr, PROGRAM ": %s\n", why);
	}
	return all_answer;
}

void
group_leave(void)
{
	char path[PATH_MAX];

	if (group_self == NULL)
		return;
	atomic_store(&group_self->pid, 0);
	group_self = NULL;
	if (group_dir[0] == '\0')
		return;
	/* Whoever comes meanwhile waits for the turn, then sees that the file has gone. */
	if (turn_held() && turn_any_slot() == 0 &&
		snprintf(path, sizeof(path), "%s/" GROUP_FILE, group_dir) < (int)sizeof(path)) {
		unlink(path);
		if (lost != 0)
			own_files_remove_dead(group_dir, 0);
		rmdir(group_dir); /* if the EAL has left nothing there */
	}
	group_turn_release();
	turn_close();
}

/* Nobody waits for a turn that is of no use without a primary. */
static wait_fn turn_waiter;

static bool
turn_wait(const char *text)
{
	return group_primary_left() == 0 && wait_go_on(turn_waiter, text);
}

int
group_turn_take(const char *what, wait_fn wait, char *why, size_t size)
{
	int ret = -ENOTCONN;

	turn_waiter = wait;
	if (group_primary_left() == 0)
		ret = turn_take(what, turn_wait, why, size);
	if (ret < 0 && group_primary_left() != 0)
		group_lost_text(why, size);
	return ret;
}

void
group_turn_dead_done(void)
{
	turn_dead_done(&group_shared->turn);
}

void
group_turn_release(void)
{
	turn_end(&group_shared->turn);
}

pid_t
group_primary_left(void)
{
	pid_t gone = atomic_load(&lost), pid;

	if (gone != 0 || group_dir[0] == '\0' || is_primary || group_primary_pid <= 0)
		return gone;
	pid = runtime_primary(group_dir);
	/* That it cannot be known just now, for want of a descriptor say, is no loss. */
	if (atomic_load(&group_shared->leaving) != group_primary_pid &&
		(pid == group_primary_pid || pid < 0))
		return 0;
	atomic_store(&lost, group_primary_pid);
	return group_primary_pid;
}

bool
group_primary_seen_leaving(void)
{
	return atomic_load_explicit(&lost, memory_order_relaxed) != 0 ||
	       atomic_load_explicit(&group_shared->leaving, memory_order_relaxed) ==
		       group_primary_pid;
}

void
group_lost_text(char *text, size_t size)
{
	snprintf(text, size, "the primary (pid %d) has left; quit this process",
		group_primary_left());
}

static void
port_set(const struct group_peer *who, unsigned int id, const char *name, const char *devargs)
{
	struct group_port port = {0}, old;

	group_port_get(id, &old);
	strlcpy(port.name, name == NULL ? "" : name, sizeof(port.name));
	strlcpy(port.devargs, devargs == NULL ? "" : devargs, sizeof(port.devargs));
	group_shared->ports[id] = port;
	if (strcmp(port.name, old.name) == 0)
		return;
	/* What was started is gone, and another port is stopped at first. */
	atomic_store(&group_shared->started[id].nb_rx, 0);
	atomic_store(&group_shared->started[id].nb_tx, 0);
	if (old.name[0] != '\0')
		group_event(who, "port %u %s has gone", id, old.name);
	if (port.name[0] != '\0') {
		stats_port_begins(id);
		group_event(who, "port %u %s has come", id, port.name);
	}
}

void
group_port_set(unsigned int id, const char *name, const char *devargs)
{
	port_set(NULL, id, name, devargs);
}

void
group_port_found(unsigned int id, const char *name, const char *devargs)
{
	const struct group_peer primary = {.pid = group_primary_pid, .primary = true};

	port_set(&primary, id, name, devargs);
}

/*
 * Under a foreign primary ports come and go that nobody of ours has attached or detached.
 * One whose entry is being written is looked at again with the next beat.
 */
NEWS_MAY_RACE static bool
ports_unknown(void)
{
	unsigned int id;

	if (!group_primary_foreign())
		return false;
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if ((atomic_load(&group_self->state.ports[id / 64]) >> id % 64 & 1) !=
			(group_shared->ports[id].name[0] != '\0'))
			return true;
	}
	return false;
}

NEWS_MAY_RACE void
group_port_get(unsigned int id, struct group_port *port)
{
	*port = group_shared->ports[id];
	port->name[sizeof(port->name) - 1] = '\0';
	port->devargs[sizeof(port->devargs) - 1] = '\0';
}
