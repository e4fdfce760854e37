/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/port_set.h"
#include "group/peers.h"
#include "group/shared.h"

/* What the processes of the group see, side by side. Processes that have died, that are just
 * starting, or whose view is not known (foreign ones) do not count. Any thread. */
struct views {
	struct peer peers[PEERS_MAX];
	unsigned int nb;
};

/** Look at every process. */
void views_take(struct views *views);

/** Does this process's view count? */
bool views_count(const struct peer *peer);

/** The view all others are compared with: the primary's, or this process's if that is foreign. */
const struct port_set *views_reference(const struct views *views);

/** The view of this process; NULL if it does not count. */
const struct port_set *views_own(const struct views *views);

/**
 * Do they agree?
 *
 * @param text receives "all 3 processes agree: 2 ports", or who differs and how.
 */
bool views_agree(const struct views *views, char *text, size_t size);

/** Names, into text, of the processes that have any of the ports. @return how many. */
unsigned int views_have(
	const struct views *views, const struct port_set *ports, char *text, size_t size);

/** Names, into text, of the processes that lack some of the ports. @return how many. */
unsigned int views_lack(
	const struct views *views, const struct port_set *ports, char *text, size_t size);

/** Those of the ports that no process has. */
struct port_set views_gone(const struct views *views, const struct port_set *ports);

/** Ports that some process has in now and did not have in before. */
struct port_set views_new(const struct views *before, const struct views *now);

/** Do all members have these ports (everywhere), or does none of them have any? From shared memory
 * alone: a cheap look, which a process that has just died can spoil. */
bool views_ports_at(const struct port_set *ports, bool everywhere);

/* The device behind a port, as the group remembers it. operations/catalogue.h writes it. */

/** What is remembered of a port; its name is empty if nothing is. Any thread. */
void views_device(unsigned int id, struct port_device *device);
