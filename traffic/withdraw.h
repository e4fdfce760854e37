/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <sys/types.h>

#include "base/port_set.h"

/*
 * Take a port away from the processes that poll it. Each port has a quiescent-state variable
 * (librte_rcu). A thread that polls the port is a reader: before each round it checks whether the
 * port is closing, and after each round it reports there that it is not using the port. To withdraw
 * a port, mark it as closing, and wait until each reader has reported since; then no process
 * touches the port. Main thread, unless a comment says otherwise.
 */

/** How long processes that poll a port have to let go of it by default, in milliseconds. */
#define WITHDRAW_MS 1000

/** Initialise the variables. The first process of a group, right after group_join(). */
void withdraw_init(void);

/** Remove the readers left by the slot's earlier process, which may have died while polling. Right
 * after group_join(). */
void withdraw_slot_claimed(void);

/** The reader of this process that forwards, and the reader that sends. Any thread. */
unsigned int withdraw_forward_reader(void);
unsigned int withdraw_send_reader(void);

/** Begin to poll a port as this reader, with the turn; and end, in any thread. */
void withdraw_enter(unsigned int id, unsigned int reader);
void withdraw_leave(unsigned int id, unsigned int reader);

/** Report that the reader uses nothing of the port at this moment. The reader's thread. */
void withdraw_quiescent(unsigned int id, unsigned int reader);

/** Between the calls the reader does not use the port, nor need it report. The reader's thread. */
void withdraw_pause(unsigned int id, unsigned int reader);
void withdraw_resume(unsigned int id, unsigned int reader);

/** Is the port closing, so that no thread may touch it? Any thread. */
bool withdraw_closing(unsigned int id);

/** How often the port has been taken away, and by which process the last time. Any thread. */
uint32_t withdraw_times(unsigned int id);
pid_t withdraw_taken_by(unsigned int id);

/**
 * Have no process touch these ports until withdraw_end(), which the caller must call in any case.
 * With the turn, or for its holder, which waits.
 *
 * @return 0; or -EBUSY, and in why one process that did not let go in time.
 */
int withdraw_ports(const struct port_set *ports, unsigned int limit_ms, char *why);

/** End withdraw_ports(). @param taken the ports are gone or stopped, so their pollers end. */
void withdraw_end(const struct port_set *ports, bool taken);

/** Wait until every reader of the port has reported since this call, and let them go on: no burst
 * is under way any more that began before it. Any thread. @return as withdraw_ports(). */
int withdraw_grace(unsigned int id, unsigned int limit_ms, char *why);

/**
 * End the withdrawals of a holder that died between withdraw_ports() and withdraw_end(). It may
 * have taken the ports already, so whatever polls them ends.
 *
 * @param holder true if the caller has the turn, and has withdrawn nothing yet; false in the watch
 *   thread: then nothing is done while a process has the turn.
 */
void withdraw_recover(bool holder);
