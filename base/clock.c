/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#define NS_PER_S UINT64_C(1000000000)

static struct timespec
timespec_of(uint64_t ns)
{
	return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

uint64_t
clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

uint64_t
clock_in_ms(unsigned int ms)
{
	return clock_now_ns() + ms * CLOCK_NS_PER_MS;
}

bool
clock_is_past(uint64_t moment_ns)
{
	return clock_now_ns() > moment_ns;
}

void
clock_sleep_ns(uint64_t ns)
{
	const struct timespec time = timespec_of(ns);

	nanosleep(&time, NULL);
}

int
clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t until_ns)
{
	const struct timespec until = timespec_of(until_ns);

	return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &until);
}
