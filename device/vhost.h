/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <sys/types.h>

#include <rte_devargs.h>

/* The socket of a vhost-user server. Main thread. */

/**
 * Could the primary make the socket that da asks for, if da is a vhost-user server? The driver
 * finds out only when the port is configured, long after the attach.
 *
 * @return 0, also for any other device; or a negative errno, and in why what to do.
 */
int vhost_check(const struct rte_devargs *da, pid_t primary, char *why);
