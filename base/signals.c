/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/time.h>
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

/* Signals that a parent has ignored, and timers that it has set, outlast exec(2). */
static void
inherited_reset(void)
{
	const int timers[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
	const struct itimerval off = {0};
	struct sigaction now;
	unsigned int i;
	int signo;

	for (signo = 1; signo <= SIGRTMAX; signo++) {
		if (signo != SIGHUP && sigaction(signo, NULL, &now) == 0 &&
			now.sa_handler == SIG_IGN)
			signal(signo, SIG_DFL);
	}
	for (i = 0; i < RTE_DIM(timers); i++)
		setitimer(timers[i], &off, NULL);
}

int
signals_start(void)
{
	/* SIGPIPE: the reader of our output may leave first. SIGTTIN, SIGTTOU: a process in the
	 * background would be stopped when it looks at its terminal, or restores its settings.
	 * SIGXFSZ: a file may become too large; the call that fails says so. */
	const int ignored[] = {SIGPIPE, SIGTTIN, SIGTTOU, SIGXFSZ};
	/* Those after SIGXCPU mean nothing to this program. They would end it at once, perhaps with
	 * a lock of the EAL's. */
	const int leave[] = {SIGINT, SIGTERM, SIGQUIT, SIGXCPU, SIGUSR1, SIGUSR2, SIGIO, SIGPWR,
		SIGSTKFLT, SIGVTALRM, SIGPROF};
	struct sigaction hup;
	pthread_t thread;
	unsigned int i;
	int ret;

	event_fd = eventfd(0, EFD_CLOEXEC);
	if (event_fd < 0)
		return -errno;
	inherited_reset();
	sigemptyset(&leave_set);
	for (i = 0; i < RTE_DIM(leave); i++)
		sigaddset(&leave_set, leave[i]);
	/* nohup(1) ignores SIGHUP, so that the process outlives its terminal. */
	if (sigaction(SIGHUP, NULL, &hup) < 0)
		return -errno;
	if (hup.sa_handler != SIG_IGN)
		sigaddset(&leave_set, SIGHUP);
	/* All others are let through, whatever a parent has blocked. */
	ret = pthread_sigmask(SIG_SETMASK, &leave_set, NULL);
	if (ret != 0)
		return -ret;
	for (i = 0; i < RTE_DIM(ignored); i++)
		signal(ignored[i], SIG_IGN);
	ret = pthread_create(&thread, NULL, signals_main, NULL);
	if (ret != 0)
		return -ret;
	pthread_detach(thread);
	return 0;
}
