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
 * group, which each process maps. A word such as BY_TURN before a field names the one file that
 * writes it (group/writers.h); every file and every thread may read every field.
 *
 * A process that has gone wrong can write anything anywhere here. The comments say what is there
 * when all processes are well. A reader takes any bytes for what they are: a text may lack its null
 * and must be made printable, a number must be held against its bounds, an address against where it
 * must lie.
 */

#define GROUP_MAGIC 0x676d7068 /* "hpmg" */

/* Raise it with any change of what is shared. Two builds that differ refuse each other. */
#ifndef GROUP_LAYOUT
#define GROUP_LAYOUT 9U
#endif

/** Processes of this program that one group can have. */
#define GROUP_MAX_MEMBERS 64

/** Longest devargs kept for a port, with the null. */
#define GROUP_DEVARGS_SIZE 128

/** Events kept for those who have not taken them yet. */
#define GROUP_EVENTS 1024

/** Devices that one process can lock. */
#define GROUP_LOCKS 16

/** Readers that librte_rcu counts for a port: member n forwards as 2n and sends as 2n + 1. */
#define GROUP_READERS ((size_t)2 * GROUP_MAX_MEMBERS)

/** Room for a port's quiescent-state variable with that many readers, in bytes. */
#define GROUP_RCU_SIZE (512 + 64 * (GROUP_READERS + 2))

/** Where the record of the turn lies in the file. */
#define GROUP_TURN_OFFSET 16

/** For a function that copies what another process may write at the same moment. The function can
 * tell that from what it has copied, or any mix of old and new will do; the thread sanitizer knows
 * nothing of that. */
#define GROUP_MAY_RACE __attribute__((no_sanitize("thread")))

/** Who has the turn. Written by the holder of the turn. */
struct turn_record {
	/* 0 between turns; the pid of a dead process if it died before it was done. */
	_Atomic pid_t holder;
	/* What the holder is: 'p'rimary, 's'econdary, or 0 while it starts. */
	_Atomic uint32_t role;
	/* Number of the operation under way, or of the last one. */
	_Atomic uint64_t op;
	/* "attach net_null0"; a process that waits for the turn may see it half written. */
	char what[104];
	/* The last holder that died, and during what, until an operation has seen to it; else 0. */
	_Atomic pid_t dead;
	char dead_what[104];
};

enum event_kind {
	EVENT_TELL,  /* for every process */
	EVENT_SHOWN, /* for those who monitor the group */
};

/** Something that has happened in the group. */
struct event {
	uint64_t time_ns; /* CLOCK_REALTIME */
	pid_t pid;	  /* of the process that caused it, or that it happened to */
	uint8_t primary;  /* its role: 0 if secondary. A bool could not hold what others write */
	uint8_t kind;	  /* enum event_kind */
	char text[234];
};

/** Event number n, from 1 on, is at n modulo the size. Any process takes a number from nb, clears
 * the number that is there, writes the event, and then the number. A reader that finds an entry
 * unwritten twice, and a newer one behind it, passes over it: its writer has died. */
struct event_ring {
	_Atomic uint64_t nb;
	struct {
		_Atomic uint64_t number;
		struct event event;
	} entries[GROUP_EVENTS];
};

/** The device behind a port, for processes that do not have it themselves. */
struct port_device {
	char name[RTE_DEV_NAME_MAX_LEN];  /* empty if not known */
	char devargs[GROUP_DEVARGS_SIZE]; /* bus:name,arguments to probe it with again */
};

/** Index of what is kept for each direction: it is true for rx. */
enum { GROUP_TX, GROUP_RX };

/** A port that has been started. The queues lie in the EAL's memory, which is at the same place in
 * every process. */
struct started_port {
	/* How many queues it has; 0 while it is stopped, or if a foreign process started it. */
	_Atomic uint32_t nb[2];
	void **_Atomic queues[2];
};

/** Ports that are taken away from those who poll them. */
struct withdrawn_ports {
	/* Number of the operation that wants the port left alone just now, else 0. */
	_Atomic uint64_t closing[RTE_MAX_ETHPORTS];
	/* How often a port has been taken away, and by which process the last time. */
	struct {
		_Atomic uint32_t times;
		_Atomic pid_t by;
	} taken[RTE_MAX_ETHPORTS];
	/* A quiescent-state variable of librte_rcu for each port. */
	alignas(RTE_CACHE_LINE_SIZE) uint8_t rcu[RTE_MAX_ETHPORTS][GROUP_RCU_SIZE];
};

/** What a process shows of itself, whole words at a time, so that readers need no lock. */
struct heartbeat_state {
	/* When its interrupt thread last ran: CLOCK_MONOTONIC in nanoseconds, 0 before the first
	 * beat. */
	_Atomic uint64_t beat_ns;
	/* The last beat that came a second or more after the beat before. */
	_Atomic uint64_t late_ns;
	/* Ethernet ports it has, bit n of word n / 64 for port n. Written in whichever thread an
	 * ethdev event comes, and by the interrupt thread with each beat. */
	_Atomic uint64_t ports[(RTE_MAX_ETHPORTS + 63) / 64];
};

/** The first error that a process has logged during an operation. Written by the thread that logs;
 * order and text are whole once op says which operation they belong to. */
struct first_error {
	_Atomic uint64_t op;
	uint64_t order; /* among the errors of all processes: the lowest came first */
	char text[256]; /* without line end or control characters */
};

/** A lock on a device. Written by its holder, with the turn. */
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
	COUNTER_DROPS, /* packets that this port did not take */
	COUNTER_GAPS,  /* numbered packets that are missing before a packet that came */
	NB_COUNTERS,
};

/** What a process has counted at a port. Each counter is written by one polling thread. */
struct port_counters {
	_Atomic uint64_t n[NB_COUNTERS];
};

/** A process of the group. A slot belongs to the process that holds the lock on its byte
 * (group/locks.h). The kernel drops the lock with the process; the next process that takes the
 * slot zeroes it, with the turn. Where nothing else is said, a field is written by the process
 * itself. */
struct group_member {
	BY_MEMBERS _Atomic pid_t pid; /* 0: free, or left in good order */
	BY_MEMBERS _Atomic uint32_t primary;

	/* Number of the operation that wants this process to sync itself, by the holder of the
	 * turn; and of the last operation for which it has, by its watch thread. */
	BY_SYNC_REQUEST _Atomic uint64_t sync_wanted;
	BY_SYNC_REQUEST _Atomic uint64_t sync_done;

	BY_HEARTBEAT struct heartbeat_state state;
	BY_ERRORS struct first_error error;
	BY_LOCK struct device_lock locks[GROUP_LOCKS];

	/* Devices that the EAL was told to block when the process started; from the front. */
	BY_LOCK char blocked[GROUP_LOCKS][RTE_DEV_NAME_MAX_LEN];

	/* Queues of each port it polls, bit n is queue n. Set with the turn, cleared at any
	 * time. */
	BY_QUEUES _Atomic uint32_t polled[RTE_MAX_ETHPORTS][2];

	/* What it has counted, and what it had counted at the last reset, by the holder of the
	 * turn. */
	BY_COUNTERS struct port_counters counters[RTE_MAX_ETHPORTS];
	BY_COUNTERS struct port_counters counters_base[RTE_MAX_ETHPORTS];

	/* 1 while this primary does what a secondary asked of it. */
	BY_SERVER _Atomic uint32_t serving;
};

/** The file of the group. Fixed size, and no pointers but those of started_port. The first process
 * of a group makes it, with the turn; a process that joins and finds no other alive zeroes it; the
 * last process that leaves removes it. */
struct group_shared {
	/* They and the record that follows keep their place in every build. */
	BY_FILE uint32_t magic;
	BY_FILE uint32_t layout;
	BY_FILE uint64_t size;

	BY_TURN struct turn_record turn;

	/* Pid of a primary that has begun to leave. Written by it, under the turn. */
	BY_PRIMARY _Atomic pid_t leaving;

	/* Gives each recorded error its place in time. Any process, atomically. */
	BY_ERRORS _Atomic uint64_t error_order;

	/* What has happened in the group. Any process, any thread. */
	BY_EVENTS struct event_ring events;

	/* Devices behind ports, by port id. Written by the holder of the turn; a reader without
	 * the turn may see an entry half written, never unterminated once views_device() has
	 * copied it. */
	BY_CATALOGUE struct port_device ports[RTE_MAX_ETHPORTS];

	/* Ports that are started, by port id. Written by the primary for the holder of the turn,
	 * which waits; by the holder of the turn when the port has gone. */
	BY_QUEUES struct started_port started[RTE_MAX_ETHPORTS];

	/* Written by the holder of the turn, or by whoever sees to what a dead holder has left. */
	BY_WITHDRAW struct withdrawn_ports withdrawn;

	/* Pid of the last process of each slot that is known to have died, by whoever sees it
	 * first. */
	BY_DEAD _Atomic pid_t died[GROUP_MAX_MEMBERS];

	struct group_member members[GROUP_MAX_MEMBERS];
};

static_assert(offsetof(struct group_shared, turn) == GROUP_TURN_OFFSET, "see struct group_shared");
