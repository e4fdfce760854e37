/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "base/text.h"
#include "eal/private.h"

/* Is what is at this path of this type, no link, and owned by this user or root? */
static int
owner_check(const char *path, const struct stat *st, mode_t type, char *why)
{
	if (S_ISLNK(st->st_mode))
		return why_set(why, -EPERM, "%s is a symbolic link", path);
	if ((st->st_mode & S_IFMT) != type)
		return why_set(why, -EPERM, "%s is no %s", path,
			type == S_IFDIR ? "directory" : "regular file");
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return why_set(
			why, -EPERM, "%s belongs to another user (uid %u)", path, st->st_uid);
	return 0;
}

int
private_check(const char *path, const struct stat *st, mode_t type, char *why)
{
	int ret = owner_check(path, st, type, why);

	if (ret < 0 || (st->st_mode & 077) == 0)
		return ret;
	return why_set(
		why, -EPERM, "%s is open to other users (mode %04o)", path, st->st_mode & 07777);
}

/* Can no other user exchange what is in this directory? */
static int
parent_check(const char *path, const struct stat *st, char *why)
{
	int ret = owner_check(path, st, S_IFDIR, why);

	if (ret < 0 || (st->st_mode & 022) == 0 || (st->st_mode & S_ISVTX) != 0)
		return ret;
	return why_set(
		why, -EPERM, "other users can write to %s (mode %04o)", path, st->st_mode & 07777);
}

/* Errno for what was just made or found. If it has gone, because the last process to leave removes
 * it, try again. */
static int
dir_error(void)
{
	return errno == ENOENT ? -EAGAIN : -errno;
}

static int
dirs_make(const char *dir, char *why)
{
	char base[PATH_MAX], parent[PATH_MAX];
	struct stat st;
	int ret;

	/* dir is base/dpdk/prefix, from runtime_dir(). */
	strlcpy(parent, dir, strrchr(dir, '/') - dir + 1);
	strlcpy(base, parent, strrchr(parent, '/') - parent + 1);
	/* From the top down: what has been found safe cannot be exchanged any more. The first one
	 * is the machine's or the user's own choice, which may be a link: /var/run is. */
	if (stat(base[0] == '\0' ? "/" : base, &st) < 0)
		return -errno;
	ret = parent_check(base, &st, why);
	if (ret < 0)
		return ret;
	if ((mkdir(parent, 0700) < 0 && errno != EEXIST) || lstat(parent, &st) < 0)
		return -errno;
	ret = parent_check(parent, &st, why);
	if (ret < 0)
		return ret;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (lstat(dir, &st) < 0)
		return dir_error();
	ret = private_check(dir, &st, S_IFDIR, why);
	if (ret == 0 && access(dir, R_OK | W_OK | X_OK) < 0)
		ret = dir_error();
	return ret;
}

int
private_make_dir(const char *dir, char *why)
{
	char unsafe[WHY_SIZE] = "";
	int ret;

	do {
		ret = dirs_make(dir, unsafe);
	} while (ret == -EAGAIN);
	if (ret == 0)
		return 0;
	if (unsafe[0] != '\0')
		return why_set(why, ret,
			"cannot use the runtime directory %s: %s; mend that, or set "
			"$RUNTIME_DIRECTORY to a directory of your own",
			dir, unsafe);
	return why_set(why, ret, "cannot use the runtime directory %s: %s%s", dir, strerror(-ret),
		ret == -EACCES ? "; run as the user who started the primary, or as root" : "");
}
