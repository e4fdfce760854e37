/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_FILE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "base/namespaces.h"
#include "base/text.h"
#include "eal/private.h"
#include "eal/runtime.h"
#include "group/file.h"
#include "group/locks.h"

#define FILE_NAME "hotplug_mp_group"

struct group_shared *group_shared;

static char group_dir[PATH_MAX], file_path[PATH_MAX];

const char *
group_file_dir(void)
{
	return group_dir;
}

int
group_file_open(const char *dir, wait_fn wait, char *why)
{
	int ret;

	strlcpy(group_dir, dir, sizeof(group_dir));
	if (snprintf(file_path, sizeof(file_path), "%s/" FILE_NAME, dir) >= (int)sizeof(file_path))
		return why_set(why, -ENAMETOOLONG, "the path of the runtime directory is too long");
	for (;;) {
		ret = private_make_dir(group_dir, why);
		if (ret < 0)
			return ret;
		ret = locks_open(file_path, why);
		/* The last process of an earlier group has just removed the directory. */
		if (ret == -ENOENT)
			continue;
		if (ret < 0)
			return ret;
		ret = locks_turn_take(wait, why);
		if (ret < 0 || locks_file_current())
			return ret;
		/* The last process of an earlier group has removed the file meanwhile. */
		locks_close();
	}
}

static int
other_namespace(const char *kind, char *why)
{
	return why_set(why, -EREMOTE,
		"processes of another %s namespace are in this group; start this one there, or "
		"choose another --file-prefix",
		kind);
}

/* Refuse a file that another build has made, that was cut off, or in which pids or times mean
 * something else than here. */
static int
file_check(char *why)
{
	struct group_shared head = {0};
	int fd = locks_fd();
	struct stat st;

	if (pread(fd, &head, offsetof(struct group_shared, leaving), 0) < 0 ||
		head.magic != GROUP_MAGIC || head.layout != GROUP_LAYOUT ||
		head.size != sizeof(head))
		return why_set(why, -EPROTO,
			"another build of this program runs in this group (pid %d, layout %u of "
			"%zu bytes; this one has layout %u of %zu bytes); start the same build, or "
			"choose another --file-prefix",
			locks_any_slot(), head.layout, (size_t)head.size, GROUP_LAYOUT,
			sizeof(head));
	/* An access to a page beyond the end of the file is SIGBUS. */
	if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(head))
		return why_set(why, -EPROTO,
			"%s has been cut off; quit all processes of this group, or choose another "
			"--file-prefix",
			file_path);
	if (head.pid_namespace != namespace_own("pid"))
		return other_namespace("pid", why);
	if (head.time_namespace != namespace_own("time"))
		return other_namespace("time", why);
	return 0;
}

int
group_file_map(char *why)
{
	const pid_t other = locks_any_slot();
	int fd = locks_fd(), ret = 0;

	if (other < 0)
		return other_namespace("pid", why);
	if (other != 0 && (ret = file_check(why)) < 0)
		return ret;
	/* Allocate all of it now: a write to a page without room in the file system is SIGBUS. */
	if (other == 0)
		ret = ftruncate(fd, 0) < 0 ? errno : posix_fallocate(fd, 0, sizeof(*group_shared));
	if (ret != 0)
		return why_set(why, -ret, "cannot make %s: %s", file_path, strerror(ret));
	group_shared = mmap(NULL, sizeof(*group_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (group_shared == MAP_FAILED) {
		group_shared = NULL;
		return why_set(why, -errno, "cannot map %s: %s", file_path, strerror(errno));
	}
	if (other != 0)
		return 0;
	group_shared->magic = GROUP_MAGIC;
	group_shared->layout = GROUP_LAYOUT;
	group_shared->size = sizeof(*group_shared);
	group_shared->pid_namespace = namespace_own("pid");
	group_shared->time_namespace = namespace_own("time");
	return 1;
}

int
group_file_none(void)
{
	const size_t size = RTE_ALIGN(sizeof(*group_shared), RTE_CACHE_LINE_SIZE);

	group_shared = aligned_alloc(RTE_CACHE_LINE_SIZE, size);
	if (group_shared == NULL)
		return -ENOMEM;
	memset(group_shared, 0, size);
	return 1;
}

void
group_file_remove_if_last(bool primary_lost)
{
	/* A process that joins now waits for the turn, and then sees that the file has gone. */
	if (locks_any_slot() != 0)
		return;
	if (locks_file_current())
		unlink(file_path);
	if (primary_lost)
		runtime_remove_dead(group_dir, 0);
	rmdir(group_dir); /* fails if the EAL has left files there */
}
