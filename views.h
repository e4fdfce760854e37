/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIEWS_H
#define VIEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/port_set.h"
#include "group.h"

/*
 * What the processes of the group see, side by side. Those that have died, are
 * just starting, or whose view is not known (foreign ones) do not count.
 */
struct views {
	struct group_peer peers[GROUP_MAX_PEERS];
	unsigned int nb;
};

/** Look at every process. Any thread. */
void views_take(struct views *views);

/** Does this peer's view count? */
bool views_count(const struct group_peer *peer);

/** The view the others are held against: the primary's, or this process's if that is foreign. */
const struct port_set *views_reference(const struct views *views);

/**
 * Do they agree?
 *
 * @param text receives "all 3 processes agree: 2 ports", or who differs and how.
 */
bool views_agree(const struct views *views, char *text, size_t size);

/** Names, into text, of those who have any of the ports. @return how many. */
unsigned int views_have(
	const struct views *views, const struct port_set *ports, char *text, size_t size);

/** Names, into text, of those who lack some of the ports. @return how many. */
unsigned int views_lack(
	const struct views *views, const struct port_set *ports, char *text, size_t size);

/** Ports that some process has in now and had not in before. */
void views_new(const struct views *before, const struct views *now, struct port_set *ports);

#endif
