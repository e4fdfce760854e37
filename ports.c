/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_string_fns.h>

#include "base/wait.h"
#include "base/port_set.h"
#include "base/clock.h"
#include "device.h"
#include "group_shared.h"
#include "operation.h"
#include "pool.h"
#include "ports.h"
#include "queues.h"
#include "base/text.h"
#include "views.h"
#include "watch.h"
#include "withdraw.h"

#define ACTION "hotplug_mp_ports"
#define DESCRIPTORS 512
#define ANSWER_S 5
#define NO_PORT RTE_MAX_ETHPORTS
#define ENDING_MS 100 /* how long one that polled has to put back what it has */

/* What a secondary asks of its primary, and the answer; in the parameters of an mp message. */
struct request {
	uint64_t op;	       /* the operation it is for, which must still be under way */
	uint16_t id;	       /* NO_PORT: see that the pool is whole */
	uint16_t nb_rx, nb_tx; /* 0: stop */
};

struct answer {
	int32_t err;
	char why[200];
};

static unsigned int pool_size = PORTS_MBUFS; /* in mbufs */

/* The request that waits for the thread that serves; under lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER;
static bool serving, stopping, waiting, busy;
static struct request asked;
static char asker[128]; /* path of its mp socket */
static pthread_t thread;

unsigned int
ports_queues(unsigned int id, bool rx)
{
	const struct ports_state *state = &group_shared->started[id];
	uint32_t nb = atomic_load(rx ? &state->nb_rx : &state->nb_tx), has;
	struct rte_eth_dev_info info;

	/* Any process can write any number there, before the first start makes the pool, too. */
	if (nb == 0 || pool_find() == NULL || rte_eth_dev_info_get(id, &info) < 0)
		return 0;
	has = rx ? info.nb_rx_queues : info.nb_tx_queues;
	nb = RTE_MIN(nb, has);
	return RTE_MIN(nb, (uint32_t)PORTS_MAX_QUEUES);
}

static int
queues_setup(const struct request *req, char *why, size_t size)
{
	uint16_t nb_rxd = DESCRIPTORS, nb_txd = DESCRIPTORS, i;
	int socket = rte_eth_dev_socket_id(req->id), ret;
	const struct rte_eth_conf conf = {0};
	struct rte_mempool *pool;

	pool = pool_make(pool_size, why, size);
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
		snprintf(why, size, "cannot configure port %u: %s", req->id, strerror(-ret));
	return ret;
}

/* In the primary: its main thread, or the one that serves while the asker has the turn. */
static int
port_start(const struct request *req, char *why, size_t size)
{
	struct ports_state *state = &group_shared->started[req->id];
	struct rte_eth_dev_info info;
	int ret;

	ret = rte_eth_dev_info_get(req->id, &info);
	if (ret < 0) {
		snprintf(why, size, "cannot ask port %u: %s", req->id, strerror(-ret));
		return ret;
	}
	if (req->nb_rx > info.max_rx_queues || req->nb_tx > info.max_tx_queues) {
		snprintf(why, size, "port %u has at most %u rx and %u tx queues", req->id,
			info.max_rx_queues, info.max_tx_queues);
		return -ERANGE;
	}
	/* It sends all descriptors in one message, and looks too late whether they fit. */
	if (strcmp(info.driver_name, "net_tap") == 0 &&
		req->nb_rx + req->nb_tx > RTE_MP_MAX_FD_NUM) {
		snprintf(why, size, "port %u: net_tap has at most %d queues, rx and tx together",
			req->id, RTE_MP_MAX_FD_NUM);
		return -ERANGE;
	}
	ret = queues_setup(req, why, size);
	if (ret < 0)
		return ret;
	ret = rte_eth_dev_start(req->id);
	if (ret < 0) {
		snprintf(why, size, "cannot start port %u: %s", req->id, strerror(-ret));
		return ret;
	}
	/* Whoever forwards wants all; what cannot be set is set, or there is no such thing. */
	rte_eth_promiscuous_enable(req->id);
	atomic_store(&state->rx_queues, rte_eth_fp_ops[req->id].rxq.data);
	atomic_store(&state->tx_queues, rte_eth_fp_ops[req->id].txq.data);
	atomic_store(&state->nb_tx, req->nb_tx);
	atomic_store(&state->nb_rx, req->nb_rx);
	return 0;
}

/*
 * What a driver holds when its port is removed may be lost to the pool for good.
 * A driver that makes packets out of nothing would never end.
 */
static void
port_drain(uint16_t id)
{
	struct rte_mbuf *mbufs[32];
	unsigned int left = pool_size; /* packets */
	unsigned int nb_queues = ports_queues(id, true), queue;
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
port_stop(uint16_t id, char *why, size_t size)
{
	struct ports_state *state = &group_shared->started[id];
	int ret;

	port_drain(id);
	ret = rte_eth_dev_stop(id);
	if (ret < 0) {
		snprintf(why, size, "cannot stop port %u: %s", id, strerror(-ret));
		return ret;
	}
	atomic_store(&state->nb_rx, 0);
	atomic_store(&state->nb_tx, 0);
	return 0;
}

/*
 * The dead have taken with them what they had in their hands, and a driver may
 * have lost some with its port. Where they are cannot be known; but when no port is
 * configured and nobody polls, no mbuf can be in use, and all are put back. A port
 * that is just stopped is configured still, and may keep some.
 */
static void
pool_see_to(void)
{
	uint64_t until = clock_now_ns() + ENDING_MS * CLOCK_NS_PER_MS;
	struct rte_eth_dev_info info;
	uint16_t id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (rte_eth_dev_is_valid_port(id) &&
			(rte_eth_dev_info_get(id, &info) < 0 || info.nb_rx_queues > 0 ||
				info.nb_tx_queues > 0))
			return;
	}
	while (queues_any()) {
		if (clock_now_ns() > until)
			return;
		clock_sleep_ns(CLOCK_NS_PER_MS);
	}
	if (!pool_whole())
		pool_mend();
}

static int
request_do(const struct request *req, char *why, size_t size)
{
	if (req->id == NO_PORT) {
		pool_see_to();
		return 0;
	}
	if (!rte_eth_dev_is_valid_port(req->id)) {
		snprintf(why, size, "the primary has no port %u; run sync", req->id);
		return -ENODEV;
	}
	return req->nb_rx == 0 ? port_stop(req->id, why, size) : port_start(req, why, size);
}

static void
request_answer(const struct request *req, const char *peer)
{
	struct rte_mp_msg msg = {.name = ACTION, .len_param = sizeof(struct answer)};
	struct answer answer = {0};

	/* The asker may have given up or died: then the turn, and the port, are another's. */
	if (turn_operation(&group_shared->turn) != req->op)
		return;
	answer.err = request_do(req, answer.why, sizeof(answer.why));
	memcpy(msg.param, &answer, sizeof(answer));
	rte_mp_reply(&msg, peer);
}

static void *
serve_main(void *arg)
{
	struct request req;
	char peer[sizeof(asker)];

	RTE_SET_USED(arg);
	pthread_mutex_lock(&lock);
	while (!stopping) {
		if (!waiting) {
			pthread_cond_wait(&wanted, &lock);
			continue;
		}
		req = asked;
		strlcpy(peer, asker, sizeof(peer));
		waiting = false;
		busy = true;
		atomic_store(&group_self->serving, 1);
		pthread_mutex_unlock(&lock);
		request_answer(&req, peer);
		pthread_mutex_lock(&lock);
		busy = false;
		atomic_store(&group_self->serving, 0);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

void
ports_tick(void)
{
	pthread_mutex_lock(&lock);
	atomic_store(&group_self->serving, busy);
	pthread_mutex_unlock(&lock);
}

/* In the mp thread, which must be free for what the EAL has to ask meanwhile: hand it on. */
static int
request_message(const struct rte_mp_msg *msg, const void *peer)
{
	struct request req;

	if (msg->len_param != sizeof(req))
		return -1;
	memcpy(&req, msg->param, sizeof(req));
	/* Number 0 is that of no operation, and would fit when nobody has the turn. */
	if (req.op == 0 || req.id > NO_PORT || req.nb_rx > PORTS_MAX_QUEUES ||
		req.nb_tx > PORTS_MAX_QUEUES)
		return -1;
	pthread_mutex_lock(&lock);
	asked = req;
	strlcpy(asker, peer, sizeof(asker));
	waiting = true;
	pthread_cond_signal(&wanted);
	pthread_mutex_unlock(&lock);
	return 0;
}

int
ports_serve(unsigned int nb_mbufs)
{
	int ret;

	pool_use_uncached();
	pool_size = nb_mbufs;
	if (!group_is_primary())
		return 0;
	ret = pthread_create(&thread, NULL, serve_main, NULL);
	if (ret != 0)
		return -ret;
	serving = true;
	/* A group of one has no mp channel, and needs none. */
	if (rte_mp_action_register(ACTION, request_message) < 0 && rte_errno != ENOTSUP)
		return -rte_errno;
	return 0;
}

void
ports_serve_stop(void)
{
	if (!serving)
		return;
	rte_mp_action_unregister(ACTION);
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_signal(&wanted);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	serving = false;
}

/* Have the primary do it, whoever that is. Holder of the turn. */
static int
request_send(struct request *req, char *why, size_t size)
{
	struct rte_mp_msg msg = {.name = ACTION, .len_param = sizeof(*req)};
	struct timespec timeout = {.tv_sec = ANSWER_S};
	struct rte_mp_reply reply = {0};
	struct answer answer;
	int err = -ETIMEDOUT;

	if (group_is_primary())
		return request_do(req, why, size);
	req->op = turn_operation(&group_shared->turn);
	memcpy(msg.param, req, sizeof(*req));
	snprintf(why, size,
		"the primary (pid %d) did not answer within %d s, and may do it still; show tells",
		group_primary_pid, ANSWER_S);
	if (rte_mp_request_sync(&msg, &reply, &timeout) == 0 && reply.nb_received == 1 &&
		reply.msgs[0].len_param == sizeof(answer)) {
		memcpy(&answer, reply.msgs[0].param, sizeof(answer));
		err = RTE_MIN(answer.err, 0);
		snprintf(why, size, "%.*s", (int)sizeof(answer.why), answer.why);
		text_printable(why);
	}
	free(reply.msgs);
	return err;
}

int
ports_stop_all(const struct port_set *ports, bool *touched, char *why, size_t size)
{
	struct request req = {0};
	unsigned int id;
	int ret = 0;

	*touched = false;
	for (id = 0; id < RTE_MAX_ETHPORTS && ret == 0; id++) {
		if (!port_set_has(ports, id) || atomic_load(&group_shared->started[id].nb_rx) == 0)
			continue;
		req.id = id;
		ret = request_send(&req, why, size);
		if (ret < 0 && ret != -ETIMEDOUT && *touched)
			text_add(why, size, "; another port of it is stopped");
		*touched = *touched || ret == 0 || ret == -ETIMEDOUT;
	}
	return ret;
}

void
ports_gone(void)
{
	struct request req = {.id = NO_PORT};
	unsigned int id;
	char why[256];

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (atomic_load(&group_shared->started[id].nb_rx) > 0)
			return;
	}
	/* Whether it could be done the next one sees who looks. */
	if (!group_primary_foreign() && !pool_whole())
		request_send(&req, why, sizeof(why));
}

static bool
primary_serves(void)
{
	const struct group_member *member;

	for (member = group_shared->members; member < group_shared->members + GROUP_MAX_MEMBERS;
		member++) {
		if (atomic_load(&member->serving) != 0 &&
			group_member_alive(member - group_shared->members))
			return true;
	}
	return false;
}

int
ports_settle(wait_fn wait, char *why, size_t size)
{
	uint64_t until = clock_now_ns() + (uint64_t)ANSWER_S * 1000 * CLOCK_NS_PER_MS;

	while (primary_serves()) {
		if (clock_now_ns() > until || !wait_go_on(wait, NULL)) {
			snprintf(why, size,
				"the primary (pid %d) is still busy with an earlier start or stop",
				group_primary_pid);
			return -EBUSY;
		}
		clock_sleep_ns(10 * CLOCK_NS_PER_MS);
	}
	return 0;
}

/* The ports of the device an operation is about. @return false with the result set. */
static bool
ports_of(struct operation *op, struct port_set *ports)
{
	unsigned int first = RTE_MAX_ETHPORTS;
	struct rte_device *dev;

	if (group_primary_foreign()) {
		operation_result(op, -ENOTSUP,
			"the primary (pid %d) is another program; configure the port there",
			group_primary_pid);
		return false;
	}
	dev = device_find(&op->da);
	if (dev == NULL) {
		operation_result(op, -ENODEV, "not attached");
		return false;
	}
	device_ports(dev, ports, &first);
	if (first == RTE_MAX_ETHPORTS)
		operation_result(op, -ENODEV, "no ethernet port");
	return first < RTE_MAX_ETHPORTS;
}

void
ports_start(const char *device, unsigned int nb_rx, unsigned int nb_tx, wait_fn wait,
	struct hotplug_result *res)
{
	struct operation op = {.verb = "start", .res = res, .wait = wait};
	struct request req = {.nb_rx = nb_rx, .nb_tx = nb_tx};
	struct port_set ports;
	unsigned int id;
	char why[256];
	int ret = 0;

	if (operation_begin(&op, device) < 0)
		return;
	if (ports_of(&op, &ports)) {
		for (id = 0; id < RTE_MAX_ETHPORTS && ret == 0; id++) {
			if (!port_set_has(&ports, id))
				continue;
			if (atomic_load(&group_shared->started[id].nb_rx) > 0) {
				snprintf(why, sizeof(why), "already started (port %u)", id);
				ret = -EALREADY;
				continue;
			}
			req.id = id;
			ret = request_send(&req, why, sizeof(why));
		}
		operation_result(&op, ret, "%s", ret == 0 ? "" : why);
	}
	operation_end(&op);
}

void
ports_stop(const char *device, wait_fn wait, struct hotplug_result *res)
{
	struct operation op = {.verb = "stop", .res = res, .wait = wait};
	struct port_set ports;
	bool any = false, touched = false;
	unsigned int id;
	char why[256];
	int ret;

	if (operation_begin(&op, device) < 0)
		return;
	if (ports_of(&op, &ports)) {
		for (id = 0; id < RTE_MAX_ETHPORTS; id++)
			any = any || (port_set_has(&ports, id) &&
					     atomic_load(&group_shared->started[id].nb_rx) > 0);
		snprintf(why, sizeof(why), "not started");
		ret = any ? withdraw_ports(&ports, PORTS_WITHDRAW_MS, why, sizeof(why)) : -EALREADY;
		if (ret == 0)
			ret = ports_stop_all(&ports, &touched, why, sizeof(why));
		if (any)
			withdraw_end(&ports, touched);
		operation_result(&op, ret, "%s", ret == 0 ? "" : why);
	}
	operation_end(&op);
}
