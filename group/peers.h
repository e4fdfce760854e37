/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/port_set.h"
#include "group/shared.h"
#include "group/members.h"

/* What every process of the group shows at one moment, without being asked. Any thread. */

enum peer_state {
	PEER_OK,
	PEER_STOPPED, /* by a signal or a debugger */
	PEER_HUNG,    /* its interrupt thread, which serves requests, does not run */
	PEER_GONE,    /* died without leaving */
	PEER_FOREIGN, /* another program, which runs; its ports are not known */
};

/** A process of the group at one moment. */
struct peer {
	struct who who;
	bool self;
	bool foreign; /* another program, whatever its state */
	enum peer_state state;
	uint64_t beat_ns;      /* last beat (struct heartbeat_state); 0 if foreign or starting */
	uint64_t late_ns;      /* last beat that was late */
	struct port_set ports; /* empty if foreign */
};

/** Room for all members, and as many foreign processes. */
#define PEERS_MAX (2 * GROUP_MAX_MEMBERS)

/** Look at all processes of the group, including this one. Does not wait. @return how many, at most
 * max. */
unsigned int peers_look(struct peer *peers, unsigned int max);

/** Look at one member. */
void peers_look_at(const struct group_member *member, struct peer *peer);

/** The entry with this pid, NULL if there is none. */
const struct peer *peers_find(const struct peer *peers, unsigned int nb, pid_t pid);

/** Was this beat, in nanoseconds, more than limit_ms ago? False for 0, which is no beat. */
bool peers_beat_is_old(uint64_t beat_ns, unsigned int limit_ms);

/** The state for people: "ok", "stopped", ... */
const char *peers_state_name(enum peer_state state);
