/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include <rte_ethdev.h>

#include "base/text.h"
#include "device/device.h"
#include "group/compare.h"
#include "group/primary.h"
#include "group/readiness.h"
#include "operations/catalogue.h"
#include "operations/detach.h"
#include "operations/leftover.h"
#include "operations/lock.h"
#include "operations/which.h"
#include "traffic/server.h"
#include "traffic/withdraw.h"

/*
 * A detach, step by step. This program does steps a) to e) and i) to k), in the main thread of the
 * process where the command was typed; the EAL does f) to h).
 *
 * a) Parse the name, and take the turn: one process of the group operates at a time.
 * b) Check that every process can answer. If a process is stopped or hung, send nothing.
 * c) Refuse a device that is not attached, that is locked, or that another device is made of.
 * d) Withdraw its ports: mark them as closing, and wait until no process polls them. If a process
 *    does not let go within a second, name it and change nothing.
 * e) Have the primary stop the ports: directly, or by a message to its server's thread.
 * f) Call rte_dev_remove(). In a secondary this sends one request to the primary, and waits.
 * g) The primary sends a request to every secondary. Each secondary removes the device in its
 *    interrupt thread and replies. If one fails, the primary has the others probe it again.
 * h) The primary removes the device itself, and replies to the secondary that asked.
 * i) Verify in shared memory that no process has the ports. If one has, wait until each process has
 *    finished its requests (settle), and have the primary remove what it alone still has. Report
 *    what is true.
 * j) If it failed only because a process died, or a foreign one came or went, go back to d).
 * k) Take the ports out of the catalogue, put lost mbufs back if the last started port has gone,
 *    tell the group the result, release the turn.
 */

/* With force, a process that polls the port has this long to let go of it. One that hangs never
 * does. One that only waits for a processor, on a busy machine, does so as soon as it gets one. */
#define FORCE_MS 100

/* The EAL returned err, or a process still has the ports although the EAL returned 0, or was not
 * asked because this process lacks the device. Find the truth. */
static void
detach_failed(struct operation *op, const struct port_set *ports, int err)
{
	char why[WHY_SIZE] = "", still[512], rest[512], lost[96];
	struct port_set gone;
	bool here;

	primary_lost_text(lost, sizeof(lost));
	views_take(&op->now);
	if (err != 0)
		reason_find(op, err, why, sizeof(why));
	/* A refusal normally leaves the ports everywhere. Otherwise a process may still be busy. */
	if (err == -ENOMSG || !views_ports_at(ports, err != 0)) {
		readiness_settle(op->wait);
		views_take(&op->now);
	}
	if ((err == 0 || (err != -ENOMSG && leftover_only_in_primary(&op->now, ports))) &&
		leftover_remove_from_primary(ports, why))
		views_take(&op->now);
	here = device_find(&op->da) != NULL;
	gone = views_gone(&op->now, ports);
	catalogue_forget(&gone);
	/* Without a primary there is no group, so this comes first. */
	if (primary_left() != 0)
		result_set(op->res, -ENOTCONN, "%s", lost);
	else if (views_have(&op->now, ports, still, sizeof(still)) == 0 && !here)
		/* Gone everywhere, whatever the EAL returned. */
		result_set(op->res, 0, "%s", "");
	else if (err == 0 && why[0] != '\0')
		result_set(op->res, -EBUSY, "%s still has it: %s; run sync, or restart it", still,
			why);
	else if (err == 0)
		result_set(op->res, -EBUSY,
			"%s still has it, though the EAL reported success; run sync, or restart it",
			here && still[0] == '\0' ? "this process" : still);
	else if (views_lack(&op->now, ports, rest, sizeof(rest)) > 0)
		result_set(op->res, err, "%s; still attached in %s, not in %s; run sync", why,
			still, rest);
	else
		result_set(op->res, err, "%s; it is still attached everywhere", why);
}

/* @param dev NULL if only other processes have it. */
static void
detach_everywhere(
	struct operation *op, struct rte_device *dev, const struct port_set *ports, bool force)
{
	bool touched = false;
	char why[WHY_SIZE];
	int ret;

	if (leftover_owner(ports, why, sizeof(why))) {
		result_set(op->res, -EBUSY, "%s", why);
		return;
	}
	ret = withdraw_ports(ports, force ? FORCE_MS : WITHDRAW_MS, why);
	if (ret < 0 && force) {
		text_add(op->res->note, sizeof(op->res->note), "%s%s; it may crash now",
			op->res->note[0] == '\0' ? "" : "; ", why);
		ret = 0;
	}
	if (ret == 0)
		ret = request_stop(ports, &touched, why);
	if (ret < 0) {
		withdraw_end(ports, touched);
		result_set(op->res, ret, "%s%s", why, touched ? "" : "; nothing has changed");
		return;
	}
	if (dev != NULL)
		ret = rte_dev_remove(dev);
	withdraw_end(ports, true);
	if (ret != 0 || !views_ports_at(ports, false) || device_find(&op->da) != NULL)
		detach_failed(op, ports, ret > 0 ? -ret : ret);
	else
		result_set(op->res, 0, "%s", "");
	if (op->res->err != 0)
		return;
	catalogue_forget(ports);
	request_mend_pool();
}

/* Only a primary of this program can be asked to remove what this process lacks. */
static bool
primary_has(const struct operation *op, const struct port_set *ports)
{
	const struct port_set has = port_set_common(ports, views_reference(&op->before));

	return !primary_is_foreign() && !port_set_is_empty(&has);
}

static bool
self_has(const struct operation *op, const struct port_set *ports)
{
	const struct port_set *own = views_own(&op->before);
	struct port_set has = {0};

	if (own != NULL)
		has = port_set_common(ports, own);
	return !port_set_is_empty(&has);
}

void
detach(const char *device, bool force, const char *announce, wait_fn wait, struct result *res)
{
	struct operation op = {.verb = "detach", .announce = announce, .res = res, .wait = wait};
	struct port_set ports;
	struct rte_device *dev;
	char text[512];

	if (operation_begin(&op, device) < 0)
		return;
	ports = catalogue_ports(op.da.name);
	if (lock_holder(op.da.name, text, sizeof(text))) {
		result_set(res, -EBUSY, "locked by %s", text);
	} else if (device_find(&op.da) != NULL || primary_has(&op, &ports)) {
		do {
			dev = device_find(&op.da);
			if (dev != NULL)
				ports = device_ports(dev);
			detach_everywhere(&op, dev, &ports, force);
		} while (operation_again(&op) && device_find(&op.da) != NULL);
	} else if (self_has(&op, &ports)) {
		result_set(res, -ENODEV,
			"its device is gone, but this process still has a port of it; run sync");
	} else if (views_have(&op.before, &ports, text, sizeof(text)) > 0) {
		result_set(res, -ENODEV, "not attached in this process, but in %s; run sync", text);
	} else {
		res->err = which_not_attached(op.da.name, res->text);
	}
	operation_end(&op);
}
