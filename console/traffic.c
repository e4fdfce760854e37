/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "console/input.h"
#include "console/output.h"
#include "console/traffic.h"
#include "operations/traffic.h"
#include "operations/which.h"
#include "traffic/counters.h"
#include "traffic/forward.h"
#include "traffic/packet.h"
#include "traffic/pool.h"
#include "traffic/queues.h"

void
traffic_start(const char *rest)
{
	unsigned int nb_rx = 1, nb_tx = 1, *nb;
	struct result res;
	struct words words;
	int i;

	words_split(&words, rest);
	if (words.nb < 1 || words.nb > 5 || words.nb % 2 == 0)
		goto wrong;
	for (i = 1; i < words.nb; i += 2) {
		if (strcmp(words.word[i], "rxq") == 0)
			nb = &nb_rx;
		else if (strcmp(words.word[i], "txq") == 0)
			nb = &nb_tx;
		else
			goto wrong;
		if (!text_number(words.word[i + 1], 1, STARTED_MAX_QUEUES, nb))
			goto wrong;
	}
	start_device(words.word[0], nb_rx, nb_tx, input_go_on, &res);
	answer_device("start", "started", words.word[0], &res);
	return;
wrong:
	answer_usage("start", "<device> [rxq N] [txq N], N from 1 to " RTE_STR(STARTED_MAX_QUEUES));
}

void
traffic_stop(const char *rest)
{
	struct result res;
	struct words words;

	words_split(&words, rest);
	if (words.nb != 1) {
		answer_usage("stop", "<device>");
		return;
	}
	stop_device(words.word[0], input_go_on, &res);
	answer_device("stop", "stopped", words.word[0], &res);
}

void
traffic_forward(const char *rest)
{
	struct result res;
	struct words words;
	char text[300];
	bool both;

	words_split(&words, rest);
	if (words.nb == 1 && strcmp(words.word[0], "off") == 0) {
		if (forward_off())
			output_print("forwarding is off\n");
		else
			output_failure("failed to forward: it is off already\n");
		return;
	}
	both = words.nb == 3 && strcmp(words.word[2], "both") == 0;
	if ((words.nb != 2 && !both) || (both && strcmp(words.word[0], words.word[1]) == 0)) {
		answer_usage("forward", "<in> <out> [both], two devices; or forward off");
		return;
	}
	forward_devices(words.word[0], words.word[1], both, input_go_on, &res);
	snprintf(text, sizeof(text), "%.100s to %.100s%s",
		res.name[0] == '\0' ? words.word[0] : res.name,
		res.other[0] == '\0' ? words.word[1] : res.other, both ? " and back" : "");
	answer_result("forward", "forwarding", text, &res);
}

void
traffic_send(const char *rest)
{
	unsigned int nb, size = PACKET_MIN;
	struct result res;
	struct words words;
	char text[160];

	words_split(&words, rest);
	if ((words.nb != 2 && words.nb != 4) || !text_number(words.word[1], 1, UINT32_MAX, &nb) ||
		(words.nb == 4 &&
			(strcmp(words.word[2], "size") != 0 ||
				!text_number(words.word[3], PACKET_MIN, PACKET_MAX, &size)))) {
		answer_usage("send", "<device> <count> [size N], "
				     "N from " RTE_STR(PACKET_MIN) " to " RTE_STR(PACKET_MAX));
		return;
	}
	send_through_device(words.word[0], nb, size, input_go_on, input_look, &res);
	snprintf(text, sizeof(text), "through %.100s",
		res.name[0] == '\0' ? words.word[0] : res.name);
	answer_result("send", "sent", text, &res);
}

static void
stats_line_print(const struct counters_line *line)
{
	output_print("%-5u %-20s %-8d %12" PRIu64 " %14" PRIu64 " %12" PRIu64 " %14" PRIu64
		     " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
		line->id, line->name, line->pid, line->n[COUNTER_RX_PACKETS],
		line->n[COUNTER_RX_BYTES], line->n[COUNTER_TX_PACKETS], line->n[COUNTER_TX_BYTES],
		line->n[COUNTER_DROPS], line->n[COUNTER_GAPS], line->pause_us);
}

void
traffic_stats(const char *rest)
{
	const struct rte_mempool *pool;
	struct port_set ports;
	struct result res;
	struct words words;
	char why[WHY_SIZE], name[RTE_DEV_NAME_MAX_LEN];

	words_split(&words, rest);
	if (words.nb > 1) {
		answer_usage("stats", "[device|port | reset]");
	} else if (words.nb == 1 && strcmp(words.word[0], "reset") == 0) {
		reset_counters(input_go_on, &res);
		if (res.err == 0)
			output_print("stats are reset\n");
		else
			output_failure("failed to reset the stats: %s\n", res.text);
	} else if (words.nb == 1 &&
		   which_ports_typed(words.word[0], &ports, name, input_go_on, why) < 0) {
		output_failure("failed to show stats of %s: %s\n",
			name[0] == '\0' ? words.word[0] : name, why);
	} else {
		output_print("%-5s %-20s %-8s %12s %14s %12s %14s %10s %10s %10s\n", "port",
			"device", "pid", "rx_packets", "rx_bytes", "tx_packets", "tx_bytes",
			"drops", "gaps", "pause_us");
		counters_each(words.nb == 1 ? &ports : NULL, stats_line_print);
		pool = pool_find();
		if (pool != NULL)
			output_print("mbufs: %u of %u are free\n", rte_mempool_avail_count(pool),
				pool->size);
	}
}
