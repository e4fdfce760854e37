/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include <rte_config.h>

/* What only the primary may do to ports: configure and start them, stop them, put lost mbufs back.
 * In its main thread, or in its server's thread for a secondary that has the turn. */

/** Instead of a port id: put lost mbufs back. */
#define PORT_CONTROL_POOL RTE_MAX_ETHPORTS

/** A request to the primary; the parameters of an mp message. */
struct port_request {
	uint64_t op;	       /* number of the asker's operation, which must be under way */
	uint16_t id;	       /* port, or PORT_CONTROL_POOL */
	uint16_t nb_rx, nb_tx; /* queues; 0: stop */
	uint16_t remove;       /* 1: remove the port's device, or the port (traffic/server.h) */
};

/** Set the number of mbufs in the pool that the first start makes. */
void port_control_set_mbufs(unsigned int nb);

/** Do what is asked. @return 0, or a negative errno and why. */
int port_control_do(const struct port_request *req, char *why);
