/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_devargs.h>
#include <rte_string_fns.h>

#include "base/wait.h"
#include "base/clock.h"
#include "device.h"
#include "group.h"
#include "operation.h"
#include "ports.h"
#include "base/text.h"
#include "views.h"
#include "watch.h"
#include "withdraw.h"

/* Each one may take as long as the EAL waits for an answer. */
#define MAX_RETRIES 2

void
operation_result(struct operation *op, int err, const char *format, ...)
{
	va_list ap;

	op->res->err = err;
	va_start(ap, format);
	vsnprintf(op->res->text, sizeof(op->res->text), format, ap);
	va_end(ap);
}

/* "attach net_null0" */
static void
operation_name(const struct operation *op, char *text, size_t size)
{
	snprintf(
		text, size, "%s%s%s", op->verb, op->res->name[0] == '\0' ? "" : " ", op->res->name);
}

/* Those who monitor the group see what came of it, and how long it took once it had the turn. */
static void
operation_event(const struct operation *op)
{
	uint64_t us = (clock_now_ns() - op->turn_ns) / 1000;
	char what[96];

	operation_name(op, what, sizeof(what));
	if (op->res->err == 0)
		group_event(NULL, "%s: done in %" PRIu64 ".%03" PRIu64 " ms", what, us / 1000,
			us % 1000);
	else
		group_event(NULL, "%s: failed in %" PRIu64 ".%03" PRIu64 " ms: %s", what, us / 1000,
			us % 1000, op->res->text);
}

void
operation_see_to_dead(wait_fn wait, const char *who, struct hotplug_result *res)
{
	struct views now;
	char why[512];

	withdraw_recover(true);
	group_settle(wait);
	views_take(&now);
	if (!views_agree(&now, why, sizeof(why))) {
		strlcpy(res->note, who, sizeof(res->note));
		text_add(res->note, sizeof(res->note), "; %s; run sync", why);
	}
	group_turn_dead_done();
}

static int
turn_take(struct operation *op)
{
	char what[96], why[512];
	int ret;

	op->turn_ns = clock_now_ns();
	operation_name(op, what, sizeof(what));
	ret = group_turn_take(what, op->wait, why, sizeof(why));
	if (ret < 0) {
		operation_result(op, ret, "%s", why);
		operation_event(op);
		return ret;
	}
	op->turn_ns = clock_now_ns();
	if (ret > 0)
		operation_see_to_dead(op->wait, why, op->res);
	ret = group_check(op->before.peers, &op->before.nb, op->wait, why, sizeof(why));
	if (ret == 0)
		ret = ports_settle(op->wait, why, sizeof(why));
	if (ret < 0) {
		operation_result(op, ret, "%s", why);
		operation_event(op);
		group_turn_release();
		return ret;
	}
	device_publish();
	op->start_ns = clock_now_ns();
	return 0;
}

bool
operation_again(struct operation *op)
{
	char why[512];

	/* What was there before the first try still is what counts. */
	if (!op->again || op->tries++ == MAX_RETRIES ||
		group_check(op->now.peers, &op->now.nb, op->wait, why, sizeof(why)) < 0)
		return false;
	op->again = false;
	op->start_ns = clock_now_ns();
	return true;
}

void
operation_end(struct operation *op)
{
	char text[256];

	device_publish();
	operation_event(op);
	if (op->announce != NULL && op->res->err == 0) {
		snprintf(text, sizeof(text), "device %s %s", op->res->name, op->announce);
		group_announce(text);
	}
	group_turn_release();
	rte_devargs_reset(&op->da);
}

int
operation_begin(struct operation *op, const char *device)
{
	char why[512];
	int ret;

	memset(op->res, 0, sizeof(*op->res));
	memset(&op->da, 0, sizeof(op->da));
	op->again = false;
	op->tries = 0;
	if (device == NULL)
		return turn_take(op);
	ret = device_split(device, &op->da, why, sizeof(why));
	if (ret < 0) {
		operation_result(op, ret, "%s", why);
		return ret;
	}
	strlcpy(op->res->name, op->da.name, sizeof(op->res->name));
	ret = turn_take(op);
	if (ret < 0)
		rte_devargs_reset(&op->da);
	return ret;
}

/*
 * Who did not answer, if that is how the operation failed: those that have died,
 * do not run now, or were late while it did. The primary is late when it waits
 * for another, so it is named only when nobody else is.
 */
static const struct group_peer *
culprit(const struct operation *op)
{
	const struct group_peer *found = NULL, *peer;
	unsigned int i;

	for (i = 0; i < op->now.nb; i++) {
		peer = &op->now.peers[i];
		if (peer->state == GROUP_GONE)
			return peer;
		if (peer->state != GROUP_STOPPED && peer->state != GROUP_HUNG &&
			(peer->foreign || peer->late_ns < op->start_ns))
			continue;
		if (found == NULL || found->primary || peer->state == GROUP_STOPPED)
			found = peer;
	}
	return found;
}

void
operation_reason(struct operation *op, int err, char *text, size_t size)
{
	const struct group_peer *late = culprit(op);
	struct group_peer peer, *primary = NULL;
	char name[64], error[256];
	unsigned int i;

	if (group_primary_left() != 0) {
		group_lost_text(text, size);
		return;
	}
	/* What goes wrong in a foreign primary is not known here, only that it has. */
	for (i = 0; i < op->now.nb; i++) {
		if (op->now.peers[i].primary && op->now.peers[i].foreign)
			primary = &op->now.peers[i];
	}
	/* A primary is late for somebody's sake; if that is nobody here, it was a foreign one. */
	op->again = err == -ENOMSG && (late == NULL || late->state == GROUP_GONE ||
					      (late->primary && late->state != GROUP_STOPPED));
	if (err == -ENOMSG && late != NULL) {
		group_peer_name(late, name, sizeof(name));
		if (late->state == GROUP_GONE)
			snprintf(text, size, "%s died before it answered; try again", name);
		else if (late->state == GROUP_STOPPED)
			snprintf(text, size, "%s is stopped and did not answer; resume or end it",
				name);
		else
			snprintf(text, size, "%s did not answer in time", name);
	} else if (group_error_first(&peer, error, sizeof(error)) &&
		   (primary == NULL || strncmp(error, "EAL: Failed to", 14) != 0)) {
		snprintf(text, size, "%s: %s", group_peer_name(&peer, name, sizeof(name)), error);
	} else if (primary != NULL) {
		snprintf(text, size, "%s, or a process it asked, refused: %s; its log says why",
			group_peer_name(primary, name, sizeof(name)), strerror(-err));
	} else if (err == -ENOMSG) {
		snprintf(text, size, "not every process answered");
	} else {
		/* Drivers say -1 for whatever they have no better number for. */
		snprintf(text, size, "%s; it has logged no reason",
			err == -EPERM ? "some process refused" : strerror(-err));
	}
}
