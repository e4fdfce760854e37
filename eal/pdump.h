/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_eal.h>

/* Packet capture, by librte_pdump: a process that captures, such as dpdk-dumpcap, sends the primary
 * an mp message, and librte_pdump adds or removes a callback at each queue of the port. It forgets
 * who asked, and serves each request where it comes. So its handler is kept from the EAL, and
 * called when the port allows it. */

/** A request to capture, or to end that. */
struct pdump_request {
	struct rte_mp_msg msg; /* as it came */
	char peer[128];	       /* path of the mp socket of the process that asked */
};

/**
 * Offer captures to the group. With the turn.
 *
 * @param asked called in the mp thread with each request; it must neither allocate nor wait. The
 *   request is answered later, by pdump_answer(). Used in the primary alone.
 * @return 0 or a negative errno.
 */
int pdump_start(void (*asked)(const struct pdump_request *request));

/** Take no requests any more. The primary, before rte_eal_cleanup(). */
void pdump_stop(void);

/** Is this a request to begin a capture? If not, one to end it. Any thread. */
bool pdump_begins(const struct pdump_request *request);

/** Does a capture also see the packets that secondaries receive and send? If not, only those of the
 * primary. Any thread. */
bool pdump_sees_secondaries(void);

/** Name of the port that is to be captured. Any thread. */
void pdump_port_name(const struct pdump_request *request, char *name);

/** Do both requests have a queue of a port in common? Any thread. */
bool pdump_overlap(const struct pdump_request *one, const struct pdump_request *other);

/**
 * Have librte_pdump begin what was asked for, or end it. One thread at a time; not in an mp or
 * interrupt thread, which must do it.
 *
 * @return 0 or a negative errno, with the reason in the log.
 */
int pdump_do(const struct pdump_request *request, bool begin);

/** Tell the process that asked the result: 0 or a negative errno. Any thread. */
void pdump_answer(const struct pdump_request *request, int err);

/** Has the process that asked ended? Any thread. */
bool pdump_asker_gone(const struct pdump_request *request);
