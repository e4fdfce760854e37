/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include <rte_ethdev.h>

/* What only the primary may do to ports: configure and start them, stop them, put lost mbufs back.
 * In its main thread, or in its server's thread for a secondary that has the turn. */

enum port_what {
	PORT_START,
	PORT_STOP,   /* also of what is only left over from an earlier start */
	PORT_NOTE,   /* it has just come: traffic/handed.h */
	PORT_LINK,   /* its link, as only the primary's driver may know it */
	PORT_POOL,   /* put lost mbufs back; of no port */
	PORT_SCANS,  /* vdev_list_give_up(); of no port */
	PORT_REMOVE, /* its device, or the port itself: request_remove() in traffic/server.h */
	NB_PORT_WHAT,
};

/** A request to the primary; the parameters of an mp message. */
struct port_request {
	uint64_t op;   /* number of the asker's operation, which must be under way */
	uint16_t what; /* enum port_what */
	uint16_t id;
	uint16_t nb_rx, nb_tx; /* queues, to start */
};

/** Set the number of mbufs in the pool that the first start makes. */
void port_control_set_mbufs(unsigned int nb);

/** Do what is asked. @param link receives the link of PORT_LINK. @return 0, or a negative errno and
 * why. */
int port_control_do(const struct port_request *req, struct rte_eth_link *link, char *why);
