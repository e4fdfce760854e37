/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include <rte_config.h>

/* What the primary does to ports: configure and start them, stop them, put lost mbufs back. The EAL
 * lets no secondary do it. In the primary's main thread, or in its server's thread for a secondary
 * that has the turn. */

/** Instead of a port id: see that the pool is whole. */
#define PORT_CONTROL_POOL RTE_MAX_ETHPORTS

/** What is asked of the primary; the parameters of an mp message. */
struct port_request {
	uint64_t op;	       /* the operation it is for, which must still be under way */
	uint16_t id;	       /* port, or PORT_CONTROL_POOL */
	uint16_t nb_rx, nb_tx; /* queues; 0: stop */
};

/** mbufs in the pool that the first start makes. */
void port_control_set_mbufs(unsigned int nb);

/**
 * Do what is asked.
 *
 * @param why on failure receives a sentence.
 * @return 0 or a negative errno.
 */
int port_control_do(const struct port_request *req, char *why);
