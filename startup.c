/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_string_fns.h>

#include "eal/own_files.h"
#include "base/wait.h"
#include "base/program.h"
#include "base/proc.h"
#include "device.h"
#include "eal/hugepages.h"
#include "leave.h"
#include "lock.h"
#include "options.h"
#include "eal/runtime.h"
#include "startup.h"
#include "sync.h"
#include "base/text.h"
#include "views.h"

/* Where the EAL of a primary answers telemetry. */
#define TELEMETRY_SOCKET "dpdk_telemetry.v2"

/* The longest path with which that of a secondary's socket, /mp_socket_<pid>_<hex>, fits
 * sun_path: 7 digits of a pid, 14 of a time stamp. */
#define GROUP_DIR_MAX ((int)sizeof(((struct sockaddr_un *)0)->sun_path) - 1 - 33)

/* Where it lacks a descriptor the EAL panics, at its end too. It takes about 30; devices want some.
 */
#define MIN_DESCRIPTORS 64

/* What the EAL's options say about the group this process wants to be in. */
static struct {
	char file_prefix[NAME_MAX + 1];
	char proc_type[16];
	char huge_dir[PATH_MAX];
	bool shared; /* there is a runtime directory with a configuration in it */
	bool huge;   /* memory comes from hugetlbfs */
} wanted = {.file_prefix = "rte", .proc_type = "primary", .shared = true, .huge = true};

static char group_dir[PATH_MAX]; /* empty if the group has none */
static bool joins;		 /* as a secondary */
/* To make things in group_dir; the thread that ends the process by force looks at it first. */
static atomic_bool eal_began;

int
startup_streams(void)
{
	int fd;

	/* Not to be written to: what is printed there is lost, and that has to show. */
	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

void
startup_remove_files(void)
{
	char path[PATH_MAX + sizeof(TELEMETRY_SOCKET)];

	if (!eal_began)
		return;
	own_files_remove(group_dir, joins ? getpid() : 0);
	snprintf(path, sizeof(path), "%s/" TELEMETRY_SOCKET, group_dir);
	if (!joins)
		unlink(path);
}

/*
 * Read the EAL's own options that decide which group is meant. getopt_long() is
 * what the EAL uses, so abbreviations mean the same here and there; it moves the
 * arguments about, so it gets a copy. What it does not know is the EAL's to judge,
 * and a word after that may be its argument: so the search goes on behind words.
 */
static int
wanted_parse(int argc, char **argv)
{
	static const struct option options[] = {
		{"file-prefix", required_argument, NULL, 'f'},
		{"proc-type", required_argument, NULL, 't'},
		{"huge-dir", required_argument, NULL, 'd'},
		{"in-memory", no_argument, NULL, 'i'},
		{"no-shconf", no_argument, NULL, 's'},
		{"no-huge", no_argument, NULL, 'h'},
		{0},
	};
	char **copy;
	int opt;

	copy = calloc(argc + 1, sizeof(*copy));
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, argv, argc * sizeof(*copy));
	opterr = 0;
	/* Not 1: with that the library would go on in the order that was wanted last. */
	optind = 0;
	while ((opt = getopt_long(argc, copy, "-", options, NULL)) != -1) {
		switch (opt) {
		case 'f':
			strlcpy(wanted.file_prefix, optarg, sizeof(wanted.file_prefix));
			break;
		case 't':
			strlcpy(wanted.proc_type, optarg, sizeof(wanted.proc_type));
			break;
		case 'd':
			strlcpy(wanted.huge_dir, optarg, sizeof(wanted.huge_dir));
			break;
		case 'i':
		case 's':
			wanted.shared = false;
			break;
		case 'h':
			wanted.huge = false;
			break;
		default:
			break;
		}
	}
	/* The EAL begins with 1, and is to find the usual order. */
	optind = 0;
	getopt_long(1, copy, "", options, NULL);
	opterr = 1;
	optind = 1;
	free(copy);
	return 0;
}

/* Does it want to be a secondary, whoever is there? In whatever case, as the EAL takes it. */
static bool
to_join(void)
{
	return strcasecmp(wanted.proc_type, "secondary") == 0;
}

/* Refuse what cannot work before the EAL touches anything of a group that runs. */
static int
group_check_start(char *why, size_t size)
{
	pid_t pids[GROUP_MAX_PEERS];
	char program[32], list[512];
	unsigned int nb, i;
	pid_t primary;

	primary = runtime_primary(group_dir);
	if (primary == -EREMOTE) {
		snprintf(why, size,
			"the primary with the file prefix \"%s\" is in another pid namespace; "
			"start this process there, or choose another --file-prefix",
			wanted.file_prefix);
		return primary;
	}
	if (primary < 0) {
		snprintf(why, size,
			"cannot look into %s: %s; run as the user who started the primary, or as "
			"root",
			group_dir, strerror(-primary));
		return primary;
	}
	joins = to_join() || (strcasecmp(wanted.proc_type, "auto") == 0 && primary != 0);
	if (joins && primary == 0) {
		snprintf(why, size,
			"no primary runs with the file prefix \"%s\", so there is nothing to join; "
			"start the primary first, or use --proc-type=auto",
			wanted.file_prefix);
		return -ENOENT;
	}
	if (joins)
		return 0;
	if (primary != 0) {
		proc_program(primary, program, sizeof(program));
		snprintf(why, size,
			"a primary runs already with the file prefix \"%s\": pid %d (%s); join it "
			"with --proc-type=auto, or choose another --file-prefix",
			wanted.file_prefix, primary, program);
		return -EEXIST;
	}
	nb = runtime_secondaries(group_dir, pids, RTE_DIM(pids));
	if (nb > 0) {
		list[0] = '\0';
		for (i = 0; i < nb; i++)
			text_add(list, sizeof(list), "%s%d", i == 0 ? "" : " ", pids[i]);
		snprintf(why, size,
			"secondaries of an earlier primary still run with the file prefix \"%s\": "
			"pid %s; quit them first, or choose another --file-prefix",
			wanted.file_prefix, list);
		return -EBUSY;
	}
	return 0;
}

/* A count from /proc/meminfo, or -1. */
static long
meminfo(const char *key)
{
	char line[128], name[64];
	long value, found = -1;
	FILE *f;

	f = fopen("/proc/meminfo", "re");
	if (f == NULL)
		return -1;
	while (found < 0 && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%63[^:]: %ld", name, &value) == 2 && strcmp(name, key) == 0)
			found = value;
	}
	fclose(f);
	return found;
}

static void
full_print(char *why, size_t size)
{
	snprintf(why, size, "no space is left in the runtime directory %s; make room there",
		group_dir);
}

/*
 * A page of a file that the EAL has made, and the file system has no room for.
 * A secondary has asked for room before; a primary cannot know how much it takes.
 */
static void
no_room(int signo)
{
	char why[PATH_MAX + 128], text[sizeof(why) + 64];
	int len;

	RTE_SET_USED(signo);
	full_print(why, sizeof(why));
	if (!own_files_no_room(group_dir, 1, 1))
		snprintf(why, sizeof(why), "the EAL did not start: %s; its own messages are above",
			strsignal(SIGBUS));
	len = snprintf(text, sizeof(text), PROGRAM ": %s\n", why);
	startup_remove_files();
	group_leave();
	if (write(STDERR_FILENO, text, len) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

/* The EAL has said in its own words what failed; find the cause a person can remove. */
static void
failure_explain(int err, char *why, size_t size)
{
	char path[PATH_MAX + 16];
	bool mounted, writable;

	snprintf(why, size, "the EAL did not start: %s; its own messages are above",
		rte_strerror(err));
	/* It does not like its options. */
	if (err == EINVAL)
		return;
	if (wanted.shared && own_files_no_room(group_dir, 1, 1)) {
		full_print(why, size);
		return;
	}
	snprintf(path, sizeof(path), "%s/hugepage_info", group_dir);
	if (joins && (!wanted.huge || access(path, F_OK) < 0)) {
		snprintf(why, size,
			"a process without hugepages (--no-huge) can neither join a group nor be "
			"joined; start the primary, and this one, with hugepages");
		return;
	}
	if (wanted.huge) {
		hugepages_look(wanted.huge_dir, &mounted, &writable);
		if (!mounted) {
			snprintf(why, size,
				"no hugetlbfs is mounted%s%s; run scripts/setup.sh or "
				"dpdk-hugepages.py --setup 1G as root, or start with --no-huge",
				wanted.huge_dir[0] == '\0' ? "" : " at ", wanted.huge_dir);
			return;
		}
		if (!writable) {
			snprintf(why, size,
				"no permission to use the hugepages (%s on hugetlbfs); run as "
				"root, or give this user a mount of its own with --huge-dir",
				strerror(EACCES));
			return;
		}
		if (joins && err == ENOMEM) {
			/* It wants all of the group's pages at their addresses, and a little of
			 * what is in them.
			 */
			snprintf(why, size,
				"the group's memory cannot be mapped at the addresses it has in "
				"the primary, or has no room left; try again, or start all "
				"processes of the group anew, with more hugepages or with "
				"--base-virtaddr and an address that is free in each");
			return;
		}
		if (!joins && meminfo("HugePages_Free") == 0) {
			snprintf(why, size,
				"no hugepages are free (%ld reserved); reserve some as root with "
				"scripts/setup.sh or dpdk-hugepages.py --setup 1G, or start with "
				"--no-huge",
				meminfo("HugePages_Total"));
			return;
		}
	}
	if (wanted.huge && err == ENOMEM)
		snprintf(why, size,
			"not enough hugepages: %ld of %ld are free; reserve more as root with "
			"dpdk-hugepages.py, or ask for less with -m",
			meminfo("HugePages_Free"), meminfo("HugePages_Total"));
}

/*
 * A process of the group that is stopped, 0 if none is. The EAL sends all of them
 * messages when one starts, more than the socket of one that does not read can
 * hold; who sends then waits for it, and everyone for that one.
 */
static pid_t
stopped_find(void)
{
	pid_t pids[GROUP_MAX_PEERS], primary = runtime_primary(group_dir);
	unsigned int nb, i;

	if (primary > 0 && proc_stopped(primary))
		return primary;
	nb = runtime_secondaries(group_dir, pids, RTE_DIM(pids));
	for (i = 0; i < nb; i++) {
		if (proc_stopped(pids[i]))
			return pids[i];
	}
	return 0;
}

/* With the turn, so that nobody starts, leaves or operates meanwhile. */
static int
eal_start(int argc, char **argv, wait_fn wait, char *why, size_t size)
{
	struct sigaction action = {.sa_handler = no_room}, found;
	unsigned int files;
	uint64_t bytes;
	pid_t stopped;
	int ret = 0;

	if (wanted.shared) {
		ret = group_check_start(why, size);
		/* A primary locks the mount, here and whenever it needs more memory. */
		if (ret == 0 && !joins && wanted.huge)
			ret = hugepages_wait(wanted.huge_dir, wait, why, size);
		if (ret < 0)
			return ret;
	}
	stopped = joins ? stopped_find() : 0;
	if (stopped != 0) {
		snprintf(why, size,
			"cannot start beside pid %d, which is stopped; resume or end it", stopped);
		return -EBUSY;
	}
	/* One that dies for want of it leaves the EAL's locks behind, and harms the group. */
	if (joins) {
		own_files_join_needs(group_dir, &bytes, &files);
		if (own_files_no_room(group_dir, bytes, files)) {
			full_print(why, size);
			return -ENOSPC;
		}
	}
	rte_errno = 0;
	eal_began = wanted.shared;
	sigaction(SIGBUS, &action, &found);
	ret = rte_eal_init(argc, argv);
	sigaction(SIGBUS, &found, NULL);
	if (ret >= 0)
		return ret;
	ret = rte_errno > 0 ? rte_errno : EIO;
	failure_explain(ret, why, size);
	startup_remove_files();
	return -ret;
}

int
startup_eal(int argc, char **argv, wait_fn wait, char *why, size_t size)
{
	struct rlimit files;
	struct views views;
	char text[512];
	int ret, taken;

	ret = wanted_parse(argc, argv);
	if (ret < 0) {
		snprintf(why, size, "no memory");
		return ret;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < MIN_DESCRIPTORS) {
		snprintf(why, size,
			"at most %lu open files are allowed, and %d are needed; allow more (ulimit -n)",
			(unsigned long)files.rlim_cur, MIN_DESCRIPTORS);
		return -EMFILE;
	}
	if (wanted.shared && runtime_dir(wanted.file_prefix, group_dir, sizeof(group_dir)) < 0) {
		snprintf(why, size, "the path of the runtime directory is too long");
		return -ENAMETOOLONG;
	}
	if (wanted.shared && strlen(group_dir) > GROUP_DIR_MAX) {
		snprintf(why, size,
			"the runtime directory %s has a path of %zu bytes, too long for the sockets "
			"in it, which allow %d; choose a shorter --file-prefix",
			group_dir, strlen(group_dir), GROUP_DIR_MAX);
		return -ENAMETOOLONG;
	}
	if (!wanted.shared && to_join()) {
		snprintf(why, size,
			"with --in-memory or --no-shconf there is no group to be a secondary in");
		return -EINVAL;
	}
	if (strchr(wanted.file_prefix, '/') != NULL) {
		snprintf(why, size, "the file prefix \"%s\" has a slash", wanted.file_prefix);
		return -EINVAL;
	}
	/* To join means that somebody is there: make no directory for a group of nobody. */
	if (wanted.shared && to_join() && access(group_dir, F_OK) < 0 && errno == ENOENT)
		return group_check_start(why, size);
	ret = group_join(wanted.shared ? group_dir : NULL, wait, why, size);
	if (ret < 0)
		return ret;
	taken = eal_start(argc, argv, wait, why, size);
	if (taken < 0) {
		group_leave();
		return taken;
	}
	ret = group_enter(sync_self);
	if (ret == 0) {
		device_publish();
		lock_publish_blocked();
		views_take(&views);
		if (!views_agree(&views, text, sizeof(text)))
			fprintf(stderr, PROGRAM ": note: %s; run sync\n", text);
		group_turn_release();
	}
	if (ret < 0) {
		snprintf(why, size, "cannot watch the group: %s", strerror(-ret));
		leave_group(NULL);
		return ret;
	}
	return taken;
}
