/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_common.h>

#include "base/force.h"
#include "base/signals.h"

static sigset_t leave_set;
static int event_fd = -1;
static atomic_int caught;

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

static void *
signals_main(__rte_unused void *arg)
{
	uint64_t one = 1;
	int signo;

	if (sigwait(&leave_set, &signo) != 0)
		return NULL;
	atomic_store(&caught, signo);
	if (write(event_fd, &one, sizeof(one)) < 0)
		perror(PROGRAM ": eventfd");
	force_soon(128 + signo);
	return NULL;
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
