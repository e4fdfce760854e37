/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_string_fns.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/namespaces.h"
#include "base/proc.h"
#include "base/text.h"
#include "device/abilities.h"
#include "eal/hugepages.h"
#include "eal/runtime.h"
#include "eal/uio.h"
#include "group/fit.h"
#include "group/readiness.h"
#include "process/earlier.h"
#include "process/harm.h"
#include "process/limits.h"
#include "process/preflight.h"

/* Longest path of a directory in which a secondary's socket, /mp_socket_<pid>_<hex>, fits sun_path:
 * a pid has up to 7 digits, the time stamp 16. It counts the processor's cycles since the machine
 * has started, so it has 15 digits after some months. */
#define DIR_MAX ((int)sizeof(((struct sockaddr_un *)0)->sun_path) - 1 - 35)

#define LOOK_MS 20
#define TELL_MS 1000

void
preflight_no_space(const char *dir, char *why)
{
	why_set(why, 0, "no space is left in the runtime directory %s; make room there", dir);
}

int
preflight_options(const struct eal_options *options, char *dir, char *why)
{
	int ret;

	dir[0] = '\0';
	if (options->shared && !namespace_has_proc())
		return why_set(why, -EREMOTE,
			"/proc does not show this process as pid %d, so it is not mounted or belongs to "
			"another pid namespace; mount it anew (unshare --mount-proc)",
			getpid());
	ret = limits_check(options->shared, why);
	if (ret < 0)
		return ret;
	if (options->shared && runtime_dir(options->file_prefix, dir) < 0)
		return why_set(why, -ENAMETOOLONG, "the path of the runtime directory is too long");
	if (options->shared && strlen(dir) > DIR_MAX)
		return why_set(why, -ENAMETOOLONG,
			"the runtime directory %s has a path of %zu bytes, too long for the sockets "
			"in it, which allow %d; choose a shorter --file-prefix",
			dir, strlen(dir), DIR_MAX);
	if (!options->shared && options->secondary)
		return why_set(why, -EINVAL,
			"with --in-memory or --no-shconf there is no group to be a secondary in");
	if (strchr(options->file_prefix, '/') != NULL)
		return why_set(
			why, -EINVAL, "the file prefix \"%s\" has a slash", options->file_prefix);
	return 0;
}

int
preflight_roles(const struct eal_options *options, const char *dir, bool *joins, char *why)
{
	pid_t primary = runtime_primary(dir);
	char program[32];
	int ret;

	/* A process in a namespace below this one has a pid here, but others name it otherwise. */
	if (primary == -EREMOTE || (primary > 0 && !namespace_has(primary)))
		return why_set(why, -EREMOTE,
			"the primary with the file prefix \"%s\" is in another pid namespace; "
			"start this process there, or choose another --file-prefix",
			options->file_prefix);
	if (primary < 0)
		return why_set(why, primary,
			"cannot look into %s: %s; run as the user who started the primary, or as "
			"root",
			dir, strerror(-primary));
	*joins = options->secondary || (options->auto_role && primary != 0);
	if (primary != 0 && !*joins) {
		proc_program(primary, program, sizeof(program));
		return why_set(why, -EEXIST,
			"a primary runs already with the file prefix \"%s\": pid %d (%s); join it "
			"with --proc-type=auto, or choose another --file-prefix",
			options->file_prefix, primary, program);
	}
	ret = earlier_files(options, dir, primary, why);
	if (ret < 0)
		return ret;
	if (*joins && primary == 0)
		return why_set(why, -ENOENT,
			"no primary runs with the file prefix \"%s\", so there is nothing to join; "
			"start the primary first, or use --proc-type=auto",
			options->file_prefix);
	return *joins ? 0 : earlier_secondaries(options, dir, why);
}

/* A start sends messages to all processes. If one does not read them, its socket may become full;
 * then the sender waits for it, with locks of the EAL's, and everyone for the sender. */
static int
preflight_peers(const char *dir, char *why)
{
	const pid_t primary = runtime_primary(dir);
	char silent[WHY_SIZE];
	struct views views;
	bool stopped;

	if (readiness_look(&views, silent) < 0)
		return why_set(why, -EBUSY, "cannot start: %s", silent);
	/* Before the start it is not known here which process is the primary, so another program's
	 * is not listed. */
	stopped = primary > 0 && proc_stopped(proc_status(primary));
	if (stopped || (primary > 0 && cgroup_frozen(primary)))
		return why_set(why, -EBUSY, "cannot start: pid %d (primary) is %s", primary,
			stopped ? proc_stopped_is : cgroup_frozen_is);
	return 0;
}

/* Wait until another program's primary has started. The EAL would wait too, but silently and
 * without end, and with a core to itself. */
static int
primary_wait(const char *dir, wait_fn wait, char *why)
{
	char program[32], text[96];
	unsigned int looks;
	pid_t primary;

	for (looks = 1; (primary = runtime_primary(dir)) > 0 && !runtime_primary_complete(dir);
		looks++) {
		proc_program(primary, program, sizeof(program));
		snprintf(text, sizeof(text), "waiting for pid %d (%s), which has not started yet",
			primary, program);
		if (!wait_go_on(wait, looks == TELL_MS / LOOK_MS ? text : NULL))
			return why_set(why, -ECANCELED, "gave up %s", text);
		clock_sleep_ns(LOOK_MS * CLOCK_NS_PER_MS);
	}
	return 0;
}

int
preflight_devices(const struct eal_options *options, const char *dir, bool joins, char *why)
{
	const struct uio_wanted wanted = {eal_options_probe, options};
	char name[RTE_DEV_NAME_MAX_LEN], text[WHY_SIZE];
	const char *vdev;
	unsigned int i;

	/* The EAL would follow an address that was typed. */
	for (i = 0; i < options->nb_vdevs; i++) {
		vdev = options->vdevs[i];
		strlcpy(name, vdev, RTE_MIN(sizeof(name), strcspn(vdev, ",") + 1));
		if (!abilities_hides(name) && !abilities_attach(name, vdev, true, text))
			return why_set(why, -EINVAL, "--vdev=%s: %s", vdev, text);
	}
	return joins ? uio_share(runtime_primary(dir), &wanted, why) : uio_check(&wanted, why);
}

int
preflight_group(
	const struct eal_options *options, const char *dir, bool *joins, wait_fn wait, char *why)
{
	struct runtime_versions versions;
	unsigned int files;
	uint64_t bytes;
	int ret = preflight_roles(options, dir, joins, why);

	if (ret == 0 && *joins && !runtime_primary_complete(dir)) {
		ret = primary_wait(dir, wait, why);
		/* It may have ended meanwhile. */
		if (ret == 0)
			ret = preflight_roles(options, dir, joins, why);
	}
	/* A primary locks the mount, here and whenever it needs more memory. */
	if (ret == 0 && !*joins && options->huge)
		ret = hugepages_wait(options->huge_dir, wait, why);
	if (ret < 0 || !*joins)
		return ret;
	if (runtime_other_dpdk(dir, &versions))
		return why_set(why, -EPROTO,
			"the primary with the file prefix \"%s\" runs DPDK %s, and this process "
			"DPDK %s; start one that is built for the same DPDK, or choose another "
			"--file-prefix",
			options->file_prefix, versions.primary, versions.own);
	ret = preflight_peers(dir, why);
	if (ret == 0)
		ret = harm_check(runtime_primary(dir), why);
	if (ret < 0)
		return ret;
	/* If a process dies because there is no room, the EAL's locks stay locked in the group. */
	runtime_join_needs(dir, &bytes, &files);
	if (runtime_no_room(dir, bytes, files)) {
		preflight_no_space(dir, why);
		return -ENOSPC;
	}
	return 0;
}

/* A number from /proc/meminfo, or -1. */
static long
meminfo(const char *key)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128], name[64];
	long value, found = -1;

	if (f == NULL)
		return -1;
	while (found < 0 && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%63[^:]: %ld", name, &value) == 2 && strcmp(name, key) == 0)
			found = value;
	}
	fclose(f);
	return found;
}

void
preflight_explain(
	const struct eal_options *options, const char *dir, bool joins, int err, char *why)
{
	char path[PATH_MAX + 16];
	int mounts = 0;

	why_set(why, err, "the EAL did not start: %s; its own messages are above",
		rte_strerror(err));
	/* The EAL refuses its options. */
	if (err == EINVAL || (joins && fit_check(why) < 0))
		return;
	if (options->huge)
		mounts = hugepages_look(options->huge_dir);
	snprintf(path, sizeof(path), "%s/hugepage_info", dir);
	if (options->shared && runtime_no_room(dir, 1, 1))
		preflight_no_space(dir, why);
	else if (err == ENOMEM && limits_explain(why))
		return;
	else if (joins && (!options->huge || access(path, F_OK) < 0))
		why_set(why, err,
			"a process without hugepages (--no-huge) can neither join a group nor be "
			"joined; start the primary, and this one, with hugepages");
	else if (mounts == -ENOENT)
		why_set(why, err,
			"no hugetlbfs is mounted%s%s; run scripts/setup.sh or "
			"dpdk-hugepages.py --setup 1G as root, or start with --no-huge",
			options->huge_dir[0] == '\0' ? "" : " at ", options->huge_dir);
	else if (mounts == -EACCES)
		why_set(why, err,
			"no permission to use the hugepages (%s on hugetlbfs); run as root, or "
			"give this user a mount of its own with --huge-dir",
			strerror(EACCES));
	else if (joins && err == EFAULT)
		/* Drivers and libraries have lists in shared memory, which the primary makes. */
		why_set(why, err,
			"this process has drivers or libraries of DPDK that the primary lacks; "
			"give both the same drivers (-d)");
	else if (joins && err == ENOMEM)
		/* To join takes all of the group's pages at their addresses, and a little of the
		 * memory in them. */
		why_set(why, err,
			"the group's memory cannot be mapped at the addresses it has in the "
			"primary, or has no room left; try again, or start all processes of the "
			"group anew, with more hugepages or with --base-virtaddr and an address "
			"that is free in each");
	else if (!joins && options->huge && meminfo("HugePages_Free") == 0)
		why_set(why, err,
			"no hugepages are free (%ld reserved); reserve some as root with "
			"scripts/setup.sh or dpdk-hugepages.py --setup 1G, or start with --no-huge",
			meminfo("HugePages_Total"));
	else if (options->huge && err == ENOMEM)
		why_set(why, err,
			"not enough hugepages: %ld of %ld are free; reserve more as root with "
			"dpdk-hugepages.py, or ask for less with -m",
			meminfo("HugePages_Free"), meminfo("HugePages_Total"));
}
