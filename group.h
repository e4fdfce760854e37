/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GROUP_H
#define GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_common.h>
#include <rte_dev.h>

#include "base/port_set.h"
#include "base/wait.h"
#include "news.h"

/*
 * The processes of a group: who is here, who may act, what each one sees. What
 * they share lies in a file of our own in the EAL's runtime directory, so it is
 * there before rte_eal_init() and outlives any process, the primary included.
 * doc/design.rst says why.
 */

/** Processes of this program that one group can have. */
#define GROUP_MAX_MEMBERS 64

/** Longest devargs kept for a port, with the null. */
#define GROUP_DEVARGS_SIZE 128

enum group_state {
	GROUP_OK,
	GROUP_STOPPED, /* by a signal or a debugger */
	GROUP_HUNG,    /* its interrupt thread, which serves hotplug requests, does not run */
	GROUP_GONE,    /* died without leaving */
	GROUP_FOREIGN, /* runs, but is not this program: what it sees is not known */
};

/** A process of the group at one moment. */
struct group_peer {
	pid_t pid;
	bool primary;
	bool self;
	bool foreign; /* also when stopped */
	enum group_state state;
	uint64_t beat_ns; /* when its interrupt thread last ran; 0 if foreign, or just starting */
	uint64_t late_ns; /* when it last ran a second or more after the time before */
	struct port_set view; /* empty if foreign */
};

/** Most entries group_peers() can give: members, and foreign processes beside them. */
#define GROUP_MAX_PEERS (2 * GROUP_MAX_MEMBERS)

/** A port's device, for those who do not have it themselves. */
struct group_port {
	char name[RTE_DEV_NAME_MAX_LEN];  /* of the device, empty if not known */
	char devargs[GROUP_DEVARGS_SIZE]; /* bus:name,arguments to probe it with again */
};

/**
 * Join the group whose runtime directory is dir, or be a group of one if dir is
 * NULL. To be called before rte_eal_init(): on success the turn is held, so that
 * no operation runs beside the EAL's start, until group_turn_release() or group_leave().
 *
 * @param why receives a sentence on failure.
 * @return 0 or a negative errno.
 */
int group_join(const char *dir, wait_fn wait, char *why, size_t size);

/**
 * The EAL runs: publish what this process sees from now on, and watch the
 * primary. The turn is still held. Main thread.
 *
 * @param sync brings this process in line with the group; called in a thread of its own while
 *   another process that wants it holds the turn (group_sync_peers()).
 * @return 0 or a negative errno.
 */
int group_enter(void (*sync)(void));

/**
 * About to leave: take the turn, so that no operation runs beside
 * rte_eal_cleanup(), stop watching, and let the others know if this is their
 * primary. Goes on without the turn if wait() gives up. Main thread.
 *
 * @return whether nobody is stopped. To give back a hugepage, the EAL asks every process and
 *   waits 5 s for one that is.
 */
bool group_withdraw(wait_fn wait);

/**
 * Leave the group, after group_withdraw() and rte_eal_cleanup(), or when
 * rte_eal_init() has failed. The turn is released.
 */
void group_leave(void);

/**
 * Take the turn: one process of the group at a time starts, leaves or operates.
 * Main thread only.
 *
 * @param what for those who wait meanwhile: "attach net_null0".
 * @param why on failure receives a sentence; when 1 is returned, who died and during what.
 * @return 0; 1 if a holder died before it was done, until group_turn_dead_done(); or a negative
 * errno: -EBUSY the holder is stopped, -ECANCELED wait() said to give up.
 */
int group_turn_take(const char *what, wait_fn wait, char *why, size_t size);

/** What a dead holder of the turn has left is seen to. Holder of the turn. */
void group_turn_dead_done(void);

/** Give the turn to the next one. */
void group_turn_release(void);

/**
 * Can every process answer? The primary has to be there, nobody stopped or hung;
 * a peer that is late gets up to a second to show that it runs. Holder of the
 * turn only. Nothing is sent to anyone.
 *
 * @param peers receives GROUP_MAX_PEERS entries at most, as group_peers(), once all are well.
 * @return 0, or a negative errno and in why who it is and what to do.
 */
int group_check(
	struct group_peer *peers, unsigned int *nb_peers, wait_fn wait, char *why, size_t size);

/**
 * Wait until the interrupt thread of every process has done what was sent to it
 * so far. Holder of the turn only.
 *
 * @return 0, or -ETIMEDOUT if some process is stopped or stays busy.
 */
int group_settle(wait_fn wait);

/**
 * Have the given processes bring themselves in line with the group, and wait for
 * them. Holder of the turn only.
 *
 * @return 0, or -ETIMEDOUT if some of them did not.
 */
int group_sync_peers(const struct group_peer *peers, unsigned int nb, wait_fn wait);

/** All processes of the group, this one included. Answers at once. @return how many. */
unsigned int group_peers(struct group_peer *peers, unsigned int max);

/**
 * Have all processes these ports (everywhere), or none of them any? From shared
 * memory alone: a cheap look that a process which has just died can spoil.
 */
bool group_ports_at(const struct port_set *ports, bool everywhere);

/** "pid 7545 (secondary)" */
const char *group_peer_name(const struct group_peer *peer, char *text, size_t size);

/** "primary" or "secondary" */
const char *group_role_name(bool primary);

/** "ok", "stopped", ... */
const char *group_state_name(enum group_state state);

/**
 * The primary this process belongs to: its pid if it has left, else 0. Any thread.
 */
pid_t group_primary_left(void);

/** Has this process noticed that its primary is leaving or has left? Cheap; any thread. */
bool group_primary_seen_leaving(void);

/** Tell every process, this one included. Any thread. */
void group_announce(const char *text);

/**
 * Tell those who monitor the group.
 *
 * @param who caused it, or whom it happened to; NULL for this process. Any thread.
 */
__rte_format_printf(2, 3) void group_event(const struct group_peer *who, const char *format, ...);

/** Tell this process alone; what it was told so before and has not printed is lost. Any thread. */
void group_tell_self(const char *text);

/** Is this process to be told events as well, from now on? Main thread. */
void group_news_wanted(bool events);

/**
 * The next thing this process is to be told: what group_announce() was given, or
 * that the primary has left; events if they are wanted. watch_news_fd() says when
 * there is something. Main thread.
 *
 * @param missed how many it could not be told because they are overwritten already.
 * @return false if there is nothing more.
 */
bool group_news_next(struct news *news, uint64_t *missed);

/** The last events and announcements, oldest first. Any thread. @return how many, at most max. */
unsigned int group_news_last(struct news *news, unsigned int max);

/** "the primary (pid 7541) has left; quit this process" */
void group_lost_text(char *text, size_t size);

/** Pid of this process's primary, itself perhaps; 0 before group_enter(). */
extern pid_t group_primary_pid;

/** Is this process the primary? */
bool group_is_primary(void);

/** Does the primary run, and is it not this program? Any thread. */
bool group_primary_foreign(void);

/** Remember the device behind a port; NULL to forget it. Holder of the turn only. */
void group_port_set(unsigned int id, const char *name, const char *devargs);

/** As group_port_set(), of a port that is there, or is not, without an operation of this process.
 */
void group_port_found(unsigned int id, const char *name, const char *devargs);

/** What is remembered of a port; name is empty if nothing is. Any thread. */
void group_port_get(unsigned int id, struct group_port *port);

/**
 * The error that came first in the group since this process took the turn: the
 * cause, of which those logged later are consequences.
 *
 * @return false if no process of this program has logged one.
 */
bool group_error_first(struct group_peer *peer, char *text, size_t size);

#endif
