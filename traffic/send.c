/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "base/clock.h"
#include "base/signals.h"
#include "traffic/counters.h"
#include "traffic/packet.h"
#include "traffic/pool.h"
#include "traffic/queues.h"
#include "traffic/send.h"
#include "traffic/withdraw.h"

#define LOOK_MS 10   /* how often to call look() */
#define FULL_MS 1000 /* give up when the port has taken nothing for so long */

int
send_begin(unsigned int id, char *why)
{
	int queue = queues_take(id, false, why);

	if (queue >= 0)
		withdraw_enter(id, withdraw_send_reader());
	return queue;
}

static const char *
send_all(unsigned int id, unsigned int queue, unsigned int nb, unsigned int size,
	bool (*look)(void), unsigned int *sent)
{
	uint32_t times = withdraw_times(id), stream = packet_stream();
	struct rte_mempool *pool = pool_find();
	uint64_t last = clock_now_ns(), looked = last, now;
	struct rte_mbuf *mbuf;
	bool go_on = true;

	for (*sent = 0; *sent < nb;) {
		withdraw_quiescent(id, withdraw_send_reader());
		now = clock_now_ns();
		if (now - last > FULL_MS * CLOCK_NS_PER_MS)
			return "the port takes no more";
		if (now - looked > LOOK_MS * CLOCK_NS_PER_MS) {
			/* look() may take away this very port. */
			withdraw_pause(id, withdraw_send_reader());
			go_on = look();
			withdraw_resume(id, withdraw_send_reader());
			looked = clock_now_ns();
			last += looked - now;
		}
		if (signals_caught() != 0)
			return "this process is to leave";
		if (!go_on)
			return "interrupted";
		if (withdraw_closing(id) || withdraw_times(id) != times)
			return "the port is being taken away";
		mbuf = packet_make(pool, id, stream, *sent, nb, size);
		if (mbuf != NULL && rte_eth_tx_burst(id, queue, &mbuf, 1) == 1) {
			counters_sent(id, 1, size, 0);
			last = clock_now_ns();
			++*sent;
		} else {
			rte_pktmbuf_free(mbuf);
			sched_yield();
		}
	}
	return NULL;
}

const char *
send_packets(unsigned int id, unsigned int queue, unsigned int nb, unsigned int size,
	bool (*look)(void), unsigned int *sent)
{
	const char *why = send_all(id, queue, nb, size, look, sent);

	withdraw_leave(id, withdraw_send_reader());
	queues_give(id, false, queue);
	return why;
}
