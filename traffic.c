/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/port_set.h"
#include "base/text.h"
#include "console.h"
#include "group.h"
#include "packet.h"
#include "polling.h"
#include "pool.h"
#include "ports.h"
#include "stats.h"
#include "traffic.h"

#define MAX_WORDS 6

/* What was typed, word by word. */
struct words {
	char text[CONSOLE_LINE_MAX + 1];
	char *word[MAX_WORDS];
	int nb; /* more than MAX_WORDS if there are more */
};

static void
words_split(struct words *words, const char *rest)
{
	char *save = NULL, *word;

	words->nb = 0;
	strlcpy(words->text, rest, sizeof(words->text));
	for (word = strtok_r(words->text, " \t", &save); word != NULL;
		word = strtok_r(NULL, " \t", &save)) {
		if (words->nb < MAX_WORDS)
			words->word[words->nb] = word;
		words->nb++;
	}
}

static void
usage_print(const char *verb, const char *args)
{
	console_print("failed to %s: wrong arguments; usage: %s %s\n", verb, verb, args);
	console_fail();
}

static void
result_print(const char *verb, const char *done, const char *what, const struct hotplug_result *res)
{
	if (res->note[0] != '\0')
		console_print("note: %s\n", res->note);
	if (res->err != 0) {
		console_print("failed to %s %s: %s\n", verb, what, res->text);
		console_fail();
	} else if (res->text[0] != '\0') {
		console_print("%s %s (%s)\n", done, what, res->text);
	} else {
		console_print("%s %s\n", done, what);
	}
}

/* "device net_null0", by its own name if it is known. */
static const char *
device_text(const struct hotplug_result *res, const char *typed, char *text, size_t size)
{
	snprintf(text, size, "device %s", res->name[0] == '\0' ? typed : res->name);
	return text;
}

void
traffic_start(const char *rest)
{
	unsigned int nb_rx = 1, nb_tx = 1, *nb;
	struct hotplug_result res;
	struct words words;
	char text[160];
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
		if (!text_number(words.word[i + 1], 1, PORTS_MAX_QUEUES, nb))
			goto wrong;
	}
	ports_start(words.word[0], nb_rx, nb_tx, console_wait, &res);
	result_print(
		"start", "started", device_text(&res, words.word[0], text, sizeof(text)), &res);
	return;
wrong:
	snprintf(text, sizeof(text), "<device> [rxq N] [txq N], N from 1 to %d", PORTS_MAX_QUEUES);
	usage_print("start", text);
}

void
traffic_stop(const char *rest)
{
	struct hotplug_result res;
	struct words words;
	char text[160];

	words_split(&words, rest);
	if (words.nb != 1) {
		usage_print("stop", "<device>");
		return;
	}
	ports_stop(words.word[0], console_wait, &res);
	result_print("stop", "stopped", device_text(&res, words.word[0], text, sizeof(text)), &res);
}

void
traffic_forward(const char *rest)
{
	struct hotplug_result res;
	struct words words;
	char text[300];
	bool both;

	words_split(&words, rest);
	if (words.nb == 1 && strcmp(words.word[0], "off") == 0) {
		if (polling_forward_off()) {
			console_print("forwarding is off\n");
			return;
		}
		console_print("failed to forward: it is off already\n");
		console_fail();
		return;
	}
	both = words.nb == 3 && strcmp(words.word[2], "both") == 0;
	if ((words.nb != 2 && !both) || (both && strcmp(words.word[0], words.word[1]) == 0)) {
		usage_print("forward", "<in> <out> [both], two devices; or forward off");
		return;
	}
	polling_forward(words.word[0], words.word[1], both, console_wait, &res);
	snprintf(text, sizeof(text), "%.100s to %.100s%s", words.word[0], words.word[1],
		both ? " and back" : "");
	result_print("forward", "forwarding", text, &res);
}

void
traffic_send(const char *rest)
{
	unsigned int nb, size = PACKET_MIN;
	struct hotplug_result res;
	struct words words;
	char text[160];

	words_split(&words, rest);
	if ((words.nb != 2 && words.nb != 4) || !text_number(words.word[1], 1, UINT32_MAX, &nb) ||
		(words.nb == 4 &&
			(strcmp(words.word[2], "size") != 0 ||
				!text_number(words.word[3], PACKET_MIN, PACKET_MAX, &size)))) {
		snprintf(text, sizeof(text), "<device> <count> [size N], N from %d to %d",
			PACKET_MIN, PACKET_MAX);
		usage_print("send", text);
		return;
	}
	polling_send(words.word[0], nb, size, console_wait, console_look, &res);
	snprintf(text, sizeof(text), "through %.100s", words.word[0]);
	result_print("send", "sent", text, &res);
}

/* One port of one process, if anything came by there. */
static void
stats_print(const struct stats_line *line)
{
	console_print("%-5u %-20s %-8d %12" PRIu64 " %14" PRIu64 " %12" PRIu64 " %14" PRIu64
		      " %10" PRIu64 " %10" PRIu64 "\n",
		line->id, line->name, line->pid, line->rx_packets, line->rx_bytes, line->tx_packets,
		line->tx_bytes, line->drops, line->gaps);
}

void
traffic_stats(const char *rest)
{
	const struct rte_mempool *pool;
	struct port_set ports;
	struct words words;
	char why[512];

	words_split(&words, rest);
	if (words.nb > 1) {
		usage_print("stats", "[device|port | reset]");
	} else if (words.nb == 1 && strcmp(words.word[0], "reset") == 0) {
		if (stats_reset(console_wait, why, sizeof(why)) == 0) {
			console_print("stats are reset\n");
			return;
		}
		console_print("failed to reset the stats: %s\n", why);
		console_fail();
	} else if (words.nb == 1 &&
		   stats_ports(words.word[0], &ports, console_wait, why, sizeof(why)) < 0) {
		console_print("failed to show stats of %s: %s\n", words.word[0], why);
		console_fail();
	} else {
		console_print("%-5s %-20s %-8s %12s %14s %12s %14s %10s %10s\n", "port", "device",
			"pid", "rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "drops", "gaps");
		stats_each(words.nb == 1 ? &ports : NULL, stats_print);
		pool = pool_find();
		if (pool != NULL)
			console_print("mbufs: %u of %u are free\n", rte_mempool_avail_count(pool),
				pool->size);
	}
}
