/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <sys/types.h>

#include <rte_devargs.h>

/* Check the socket of a vhost-user server before an attach. Main thread. */

/**
 * If da is a vhost-user server, check that the primary can make its socket. The driver finds out
 * only when the port is configured, long after the attach.
 *
 * @param primary its pid.
 * @param why receives a sentence on failure.
 * @return 0, also for any other device; or a negative errno.
 */
int vhost_check(const struct rte_devargs *da, pid_t primary, char *why);
