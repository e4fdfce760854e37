/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GROUP_SHARED_H
#define GROUP_SHARED_H

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "errors.h"
#include "group.h"
#include "lock.h"
#include "news.h"
#include "polling.h"
#include "ports.h"
#include "turn.h"
#include "watch.h"
#include "withdraw.h"

/* For group.c, announce.c, peers.c, lock.c, ports.c, withdraw.c, stats.c, queues.c and
 * polling.c alone. */

#define GROUP_MAGIC 0x676d7068 /* "hpmg" */

/* To be raised with any change of what is shared; two builds that differ refuse each other. */
#ifndef GROUP_LAYOUT
#define GROUP_LAYOUT 7U
#endif

/*
 * What the processes of a group share. Fixed size, no pointers but those of
 * ports_state. Its life: made by the first process to join, under the turn; zeroed
 * by one that joins and finds no other alive; removed by the last that leaves.
 *
 * A process that has gone wrong can write anything anywhere here. What follows
 * says what is there when all are well; who reads it takes any bytes for what they
 * are: a text may lack its null and has to be made printable, a number is held
 * against its bounds, an address against where it must lie.
 */
struct group_shared {
	/* Written under the turn by the first process of the group. They and the record
	 * that follows keep their place in every build. */
	uint32_t magic;
	uint32_t layout;
	uint64_t size;

	struct turn_record turn; /* turn.h says who writes it */

	/* Pid of a primary that has begun to leave. Written by it, under the turn. */
	_Atomic pid_t leaving;

	/* Gives each recorded error its place in time. Any process, atomically. */
	_Atomic uint64_t error_order;

	/* What has happened, for those who are to be told; news.h says who writes it. */
	struct news_ring news;

	/*
	 * Devices behind ports, by port id. Written under the turn by its holder; a
	 * reader without the turn may see an entry half written, never unterminated
	 * once copied by group_port_get().
	 */
	struct group_port ports[RTE_MAX_ETHPORTS];

	/* Ports that are started, by port id, and ports that are taken away; ports.h and
	 * withdraw.h say who writes them. */
	struct ports_state started[RTE_MAX_ETHPORTS];
	struct withdraw_shared withdraw;

	/* Pid of the last process of each slot that is known to have died. Whoever sees it first.
	 */
	_Atomic pid_t died[GROUP_MAX_MEMBERS];

	/*
	 * A slot belongs to the process that holds the lock on its byte (turn.h), and
	 * is written by it alone: from its main thread when it joins, then as said.
	 * The kernel drops the lock with the process, which makes the slot stale;
	 * the next one to claim it, under the turn, starts from zero.
	 */
	struct group_member {
		_Atomic pid_t pid; /* 0: free, or left in good order */
		_Atomic uint32_t primary;
		/* Number of the operation that wants this process to sync itself, by the holder of
		 * the turn; and of the last for which it has, by its watch thread. */
		_Atomic uint64_t sync_wanted;
		_Atomic uint64_t sync_done;
		struct watch_state state;    /* watch.h says who writes it */
		struct first_error error;    /* logtap.h says who writes it */
		struct lock locks[LOCK_MAX]; /* lock.h says who writes it */
		/* Devices the EAL was told to block, at the start; from the front, empty if no
		 * more. */
		char blocked[LOCK_MAX][RTE_DEV_NAME_MAX_LEN];
		struct polling_member poll; /* polling.h says who writes it */
		_Atomic uint32_t serving; /* 1 while this primary does what a peer asked; ports.h */
	} members[GROUP_MAX_MEMBERS];
};

static_assert(offsetof(struct group_shared, turn) == TURN_RECORD_OFFSET, "see turn.h");

/** The group this process is in; group_join() sets both, and self is NULL outside of one. */
extern struct group_shared *group_shared;
extern struct group_member *group_self;

/** Its runtime directory, empty in a group of one. */
extern char group_dir[];

/** Is there a process in this slot? Any thread. */
bool group_member_alive(unsigned int slot);

/** What happened before is not for this process. With group_enter(). */
void group_news_begin(void);

/** Is there news for the main thread? Watch thread. */
bool group_news_pending(void);

/** Are events wanted? Any thread. */
bool group_news_events(void);

/** Tell the group that the process of this slot with this pid has died, once. Any thread. */
void group_death_tell(unsigned int slot, pid_t pid);

/**
 * Tell the group of peers that have died, stopped or hung, and of foreign ones
 * that come and go. Does nothing if that is for another process. Watch thread.
 */
void group_peers_observe(void);

#endif
