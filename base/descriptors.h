/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <net/if.h>
#include <stdbool.h>

/* Descriptors of this process that are queues of a network interface: of /dev/net/tun, or AF_XDP
 * sockets. Any thread. */

/** Write the name of the tun or tap interface that a descriptor is a queue of to name, IF_NAMESIZE
 * bytes. An interface that was renamed, or moved to another network namespace, has the name that it
 * has there. @return false if it is no such queue. */
bool descriptors_tun_name(int fd, char *name);

/** A descriptor that is a queue of this tun or tap interface; -1 if there is none. */
int descriptors_tun(const char *name);

/** Is any descriptor an AF_XDP socket? */
bool descriptors_have_xdp(void);

/** Close the queues of this tun or tap interface, or of all if name is NULL; and AF_XDP sockets, of
 * which it is not known whose queues they are. */
void descriptors_close(const char *name);
