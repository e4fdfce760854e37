/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/proc.h"
#include "base/text.h"

/* Fields of /proc/PID/stat, as proc(5) counts them. */
#define NAME_FIELD 2
#define FLAGS_FIELD 9
#define STARTED_FIELD 22

#define PF_EXITING 0x4 /* in the flags: include/linux/sched.h */

const char proc_stopped_is[] = "stopped; resume or end it";

bool
proc_alive(pid_t pid)
{
	return kill(pid, 0) == 0 || errno == EPERM;
}

/* Every operation reads two files of each peer, so they stay open. The file of a process that has
 * gone cannot be read any more, even if another process has its pid by now. */
static const char *const file_names[] = {[PROC_STAT] = "stat", [PROC_CGROUP] = "cgroup"};

static struct process {
	pid_t pid; /* 0: free */
	int fds[RTE_DIM(file_names)];
	bool asked; /* since the last proc_forget_others() */
} processes[64];
static pthread_mutex_t processes_lock = PTHREAD_MUTEX_INITIALIZER;

static void
process_forget(struct process *process)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(file_names); i++) {
		if (process->pid != 0 && process->fds[i] >= 0)
			close(process->fds[i]);
		process->fds[i] = -1;
	}
	process->pid = 0;
}

/* The entry of a process. If there are more processes than entries, some take turns. */
static struct process *
process_find(pid_t pid)
{
	struct process *process, *entry = NULL;

	for (process = processes; process < processes + RTE_DIM(processes); process++) {
		if (process->pid == pid)
			return process;
		if (process->pid == 0 && entry == NULL)
			entry = process;
	}
	if (entry == NULL)
		entry = &processes[pid % RTE_DIM(processes)];
	process_forget(entry);
	entry->pid = pid;
	return entry;
}

/* The upper half of the descriptors is left to the EAL, which goes on without a page if it cannot
 * open the page's file. */
static bool
is_of_the_upper_half(int fd)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)fd >= limit.rlim_cur / 2;
}

static ssize_t
file_read(struct process *process, enum proc_file file, char *text, size_t size)
{
	int *fd = &process->fds[file];
	char path[32];
	ssize_t len;

	if (*fd >= 0) {
		len = pread(*fd, text, size, 0);
		if (len > 0)
			return len;
		close(*fd);
	}
	snprintf(path, sizeof(path), "/proc/%d/%s", process->pid, file_names[file]);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return -1;
	len = pread(*fd, text, size, 0);
	if (is_of_the_upper_half(*fd)) {
		close(*fd);
		*fd = -1;
	}
	return len;
}

bool
proc_read(pid_t pid, enum proc_file file, char *text, size_t size)
{
	struct process *process;
	ssize_t len;

	text[0] = '\0';
	if (pid <= 0)
		return false;
	pthread_mutex_lock(&processes_lock);
	process = process_find(pid);
	process->asked = true;
	len = file_read(process, file, text, size - 1);
	pthread_mutex_unlock(&processes_lock);
	text[len < 0 ? 0 : len] = '\0';
	return len > 0;
}

struct proc_status
proc_status(pid_t pid)
{
	struct proc_status status = {0};
	char stat[1024], *field = NULL;
	int i;

	/* The state follows the command name, which is in parentheses and may have some in it. */
	if (proc_read(pid, PROC_STAT, stat, sizeof(stat)))
		field = strrchr(stat, ')');
	if (field == NULL || strlen(field) < 3)
		return status;
	status.state = field[2];
	for (i = NAME_FIELD; i < STARTED_FIELD && field != NULL; i++) {
		field = strchr(field + 1, ' ');
		if (field != NULL && i + 1 == FLAGS_FIELD)
			status.ends = strtoul(field, NULL, 10) & PF_EXITING;
	}
	if (field != NULL)
		status.started = strtoull(field, NULL, 10);
	return status;
}

bool
proc_stopped(struct proc_status status)
{
	return status.state == 'T' || status.state == 't';
}

void
proc_forget_others(void)
{
	struct process *process;

	pthread_mutex_lock(&processes_lock);
	for (process = processes; process < processes + RTE_DIM(processes); process++) {
		if (process->pid != 0 && !process->asked)
			process_forget(process);
		process->asked = false;
	}
	pthread_mutex_unlock(&processes_lock);
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
proc_lock_holder(const char *path)
{
	unsigned int major_nb, minor_nb;
	pid_t pid, found = 0;
	char line[256];
	struct stat st;
	uint64_t inode;
	FILE *f;

	if (stat(path, &st) < 0 || (f = fopen("/proc/locks", "re")) == NULL)
		return 0;
	while (found <= 0 && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%*u: FLOCK %*s %*s %d %x:%x:%" SCNu64, &pid, &major_nb, &minor_nb,
			    &inode) == 4 &&
			makedev(major_nb, minor_nb) == st.st_dev && inode == st.st_ino)
			found = pid;
	}
	fclose(f);
	return RTE_MAX(found, 0);
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
