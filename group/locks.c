/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/proc.h"
#include "base/text.h"
#include "eal/private.h"
#include "group/locks.h"
#include "group/shared.h"

/* The turn is one byte, and the place of the next in line is another. A process takes that place
 * first, and keeps it until it has the turn. So a holder that wants the turn again at once cannot
 * overtake a process that waits and wakes up slowly. */
#define TURN_BYTE 0
#define NEXT_BYTE 1 /* beside the other, so that one call can take both */
#define SLOT_BYTE(slot) (16 + (slot))

#define TICK_MS 250  /* how often a process that waits calls wait() */
#define TELL_MS 1000 /* when it tells the person which process it waits for */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static const char *file_path; /* belongs to group/file.c */
static int file_fd = -1;
static atomic_bool held; /* this process has the turn; the watch thread reads it too */

static int
lock_set(int cmd, short type, off_t byte, off_t len)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = len};

	return fcntl(file_fd, cmd, &lock) < 0 ? -errno : 0;
}

/* Pid of another process that has locked one of these bytes; len 0 means all from start on. */
static pid_t
lock_owner(off_t start, off_t len)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

	if (fcntl(file_fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	/* A process of another pid namespace has no pid here. */
	return lock.l_pid == 0 ? -1 : lock.l_pid;
}

int
locks_open(const char *path, char *why)
{
	struct stat st;
	int ret;

	file_path = path;
	file_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file_fd < 0 || fstat(file_fd, &st) < 0) {
		ret = -errno;
		return why_set(why, ret, "cannot open %s: %s", path,
			ret == -ELOOP ? "it is a symbolic link" : strerror(-ret));
	}
	/* A user who can open the file, even only to read it, can lock it and stop the group. */
	return private_check(path, &st, S_IFREG, why);
}

void
locks_close(void)
{
	if (file_fd >= 0)
		close(file_fd);
	file_fd = -1;
	held = false;
}

int
locks_fd(void)
{
	return file_fd;
}

bool
locks_file_current(void)
{
	struct stat ours, theirs;

	return fstat(file_fd, &ours) == 0 && stat(file_path, &theirs) == 0 &&
	       ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

static void
wake(int signo)
{
	(void)signo;
}

/* Interrupt this thread each TICK_MS, because fcntl(2) cannot wait for a limited time. */
static int
ticker_start(timer_t *timer)
{
	const struct itimerspec every = {
		.it_value = {.tv_nsec = TICK_MS * 1000000L},
		.it_interval = {.tv_nsec = TICK_MS * 1000000L},
	};
	struct sigaction action = {.sa_handler = wake};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};

	event.sigev_notify_thread_id = gettid();
	if (sigaction(SIGALRM, &action, NULL) < 0 ||
		timer_create(CLOCK_MONOTONIC, &event, timer) < 0)
		return -errno;
	if (timer_settime(*timer, 0, &every, NULL) < 0) {
		timer_delete(*timer);
		return -errno;
	}
	return 0;
}

/* "pid 7545 (secondary): attach net_null0" */
static void
holder_print(pid_t holder, char *text, size_t size)
{
	struct turn_record record;
	const char *role = "";

	if (holder < 0) {
		snprintf(text, size, "a process of another pid namespace");
		return;
	}
	if (pread(file_fd, &record, sizeof(record), GROUP_TURN_OFFSET) != sizeof(record) ||
		atomic_load(&record.holder) != holder) {
		snprintf(text, size, "pid %d", holder);
		return;
	}
	if (atomic_load(&record.role) != 0)
		role = atomic_load(&record.role) == 'p' ? " (primary)" : " (secondary)";
	snprintf(text, size, "pid %d%s: %.*s", holder, role, (int)sizeof(record.what) - 1,
		record.what);
	text_printable(text);
}

/* After each tick of waiting. @return 0 to go on waiting. */
static int
tick_over(unsigned int ticks, bool *told, wait_fn wait, char *why)
{
	bool tell = ticks >= TELL_MS / TICK_MS && !*told;
	char holder[192], text[224];
	pid_t pid, next = 0;
	bool stopped;

	pid = lock_owner(TURN_BYTE, 1);
	if (pid == 0)
		pid = next = lock_owner(NEXT_BYTE, 1);
	if (pid == 0)
		return 0;
	holder_print(pid, holder, sizeof(holder));
	stopped = proc_stopped(proc_status(pid));
	if (stopped || cgroup_frozen(pid))
		return why_set(why, -EBUSY, "%s %s the turn and is %s", holder,
			pid == next ? "is the next to have" : "has",
			stopped ? proc_stopped_is : cgroup_frozen_is);
	snprintf(text, sizeof(text), "waiting for %s", holder);
	*told = *told || tell;
	if (!wait_go_on(wait, tell ? text : NULL))
		return why_set(why, -ECANCELED, "gave up %s", text);
	return 0;
}

int
locks_turn_take(wait_fn wait, char *why)
{
	static const int bytes[] = {NEXT_BYTE, TURN_BYTE};
	bool ticking = false, told = false;
	unsigned int i, ticks = 0;
	timer_t timer = NULL;
	int ret;

	/* If no process has the turn or waits for it, take both bytes at once. */
	ret = lock_set(F_SETLK, F_WRLCK, TURN_BYTE, RTE_DIM(bytes));
	if (ret == -EAGAIN || ret == -EACCES) {
		ret = ticker_start(&timer);
		ticking = ret == 0;
	}
	for (i = 0; i < RTE_DIM(bytes) && ticking && ret == 0; i++) {
		while (ret == 0) {
			ret = lock_set(F_SETLKW, F_WRLCK, bytes[i], 1);
			if (ret != -EINTR)
				break;
			ret = tick_over(++ticks, &told, wait, why);
		}
	}
	if (ticking)
		timer_delete(timer);
	lock_set(F_SETLK, F_UNLCK, NEXT_BYTE, 1);
	held = ret == 0;
	if (ret < 0 && ret != -EBUSY && ret != -ECANCELED)
		why_set(why, ret, "cannot lock %s: %s", file_path, strerror(-ret));
	return ret;
}

void
locks_turn_release(void)
{
	if (held)
		lock_set(F_SETLK, F_UNLCK, TURN_BYTE, 1);
	held = false;
}

bool
locks_turn_is_free(void)
{
	return !held && file_fd >= 0 && lock_owner(TURN_BYTE, 1) == 0;
}

bool
locks_turn_held(void)
{
	return held;
}

bool
locks_slot_take(unsigned int slot)
{
	return lock_set(F_SETLK, F_WRLCK, SLOT_BYTE(slot), 1) == 0;
}

pid_t
locks_slot_owner(unsigned int slot)
{
	return lock_owner(SLOT_BYTE(slot), 1);
}

pid_t
locks_any_slot(void)
{
	return lock_owner(SLOT_BYTE(0), 0);
}
