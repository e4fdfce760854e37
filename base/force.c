/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>

#include "base/clock.h"
#include "base/force.h"

/*
 * A process must be gone a second after a signal asks it to leave. It has most of that second to
 * clean up. A probe that blocks in the kernel or waits for a peer cannot be cancelled, so after
 * this long the process is ended by force. (scripts/sanitize.sh allows more: a sanitizer has much
 * to check at the end.)
 */
#ifndef FORCE_AFTER_MS
#define FORCE_AFTER_MS 800
#endif

/* Time in which the process gets no processor does not count, up to this much. */
#define STARVED_MAX_MS 10000U

#define TICK_MS 1
#define LOOK_MS 100 /* a lock that others hold for a moment is free within this */
#define HOLD_MS 50  /* a thread that runs gets a signal within this */
#define AGAIN_MS 50 /* time between two looks */
#define THREADS_MAX 4096

static atomic_uint force_after_ms = FORCE_AFTER_MS;
static atomic_int exit_status;
static atomic_bool begun;
static _Atomic enum force_when when;
static atomic_bool over; /* what must not be ended is done */
static struct force_hooks hooks;

/* The thread that passes the locks: how often it was asked to, and how often it has done so. */
static _Atomic pid_t passer;
static sem_t wanted;
static atomic_uint nb_wanted, nb_passed;
static pthread_mutex_t passing = PTHREAD_MUTEX_INITIALIZER; /* held while it does so */

static atomic_bool holding; /* the other threads */
static atomic_uint nb_held;

void
force_set_hooks(const struct force_hooks *all)
{
	hooks = *all;
}

void
force_allow(unsigned int ms)
{
	atomic_fetch_add(&force_after_ms, ms);
}

void
force_when(enum force_when now)
{
	if (atomic_exchange(&when, now) == FORCE_NEVER)
		atomic_store(&over, true);
	if (now == FORCE_WHEN_FREE)
		return;
	/* The locks' memory may go now. A look that waits for a lock ends before that. */
	pthread_mutex_lock(&passing);
	pthread_mutex_unlock(&passing);
}

/* Ids of this process's threads. @return how many, at most max. */
static unsigned int
threads(pid_t *ids, unsigned int max)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *entry;
	unsigned int nb = 0;

	if (d == NULL)
		return 0;
	while (nb < max && (entry = readdir(d)) != NULL) {
		if (entry->d_name[0] != '.')
			ids[nb++] = atoi(entry->d_name);
	}
	closedir(d);
	return nb;
}

/* How long this process's threads have waited for a processor so far, all together: the thread that
 * cleans up waits for others, too. 0 where the kernel does not count that. */
static uint64_t
starved_ms(void)
{
	static pid_t ids[THREADS_MAX]; /* one thread calls this */
	unsigned int nb = threads(ids, RTE_DIM(ids)), i;
	char path[64], text[64], *waited;
	uint64_t ns = 0;
	ssize_t len;
	int fd;

	for (i = 0; i < nb; i++) {
		snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", ids[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[RTE_MAX(len, 0)] = '\0';
		/* Nanoseconds that it ran, then nanoseconds that it waited. */
		waited = strchr(text, ' ');
		if (waited != NULL)
			ns += strtoull(waited, NULL, 10);
	}
	return ns / CLOCK_NS_PER_MS;
}

/* Blocks neither on a reader that does not read, nor on a thread that has locked stderr. */
static void
say(unsigned int after_ms, const char *what)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	char text[256];
	int len;

	len = snprintf(text, sizeof(text), PROGRAM ": pid %d was still busy after %u ms: %s\n",
		getpid(), after_ms, what);
	if (poll(&out, 1, 0) == 1 && write(STDERR_FILENO, text, len) < 0)
		return;
}

/* Wait until the process has had its time. @return that time. */
static unsigned int
time_up(void)
{
	const uint64_t starved_before = starved_ms(), begin = clock_now_ns();
	uint64_t now, end, starved;
	unsigned int ms;

	do {
		/* A busy machine is no reason to leave without clean-up. */
		ms = atomic_load(&force_after_ms);
		starved = starved_ms();
		/* A thread that has ended has taken its share along. */
		if (starved > starved_before)
			ms += RTE_MIN(starved - starved_before, STARVED_MAX_MS);
		end = begin + ms * CLOCK_NS_PER_MS;
		now = clock_now_ns();
		if (now < end)
			clock_sleep_ns(end - now);
	} while (now < end);
	return ms;
}

/* @return is *value what was expected, within that time? */
static bool
becomes(atomic_uint *value, unsigned int expected, unsigned int ms)
{
	const uint64_t end = clock_in_ms(ms);

	while (atomic_load(value) != expected) {
		if (clock_is_past(end))
			return false;
		clock_sleep_ns(TICK_MS * CLOCK_NS_PER_MS);
	}
	return true;
}

static void *
passer_main(__rte_unused void *arg)
{
	passer = gettid();
	for (;;) {
		while (sem_wait(&wanted) < 0)
			;
		pthread_mutex_lock(&passing);
		if (atomic_load(&when) == FORCE_WHEN_FREE)
			hooks.pass_locks();
		pthread_mutex_unlock(&passing);
		atomic_fetch_add(&nb_passed, 1);
	}
	return NULL;
}

/* Has nobody held a lock for long, since this was called? The locks are not taken in this thread,
 * which would wait for ever for one that another thread of this process holds. */
static bool
locks_pass(void)
{
	/* The last look may go on. */
	if (!becomes(&nb_passed, atomic_load(&nb_wanted), LOOK_MS))
		return false;
	atomic_fetch_add(&nb_wanted, 1);
	sem_post(&wanted);
	return becomes(&nb_passed, atomic_load(&nb_wanted), LOOK_MS);
}

/* Runs in each thread that is held. */
static void
hold(__rte_unused int signo)
{
	const int err = errno;

	atomic_fetch_add(&nb_held, 1);
	while (atomic_load(&holding))
		clock_sleep_ns(TICK_MS * CLOCK_NS_PER_MS);
	atomic_fetch_sub(&nb_held, 1);
	errno = err;
}

/* Hold all other threads, so that none takes a lock from now on. A thread that is in the kernel for
 * longer is held when it comes back. */
static void
others_hold(void)
{
	struct sigaction action = {.sa_handler = hold, .sa_flags = SA_RESTART};
	static pid_t ids[THREADS_MAX];
	unsigned int nb = threads(ids, RTE_DIM(ids)), nb_asked = 0, i;

	sigaction(SIGRTMIN, &action, NULL);
	atomic_store(&holding, true);
	for (i = 0; i < nb; i++) {
		if (ids[i] != gettid() && ids[i] != passer &&
			tgkill(getpid(), ids[i], SIGRTMIN) == 0)
			nb_asked++;
	}
	becomes(&nb_held, nb_asked, HOLD_MS);
}

static bool
may_end(void)
{
	enum force_when now = atomic_load(&when);

	return now == FORCE_AT_ONCE || !hooks.locks_matter() ||
	       (now == FORCE_WHEN_FREE && locks_pass());
}

/* End the process as soon as it holds no lock. */
static void
end_when_free(unsigned int ms)
{
	bool told = false, cleaned = false;

	atomic_store(&over, false);
	for (;; told = true) {
		/* A clean-up that comes to its end has as long again for the rest of the way. */
		if (atomic_exchange(&over, false))
			ms += time_up();
		if (may_end()) {
			/* Before threads are held, because it allocates. */
			if (!cleaned)
				hooks.clean();
			cleaned = true;
			others_hold();
			if (may_end()) {
				say(ms, "left without clean-up");
				/* Not _exit(): a sanitizer's flushes all streams, and a thread that
				 * is held may have locked one. */
				syscall(SYS_exit_group, atomic_load(&exit_status));
			}
			atomic_store(&holding, false);
		}
		if (!told)
			say(ms, "it may hold a lock of the EAL's, for which its group would wait "
				"for ever, so it goes on until it is done");
		clock_sleep_ns(AGAIN_MS * CLOCK_NS_PER_MS);
	}
}

static void *
force_main(__rte_unused void *arg)
{
	unsigned int ms = time_up();
	pthread_t thread;

	sem_init(&wanted, 0, 0);
	/* Without that thread no lock passes, and the process is ended once none matters. */
	if (pthread_create(&thread, NULL, passer_main, NULL) == 0)
		pthread_detach(thread);
	end_when_free(ms);
	return NULL;
}

void
force_soon(int status)
{
	pthread_t thread;

	atomic_store(&exit_status, status);
	if (!atomic_exchange(&begun, true) && pthread_create(&thread, NULL, force_main, NULL) == 0)
		pthread_detach(thread);
}
