/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <rte_string_fns.h>

#include "base/clock.h"
#include "base/text.h"
#include "eal/runtime.h"
#include "group/compare.h"
#include "group/errors.h"
#include "group/events.h"
#include "group/file.h"
#include "group/primary.h"
#include "group/readiness.h"
#include "group/turn.h"
#include "operations/catalogue.h"
#include "operations/leftover.h"
#include "operations/operation.h"
#include "operations/which.h"
#include "traffic/server.h"
#include "traffic/withdraw.h"

/* net_tap and net_memif log this in a secondary whose EAL finds no lock on the file config. */
#define NO_PRIMARY "Primary process is missing"

#define MAX_RETRIES 2 /* each may take as long as the EAL waits for an answer */

/* "attach net_null0" */
static void
operation_name(const struct operation *op, char *text, size_t size)
{
	snprintf(
		text, size, "%s%s%s", op->verb, op->res->name[0] == '\0' ? "" : " ", op->res->name);
}

/* Tell processes that monitor the group the result, and how long it took with the turn. */
static void
operation_event(const struct operation *op)
{
	uint64_t us = (clock_now_ns() - op->turn_ns) / 1000;
	bool done = op->res->err == 0;
	char what[96];

	operation_name(op, what, sizeof(what));
	events_add(primary_who_self(), "%s: %s in %" PRIu64 ".%03" PRIu64 " ms%s%s", what,
		done ? "done" : "failed", us / 1000, us % 1000, done ? "" : ": ",
		done ? "" : op->res->text);
}

/* An operation has begun to change the group, and is not over. */
static atomic_bool under_way;

/* The last holder of the turn has died: wait until every process has served its requests. If the
 * views differ after that, say so in res->note. @return 0, or -ECANCELED and then all is left to
 * the next process. */
static int
recover(wait_fn wait, const char *who, struct result *res)
{
	struct views now;
	char why[WHY_SIZE];

	withdraw_recover(true);
	if (readiness_settle(wait) == -ECANCELED) {
		turn_release();
		result_set(res, -ECANCELED,
			"gave up waiting until every process is done with what was left: %s", who);
		return -ECANCELED;
	}
	/* An attach that was undone without it may have left a port of the primary. */
	request_remove(LEFTOVER_LOST, why);
	views_take(&now);
	if (!views_agree(&now, why, sizeof(why))) {
		strlcpy(res->note, who, sizeof(res->note));
		text_add(res->note, sizeof(res->note), "; %s; run sync", why);
	}
	turn_dead_done();
	return 0;
}

static int
take_and_recover(const char *what, wait_fn wait, struct result *res, uint64_t *turn_ns)
{
	char why[WHY_SIZE];
	int ret = turn_take(what, wait, why);

	*turn_ns = clock_now_ns();
	if (ret < 0)
		result_set(res, ret, "%s", why);
	else if (ret > 0)
		ret = recover(wait, why, res);
	return RTE_MIN(ret, 0);
}

int
operation_take_turn(const char *what, wait_fn wait, struct result *res)
{
	uint64_t turn_ns;
	int ret = take_and_recover(what, wait, res, &turn_ns);

	/* A port that the server is just stopping still looks started. */
	if (ret == 0 && (ret = request_settle(wait, res->text)) < 0) {
		res->err = ret;
		turn_release();
	}
	return ret;
}

static int
take_when_ready(struct operation *op)
{
	char what[96], why[WHY_SIZE];
	uint64_t turn_ns;
	int ret;

	op->turn_ns = clock_now_ns();
	operation_name(op, what, sizeof(what));
	ret = take_and_recover(what, op->wait, op->res, &turn_ns);
	if (ret < 0) {
		operation_event(op);
		return ret;
	}
	op->turn_ns = turn_ns;
	ret = readiness_check(&op->before, op->wait, why);
	if (ret == 0)
		ret = request_settle(op->wait, why);
	if (ret < 0) {
		result_set(op->res, ret, "%s", why);
		operation_event(op);
		turn_release();
		return ret;
	}
	catalogue_update();
	op->start_ns = clock_now_ns();
	atomic_store(&under_way, true);
	return 0;
}

int
operation_begin(struct operation *op, const char *device)
{
	int ret;

	memset(op->res, 0, sizeof(*op->res));
	if (device != NULL) {
		op->res->err = which_device(device, &op->da, op->res->text);
		if (op->res->err < 0)
			return op->res->err;
		strlcpy(op->res->name, op->da.name, sizeof(op->res->name));
	}
	ret = take_when_ready(op);
	if (ret < 0)
		rte_devargs_reset(&op->da);
	return ret;
}

bool
operation_again(struct operation *op)
{
	char why[WHY_SIZE];

	/* op->before still shows the views before the first try. */
	if (!op->again || op->tries++ == MAX_RETRIES ||
		readiness_check(&op->now, op->wait, why) < 0)
		return false;
	op->again = false;
	op->start_ns = clock_now_ns();
	return true;
}

void
operation_end(struct operation *op)
{
	atomic_store(&under_way, false);
	catalogue_update();
	operation_event(op);
	if (op->announce != NULL && op->res->err == 0)
		events_announce("device %s %s", op->res->name, op->announce);
	turn_release();
	rte_devargs_reset(&op->da);
}

bool
operation_under_way(void)
{
	return atomic_load(&under_way);
}

void
result_set(struct result *res, int err, const char *format, ...)
{
	va_list ap;

	res->err = err;
	va_start(ap, format);
	vsnprintf(res->text, sizeof(res->text), format, ap);
	va_end(ap);
}

/* The process that probably did not answer: it has died, does not run now, or was late during the
 * operation. The primary is also late when it waits for another process, so it is named only if no
 * other process is late. */
static const struct peer *
culprit(const struct operation *op)
{
	const struct peer *found = NULL, *peer;
	unsigned int i;

	for (i = 0; i < op->now.nb; i++) {
		peer = &op->now.peers[i];
		if (peer->state == PEER_GONE)
			return peer;
		if (peers_halt(peer->state) == NULL && peer->state != PEER_HUNG &&
			(peer->foreign || peer->late_ns < op->start_ns))
			continue;
		if (found == NULL || found->who.primary || peers_halt(peer->state) != NULL)
			found = peer;
	}
	return found;
}

void
reason_find(struct operation *op, int err, char *text, size_t size)
{
	const struct peer *late = culprit(op), *peer, *primary = NULL;
	char error[256];
	struct who who;

	if (primary_left() != 0) {
		primary_lost_text(text, size);
		return;
	}
	/* The log of a foreign primary cannot be read here. */
	for (peer = op->now.peers; peer < op->now.peers + op->now.nb; peer++) {
		if (peer->who.primary && peer->foreign)
			primary = peer;
	}
	/* A primary is late because it waits for another process. If no member was late, that was a
	 * foreign process, which may have gone by now. */
	op->again =
		err == -ENOMSG && (late == NULL || late->state == PEER_GONE ||
					  (late->who.primary && peers_halt(late->state) == NULL));
	if (err == -ENOMSG && late != NULL) {
		if (late->state == PEER_GONE)
			snprintf(text, size, "%s died before it answered; try again",
				who_name(late->who).text);
		else if (peers_halt(late->state) != NULL)
			snprintf(text, size, "%s did not answer: it is %s",
				who_name(late->who).text, peers_halt(late->state));
		else
			snprintf(text, size, "%s did not answer in time", who_name(late->who).text);
	} else if (errors_first_with(NO_PRIMARY, &who, error, sizeof(error)) &&
		   !runtime_primary_complete(group_file_dir())) {
		/* The primary lives, and may have logged a warning before as an error. */
		snprintf(text, size,
			"%s: its driver takes the primary for missing, because config has been "
			"removed from %s; quit all processes of the group and start anew",
			who_name(who).text, group_file_dir());
	} else if (errors_first(&who, error, sizeof(error)) &&
		   (primary == NULL || strncmp(error, "EAL: Failed to", 14) != 0)) {
		snprintf(text, size, "%s: %s", who_name(who).text, error);
	} else if (primary != NULL) {
		snprintf(text, size, "%s, or a process it asked, refused: %s; its log says why",
			who_name(primary->who).text, strerror(-err));
	} else if (err == -ENOMSG) {
		snprintf(text, size, "not every process answered");
	} else {
		/* Drivers return -1 when they have no better number. */
		snprintf(text, size, "%s; it has logged no reason",
			err == -EPERM ? "some process refused" : strerror(-err));
	}
}
