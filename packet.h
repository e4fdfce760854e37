/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_mempool.h>

/*
 * Numbered packets: ethernet frames of a type of their own (IEEE 802's for local
 * experiments) that tell which ones of their stream are missing.
 */

/** Bytes of a frame, without its checksum. */
#define PACKET_MIN 60
#define PACKET_MAX 1514

/** How far a stream has come, for one who sees it go by. */
struct packet_order {
	uint32_t stream; /* 0: none was seen yet */
	uint32_t next;	 /* the number that is to come */
};

/** A number for a stream that no other has lately had. */
uint32_t packet_stream(void);

/** Packet number n of nb, from 0 on; NULL if the pool has no mbuf just now. */
struct rte_mbuf *packet_make(struct rte_mempool *pool, uint16_t port, uint32_t stream, uint32_t n,
	uint32_t nb, unsigned int size);

/**
 * How many packets of its stream should have come before this one and have not;
 * a stream that goes round begins anew after its last one. 0 for any other packet.
 */
uint32_t packet_gap(struct packet_order *order, const struct rte_mbuf *mbuf);

#endif
