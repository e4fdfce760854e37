/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "base/why.h"
#include "base/clock.h"
#include "base/text.h"
#include "group/members.h"
#include "group/primary.h"
#include "group/turn.h"
#include "traffic/pool.h"
#include "traffic/port_control.h"
#include "traffic/request.h"
#include "traffic/server.h"
#include "traffic/started.h"

#define ANSWER_S 5

static int
request_send(struct port_request *req, char *why)
{
	struct rte_mp_msg msg = {.name = SERVER_ACTION, .len_param = sizeof(*req)};
	struct timespec timeout = {.tv_sec = ANSWER_S};
	struct rte_mp_reply reply = {0};
	struct server_answer answer;
	int err = -ETIMEDOUT;

	if (primary_is_self())
		return port_control_do(req, why);
	req->op = turn_operation();
	memcpy(msg.param, req, sizeof(*req));
	snprintf(why, WHY_SIZE,
		"the primary (pid %d) did not answer within %d s, and may do it still; show tells",
		primary_pid(), ANSWER_S);
	if (rte_mp_request_sync(&msg, &reply, &timeout) == 0 && reply.nb_received == 1 &&
		reply.msgs[0].len_param == sizeof(answer)) {
		memcpy(&answer, reply.msgs[0].param, sizeof(answer));
		err = RTE_MIN(answer.err, 0);
		snprintf(why, WHY_SIZE, "%.*s", (int)sizeof(answer.why), answer.why);
		text_printable(why);
	}
	free(reply.msgs);
	return err;
}

int
request_start(unsigned int id, unsigned int nb_rx, unsigned int nb_tx, char *why)
{
	struct port_request req = {.id = id, .nb_rx = nb_rx, .nb_tx = nb_tx};

	return request_send(&req, why);
}

int
request_stop(const struct port_set *ports, bool *touched, char *why)
{
	struct port_request req = {0};
	unsigned int id;
	int ret = 0;

	*touched = false;
	PORT_SET_FOREACH(id, ports)
	{
		if (!started_port(id))
			continue;
		req.id = id;
		ret = request_send(&req, why);
		if (ret < 0 && ret != -ETIMEDOUT && *touched)
			text_add(why, WHY_SIZE, "; another port of it is stopped");
		*touched = *touched || ret == 0 || ret == -ETIMEDOUT;
		if (ret < 0)
			break;
	}
	return ret;
}

void
request_mend_pool(void)
{
	struct port_request req = {.id = PORT_CONTROL_POOL};
	char why[WHY_SIZE];

	/* Failure is harmless: the next caller checks again. */
	if (!started_any() && !primary_is_foreign() && !pool_whole())
		request_send(&req, why);
}

static bool
primary_serves(void)
{
	const struct group_member *member;

	MEMBER_FOREACH(member)
	{
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
		if (clock_is_past(until) || !wait_go_on(wait, NULL))
			return why_set(why, -EBUSY,
				"the primary (pid %d) is still busy with an earlier start or stop",
				primary_pid());
		clock_sleep_ns(10 * CLOCK_NS_PER_MS);
	}
	return 0;
}
