/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "base/clock.h"
#include "base/signals.h"
#include "traffic/counters.h"
#include "traffic/packet.h"
#include "traffic/pool.h"
#include "traffic/queues.h"
#include "traffic/withdraw.h"

#define MAGIC 0x686d7031 /* "hmp1" */

#define LOOK_MS 10   /* how often to call look() */
#define FULL_MS 1000 /* give up when the port has taken nothing for so long */

/* Follows the ethernet header, perhaps unaligned. */
struct numbered {
	rte_be32_t magic;
	rte_be32_t stream;
	rte_be32_t n;
	rte_be32_t nb;
};

/* A number for a new stream, which no other stream is likely to have. */
static uint32_t
packet_stream(void)
{
	uint32_t stream = (uint32_t)clock_now_ns() ^ (uint32_t)getpid() << 16;

	return stream == 0 ? 1 : stream;
}

/* Make packet n of nb, counted from 0, of size bytes. @return NULL if the pool is empty. */
static struct rte_mbuf *
packet_make(struct rte_mempool *pool, uint16_t port, uint32_t stream, uint32_t n, uint32_t nb,
	unsigned int size)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	struct rte_ether_hdr *ether;
	struct numbered packet;

	if (mbuf == NULL)
		return NULL;
	ether = (struct rte_ether_hdr *)rte_pktmbuf_append(mbuf, size);
	if (ether == NULL) {
		rte_pktmbuf_free(mbuf);
		return NULL;
	}
	memset(ether, 0, size);
	memset(&ether->dst_addr, 0xff, sizeof(ether->dst_addr));
	rte_eth_macaddr_get(port, &ether->src_addr);
	ether->ether_type = rte_cpu_to_be_16(PACKET_ETHER_TYPE);
	packet.magic = rte_cpu_to_be_32(MAGIC);
	packet.stream = rte_cpu_to_be_32(stream);
	packet.n = rte_cpu_to_be_32(n);
	packet.nb = rte_cpu_to_be_32(nb);
	memcpy(ether + 1, &packet, sizeof(packet));
	return mbuf;
}

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
	struct rte_mbuf *mbuf = NULL;
	bool go_on = true;

	for (*sent = 0; *sent < nb;) {
		withdraw_quiescent(id, withdraw_send_reader());
		now = clock_now_ns();
		if (now - last > FULL_MS * CLOCK_NS_PER_MS)
			return mbuf == NULL ? "no mbuf is free in the pool; stop the ports that "
					      "hold them, or start the primary with -- "
					      "--mbufs and more"
					    : "the port takes no more";
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

uint32_t
packet_gap(struct packet_order *order, const struct rte_mbuf *mbuf)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);
	struct numbered packet;
	uint32_t stream, n, nb, next, ahead;
	struct packet_progress *seen;
	bool again;
	unsigned int i;

	if (rte_pktmbuf_data_len(mbuf) < sizeof(*ether) + sizeof(packet) ||
		ether->ether_type != rte_cpu_to_be_16(PACKET_ETHER_TYPE))
		return 0;
	memcpy(&packet, ether + 1, sizeof(packet));
	if (packet.magic != rte_cpu_to_be_32(MAGIC))
		return 0;
	stream = rte_be_to_cpu_32(packet.stream);
	n = rte_be_to_cpu_32(packet.n);
	nb = rte_be_to_cpu_32(packet.nb);
	if (stream == 0 || nb == 0 || n >= nb)
		return 0;
	for (i = 0; i < PACKET_STREAMS && order->seen[i].stream != stream; i++)
		;
	if (i == PACKET_STREAMS) {
		/* Packets before the first one that came do not count as missing. */
		i = order->oldest;
		order->oldest = (i + 1) % PACKET_STREAMS;
		order->seen[i] = (struct packet_progress){.stream = stream, .next = n};
	}
	seen = &order->seen[i];
	next = RTE_MIN(seen->next, nb); /* it may be of a packet with another nb */
	again = n < next;
	ahead = again ? nb - next + n : n - next;
	if (ahead > nb / 2 && (again || seen->again))
		return 0;
	seen->again = seen->again || again;
	seen->next = n + 1;
	return ahead;
}
