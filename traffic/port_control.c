/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "base/clock.h"
#include "base/text.h"
#include "eal/port_device.h"
#include "eal/vdev_list.h"
#include "group/errors.h"
#include "traffic/capture.h"
#include "traffic/handed.h"
#include "traffic/pool.h"
#include "traffic/port_control.h"
#include "traffic/promiscuous.h"
#include "traffic/queues.h"

#define DESCRIPTORS 512
#define ENDING_MS 100 /* how long pollers that end have to put back their mbufs */

static unsigned int pool_size = POOL_MBUFS; /* in mbufs */

void
port_control_set_mbufs(unsigned int nb)
{
	pool_size = nb;
}

/* A driver has returned err. Its reason is what it has logged, as its number often means nothing:
 * many return -1. */
static int
driver_failed(const char *what, uint16_t id, int err, char *why)
{
	char error[256];
	struct who who;

	if (errors_first(&who, error, sizeof(error)))
		return why_set(
			why, err, "cannot %s port %u: %s: %s", what, id, who_name(who).text, error);
	return why_set(why, err, "cannot %s port %u: %s; the driver has logged no reason", what, id,
		err == -EPERM ? "the driver refused" : strerror(-err));
}

static int
queues_setup(const struct port_request *req, char *why)
{
	uint16_t nb_rxd = DESCRIPTORS, nb_txd = DESCRIPTORS, i;
	int socket = rte_eth_dev_socket_id(req->id), ret;
	const struct rte_eth_conf conf = {0};
	struct rte_mempool *pool;

	pool = pool_make(pool_size, why);
	if (pool == NULL)
		return -ENOMEM;
	ret = rte_eth_dev_configure(req->id, req->nb_rx, req->nb_tx, &conf);
	if (ret == 0)
		ret = rte_eth_dev_adjust_nb_rx_tx_desc(req->id, &nb_rxd, &nb_txd);
	for (i = 0; i < req->nb_rx && ret == 0; i++)
		ret = rte_eth_rx_queue_setup(req->id, i, nb_rxd, socket, NULL, pool);
	for (i = 0; i < req->nb_tx && ret == 0; i++)
		ret = rte_eth_tx_queue_setup(req->id, i, nb_txd, socket, NULL);
	if (ret < 0)
		return driver_failed("configure", req->id, ret, why);
	return 0;
}

static int
port_start(const struct port_request *req, char *why)
{
	struct rte_eth_dev_info info;
	int ret;

	ret = rte_eth_dev_info_get(req->id, &info);
	if (ret < 0)
		return driver_failed("ask", req->id, ret, why);
	if (req->nb_rx > info.max_rx_queues || req->nb_tx > info.max_tx_queues)
		return why_set(why, -ERANGE, "port %u has at most %u rx and %u tx queues", req->id,
			info.max_rx_queues, info.max_tx_queues);
	/* A secondary may have some from an earlier start, if it joined after that. */
	ret = handed_close(req->id, why);
	if (ret == 0)
		ret = queues_setup(req, why);
	if (ret < 0)
		return ret;
	promiscuous_prepare(req->id);
	ret = rte_eth_dev_start(req->id);
	if (ret < 0) {
		promiscuous_end(req->id);
		return driver_failed("start", req->id, ret, why);
	}
	promiscuous_begin(req->id);
	ret = handed_arrive(req->id, why);
	if (ret < 0) {
		promiscuous_end(req->id);
		rte_eth_dev_stop(req->id);
		return ret;
	}
	started_enter(req->id, req->nb_rx, req->nb_tx);
	capture_resume(req->id);
	return 0;
}

/* Receive what the driver still holds, because a driver may lose these mbufs when its port is
 * removed. The number is limited, because some drivers make packets for ever. */
static void
port_drain(uint16_t id)
{
	struct rte_mbuf *mbufs[32];
	unsigned int left = pool_size; /* packets */
	unsigned int nb_queues = started_queues(id, true), queue;
	uint16_t nb;

	for (queue = 0; queue < nb_queues; queue++) {
		while (left > 0) {
			nb = rte_eth_rx_burst(id, queue, mbufs, RTE_DIM(mbufs));
			if (nb == 0)
				break;
			rte_pktmbuf_free_bulk(mbufs, nb);
			left -= RTE_MIN(left, nb);
		}
	}
}

static int
port_stop(uint16_t id, char *why)
{
	bool started = started_port(id);
	int ret;

	/* A driver may read its device, which is gone. operations/leftover.h closes such a port.
	 */
	if (started && port_device(id) != NULL) {
		capture_pause(id);
		port_drain(id);
		promiscuous_end(id);
		ret = rte_eth_dev_stop(id);
		if (ret < 0) {
			driver_failed("stop", id, ret, why);
			capture_resume(id);
			return ret;
		}
	}
	if (started)
		started_clear(id);
	ret = handed_close(id, why);
	if (ret < 0 && started)
		text_add(why, WHY_SIZE, "; the port is stopped");
	return ret;
}

/* Dead processes and removed ports may have lost mbufs; which ones is not known. But if no port is
 * configured and no process polls, no mbuf is in use, so put all of them back. A port that is only
 * stopped is still configured, and may keep some. */
static void
pool_mend_if_idle(void)
{
	uint64_t until = clock_in_ms(ENDING_MS);
	struct rte_eth_dev_info info;
	uint16_t id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (rte_eth_dev_is_valid_port(id) &&
			(port_device(id) == NULL || rte_eth_dev_info_get(id, &info) < 0 ||
				info.nb_rx_queues > 0 || info.nb_tx_queues > 0))
			return;
	}
	while (queues_any()) {
		if (clock_is_past(until))
			return;
		clock_sleep_ns(CLOCK_NS_PER_MS);
	}
	if (!pool_whole())
		pool_mend();
}

int
port_control_do(const struct port_request *req, struct rte_eth_link *link, char *why)
{
	struct port_set port = {0};
	int ret = 0;

	if (req->what == PORT_POOL) {
		pool_mend_if_idle();
		return 0;
	}
	if (req->what == PORT_SCANS) {
		vdev_list_give_up("a process did not get a device");
		return 0;
	}
	if (!rte_eth_dev_is_valid_port(req->id))
		return why_set(why, -ENODEV, "the primary has no port %u; run sync", req->id);
	if (req->what != PORT_STOP && req->what != PORT_NOTE && port_device(req->id) == NULL)
		return why_set(why, -ENODEV, "port %u has lost its device; run sync", req->id);
	if (req->what == PORT_NOTE) {
		port_set_add(&port, req->id);
		handed_note(&port);
		return 0;
	}
	if (req->what == PORT_LINK) {
		ret = rte_eth_link_get_nowait(req->id, link);
		if (ret < 0)
			why_set(why, ret, "cannot ask port %u: %s", req->id, strerror(-ret));
		return ret;
	}
	capture_port_lock();
	ret = req->what == PORT_START ? port_start(req, why) : port_stop(req->id, why);
	capture_port_unlock();
	return ret;
}
