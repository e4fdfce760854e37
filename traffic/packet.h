/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

/* Numbered packets: ethernet frames whose numbers show which packets of a stream are missing. They
 * have the ethertype that IEEE 802 reserves for local experiments. Any thread, unless said
 * otherwise. */

/** Size of a frame in bytes, without its checksum. */
#define PACKET_MIN 60
#define PACKET_MAX 1514

#define PACKET_ETHER_TYPE 0x88b5
#define PACKET_STREAMS 8 /* streams that a receiver follows at the same time */

/** How far a stream has come at a receiver. */
struct packet_progress {
	uint32_t stream; /* 0: free */
	uint32_t next;	 /* highest number so far, plus 1 */
	bool again;	 /* the stream has begun again, and next belongs to the last round */
};

struct packet_order {
	struct packet_progress seen[PACKET_STREAMS];
	unsigned int oldest; /* the next new stream replaces this entry */
};

/** Does the packet have the ethertype of numbered packets? */
static inline bool
packet_may_be_numbered(const struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *)->ether_type ==
	       rte_cpu_to_be_16(PACKET_ETHER_TYPE);
}

/** Has any stream come? */
static inline bool
packet_any_seen(const struct packet_order *order)
{
	return order->seen[0].stream != 0;
}

/**
 * How many packets of its stream are missing before this packet; 0 for one that comes late, and for
 * one without a number. A packet that comes late was counted as missing, and stays counted.
 *
 * The packets of a stream can come round again. So a lower number than the last one is late if it
 * is less than half of the stream behind, and otherwise begins the next round. In a later round, a
 * number more than half of the stream ahead is late, too: it belongs to the round before.
 */
uint32_t packet_gap(struct packet_order *order, const struct rte_mbuf *mbuf);

/** Take a queue to send through. Main thread, with the turn.
 * @return its number, or a negative errno and why. */
int send_begin(unsigned int id, char *why);

/**
 * Send nb packets of size bytes through the queue that send_begin() took, and give it back. Main
 * thread, without the turn.
 *
 * @param look called every 10 ms; returns false to end the sending.
 * @param sent receives how many were sent.
 * @return NULL, or why not all of them were sent.
 */
const char *send_packets(unsigned int id, unsigned int queue, unsigned int nb, unsigned int size,
	bool (*look)(void), unsigned int *sent);
