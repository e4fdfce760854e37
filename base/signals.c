/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_common.h>

#include "base/clock.h"
#include "base/signals.h"

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

static atomic_uint force_after_ms = FORCE_AFTER_MS;
static sigset_t leave_set;
static int event_fd = -1;
static atomic_int caught;
static void (*_Atomic on_force)(void);

int
signals_fd(void)
{
	return event_fd;
}

int
signals_caught(void)
{
	return atomic_load(&caught);
}

void
signals_allow(unsigned int ms)
{
	atomic_fetch_add(&force_after_ms, ms);
}

void
signals_on_force(void (*fn)(void))
{
	atomic_store(&on_force, fn);
}

/* How long the main thread, which does the clean-up, has waited for a processor so far. 0 where the
 * kernel does not count that. */
static unsigned int
starved_ms(void)
{
	char path[64], text[64], *waited;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[RTE_MAX(len, 0)] = '\0';
	/* Nanoseconds that it ran, then nanoseconds that it waited. */
	waited = strchr(text, ' ');
	return waited == NULL ? 0 : strtoull(waited, NULL, 10) / 1000000;
}

/* Blocks neither on a reader that does not read, nor on a thread that has locked stderr. */
static void
force_message(unsigned int after_ms)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	char text[160];
	int len;

	len = snprintf(text, sizeof(text),
		PROGRAM ": pid %d was still busy after %u ms: left without clean-up\n", getpid(),
		after_ms);
	if (poll(&out, 1, 0) == 1 && write(STDERR_FILENO, text, len) < 0)
		return;
}

/* The other threads clean up meanwhile; end them when time is up. */
static void *
force_main(void *arg)
{
	const unsigned int starved_before = starved_ms();
	const uint64_t begin = clock_now_ns();
	unsigned int ms, starved;
	uint64_t now, end;
	void (*fn)(void);

	(void)arg;
	do {
		/* A busy machine is no reason to leave without clean-up. */
		starved = starved_ms();
		ms = atomic_load(&force_after_ms);
		if (starved > starved_before)
			ms += RTE_MIN(starved - starved_before, STARVED_MAX_MS);
		end = begin + ms * CLOCK_NS_PER_MS;
		now = clock_now_ns();
		if (now < end)
			clock_sleep_ns(end - now);
	} while (now < end);
	fn = atomic_load(&on_force);
	if (fn != NULL)
		fn();
	force_message(ms);
	_exit(signals_caught() == 0 ? EXIT_FAILURE : 128 + signals_caught());
}

void
signals_force_soon(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, force_main, NULL) == 0)
		pthread_detach(thread);
}

static void *
signals_main(void *arg)
{
	uint64_t one = 1;
	int signo;

	if (sigwait(&leave_set, &signo) != 0)
		return NULL;
	atomic_store(&caught, signo);
	if (write(event_fd, &one, sizeof(one)) < 0)
		perror(PROGRAM ": eventfd");
	return force_main(arg);
}

int
signals_start(void)
{
	struct sigaction hup;
	pthread_t thread;
	int ret;

	event_fd = eventfd(0, EFD_CLOEXEC);
	if (event_fd < 0)
		return -errno;
	sigemptyset(&leave_set);
	sigaddset(&leave_set, SIGINT);
	sigaddset(&leave_set, SIGTERM);
	/* nohup(1) ignores SIGHUP, so that the process outlives its terminal. */
	if (sigaction(SIGHUP, NULL, &hup) < 0)
		return -errno;
	if (hup.sa_handler != SIG_IGN)
		sigaddset(&leave_set, SIGHUP);
	ret = pthread_sigmask(SIG_BLOCK, &leave_set, NULL);
	if (ret != 0)
		return -ret;
	/* The reader of our output may leave first; that is no reason to die without clean-up. */
	signal(SIGPIPE, SIG_IGN);
	/* A process in the background may restore the terminal's settings without being stopped. */
	signal(SIGTTOU, SIG_IGN);
	ret = pthread_create(&thread, NULL, signals_main, NULL);
	if (ret != 0)
		return -ret;
	pthread_detach(thread);
	return 0;
}
