/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/port_set.h"

/*
 * How a port is taken away from the processes that poll it. Each port has a quiescent-state
 * variable (librte_rcu). A process that polls the port is a reader, and reports to the variable
 * after every round. To withdraw a port is to mark it as closing, which readers check before every
 * round, and to wait until each reader has reported since. From then on no process touches the
 * port.
 */

/** How long processes that poll a port have to let go of it, in milliseconds. */
#define WITHDRAW_MS 1000

/** Make what is shared: the first process of a group, right after group_join(). */
void withdraw_init(void);

/** Forget the readers of this process's slot, whose owner before may have died in the middle of a
 * round. Right after group_join(). */
void withdraw_slot_claimed(void);

/** This process's reader that forwards, and the one that sends. */
unsigned int withdraw_forward_reader(void);
unsigned int withdraw_send_reader(void);

/** A reader begins to poll a port, with the turn held; or ends, in any thread. */
void withdraw_enter(unsigned int id, unsigned int reader);
void withdraw_leave(unsigned int id, unsigned int reader);

/** The reader holds on to nothing of the port at this moment. Its own thread. */
void withdraw_quiescent(unsigned int id, unsigned int reader);

/** The reader touches nothing of the port until it resumes, and need not report. Its own thread. */
void withdraw_pause(unsigned int id, unsigned int reader);
void withdraw_resume(unsigned int id, unsigned int reader);

/** Must the port be left alone just now? Any thread. */
bool withdraw_closing(unsigned int id);

/** How often the port has been taken away, and by which process the last time. Any thread. */
uint32_t withdraw_times(unsigned int id);
pid_t withdraw_taken_by(unsigned int id);

/**
 * Have no process touch these ports from now on, until withdraw_end(), which the caller must call
 * in any case. Holder of the turn, or on its behalf.
 *
 * @return 0; or -EBUSY and in why which process does not answer in time. All others leave the ports
 *   alone.
 */
int withdraw_ports(const struct port_set *ports, unsigned int limit_ms, char *why);

/** After withdraw_ports(): the ports are gone or stopped (taken), or they are as they were. */
void withdraw_end(const struct port_set *ports, bool taken);

/**
 * A holder of the turn that died between the two calls above may have taken the ports already, so
 * processes that poll them end.
 *
 * @param holder the caller has the turn and has withdrawn nothing itself yet; else it is the watch
 *   thread, and nothing is done unless the turn is free.
 */
void withdraw_recover(bool holder);
