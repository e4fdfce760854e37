/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <rte_common.h>

#include "base/proc.h"
#include "base/text.h"
#include "process/limits.h"

#define STACK_SIZE (8U << 20) /* as it is on most systems */

/* Without a free descriptor the EAL panics, even when it ends. It takes about 30, and devices take
 * some more. */
#define FILES_NEED 56

#define THREADS_NEED 8 /* beside those for cores */
#define THREADS_MAX 256U

/* What a process needs besides, with some to spare. If no signal may be pending, the EAL waits for
 * ever for the end of its threads. */
static const struct {
	int limit;
	const char *what;   /* may be had */
	const char *option; /* of ulimit */
	unsigned int unit;  /* of what ulimit shows */
	rlim_t need;
	bool shared; /* only a group needs it */
} needs[] = {
	{RLIMIT_SIGPENDING, "pending signals", "-i", 1, 64, false},
	{RLIMIT_STACK, "KiB of stack", "-s", 1024, 1U << 20, false},
	{RLIMIT_FSIZE, "KiB in a file", "-f", 1024, 4U << 20, true},
};

/* What may fail in the EAL for want of it. The EAL reserves much more addresses than it has memory.
 */
static const struct {
	int limit;
	const char *what;
	const char *option;
} bounds[] = {
	{RLIMIT_AS, "address space", "-v"},
	{RLIMIT_DATA, "data", "-d"},
	{RLIMIT_FSIZE, "each file", "-f"},
};

/* Raise the limit that holds up to the need, or to the most that is allowed. @return it. */
static rlim_t
raise_to(int limit, rlim_t need)
{
	struct rlimit now;

	if (getrlimit(limit, &now) < 0)
		return RLIM_INFINITY;
	if (now.rlim_cur < need) {
		now.rlim_cur = RTE_MIN(now.rlim_max, need);
		setrlimit(limit, &now);
	}
	return now.rlim_cur;
}

void
limits_begin(void)
{
	pthread_attr_t attr;

	raise_to(RLIMIT_STACK, STACK_SIZE);
	umask(umask(0) & ~S_IRWXU);
	/* The C library has taken the limit that it found for the stack of each thread, which may
	 * be more than there is. */
	if (pthread_attr_init(&attr) != 0)
		return;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
}

static void *
pass(void *gate)
{
	pthread_mutex_lock(gate);
	pthread_mutex_unlock(gate);
	return NULL;
}

/* Can this many threads be made? The EAL panics if it cannot make one, and then it has the locks of
 * the group. Limits of the user and of a container count, and nothing but a try tells. */
static unsigned int
threads_try(unsigned int nb)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	pthread_t threads[THREADS_MAX];
	unsigned int made, i;

	pthread_mutex_lock(&gate);
	for (made = 0; made < nb && pthread_create(&threads[made], NULL, pass, &gate) == 0; made++)
		;
	pthread_mutex_unlock(&gate);
	for (i = 0; i < made; i++)
		pthread_join(threads[i], NULL);
	return made;
}

int
limits_check(bool shared, char *why)
{
	unsigned int i, made, nb_open, threads = THREADS_NEED;
	cpu_set_t cores;
	rlim_t most;

	/* A parent may have left files open. */
	nb_open = proc_files_open();
	most = raise_to(RLIMIT_NOFILE, FILES_NEED + nb_open);
	if (most < FILES_NEED + nb_open)
		return why_set(why, -EMFILE,
			"too few open files are allowed: %lu, and %d are needed beside the %u that "
			"are open already; allow more (ulimit -n)",
			(unsigned long)most, FILES_NEED, nb_open);
	for (i = 0; i < RTE_DIM(needs); i++) {
		if (needs[i].shared && !shared)
			continue;
		most = raise_to(needs[i].limit, needs[i].need);
		if (most < needs[i].need)
			return why_set(why, -EMFILE,
				"too few %s are allowed: %lu, and %lu are needed; allow more "
				"(ulimit %s)",
				needs[i].what, (unsigned long)most / needs[i].unit,
				(unsigned long)needs[i].need / needs[i].unit, needs[i].option);
	}
	/* The EAL has a thread for each core. */
	if (sched_getaffinity(0, sizeof(cores), &cores) == 0)
		threads = RTE_MIN(threads + CPU_COUNT(&cores), THREADS_MAX);
	made = threads_try(threads);
	/* Their stacks count as memory. */
	if (made < threads && limits_explain(why))
		return -EAGAIN;
	if (made < threads)
		return why_set(why, -EAGAIN,
			"no more than %u threads can be made, and %u are needed; allow more (ulimit "
			"-u, or pids.max of the cgroup)",
			made, threads);
	return 0;
}

bool
limits_explain(char *why)
{
	struct rlimit now;
	unsigned int i;

	for (i = 0; i < RTE_DIM(bounds); i++) {
		if (getrlimit(bounds[i].limit, &now) < 0 || now.rlim_cur == RLIM_INFINITY)
			continue;
		why_set(why, 0,
			"at most %lu KiB are allowed for %s, which is too little; allow more (ulimit "
			"%s)",
			(unsigned long)now.rlim_cur / 1024, bounds[i].what, bounds[i].option);
		return true;
	}
	return false;
}
