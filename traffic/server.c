/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_SERVER
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include "base/clock.h"
#include "base/text.h"
#include "eal/port_device.h"
#include "group/members.h"
#include "group/primary.h"
#include "group/turn.h"
#include "group/views.h"
#include "traffic/pool.h"
#include "traffic/port_control.h"
#include "traffic/queues.h"
#include "traffic/server.h"

#define ANSWER_S 5  /* how long an asker waits for the server */
#define LINK_S 1    /* the same, to know no more than a link */
#define REMOVE_S 15 /* the same if the server asks every process; the EAL waits up to 10 s */

/* The server's answer, in the parameters of an mp message. */
struct server_answer {
	int32_t err;
	struct rte_eth_link link;
	char why[RTE_MP_MAX_PARAM_LEN - 2 * sizeof(struct rte_eth_link)];
};

/* The request that waits for the server's thread; under lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER;
static bool serving, stopping, waiting, busy;
static struct port_request asked;
static char asker[128]; /* path of its mp socket */
static pthread_t thread;
static server_remove_fn remove_port;

static int
request_do(const struct port_request *req, struct rte_eth_link *link, char *why)
{
	return req->what == PORT_REMOVE ? remove_port(req->id, why)
					: port_control_do(req, link, why);
}

static void
request_answer(const struct port_request *req, const char *peer)
{
	struct rte_mp_msg msg = {.name = SERVER_ACTION, .len_param = sizeof(struct server_answer)};
	struct server_answer answer = {0};
	char why[WHY_SIZE] = "";

	/* If the asker has given up or died, another process may have the turn. */
	if (turn_operation() != req->op)
		return;
	answer.err = request_do(req, &answer.link, why);
	strlcpy(answer.why, why, sizeof(answer.why));
	memcpy(msg.param, &answer, sizeof(answer));
	rte_mp_reply(&msg, peer);
}

static void *
serve_main(__rte_unused void *arg)
{
	struct port_request req;
	char peer[sizeof(asker)];

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
server_tick(void)
{
	pthread_mutex_lock(&lock);
	atomic_store(&group_self->serving, busy);
	pthread_mutex_unlock(&lock);
}

/* Runs in the mp thread: pass the request to the server's thread. */
static int
request_message(const struct rte_mp_msg *msg, const void *peer)
{
	struct port_request req;

	if (msg->len_param != sizeof(req))
		return -1;
	memcpy(&req, msg->param, sizeof(req));
	/* turn_operation() is 0 between turns, so a request with 0 would seem to belong to it. */
	if (req.op == 0 || req.what >= NB_PORT_WHAT || req.id > RTE_MAX_ETHPORTS ||
		req.nb_rx > STARTED_MAX_QUEUES || req.nb_tx > STARTED_MAX_QUEUES)
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
server_start(server_remove_fn remove)
{
	int ret;

	remove_port = remove;
	pool_use_uncached();
	if (!primary_is_self())
		return 0;
	ret = pthread_create(&thread, NULL, serve_main, NULL);
	if (ret != 0)
		return -ret;
	serving = true;
	/* A group of one has no mp channel (ENOTSUP), and needs none. */
	if (rte_mp_action_register(SERVER_ACTION, request_message) < 0 && rte_errno != ENOTSUP)
		return -rte_errno;
	return 0;
}

void
server_stop(void)
{
	if (!serving)
		return;
	rte_mp_action_unregister(SERVER_ACTION);
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_signal(&wanted);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	serving = false;
}

/* @param link receives what PORT_LINK asks for; NULL for all else. */
static int
request_send(struct port_request *req, unsigned int limit_s, struct rte_eth_link *link, char *why)
{
	struct rte_mp_msg msg = {.name = SERVER_ACTION, .len_param = sizeof(*req)};
	struct timespec timeout = {.tv_sec = limit_s};
	struct rte_mp_reply reply = {0};
	struct server_answer answer;
	int err = -ETIMEDOUT;

	if (primary_is_self())
		return request_do(req, link, why);
	req->op = turn_operation();
	memcpy(msg.param, req, sizeof(*req));
	snprintf(why, WHY_SIZE,
		"the primary (pid %d) did not answer within %u s, and may do it still; show tells",
		primary_pid(), limit_s);
	if (rte_mp_request_sync(&msg, &reply, &timeout) == 0 && reply.nb_received == 1 &&
		reply.msgs[0].len_param == sizeof(answer)) {
		memcpy(&answer, reply.msgs[0].param, sizeof(answer));
		err = RTE_MIN(answer.err, 0);
		if (link != NULL)
			*link = answer.link;
		snprintf(why, WHY_SIZE, "%.*s", (int)sizeof(answer.why), answer.why);
		text_printable(why);
	}
	free(reply.msgs);
	return err;
}

int
request_start(unsigned int id, unsigned int nb_rx, unsigned int nb_tx, char *why)
{
	struct port_request req = {.what = PORT_START, .id = id, .nb_rx = nb_rx, .nb_tx = nb_tx};

	return request_send(&req, ANSWER_S, NULL, why);
}

/* Is it a port on an interface of the kernel? */
static bool
has_interface(unsigned int id)
{
	struct rte_eth_dev_info info;

	return port_device(id) != NULL && rte_eth_dev_info_get(id, &info) == 0 &&
	       info.if_index != 0;
}

int
request_stop(const struct port_set *ports, bool *touched, char *why)
{
	struct port_request req = {.what = PORT_STOP};
	unsigned int id;
	bool started;
	int ret = 0;

	*touched = false;
	PORT_SET_FOREACH(id, ports) {
		started = started_port(id);
		/* A port that is not started may have descriptors in a secondary. */
		if (!started && (primary_is_foreign() || !has_interface(id)))
			continue;
		req.id = id;
		ret = request_send(&req, ANSWER_S, NULL, why);
		if (ret < 0 && ret != -ETIMEDOUT && *touched)
			text_add(why, WHY_SIZE, "; another port of it is stopped");
		*touched = *touched || (started && (ret == 0 || ret == -ETIMEDOUT));
		if (ret < 0)
			break;
	}
	return ret;
}

int
request_remove(unsigned int id, char *why)
{
	struct port_request req = {.what = PORT_REMOVE, .id = id};

	if (primary_is_foreign())
		return why_set(why, -ENOTSUP,
			"the primary (pid %d) is another program; detach it there", primary_pid());
	return request_send(&req, REMOVE_S, NULL, why);
}

void
request_mend_pool(void)
{
	struct port_request req = {.what = PORT_POOL};
	char why[WHY_SIZE];

	/* Who polls may be about to give back what it has cached; the primary waits for that.
	 * Failure is harmless: the next caller checks again. */
	if (!started_any() && !primary_is_foreign() && (queues_any() || !pool_whole()))
		request_send(&req, ANSWER_S, NULL, why);
}

void
request_plain_scans(void)
{
	struct port_request req = {.what = PORT_SCANS};
	char why[WHY_SIZE];

	/* Failure is harmless: a device that is lacking again is found again. */
	if (!primary_is_foreign())
		request_send(&req, ANSWER_S, NULL, why);
}

void
request_note(const struct port_set *ports)
{
	struct port_request req = {.what = PORT_NOTE};
	char why[WHY_SIZE];

	PORT_SET_FOREACH(req.id, ports) {
		/* Failure is harmless: the interface is found later, unless it is renamed. */
		if (!primary_is_foreign() && has_interface(req.id))
			request_send(&req, ANSWER_S, NULL, why);
	}
}

int
request_link(unsigned int id, struct rte_eth_link *link)
{
	struct port_request req = {.what = PORT_LINK, .id = id};
	const struct group_member *primary = member_find(primary_pid());
	struct peer peer;
	char why[WHY_SIZE];

	if (primary_is_self())
		return rte_eth_link_get_nowait(id, link);
	if (primary == NULL)
		return -ENOTSUP;
	peers_look_at(primary, &peer);
	return peer.state == PEER_OK ? request_send(&req, LINK_S, link, why) : -ETIMEDOUT;
}

static bool
primary_serves(void)
{
	const struct group_member *member;

	MEMBER_FOREACH(member) {
		if (atomic_load(&member->serving) != 0 && member_alive(member))
			return true;
	}
	return false;
}

int
request_settle(wait_fn wait, char *why)
{
	uint64_t until = clock_in_ms(ANSWER_S * 1000);

	while (primary_serves()) {
		if (!wait_go_on(wait, NULL))
			return why_set(why, -ECANCELED,
				"gave up waiting for the primary (pid %d): busy with an earlier "
				"start or stop",
				primary_pid());
		if (clock_is_past(until))
			return why_set(why, -EBUSY,
				"the primary (pid %d) is still busy with an earlier start or stop",
				primary_pid());
		clock_sleep_ns(10 * CLOCK_NS_PER_MS);
	}
	return 0;
}
