/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

/*
 * Numbered packets: ethernet frames of a type of their own (IEEE 802's for local
 * experiments) that tell which ones of their stream are missing.
 */

/** Bytes of a frame, without its checksum. */
#define PACKET_MIN 60
#define PACKET_MAX 1514

#define PACKET_ETHER_TYPE 0x88b5

/** Streams that are followed beside each other. */
#define PACKET_STREAMS 8

/** How far each stream has come, for one who sees them go by. */
struct packet_order {
	struct {
		uint32_t stream; /* 0: none was seen yet */
		uint32_t next;	 /* the number that is to come */
	} seen[PACKET_STREAMS];
	unsigned int oldest; /* gives its place to the next new one */
};

/** A number for a stream that no other has lately had. */
uint32_t packet_stream(void);

/** Packet number n of nb, from 0 on; NULL if the pool has no mbuf just now. */
struct rte_mbuf *packet_make(struct rte_mempool *pool, uint16_t port, uint32_t stream, uint32_t n,
	uint32_t nb, unsigned int size);

/** Can it be a numbered packet? */
static inline bool
packet_may_be_numbered(const struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *)->ether_type ==
	       rte_cpu_to_be_16(PACKET_ETHER_TYPE);
}

/** Has a stream gone by? */
static inline bool
packet_any_seen(const struct packet_order *order)
{
	return order->seen[0].stream != 0;
}

/**
 * How many packets of its stream should have come before this one and have not;
 * a stream that goes round begins anew after its last one. 0 for any other packet.
 */
uint32_t packet_gap(struct packet_order *order, const struct rte_mbuf *mbuf);

#endif
