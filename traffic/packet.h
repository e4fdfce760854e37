/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

/* Numbered packets: ethernet frames whose numbers tell which packets of their stream are missing.
 * Their ethertype is the one that IEEE 802 reserves for local experiments. Any thread. */

/** Bytes of a frame, without its checksum. */
#define PACKET_MIN 60
#define PACKET_MAX 1514

#define PACKET_ETHER_TYPE 0x88b5

/** Streams that can be followed at the same time. */
#define PACKET_STREAMS 8

/** How far each stream has come, where it passes by. */
struct packet_order {
	struct {
		uint32_t stream; /* 0: none was seen yet */
		uint32_t next;	 /* the number that comes next */
	} seen[PACKET_STREAMS];
	unsigned int oldest; /* gives its place to the next new stream */
};

/** A number for a stream that no other stream had lately. */
uint32_t packet_stream(void);

/** Make packet number n of nb, from 0 on, of size bytes; NULL if the pool has no mbuf just now. */
struct rte_mbuf *packet_make(struct rte_mempool *pool, uint16_t port, uint32_t stream, uint32_t n,
	uint32_t nb, unsigned int size);

/** Can it be a numbered packet? */
static inline bool
packet_may_be_numbered(const struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *)->ether_type ==
	       rte_cpu_to_be_16(PACKET_ETHER_TYPE);
}

/** Has a stream passed by? */
static inline bool
packet_any_seen(const struct packet_order *order)
{
	return order->seen[0].stream != 0;
}

/** How many packets of its stream should have come before this packet and have not; 0 for a packet
 * without a number. After its last packet a stream may begin again. */
uint32_t packet_gap(struct packet_order *order, const struct rte_mbuf *mbuf);
