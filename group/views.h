/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/port_set.h"
#include "group/members.h"

/* What every process of the group shows at one moment, without being asked. A view is the set of
 * ports that a process has. Any thread. */

enum peer_state {
	PEER_OK,
	PEER_STOPPED, /* by a signal or a debugger */
	PEER_FROZEN,  /* through its control group */
	PEER_HUNG,    /* its interrupt thread, which serves requests, does not run */
	PEER_SHORT,   /* may open too few files more for what an operation needs */
	PEER_CUT_OFF, /* its socket has been gone for a second, so no request reaches it */
	PEER_GONE,    /* died without leaving */
	PEER_FOREIGN, /* another program, which runs; its ports are not known */
};

/** A process of the group at one moment. */
struct peer {
	struct who who;
	uint64_t join; /* number of its join; 0 if foreign */
	bool self;
	bool foreign;	/* another program, whatever its state */
	bool no_socket; /* it has none, as one that just leaves */
	enum peer_state state;
	uint64_t beat_ns;      /* last beat (struct heartbeat_state); 0 if foreign or starting */
	uint64_t late_ns;      /* last beat that was late */
	struct port_set ports; /* empty if foreign */
};

/** Room for all members, and as many foreign processes. */
#define PEERS_MAX (2 * GROUP_MAX_MEMBERS)

struct views {
	struct peer peers[PEERS_MAX];
	unsigned int nb;
	bool primary_left; /* only views_take() sets it */
};

/** Look at all processes of the group, including this one. Does not wait. */
void views_take(struct views *views);

/** The same, without a system call: members alone, and a member that has died looks as before. */
void views_shown(struct views *views);

/** Look at one member. */
void peers_look_at(const struct group_member *member, struct peer *peer);

/** The entry of the same process in other views, NULL if there is none. */
const struct peer *peers_find(const struct views *views, const struct peer *peer);

/** Was this beat, in nanoseconds, more than limit_ms ago? False for 0, which is no beat. */
bool peers_beat_is_old(uint64_t beat_ns, unsigned int limit_ms);

/** The state for people: "ok", "stopped", ... */
const char *peers_state_name(enum peer_state state);

/** What a process is that cannot run, and what to do: "stopped; resume or end it"; NULL if it can
 * run or has gone. */
const char *peers_halt(enum peer_state state);

/** Does the view of this process count? */
bool views_count(const struct peer *peer);

/** The view that others must match: the primary's, or this process's if the primary is foreign. */
const struct port_set *views_reference(const struct views *views);

/** The view of this process; NULL if it is not listed. */
const struct port_set *views_own(const struct views *views);

/** Copy what operations/catalogue.h knows of a port's device; an empty name if nothing. */
void views_device(unsigned int id, struct port_device *device);
