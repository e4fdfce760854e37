/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_common.h>
#include <rte_dev.h>

#include "group/writers.h"

/*
 * Everything that the processes of a group share, as data: struct group_shared is the file of the
 * group, which each process maps. A word such as BY_TURN before a field names the only file that
 * writes the field (group/writers.h). Any thread may read every field.
 *
 * "With the turn" means that the writer holds the turn (group/turn.h), which is the lock. A slot
 * lives as long as its process, everything else as long as the group.
 *
 * The comments assume that no process is faulty. But a faulty one can write anything anywhere here,
 * so a reader trusts nothing: it adds the null to a text and makes it printable, and checks numbers
 * and addresses against their bounds.
 */

#define GROUP_MAGIC 0x676d7068 /* "hpmg" */

/* Raise it with any change of what is shared. Builds with different layouts refuse each other. */
#ifndef GROUP_LAYOUT
#define GROUP_LAYOUT 13U
#endif

#define GROUP_MAX_MEMBERS 64	 /* most processes of this program in one group */
#define GROUP_DEVARGS_SIZE 128	 /* longest devargs kept for a port, with the null */
#define GROUP_EVENTS 1024	 /* events kept in the ring */
#define GROUP_DRIVERS_SIZE 16384 /* names of a primary's drivers, with the null */
#define GROUP_LOCKS 16		 /* most devices that one process can lock */

/** Readers of a port. Each member has two: 2n for its forwarding, 2n + 1 for its sending. */
#define GROUP_READERS ((size_t)2 * GROUP_MAX_MEMBERS)

/** Room for a port's quiescent-state variable with that many readers, in bytes. librte_rcu takes a
 * cache line for each reader, and a few for all. traffic/withdraw.c checks it. */
#define GROUP_RCU_SIZE (RTE_CACHE_LINE_SIZE * (GROUP_READERS + 10))

/** Offset of the record of the turn in the file. */
#define GROUP_TURN_OFFSET 16

/** For a function that copies what another process may write at the same moment, and either notices
 * that or accepts a mix of old and new. The thread sanitizer would report it. */
#define GROUP_MAY_RACE __attribute__((no_sanitize("thread")))

/** Who has the turn. Written with the turn. */
struct turn_record {
	/* Pid of the holder; 0 between turns. A holder that dies leaves its pid here. */
	_Atomic pid_t holder;
	/* Role of the holder: 'p'rimary, 's'econdary, or 0 while it starts. */
	_Atomic uint32_t role;
	/* Number of the operation under way, or of the last one. */
	_Atomic uint64_t op;
	/* "attach net_null0"; a process that waits for the turn may see it half written. */
	char what[104];
	/* Pid of the last holder that died, 0 once an operation has cleaned up after it. */
	_Atomic pid_t dead;
	char dead_what[104]; /* what it was doing */
};

enum event_kind {
	EVENT_TELL,  /* for every process */
	EVENT_SHOWN, /* for processes that monitor the group */
};

/** Something that has happened in the group. Lies in struct event_ring. */
struct event {
	uint64_t time_ns; /* CLOCK_REALTIME */
	pid_t pid;	  /* of the process that caused it, or that it happened to */
	uint8_t primary;  /* 1 if primary. Not a bool: a faulty process may write any byte here */
	uint8_t kind;	  /* enum event_kind */
	char text[234];
};

/** An entry's number while an event is written there: higher than that of any event. */
#define EVENT_UNWRITTEN UINT64_MAX

/** The last events. Event number n, from 1 on, is at n modulo the size. Any thread writes without a
 * lock: it takes a number from nb, and the entry from an older event, writes the event, and then
 * the number. If the entry has a newer event or a writer, it takes the next number. A writer that
 * dies keeps its entry. If an entry stays unwritten for a second and a newer one exists, its writer
 * counts as dead: skip it. */
struct event_ring {
	_Atomic uint64_t nb;
	struct {
		_Atomic uint64_t number;
		struct event event;
	} entries[GROUP_EVENTS];
};

/** The device behind a port, so that a process without the port can name it. Written with the
 * turn. A reader without the turn may see it half written. */
struct port_device {
	char name[RTE_DEV_NAME_MAX_LEN];  /* empty if not known */
	char devargs[GROUP_DEVARGS_SIZE]; /* bus:name,arguments */
	char port[RTE_DEV_NAME_MAX_LEN];  /* the port's own name; empty if not known */
};

/** Index of what is kept for each direction: rx is true. */
enum { GROUP_TX, GROUP_RX };

/** A port that this program has started. The primary writes it while the holder of the turn waits.
 * If the port has gone, the holder writes it. The queues lie in the EAL's memory, which is at the
 * same address in every process. */
struct started_port {
	_Atomic uint32_t nb[2]; /* queues; 0 if stopped, or started by a foreign process */
	void **_Atomic queues[2];
};

/** Ports that are taken away from the processes that poll them (traffic/withdraw.h). Written with
 * the turn; in a watch thread, by sync_self() for the holder, which waits, and to clean up after a
 * dead holder; and by a primary that leaves without the turn. */
struct withdrawn_ports {
	/* While a port is being taken away: the operation's number. Otherwise 0. */
	_Atomic uint64_t closing[RTE_MAX_ETHPORTS];
	/* How often a port has been taken away, and by which process the last time. */
	struct {
		_Atomic uint32_t times;
		_Atomic pid_t by;
	} taken[RTE_MAX_ETHPORTS];
	/* A quiescent-state variable of librte_rcu for each port; its readers write there too. */
	alignas(RTE_CACHE_LINE_SIZE) uint8_t rcu[RTE_MAX_ETHPORTS][GROUP_RCU_SIZE];
};

/** What a process shows of itself. Written by the process itself, a whole word at a time, so that
 * no lock is needed. */
struct heartbeat_state {
	/* When its interrupt thread last ran: CLOCK_MONOTONIC in ns, 0 before the first beat. */
	_Atomic uint64_t beat_ns;
	/* Time of the last late beat: more than a second after the beat before it. */
	_Atomic uint64_t late_ns;
	/* Its ethernet ports: bit n of word n / 64 for port n. Written by the thread that gets an
	 * ethdev event, and by the interrupt thread with each beat. */
	_Atomic uint64_t ports[(RTE_MAX_ETHPORTS + 63) / 64];
	/* 1 if it may open too few files more, as of the last beat. Written by its watch thread. */
	_Atomic uint32_t short_of_files;
};

/** The first error that a process has logged during an operation. Written by the thread that logs,
 * without a lock. Read order and text only if op is the number of the operation. */
struct first_error {
	_Atomic uint64_t op;
	uint64_t order; /* among the errors of all processes: the lowest came first */
	char text[256]; /* without line end or control characters */
};

/** A lock on a device, until it is released or its slot ends. Written by the process that locks,
 * with the turn. */
struct device_lock {
	char device[RTE_DEV_NAME_MAX_LEN]; /* empty: free */
	char reason[96];
};

/** What a process counts at a port. */
enum counter {
	COUNTER_RX_PACKETS,
	COUNTER_RX_BYTES,
	COUNTER_TX_PACKETS,
	COUNTER_TX_BYTES,
	COUNTER_DROPS, /* packets that the port did not take */
	COUNTER_GAPS,  /* numbered packets that were missing when a later one came */
	NB_COUNTERS,
};

/** What a process has counted at a port. Threads that forward and send add to it. */
struct port_counters {
	_Atomic uint64_t n[NB_COUNTERS];
};

/** The slot of a process. The process holds a lock on the slot's byte (group/locks.h), which the
 * kernel drops when the process ends. The next process in the slot zeroes it, with the turn. A
 * field is written by the process itself, unless its comment says otherwise. */
struct group_member {
	/* Number of its join, 0 like the pid. It tells two processes with the same pid apart. */
	BY_MEMBERS _Atomic uint64_t join;
	/* When the process started (struct proc_status). A running process with this pid and this
	 * start holds the lock; for any other the lock has to be asked. */
	BY_MEMBERS _Atomic uint64_t started;
	BY_MEMBERS _Atomic pid_t pid; /* 0: free, or left in good order */
	BY_MEMBERS _Atomic uint32_t primary;

	/* Number of the operation that wants it to sync itself. Written by the holder. */
	BY_SYNC _Atomic uint64_t sync_wanted;
	/* The last sync_wanted that this process's watch thread is done with. */
	BY_SYNC _Atomic uint64_t sync_done;

	BY_HEARTBEAT struct heartbeat_state state;
	BY_ERRORS struct first_error error;
	BY_LOCK struct device_lock locks[GROUP_LOCKS];

	/* Devices that the process was started with an option to block; from the front. */
	BY_LOCK char blocked[GROUP_LOCKS][RTE_DEV_NAME_MAX_LEN];

	/* Queues of each port that it polls: bit n is queue n. Set with the turn, cleared at any
	 * time. */
	BY_QUEUES _Atomic uint32_t polled[RTE_MAX_ETHPORTS][2];

	/* What it has counted. */
	BY_COUNTERS struct port_counters counters[RTE_MAX_ETHPORTS];
	/* What it had counted at the last reset. Written with the turn, by any process. */
	BY_COUNTERS struct port_counters counters_base[RTE_MAX_ETHPORTS];
	/* Its longest time between two polls of a port since the last reset, in ticks of the TSC.
	 * Written by the thread that forwards; and zeroed with the turn, by any process. */
	BY_COUNTERS _Atomic uint64_t longest_pause[RTE_MAX_ETHPORTS];

	/* 1 while this primary does what a secondary asked for. Written by the server's thread and
	 * the watch thread, under the server's lock. */
	BY_SERVER _Atomic uint32_t serving;

	/* Number of the last message of traffic/handed.h that it has done. Written by its mp
	 * thread. */
	BY_HANDED _Atomic uint64_t handed_done;
};

/** The file of the group, of fixed size. Only started_port has pointers. The first process makes
 * it, with the turn. A process that joins and finds no other alive zeroes it; the last process that
 * leaves removes it. */
struct group_shared {
	/* These fields and the record of the turn keep their place in every build. */
	BY_FILE uint32_t magic;
	BY_FILE uint32_t layout;
	BY_FILE uint64_t size;

	BY_TURN struct turn_record turn;

	/* Numbers of the pid and time namespaces of the process that made the file; 0 if the kernel
	 * has none. In another one, the pids and times in this file mean something else. */
	BY_FILE uint64_t pid_namespace;
	BY_FILE uint64_t time_namespace;

	/* Pid of a primary that has begun to leave. Written by it, with the turn if it got it. */
	BY_PRIMARY _Atomic pid_t leaving;

	/* Numbers the recorded errors in time. Any thread, atomically. */
	BY_ERRORS _Atomic uint64_t error_order;

	/* How many processes have joined. Written with the turn. */
	BY_MEMBERS _Atomic uint64_t joins;

	BY_EVENTS struct event_ring events;

	/* By port id. */
	BY_CATALOGUE struct port_device ports[RTE_MAX_ETHPORTS];
	BY_QUEUES struct started_port started[RTE_MAX_ETHPORTS];

	BY_WITHDRAW struct withdrawn_ports withdrawn;

	/* Join of the last process of each slot that is known to have died. Written by any process
	 * that notices. */
	BY_DEAD _Atomic uint64_t died[GROUP_MAX_MEMBERS];

	/* Libraries that the EAL of the primary has loaded, in that order, a newline after each.
	 * Empty if the primary is another program. Written with the turn, when the primary joins.
	 */
	BY_FIT char drivers[GROUP_DRIVERS_SIZE];

	struct group_member members[GROUP_MAX_MEMBERS];
};

static_assert(offsetof(struct group_shared, turn) == GROUP_TURN_OFFSET, "see struct group_shared");
