/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include <rte_common.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/text.h"
#include "eal/removed.h"
#include "eal/runtime.h"
#include "group/locks.h"
#include "group/views.h"
#include "process/earlier.h"

#define LOOK_MS 20
#define ENDS_MS 2000

/* A process that leaves has ended a moment after it has removed its files. */
static bool
ends_soon(pid_t pid)
{
	struct pollfd process = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	bool ended;

	if (process.fd < 0)
		return errno == ESRCH;
	ended = poll(&process, 1, ENDS_MS) > 0;
	close(process.fd);
	return ended;
}

/* Find a process that uses a file of the group which has been removed, the name of which is set.
 * @return its pid, 0 if there is none. */
static pid_t
removed_user(const char *dir, pid_t primary, char *name)
{
	pid_t pids[PEERS_MAX], user;
	unsigned int nb = 0, i;

	if (primary == 0) {
		do
			user = removed_from_any(dir, name);
		while (user != 0 && ends_soon(user));
		return user;
	}
	if (!runtime_primary_complete(dir))
		return 0;
	if (removed_from(dir, primary, name) > 0)
		return primary;
	/* The secondaries of another program's primary may have a group's file that has gone. */
	if (locks_any_slot() == 0)
		nb = runtime_secondaries(dir, pids, RTE_DIM(pids));
	for (i = 0; i < nb; i++) {
		if (pids[i] > 0 && removed_from(dir, pids[i], name) > 0)
			return pids[i];
	}
	return 0;
}

int
earlier_files(const struct eal_options *options, const char *dir, pid_t primary, char *why)
{
	char name[NAME_MAX + 1], program[32];
	pid_t user = removed_user(dir, primary, name);

	if (user == 0)
		return 0;
	proc_program(user, program, sizeof(program));
	/* The EAL would make new files, so that this process has other memory than the group. */
	if (name[0] == '/')
		return why_set(why, -ESTALE,
			"%s has been removed while pid %d (%s) uses it, or that one was started "
			"with --huge-unlink; quit all processes with the file prefix \"%s\", then "
			"start anew, or choose another --file-prefix",
			name, user, program, options->file_prefix);
	return why_set(why, -ESTALE,
		"%s has been removed from %s while pid %d (%s) uses it; quit all processes with "
		"the file prefix \"%s\", then start anew, or choose another --file-prefix",
		name, dir, user, program, options->file_prefix);
}

/* Refuse to be a primary while somebody has locked a table of an earlier one's memory: the EAL
 * cannot make its own then. A secondary that leaves is not listed any more, but has it locked until
 * it has ended. */
static int
tables_check(const char *dir, char *why)
{
	const uint64_t until = clock_in_ms(ENDS_MS);
	char path[PATH_MAX], program[32];
	pid_t user;

	snprintf(path, sizeof(path), "%s/" RUNTIME_TABLE, dir);
	while (runtime_table_used(path) && !clock_is_past(until)) {
		/* The kernel's list may lack one while others come and go. */
		user = proc_lock_holder(path);
		if (user == 0 || ends_soon(user))
			clock_sleep_ns(LOOK_MS * CLOCK_NS_PER_MS);
	}
	if (!runtime_table_used(path))
		return 0;
	user = proc_lock_holder(path);
	if (user == 0)
		return why_set(why, -EBUSY,
			"a process uses %s of an earlier primary; end it first, or choose another "
			"--file-prefix",
			path);
	proc_program(user, program, sizeof(program));
	return why_set(why, -EBUSY,
		"pid %d (%s) uses %s of an earlier primary; end it first, or choose another "
		"--file-prefix",
		user, program, path);
}

int
earlier_secondaries(const struct eal_options *options, const char *dir, char *why)
{
	const struct peer *peer;
	struct views views = {0};
	char list[1024] = "";

	if (group_self != NULL)
		views_take(&views);
	/* Those that have lost their sockets are still members. */
	for (peer = views.peers; peer < views.peers + views.nb; peer++) {
		if (peer->self || peer->state == PEER_GONE)
			continue;
		if (peer->who.pid < 0)
			text_add(list, sizeof(list), " ? (in another pid namespace)");
		else
			text_add(list, sizeof(list), " %d", peer->who.pid);
	}
	if (list[0] == '\0')
		return tables_check(dir, why);
	return why_set(why, -EBUSY,
		"secondaries of an earlier primary still run with the file prefix \"%s\": pid%s; quit "
		"them first, or choose another --file-prefix",
		options->file_prefix, list);
}
