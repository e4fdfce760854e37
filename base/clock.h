/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* The monotonic clock (CLOCK_MONOTONIC), which all processes of a machine share. Any thread. */

#define CLOCK_NS_PER_MS UINT64_C(1000000)

/** Now, in nanoseconds. */
uint64_t clock_now_ns(void);

/** The moment this many milliseconds from now, in nanoseconds. */
uint64_t clock_in_ms(unsigned int ms);

/** Has a moment from clock_in_ms() passed? */
bool clock_is_past(uint64_t moment_ns);

/** Sleep for this many nanoseconds, or until a signal comes. */
void clock_sleep_ns(uint64_t ns);

/** Wait for a condition until a moment from clock_in_ms().
 * @return 0 or ETIMEDOUT, like pthread_cond_clockwait(3). */
int clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t until_ns);
