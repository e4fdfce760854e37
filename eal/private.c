/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "base/text.h"
#include "eal/private.h"

/* May only this user, or root, use what is at this path for the group? */
static int
owner_check(const char *path, const struct stat *st, mode_t type, char *why)
{
	if (S_ISLNK(st->st_mode))
		snprintf(why, WHY_SIZE, "%s is a symbolic link", path);
	else if ((st->st_mode & S_IFMT) != type)
		snprintf(why, WHY_SIZE, "%s is no %s", path,
			type == S_IFDIR ? "directory" : "regular file");
	else if (st->st_uid != geteuid() && st->st_uid != 0)
		snprintf(why, WHY_SIZE, "%s belongs to another user (uid %u)", path, st->st_uid);
	else
		return 0;
	return -EPERM;
}

int
private_check(const char *path, const struct stat *st, mode_t type, char *why)
{
	int ret = owner_check(path, st, type, why);

	if (ret == 0 && (st->st_mode & 077) != 0) {
		ret = why_set(why, -EPERM, "%s is open to other users (mode %04o)", path,
			st->st_mode & 07777);
	}
	return ret;
}

/* Can nobody else put something at, or take something from, the paths below it? */
static int
parent_check(const char *path, const struct stat *st, char *why)
{
	int ret = owner_check(path, st, S_IFDIR, why);

	if (ret == 0 && (st->st_mode & 022) != 0 && (st->st_mode & S_ISVTX) == 0) {
		ret = why_set(why, -EPERM, "other users can write to %s (mode %04o)", path,
			st->st_mode & 07777);
	}
	return ret;
}

/* What was just made, or found, may be gone: the last to leave removes it. Then try again. */
static int
dir_error(void)
{
	return errno == ENOENT ? -EAGAIN : -errno;
}

static int
dirs_make(const char *dir, char *why)
{
	char base[PATH_MAX], parent[PATH_MAX];
	char *slash = NULL;
	struct stat st;
	int ret;

	strlcpy(parent, dir, sizeof(parent));
	slash = strrchr(parent, '/');
	if (slash != NULL)
		*slash = '\0';
	strlcpy(base, parent, sizeof(base));
	slash = strrchr(base, '/');
	if (slash == NULL)
		return -EINVAL;
	*slash = '\0';
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
		snprintf(why, WHY_SIZE,
			"cannot use the runtime directory %s: %s; mend that, or set "
			"$RUNTIME_DIRECTORY to a directory of your own",
			dir, unsafe);
	else
		snprintf(why, WHY_SIZE, "cannot use the runtime directory %s: %s%s", dir,
			strerror(-ret),
			ret == -EACCES ? "; run as the user who started the primary, or as root"
				       : "");
	return ret;
}
