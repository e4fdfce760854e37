/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/port_set.h"
#include "group/shared.h"
#include "group/members.h"

/* What can be seen of each process of the group at one moment, without asking it. Any thread. */

enum peer_state {
	PEER_OK,
	PEER_STOPPED, /* by a signal or a debugger */
	PEER_HUNG,    /* its interrupt thread, which serves hotplug requests, does not run */
	PEER_GONE,    /* died without leaving */
	PEER_FOREIGN, /* runs, but is another program: what it sees is not known */
};

/** A process of the group at one moment. */
struct peer {
	struct who who;
	bool self;
	bool foreign; /* another program, whatever its state */
	enum peer_state state;
	uint64_t beat_ns;      /* when its interrupt thread last ran; 0 if foreign, or starting */
	uint64_t late_ns;      /* when it last ran a second or more after the time before */
	struct port_set ports; /* that it has; empty if foreign */
};

/** Most entries that peers_look() gives: members, and foreign processes beside them. */
#define PEERS_MAX (2 * GROUP_MAX_MEMBERS)

/** All processes of the group, this one included, at most max. Answers at once. @return how many.
 */
unsigned int peers_look(struct peer *peers, unsigned int max);

/** One member alone. */
void peers_look_at(const struct group_member *member, struct peer *peer);

/** The entry with this pid, NULL if there is none. */
const struct peer *peers_find(const struct peer *peers, unsigned int nb, pid_t pid);

/** Is a beat at this time, in nanoseconds, older than this? False if there was none yet. */
bool peers_beat_is_old(uint64_t beat_ns, unsigned int limit_ms);

/** "ok", "stopped", ... */
const char *peers_state_name(enum peer_state state);
