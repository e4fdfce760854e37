/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "base/stream.h"
#include "base/text.h"
#include "device/sriov.h"
#include "eal/map_files.h"
#include "eal/plugins.h"
#include "eal/port_device.h"
#include "eal/runtime.h"
#include "eal/vdev_list.h"
#include "group/compare.h"
#include "group/events.h"
#include "group/file.h"
#include "group/fit.h"
#include "group/group.h"
#include "group/primary.h"
#include "group/turn.h"
#include "group/views.h"
#include "operations/catalogue.h"
#include "operations/lock.h"
#include "operations/sync.h"
#include "process/leave.h"
#include "process/limits.h"
#include "process/options.h"
#include "process/preflight.h"
#include "process/startup.h"
#include "traffic/capture.h"
#include "traffic/handed.h"
#include "traffic/server.h"
#include "traffic/withdraw.h"

/* The start of the EAL, for what may end it in the middle. Main thread. */
static struct {
	const struct eal_options *options;
	bool joins;
	bool running; /* rte_eal_init() is */
	bool no_room; /* it had no room for a file */
} start;

static void (*beat_fn)(void);

int
startup_streams(void)
{
	int fd;

	/* Fill closed descriptors 0 to 2 with /dev/null, read-only: printing then fails visibly
	 * instead of vanishing. */
	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	close(fd);
	limits_begin();
	return streams_start();
}

/* End a start in the middle. Also called in a signal handler. */
static void
fail(const char *why)
{
	runtime_files_remove();
	group_leave();
	fprintf(stderr, PROGRAM ": %s\n", why);
	streams_end();
	_exit(EXIT_FAILURE);
}

/* SIGBUS: the file system has no room for a page of a file that the EAL has made. A secondary
 * checks the room before it starts, but others may take it; a primary cannot know how much it will
 * need. */
static void
no_room(int signo, siginfo_t *info, __rte_unused void *context)
{
	const uintptr_t page = sysconf(_SC_PAGESIZE);
	void *begin = (char *)info->si_addr - (uintptr_t)info->si_addr % page, *got;
	char why[WHY_SIZE];

	/* A secondary has the lock on the group's memory now. With memory instead of the file's
	 * page, which is of a table that is its own, the EAL goes on and releases the lock. */
	got = !start.joins ? MAP_FAILED
			   : mmap(begin, page, PROT_READ | PROT_WRITE,
				     MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, 0, 0);
	if (got != MAP_FAILED) {
		start.no_room = true;
		return;
	}
	why_set(why, 0, "the EAL did not start: %s; its own messages are above", strsignal(signo));
	if (runtime_no_room(group_file_dir(), 1, 1))
		preflight_no_space(group_file_dir(), why);
	fail(why);
}

/* The process exits. From DPDK 25.11 on, rte_eal_init() makes it exit if it refuses an option; the
 * status is the error. With --help, it always has. */
static void
exits(int status, __rte_unused void *arg)
{
	char why[WHY_SIZE];

	if (!start.running)
		return;
	if (status == EXIT_SUCCESS) {
		runtime_files_remove();
		group_leave();
		return;
	}
	preflight_explain(
		start.options, group_file_dir(), start.joins, status < 0 ? -status : EIO, why);
	fail(why);
}

/* The EAL has started without room for a file. */
static int
end_without_room(char *why)
{
	leave_eal();
	preflight_no_space(group_file_dir(), why);
	return -ENOSPC;
}

/* rte_eal_init(), with threads that do not push others aside (doc/design.rst). The EAL's mp thread
 * sets an alarm, to have the interrupt thread attach or detach, and has a spinlock then. The alarm
 * is due at once. If the interrupt thread takes the processor from the mp thread, it spins for that
 * lock until its time is over: milliseconds, in each process that is asked. */
static int
eal_init(int argc, char **argv)
{
	const struct sched_param none = {0};
	bool change = sched_getscheduler(0) == SCHED_OTHER;
	int ret;

	/* The threads inherit it. If it cannot be set, all works, but slower. */
	if (change)
		sched_setscheduler(0, SCHED_BATCH, &none);
	ret = rte_eal_init(argc, argv);
	if (change)
		sched_setscheduler(0, SCHED_OTHER, &none);
	return ret;
}

/* Start the EAL, with the turn. */
static int
eal_start(int argc, char **argv, const struct eal_options *options, wait_fn wait, char *why)
{
	struct sigaction action = {.sa_sigaction = no_room, .sa_flags = SA_SIGINFO}, found;
	int ret;

	start.options = options;
	plugins_begin();
	if (options->shared) {
		ret = preflight_group(options, group_file_dir(), &start.joins, wait, why);
		if (ret < 0)
			return ret;
	}
	ret = preflight_devices(options, group_file_dir(), start.joins, why);
	if (ret < 0)
		return ret;
	/* The turn is taken: whoever has to give a function back is waiting for it. */
	if (options->pci && (ret = sriov_scan_check(why)) < 0)
		return ret;
	if (options->shared)
		runtime_files_begin(group_file_dir(), start.joins);
	if (!options->huge_kept)
		map_files_begin(options->file_prefix);
	if (on_exit(exits, NULL) != 0)
		return why_set(why, -ENOMEM, "no memory");
	rte_errno = 0;
	sigaction(SIGBUS, &action, &found);
	start.running = true;
	ret = eal_init(argc, argv);
	start.running = false;
	sigaction(SIGBUS, &found, NULL);
	if (ret >= 0)
		return start.no_room ? end_without_room(why) : ret;
	ret = rte_errno > 0 ? rte_errno : EIO;
	preflight_explain(options, group_file_dir(), start.joins, ret, why);
	runtime_files_remove();
	return -ret;
}

void
startup_on_beat(void (*fn)(void))
{
	beat_fn = fn;
}

/* Called with each beat, in the watch thread. @return true to wake the main thread, which then
 * updates the catalogue. */
static bool
on_beat(void)
{
	sync_serve();
	server_tick();
	handed_tick();
	withdraw_recover(false);
	/* The main thread may be busy for long. */
	stream_flush();
	if (beat_fn != NULL)
		beat_fn();
	return events_wanted() && catalogue_is_behind();
}

/* Take part in the group, then release the turn. */
static int
enter(char *why)
{
	const struct port_set own = port_set_all();
	struct views views;
	int ret;

	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		fit_publish();
	else if ((ret = fit_check(why)) < 0) {
		leave();
		return ret;
	}
	ret = group_enter(on_beat);
	if (ret < 0) {
		leave();
		return why_set(why, ret, "cannot watch the group: %s", strerror(-ret));
	}
	ret = primary_is_self() ? port_count_begin() : 0;
	if (ret == 0)
		ret = handed_start();
	if (ret < 0) {
		leave();
		return why_set(why, ret, "cannot listen to the primary: %s", strerror(-ret));
	}
	if (primary_is_self())
		handed_note(&own);
	catalogue_update();
	blocked_publish();
	ret = capture_start();
	if (ret < 0)
		fprintf(stderr,
			PROGRAM ": cannot offer captures to dpdk-dumpcap: %s; all else works\n",
			strerror(-ret));
	views_take(&views);
	if (!views_agree(&views, why, WHY_SIZE))
		fprintf(stderr, PROGRAM ": note: %s; run sync\n", why);
	turn_release();
	return 0;
}

/* The EAL looks for itself whether standard error is a terminal, but stderr has no descriptor any
 * more (base/stream.h). So tell it. */
static void
colours_decide(int argc, char **argv)
{
	static char always[] = "--log-color=always";
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--log-color=auto") == 0 && isatty(STDERR_FILENO))
			argv[i] = always;
	}
}

int
startup_eal(int argc, char **argv, bool plain_scans, wait_fn wait, char *why)
{
	struct eal_options options;
	char dir[PATH_MAX];
	int ret, taken;
	bool joins;

	colours_decide(argc, argv);
	ret = eal_options_read(argc, argv, &options);
	if (ret < 0)
		return why_set(why, ret, "no memory");
	ret = preflight_options(&options, dir, why);
	if (ret < 0)
		return ret;
	/* A secondary finds no directory, so no group: fail without making one. */
	if (options.shared && options.secondary && access(dir, F_OK) < 0 && errno == ENOENT)
		return preflight_roles(&options, dir, &joins, why);
	ret = group_join(options.shared ? dir : NULL, wait, why);
	if (ret < 0)
		return ret;
	if (ret > 0)
		withdraw_init();
	withdraw_slot_claimed();
	if (!plain_scans)
		vdev_list_start();
	taken = eal_start(argc, argv, &options, wait, why);
	if (taken < 0) {
		group_leave();
		return taken;
	}
	ret = enter(why);
	return ret < 0 ? ret : taken;
}
