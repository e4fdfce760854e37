/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_string_fns.h>
#include <rte_version.h>

#include "base/maps.h"
#include "base/namespaces.h"
#include "eal/runtime.h"

/* A table of the primary's memory. A secondary's copy of it has the same name and "_<pid>", or
 * "_<pid>_<hex>". */
#define TABLE "fbarray_memseg-"

/* The socket at which the EAL of a primary answers telemetry. */
#define TELEMETRY_SOCKET "dpdk_telemetry.v2"

static atomic_int config_fd = -1; /* of a secondary, on the primary's configuration file */
static char files_dir[PATH_MAX];
static bool is_secondary;
/* The thread that ends the process by force reads it before it reads the two above. */
static atomic_bool begun;

int
runtime_dir(const char *file_prefix, char *dir)
{
	const char *base = getenv("RUNTIME_DIRECTORY");

	if (base == NULL)
		base = getuid() == 0 ? "/var/run" : getenv("XDG_RUNTIME_DIR");
	if (base == NULL)
		base = "/tmp";
	if (snprintf(dir, PATH_MAX, "%s/dpdk/%s", base, file_prefix) >= PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

static int
config_open(const char *dir)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/config", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fd;
}

pid_t
runtime_primary(const char *dir)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = config_fd >= 0 ? config_fd : config_open(dir), ret;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	ret = fcntl(fd, F_GETLK, &lock) < 0 ? -errno : 0;
	if (fd != config_fd)
		close(fd);
	if (ret < 0)
		return ret;
	if (lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid == 0 ? -EREMOTE : lock.l_pid;
}

int
runtime_primary_keep(const char *dir)
{
	config_fd = config_open(dir);
	return RTE_MIN(config_fd, 0);
}

/* Version of the primary's DPDK, 0 while it is still making its memory. */
static uint32_t
config_version(const char *dir)
{
	uint32_t head[2] = {0}; /* struct rte_mem_config begins with magic and version */
	int fd = config_open(dir);
	ssize_t got = 0;

	if (fd >= 0) {
		got = read(fd, head, sizeof(head));
		close(fd);
	}
	return got == sizeof(head) && head[0] == RTE_MAGIC ? head[1] : 0;
}

bool
runtime_primary_complete(const char *dir)
{
	return config_version(dir) != 0;
}

bool
runtime_other_dpdk(const char *dir, struct runtime_versions *versions)
{
	const char *own = strrchr(rte_version(), ' ');
	uint32_t version = config_version(dir);
	char candidate[16] = "";

	if (version == 0 || own == NULL)
		return false;
	/* rte_version.h: year, month, minor number, and 99 or the number of a candidate. */
	if ((version & 0xff) < 99)
		snprintf(candidate, sizeof(candidate), "-rc%u", version & 0xff);
	snprintf(versions->primary, sizeof(versions->primary), "%u.%02u.%u%s", version >> 24,
		version >> 16 & 0xff, version >> 8 & 0xff, candidate);
	strlcpy(versions->own, own + 1, sizeof(versions->own));
	return strcmp(versions->primary, versions->own) != 0;
}

/* The process that has an mp socket of this name: the pid in mp_socket_<pid>_<hex>, 0 for the
 * primary's mp_socket, -1 for any other name. */
static pid_t
socket_owner(const char *name)
{
	int pid, end = 0;

	if (strcmp(name, "mp_socket") == 0)
		return 0;
	if (sscanf(name, "mp_socket_%d_%*x%n", &pid, &end) != 1 || end == 0 || name[end] != '\0')
		return -1;
	return pid;
}

/* Does a process listen at the mp socket dir/name? A dead process's socket refuses to connect.
 * Sends nothing. @return 1 or 0, or a negative errno if it is not known. */
static int
socket_answers(const char *dir, const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const int size = sizeof(addr.sun_path);
	int fd, ret;

	if (snprintf(addr.sun_path, size, "%s/%s", dir, name) >= size)
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
	close(fd);
	return ret;
}

int
runtime_sockets(const char *dir, pid_t *pids, unsigned int max)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	unsigned int nb = 0;
	pid_t owner;
	int ret = 0;

	if (d == NULL)
		return errno == ENOENT ? 0 : -errno;
	while (nb < max && ret >= 0 && (entry = readdir(d)) != NULL) {
		owner = socket_owner(entry->d_name);
		ret = owner < 0 ? 0 : socket_answers(dir, entry->d_name);
		if (ret > 0)
			pids[nb++] = owner;
	}
	closedir(d);
	return ret < 0 ? ret : (int)nb;
}

/* A directory, and its configuration file. */
struct group_place {
	char dir[PATH_MAX];
	uint64_t config;
};

/* Does this file belong to the group? In another mount namespace its path may be another one. */
static bool
is_of_group(const struct mapped_file *file, void *arg)
{
	const struct group_place *place = arg;
	const char *name = strrchr(file->path, '/');
	size_t len = strlen(place->dir);

	return (strncmp(file->path, place->dir, len) == 0 && file->path + len == name) ||
	       (file->inode == place->config && strcmp(name, "/config") == 0);
}

bool
runtime_is_secondary(const char *dir, pid_t pid)
{
	struct group_place place = {.config = 0};
	char path[PATH_MAX];
	struct stat st;
	int ret;

	if (realpath(dir, place.dir) == NULL)
		return false;
	if (snprintf(path, sizeof(path), "%s/config", place.dir) < (int)sizeof(path) &&
		stat(path, &st) == 0)
		place.config = st.st_ino;
	ret = maps_find(pid, is_of_group, &place);
	if (ret >= 0)
		return ret > 0;
	/* This user may not look into a program with capabilities, but may send it signals. */
	return ret == -EACCES && kill(pid, 0) == 0 && namespace_has(pid);
}

unsigned int
runtime_secondaries(const char *dir, pid_t *pids, unsigned int max)
{
	int i, found = runtime_sockets(dir, pids, max);
	unsigned int nb = 0;

	for (i = 0; i < found; i++) {
		if (pids[i] != RUNTIME_PRIMARY)
			pids[nb++] =
				runtime_is_secondary(dir, pids[i]) ? pids[i] : RUNTIME_ELSEWHERE;
	}
	return nb;
}

static bool
is_table(const char *name)
{
	return strncmp(name, TABLE, strlen(TABLE)) == 0;
}

/* Pid of the secondary whose copy of a table this file is, or -1. */
static pid_t
table_owner(const char *name)
{
	const char *owner = is_table(name) ? strchr(name + strlen(TABLE), '_') : NULL;
	int pid, end = 0;

	if (owner == NULL || sscanf(owner, "_%d%n", &pid, &end) != 1)
		return -1;
	/* From DPDK 24.11 on, a time follows, as in the name of a socket. */
	(void)sscanf(owner, "_%*d_%*x%n", &end);
	return owner[end] == '\0' && pid > 0 ? pid : -1;
}

/* The EAL keeps the tables of a running process locked. */
static bool
table_in_use(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	bool used;

	if (fd < 0)
		return errno != ENOENT;
	used = flock(fd, LOCK_EX | LOCK_NB) < 0;
	close(fd);
	return used;
}

bool
runtime_table_used(const char *path)
{
	return table_in_use(AT_FDCWD, path);
}

/* Which files of a process to remove. */
enum files {
	FILES_ALL,    /* socket and tables */
	FILES_UNUSED, /* those that no process uses */
	FILES_SOCKET,
};

static bool
file_wanted(int dir_fd, const char *dir, const char *name, bool table, enum files which)
{
	if (which == FILES_UNUSED)
		return !(table ? table_in_use(dir_fd, name) : socket_answers(dir, name) != 0);
	return which == FILES_ALL || !table;
}

static bool
files_remove(const char *dir, pid_t pid, enum files which)
{
	DIR *d = pid < 0 ? NULL : opendir(dir);
	struct dirent *entry;
	bool table;

	if (d == NULL)
		return false;
	while ((entry = readdir(d)) != NULL) {
		table = table_owner(entry->d_name) == pid;
		if (!table && socket_owner(entry->d_name) != pid)
			continue;
		if (file_wanted(dirfd(d), dir, entry->d_name, table, which))
			unlinkat(dirfd(d), entry->d_name, 0);
	}
	closedir(d);
	return true;
}

void
runtime_remove_dead(const char *dir, pid_t pid)
{
	files_remove(dir, pid, FILES_UNUSED);
}

void
runtime_socket_remove(const char *dir, pid_t pid)
{
	files_remove(dir, pid, FILES_SOCKET);
}

void
runtime_join_needs(const char *dir, uint64_t *bytes, unsigned int *files)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	struct stat st;

	*bytes = 0;
	*files = 1; /* its socket */
	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (is_table(entry->d_name) && table_owner(entry->d_name) < 0 &&
			fstatat(dirfd(d), entry->d_name, &st, 0) == 0) {
			*bytes += st.st_size;
			++*files;
		}
	}
	closedir(d);
}

bool
runtime_no_room(const char *dir, uint64_t bytes, unsigned int files)
{
	struct statvfs fs;
	uint64_t room;

	if (statvfs(dir, &fs) < 0)
		return false;
	room = (uint64_t)(geteuid() == 0 ? fs.f_bfree : fs.f_bavail) * fs.f_frsize;
	/* Some file systems do not count files. */
	return room < bytes || (fs.f_files != 0 && fs.f_favail < files);
}

void
runtime_files_begin(const char *dir, bool secondary)
{
	strlcpy(files_dir, dir, sizeof(files_dir));
	is_secondary = secondary;
	begun = true;
}

bool
runtime_files_begun(void)
{
	return begun;
}

bool
runtime_files_remove(void)
{
	char path[PATH_MAX + sizeof(TELEMETRY_SOCKET)];
	bool done;

	if (!begun)
		return true;
	done = files_remove(files_dir, is_secondary ? getpid() : 0, FILES_ALL);
	snprintf(path, sizeof(path), "%s/" TELEMETRY_SOCKET, files_dir);
	if (!is_secondary)
		unlink(path);
	return done;
}
