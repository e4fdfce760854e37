/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/text.h"
#include "fuzz.h"
#include "group/turn.h"
#include "traffic/port_control.h"
#include "traffic/server.h"

/*
 * What this program's own messages bring: requests of a secondary's to the
 * primary, or the primary's answers to a secondary. The first byte says which.
 */

/* A request, with the turn held by the one who asks, or without. */
static void
request_take(struct fuzz_bytes *bytes, bool held)
{
	struct rte_mp_msg msg = {.name = SERVER_ACTION};
	char peer[108] = "/var/run/dpdk/fuzz/mp_socket_1_a";
	uint8_t kind = fuzz_byte(bytes);
	char why[WHY_SIZE];
	uint64_t op;

	if (held)
		turn_take("start net_null0", NULL, why);
	msg.num_fds = kind / 16 % (RTE_MP_MAX_FD_NUM + 1);
	msg.len_param = kind & 1 ? sizeof(struct port_request) : fuzz_byte(bytes);
	fuzz_take(bytes, msg.param, msg.len_param);
	/* Its number is what a peer that is well knows. */
	op = turn_operation();
	if (kind & 2)
		memcpy(msg.param, &op, sizeof(op));
	if (kind & 4)
		fuzz_take(bytes, peer, sizeof(peer) - 1);
	fuzz_message(&msg, peer);
	fuzz_replies = 0;
	fuzz_serve();
	if (held)
		turn_release();
	else if (fuzz_replies > 0)
		abort(); /* nothing is done for one who has not the turn */
}

static void
answers_take(struct fuzz_bytes *bytes)
{
	static const char *const lines[] = {"start net_null0", "start net_ring0 rxq 2 txq 2",
		"stop net_null0", "stop net_ring0", "detach net_null0",
		"forward net_null0 net_ring0", "forward off"};

	fuzz_secondary = true;
	fuzz_answers = bytes;
	while (bytes->left > 0)
		fuzz_line(lines[fuzz_byte(bytes) % RTE_DIM(lines)]);
	fuzz_check_output();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bytes bytes = {.data = data, .left = size};
	static bool started;
	uint8_t kind;

	if (!started)
		fuzz_start();
	started = true;
	kind = fuzz_byte(&bytes);
	if (kind % 3 == 0)
		answers_take(&bytes);
	while (kind % 3 != 0 && bytes.left > 0)
		request_take(&bytes, kind % 3 == 1);
	fuzz_reset();
	return 0;
}
