/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Orders for a call that preload.c stands before. $HMT_FAULTS names a directory of
 * that process's own; as long as it has a file named after a call, the call does
 * what the file says:
 *
 *   refuse [TEXT]   fail, after logging TEXT as an error
 *   block           wait for the file to go, or to say something else
 *   sleep SECONDS   the same, but no longer than that
 *   spin SECONDS    take that much of a processor's time
 *   leak NUMBER     open so many files, and leave them open
 *   lock            take the lock on the lists that a group has in its memory, and block: whoever
 *                   is killed then leaves it behind
 *   print           lock standard error, as a thread has it that prints, and block
 *
 * From the first time a call has met its file, there is a file <call>.met.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal_memconfig.h>
#include <rte_log.h>

/* What call is to do now. */
static bool
order_read(const char *call, char *order, size_t size)
{
	const char *dir = getenv("HMT_FAULTS");
	char path[PATH_MAX];
	size_t len;
	FILE *f;

	if (dir == NULL || snprintf(path, sizeof(path), "%s/%s", dir, call) >= (int)sizeof(path))
		return false;
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	len = fread(order, 1, size - 1, f);
	order[len] = '\0';
	fclose(f);
	return true;
}

static void
met_write(const char *call)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s.met", getenv("HMT_FAULTS"), call) >=
		(int)sizeof(path))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}

static uint64_t
now_ms(clockid_t of)
{
	struct timespec now;

	clock_gettime(of, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Not by dlsym(): a thread that is held may have the loader's lock, and those that hold it sleep.
 */
static int
next_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	errno = clock_nanosleep(CLOCK_MONOTONIC, 0, wanted, left);
	return errno == 0 ? 0 : -1;
}

/* Do what the call was ordered to do. @return true if it is to fail. */
static bool
fault(const char *call)
{
	const struct timespec tick = {.tv_nsec = 2000000};
	uint64_t begin = now_ms(CLOCK_MONOTONIC), ran = now_ms(CLOCK_THREAD_CPUTIME_ID);
	bool locked = false;
	char order[1024];

	while (order_read(call, order, sizeof(order))) {
		if (strcmp(order, "lock") == 0 && !locked) {
			rte_mcfg_tailq_write_lock();
			locked = true;
		}
		if (strcmp(order, "print") == 0)
			flockfile(stderr); /* any number of times */
		met_write(call);
		if (strncmp(order, "refuse", 6) == 0) {
			if (order[6] != '\0')
				rte_log(RTE_LOG_ERR, RTE_LOGTYPE_USER1, "%s\n", order + 7);
			return true;
		}
		if (strncmp(order, "sleep ", 6) == 0 &&
			now_ms(CLOCK_MONOTONIC) - begin >= strtoull(order + 6, NULL, 10) * 1000)
			return false;
		if (strncmp(order, "spin ", 5) == 0) {
			while (now_ms(CLOCK_THREAD_CPUTIME_ID) - ran <
				strtoull(order + 5, NULL, 10) * 1000)
				;
			return false;
		}
		if (strncmp(order, "leak ", 5) == 0) {
			for (long left = strtol(order + 5, NULL, 10); left > 0; left--)
				open("/dev/null", O_RDONLY | O_CLOEXEC);
			return false;
		}
		next_nanosleep(&tick, NULL);
	}
	return false;
}
