/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/proc.h"
#include "base/text.h"

const char proc_stopped_is[] = "stopped; resume or end it";

bool
proc_alive(pid_t pid)
{
	return kill(pid, 0) == 0 || errno == EPERM;
}

/* Every operation reads /proc/PID/stat of each peer, so these files stay open. The file of a
 * process that has gone cannot be read any more, even if another process has its pid by now. */
static struct stat_file {
	pid_t pid; /* 0 if none is open */
	int fd;
	bool asked; /* read since the last proc_forget_others() */
} stat_files[64];
static pthread_mutex_t stat_lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t
stat_read(pid_t pid, char *stat, size_t size)
{
	struct stat_file *file = &stat_files[pid % RTE_DIM(stat_files)];
	char path[32];
	ssize_t len;

	file->asked = true;
	if (file->pid == pid) {
		len = pread(file->fd, stat, size, 0);
		if (len > 0)
			return len;
	}
	if (file->pid != 0)
		close(file->fd);
	file->pid = 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0)
		return -1;
	file->pid = pid;
	return pread(file->fd, stat, size, 0);
}

char
proc_state(pid_t pid)
{
	char stat[512], *state;
	ssize_t len;

	pthread_mutex_lock(&stat_lock);
	len = stat_read(pid, stat, sizeof(stat) - 1);
	pthread_mutex_unlock(&stat_lock);
	if (len <= 0)
		return '\0';
	stat[len] = '\0';
	/* The state follows the command name, which is in parentheses and may have some in it. */
	state = strrchr(stat, ')');
	return state != NULL && strlen(state) > 2 ? state[2] : '\0';
}

bool
proc_stopped(pid_t pid)
{
	char state = proc_state(pid);

	return state == 'T' || state == 't';
}

void
proc_forget_others(void)
{
	struct stat_file *file;

	pthread_mutex_lock(&stat_lock);
	for (file = stat_files; file < stat_files + RTE_DIM(stat_files); file++) {
		if (file->pid != 0 && !file->asked) {
			close(file->fd);
			file->pid = 0;
		}
		file->asked = false;
	}
	pthread_mutex_unlock(&stat_lock);
}

void
proc_program(pid_t pid, char *name, size_t size)
{
	char path[64];
	FILE *f;

	strlcpy(name, "?", size);
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fgets(name, size, f) != NULL)
		name[strcspn(name, "\n")] = '\0';
	fclose(f);
	/* A process may give itself any name. */
	text_printable(name);
}

unsigned int
proc_files_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int nb = 0;
	struct dirent *entry;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		limit.rlim_cur = 0;
	if (d == NULL)
		return errno == EMFILE ? limit.rlim_cur : 0;
	/* The limit is one on numbers: files with higher ones were opened before it was set. */
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(d) &&
			(rlim_t)atoi(entry->d_name) < limit.rlim_cur)
			nb++;
	}
	closedir(d);
	return nb;
}

pid_t
proc_thread(const char *const *names)
{
	const char *const *wanted;
	struct dirent *entry;
	pid_t found = 0;
	char name[32];
	DIR *d;

	d = opendir("/proc/self/task");
	if (d == NULL)
		return 0;
	while (found == 0 && (entry = readdir(d)) != NULL) {
		/* /proc/TID is there for each thread too. */
		proc_program(atoi(entry->d_name), name, sizeof(name));
		for (wanted = names; *wanted != NULL; wanted++) {
			if (strcmp(name, *wanted) == 0)
				found = atoi(entry->d_name);
		}
	}
	closedir(d);
	return found;
}
