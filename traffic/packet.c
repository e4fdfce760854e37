/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "base/clock.h"
#include "traffic/packet.h"

#define MAGIC 0x686d7031 /* "hmp1" */

/* Follows the ethernet header, perhaps unaligned. */
struct numbered {
	rte_be32_t magic;
	rte_be32_t stream;
	rte_be32_t n;
	rte_be32_t nb;
};

uint32_t
packet_stream(void)
{
	uint32_t stream = (uint32_t)clock_now_ns() ^ (uint32_t)getpid() << 16;

	return stream == 0 ? 1 : stream;
}

struct rte_mbuf *
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

uint32_t
packet_gap(struct packet_order *order, const struct rte_mbuf *mbuf)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);
	struct numbered packet;
	uint32_t stream, n, nb, gap;
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
	if (i < PACKET_STREAMS) {
		gap = (n + nb - order->seen[i].next) % nb;
	} else {
		/* Packets before the first one that came do not count as missing. */
		gap = 0;
		i = order->oldest;
		order->oldest = (i + 1) % PACKET_STREAMS;
		order->seen[i].stream = stream;
	}
	order->seen[i].next = (n + 1) % nb;
	return gap;
}
