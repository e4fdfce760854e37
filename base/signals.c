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

#include "base/signals.h"

/*
 * A process asked to leave is gone within a second. Most of it is left to the clean way; a probe
 * that blocks in the kernel or waits for a peer cannot be cancelled, so after this long the signal
 * thread ends the process itself. (A sanitizer has a lot to look at in the end; scripts/sanitize.sh
 * gives it more.)
 */
#ifndef FORCE_AFTER_MS
#define FORCE_AFTER_MS 800
#endif

/* How much of the time in which it gets no processor is not counted. */
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

/* For how long this process's main thread, which does the clean-up, could have run and got no
 * processor, since it began. 0 where the kernel does not count that. */
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
	/* Nanoseconds that it ran, and that it waited. */
	waited = strchr(text, ' ');
	return waited == NULL ? 0 : strtoull(waited, NULL, 10) / 1000000;
}

/* Whoever should read it may not, and somebody may have a lock on stderr. */
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

/* What is left to do goes on in other threads, and is cut off when time is up. */
static void *
force_main(void *arg)
{
	const unsigned int starved_before = starved_ms();
	unsigned int ms = atomic_load(&force_after_ms), slept_ms = 0, starved;
	struct timespec left;
	void (*fn)(void);

	(void)arg;
	do {
		left.tv_sec = (ms - slept_ms) / 1000;
		left.tv_nsec = (ms - slept_ms) % 1000 * 1000000L;
		while (nanosleep(&left, &left) < 0 && errno == EINTR)
			;
		slept_ms = ms;
		/* A busy machine is no reason to leave without clean-up. */
		starved = starved_ms();
		ms = atomic_load(&force_after_ms);
		if (starved > starved_before)
			ms += RTE_MIN(starved - starved_before, STARVED_MAX_MS);
	} while (ms > slept_ms);
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
	/* Started with nohup(1), the process is meant to outlive its terminal. */
	if (sigaction(SIGHUP, NULL, &hup) < 0)
		return -errno;
	if (hup.sa_handler != SIG_IGN)
		sigaddset(&leave_set, SIGHUP);
	ret = pthread_sigmask(SIG_BLOCK, &leave_set, NULL);
	if (ret != 0)
		return -ret;
	/* Whoever read our output may leave before us; that is no reason to die unclean. */
	signal(SIGPIPE, SIG_IGN);
	/* To give the terminal back from the background is no reason to stop. */
	signal(SIGTTOU, SIG_IGN);
	ret = pthread_create(&thread, NULL, signals_main, NULL);
	if (ret != 0)
		return -ret;
	pthread_detach(thread);
	return 0;
}
