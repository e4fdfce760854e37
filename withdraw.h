/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WITHDRAW_H
#define WITHDRAW_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_common.h>

#include "base/port_set.h"
#include "group.h"

/*
 * How a port is taken away from those who poll it. Each port has a
 * quiescent-state variable (librte_rcu): whoever polls the port is a reader, and
 * reports to it after every round. To withdraw a port is to mark it as closing,
 * which readers look at before every round, and to wait until each has reported
 * since: from then on nobody touches it.
 */

/** Each process has two: one that forwards, one that sends; 2n and 2n + 1 for slot n. */
#define WITHDRAW_MAX_READERS ((size_t)2 * GROUP_MAX_MEMBERS)

/** Room for a port's quiescent-state variable with that many readers. */
#define WITHDRAW_RCU_SIZE (512 + 64 * (WITHDRAW_MAX_READERS + 2))

/** What the processes share for this. */
struct withdraw_shared {
	/* Ports nobody may touch just now: number of the operation that wants it so, else 0. By
	 * the holder of the turn; if that has died, withdraw_recover(). */
	_Atomic uint64_t closing[RTE_MAX_ETHPORTS];
	/* How often a port has been taken away, and by whom. As closing. */
	struct {
		_Atomic uint32_t times;
		_Atomic pid_t by;
	} taken[RTE_MAX_ETHPORTS];
	alignas(RTE_CACHE_LINE_SIZE) uint8_t rcu[RTE_MAX_ETHPORTS][WITHDRAW_RCU_SIZE];
};

/** Make what is shared. The first process of a group, with the turn; before rte_eal_init(). */
void withdraw_init(struct withdraw_shared *shared);

/** A slot has a new owner, whose predecessor may have died in the middle of a round. */
void withdraw_slot_claimed(unsigned int slot);

/** A reader begins to poll a port, or ends. Any thread; to enter, the turn is held. */
void withdraw_enter(unsigned int id, unsigned int reader);
void withdraw_leave(unsigned int id, unsigned int reader);

/** The reader holds on to nothing of the port at this moment. Its own thread. */
void withdraw_quiescent(unsigned int id, unsigned int reader);

/** It touches nothing of the port until it resumes, and need not report. Its own thread. */
void withdraw_pause(unsigned int id, unsigned int reader);
void withdraw_resume(unsigned int id, unsigned int reader);

/** Must the port be left alone just now? Any thread. */
bool withdraw_closing(unsigned int id);

/** How often the port has been taken away. Any thread. */
uint32_t withdraw_times(unsigned int id);

/**
 * Have nobody touch these ports from now on, until withdraw_end(), which is to be
 * called in any case. Holder of the turn, or on its behalf.
 *
 * @return 0; or -EBUSY and in why who does not answer in time. All others leave them alone.
 */
int withdraw_ports(const struct port_set *ports, unsigned int limit_ms, char *why, size_t size);

/** After withdraw_ports(): the ports are gone or stopped, or they are as they were. */
void withdraw_end(const struct port_set *ports, bool taken);

/**
 * A holder of the turn that died between the two above may have taken the ports
 * already: those who poll them end.
 *
 * @param holder of the turn calls, before it withdraws anything itself; else it is the watch
 *   thread, and nothing is done unless the turn is free.
 */
void withdraw_recover(bool holder);

#endif
