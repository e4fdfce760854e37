/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_ethdev.h>
#include <rte_kvargs.h>
#include <rte_string_fns.h>

#include "base/text.h"
#include "device/abilities.h"
#include "device/advice.h"
#include "device/device.h"
#include "device/pci.h"
#include "device/sriov.h"
#include "device/vhost.h"
#include "eal/port_device.h"
#include "group/compare.h"
#include "group/errors.h"
#include "group/primary.h"
#include "group/readiness.h"
#include "operations/attach.h"
#include "operations/catalogue.h"
#include "operations/leftover.h"
#include "operations/lock.h"
#include "operations/taken.h"
#include "operations/which.h"
#include "traffic/server.h"

/*
 * An attach, step by step. This program does steps a) to d) and h) to k), in the main thread of the
 * process where the command was typed; the EAL does e) to g).
 *
 * a) Parse the devargs, and take the turn: one process of the group operates at a time.
 * b) Check that every process can answer. If a process is stopped or hung, send nothing.
 * c) Refuse a device that is attached already, here or in another process, a device that some
 *    process blocks by its start option (-b), a PCI device that another group uses, and a device
 *    that would do harm in this group.
 * d) Check the path of a net_vhost's socket, and for a PCI device what device/sriov.h says. Then
 *    call rte_dev_probe(). In a secondary this sends one request to the primary, and waits.
 * e) The primary probes the device: in its main thread if the command was typed there, in its
 *    interrupt thread for a secondary.
 * f) The primary sends a request to every secondary. Each secondary probes the device in its
 *    interrupt thread and replies. If one refuses, the primary has all of them undo it.
 * g) The primary replies to the secondary that asked.
 * h) Verify in shared memory that every process has the ports. Each process entered them there when
 *    its ethdev event came.
 * i) If the EAL failed, or a process lacks a port: wait until each process has finished its
 *    requests (settle), find the reason, and remove the device where it is left. What only the
 *    primary has, it removes when asked (operations/leftover.h). If a process lacks a port although
 *    the EAL reports success, the primary no longer does what eal/vdev_list.h says.
 * j) If it failed only because a process died, or a foreign one came or went, go back to d).
 * k) Enter the device into the catalogue, tell the group the result, release the turn.
 */

/* What the EAL logs when a driver has refused a device. */
#define DRIVER_SILENT "EAL: Driver cannot attach the device"

static bool
is_pci(const struct operation *op)
{
	return strcmp(rte_bus_name(op->da.bus), "pci") == 0;
}

/* If the driver of a virtual device has refused it without a word, add what may be wrong to text,
 * which is from reason_find(). */
static void
advice_add(const struct operation *op, char *text, size_t size)
{
	char error[256], advice[512];
	struct who who;
	bool any = errors_first(&who, error, sizeof(error));

	if ((any && error[0] != '\0' &&
		    strncmp(error, DRIVER_SILENT, strlen(DRIVER_SILENT)) != 0) ||
		!advice_find(&op->da, advice, sizeof(advice)))
		return;
	if (any)
		snprintf(text, size, "%s: its driver has logged no reason", who_name(who).text);
	text_add(text, size, "; %s", advice);
}

/* Write the reason of a failed attach: a known cause with advice, else what reason_find() finds. */
static void
attach_reason(struct operation *op, int err, char *text, size_t size)
{
	bool pci = is_pci(op);

	if (rte_eth_dev_count_total() >= RTE_MAX_ETHPORTS &&
		(pci || strncmp(op->da.name, "net_", 4) == 0 ||
			strncmp(op->da.name, "eth_", 4) == 0))
		snprintf(text, size,
			"all %d ethernet ports are in use (RTE_MAX_ETHPORTS); detach one first",
			RTE_MAX_ETHPORTS);
	else if (!pci || err == -ENOMSG || !pci_obstacle(op->da.name, text, size)) {
		reason_find(op, err, text, size);
		if (!pci && err != -ENOMSG)
			advice_add(op, text, size);
		if (pci && err != -ENOMSG)
			sriov_advise(op->da.name, text, size);
	}
}

/* The ports that have come with a device, as op->now shows. Another process may have one that this
 * process lacks. A driver such as net_failsafe attaches other devices, too, whose ports are not
 * this one's. */
static struct port_set
ports_come(const struct operation *op, const struct rte_device *dev)
{
	struct port_set ports = device_ports(dev), come;
	unsigned int id;

	come = views_new(&op->before, &op->now);
	PORT_SET_FOREACH(id, &come) {
		if (port_device(id) == NULL)
			port_set_add(&ports, id);
	}
	return ports;
}

/* Remove what a failed attach has left. */
static void
attach_undo(struct operation *op, const char *devargs, int err)
{
	char why[WHY_SIZE], rest[WHY_SIZE] = "", still[512];
	struct rte_device *dev;
	struct port_set left, gone;
	bool settled = true;

	views_take(&op->now);
	attach_reason(op, err, why, sizeof(why));
	left = views_new(&op->before, &op->now);
	/* If an answer is missing, a process may still be busy with the device. */
	if (err == -ENOMSG || views_have(&op->now, &left, still, sizeof(still)) > 0)
		settled = readiness_settle(op->wait) == 0;
	dev = device_find(&op->da);
	if (err == -ENOMSG && settled && dev != NULL) {
		/* The primary finished the attach after this process had stopped waiting. */
		views_take(&op->now);
		left = ports_come(op, dev);
		if (!port_set_is_empty(&left) && views_ports_at(&left, true)) {
			catalogue_enter(&left, op->da.name, devargs);
			request_note(&left);
			result_set(op->res, 0, "%s", "");
			op->again = false;
			return;
		}
	}
	if (dev != NULL && settled && primary_left() == 0 && rte_dev_remove(dev) != 0)
		readiness_settle(op->wait);
	views_take(&op->now);
	left = views_new(&op->before, &op->now);
	catalogue_enter(&left, op->da.name, devargs);
	if (settled && leftover_remove_from_primary(&left, rest)) {
		views_take(&op->now);
		gone = views_gone(&op->now, &left);
		catalogue_forget(&gone);
	}
	if (primary_left() != 0) {
		primary_lost_text(why, WHY_SIZE);
		result_set(op->res, -ENOTCONN, "%s", why);
	} else if (views_have(&op->now, &left, still, sizeof(still)) > 0) {
		if (rest[0] == '\0')
			result_set(op->res, err, "%s; still attached in %s; run sync", why, still);
		else
			result_set(op->res, err, "%s; still attached in %s: %s; run sync", why,
				still, rest);
		op->again = false;
	} else {
		result_set(op->res, err, "%s%s", why,
			err == -ENOMSG ? "; it is attached nowhere" : "");
	}
}

/* The EAL reports success. Check every process. */
static void
attach_verify(struct operation *op, const char *devargs)
{
	struct rte_device *dev = device_find(&op->da);
	struct port_set ports;
	char lack[512];

	if (dev == NULL) {
		attach_undo(op, devargs, -ENOMSG);
		return;
	}
	/* Whether one of them has died meanwhile matters only if it seems to lack a port. */
	views_shown(&op->now);
	ports = ports_come(op, dev);
	if (!views_ports_at(&ports, true)) {
		readiness_settle(op->wait);
		views_take(&op->now);
		ports = ports_come(op, dev);
		if (views_lack(&op->now, &ports, lack, sizeof(lack)) > 0) {
			request_plain_scans();
			attach_undo(op, devargs, -ENOMSG);
			if (op->res->err != 0)
				text_add(op->res->text, sizeof(op->res->text),
					"; %s did not get it", lack);
			return;
		}
	}
	catalogue_enter(&ports, op->da.name, devargs);
	request_note(&ports);
	result_set(op->res, 0, "%s", port_set_is_empty(&ports) ? "no ethernet port" : "");
}

static void
attach_everywhere(struct operation *op, const char *devargs)
{
	int ret;

	op->res->err = vhost_check(&op->da, primary_pid(), op->res->text);
	if (op->res->err == 0)
		op->res->err = sriov_attach_check(&op->da, op->res->text);
	if (op->res->err < 0)
		return;
	ret = rte_dev_probe(devargs);
	if (ret == 0)
		attach_verify(op, devargs);
	else
		attach_undo(op, devargs, ret < 0 ? ret : -ret);
}

/* Is this process the only one? Other programs' secondaries probe a device like this one's. */
static bool
is_alone(const struct views *views)
{
	const struct peer *peer;

	for (peer = views->peers; peer < views->peers + views->nb; peer++) {
		if (!peer->self && peer->state != PEER_GONE)
			return false;
	}
	return true;
}

/* rte_dev_probe() returns 0 for a device that is attached already, so it is refused here. */
static bool
attach_refused(struct operation *op, const char *devargs)
{
	const struct rte_device *dev = device_find(&op->da);
	struct port_set ports;
	char text[WHY_SIZE];

	if (dev != NULL) {
		ports = device_ports(dev);
		if (!port_set_is_empty(&ports))
			result_set(op->res, -EEXIST, "already attached (port %u)",
				port_set_next(&ports, 0));
		else
			result_set(op->res, -EEXIST, "already attached (no ethernet port)");
		return true;
	}
	ports = catalogue_ports(op->da.name);
	ports = port_set_common(&ports, views_reference(&op->before));
	if (views_have(&op->before, &ports, text, sizeof(text)) > 0) {
		result_set(op->res, -EEXIST,
			"already attached in %s, but not in this process; run sync", text);
		return true;
	}
	if (which_explain(op->da.name, text)) {
		result_set(op->res, -EEXIST, "%s", text);
		return true;
	}
	if (blocked_anywhere(op->da.name, text, sizeof(text))) {
		result_set(op->res, -EPERM, "%s", text);
		return true;
	}
	if (is_pci(op) && taken_elsewhere(op->da.name, &op->before, text, sizeof(text))) {
		result_set(op->res, -EBUSY, "%s", text);
		return true;
	}
	if (!abilities_attach(op->da.name, devargs, is_alone(&op->before), text)) {
		result_set(op->res, -ENOTSUP, "%s", text);
		return true;
	}
	return false;
}

/* Find an argument without a value: many drivers follow a pointer that is not there, in every
 * process. Those of a device within another, as in dev(...), stand in parentheses. */
static bool
value_missing(const struct rte_devargs *da, char *key, size_t size)
{
	struct rte_kvargs *kvargs;
	bool missing = false;
	unsigned int i;

	kvargs = rte_kvargs_parse(da->drv_str == NULL ? "" : da->drv_str, NULL);
	for (i = 0; kvargs != NULL && i < kvargs->count && !missing; i++) {
		missing =
			kvargs->pairs[i].value == NULL && strchr(kvargs->pairs[i].key, '(') == NULL;
		if (missing)
			strlcpy(key, kvargs->pairs[i].key, size);
	}
	rte_kvargs_free(kvargs);
	return missing;
}

/* Is there anything in the bus's part of bus=BUS,... but what the device is called? */
static bool
bus_has_more(const char *bus_str)
{
	static const char *const known[] = {"bus", "name", "addr", NULL};
	struct rte_kvargs *kvargs = rte_kvargs_parse(bus_str, known);

	rte_kvargs_free(kvargs);
	return kvargs == NULL;
}

/* Write what the EAL is asked for to plain, a buffer of size bytes. For bus=BUS,... without
 * /driver=... the EAL would give the driver no arguments at all, NULL instead of "", which many
 * drivers do not expect: they crash, in every process. With it, many drivers do not know the key
 * "driver". @return false if the device is refused. */
static bool
devargs_make(struct operation *op, const char *devargs, char *plain, size_t size)
{
	const char *bus = rte_bus_name(op->da.bus), *args = op->da.drv_str;
	char key[64];

	if (!is_pci(op) && value_missing(&op->da, key, sizeof(key))) {
		result_set(op->res, -EINVAL, "the argument \"%s\" has no value; type %s=VALUE", key,
			key);
		return false;
	}
	if (op->da.bus_str == NULL) {
		strlcpy(plain, devargs, size);
		return true;
	}
	if (bus_has_more(op->da.bus_str) ||
		(op->da.cls_str != NULL && strchr(op->da.cls_str, ',') != NULL)) {
		result_set(op->res, -EINVAL,
			"only arguments after /driver=NAME reach the driver; "
			"type %s:%s,ARGUMENTS instead",
			bus, op->da.name);
		return false;
	}
	if (args != NULL && strncmp(args, "driver=", strlen("driver=")) == 0)
		args = strchr(args, ',') == NULL ? NULL : strchr(args, ',') + 1;
	snprintf(plain, size, "%s:%s%s%s", bus, op->da.name, args == NULL ? "" : ",",
		args == NULL ? "" : args);
	return true;
}

void
attach(const char *devargs, const char *announce, wait_fn wait, struct result *res)
{
	struct operation op = {.verb = "attach", .announce = announce, .res = res, .wait = wait};
	char canonical[GROUP_DEVARGS_SIZE], plain[2 * GROUP_DEVARGS_SIZE];

	if (operation_begin(&op, devargs) < 0)
		return;
	device_devargs(devargs, &op.da, canonical, sizeof(canonical));
	if (!attach_refused(&op, canonical) && devargs_make(&op, canonical, plain, sizeof(plain))) {
		do {
			attach_everywhere(&op, plain);
		} while (operation_again(&op));
	}
	operation_end(&op);
}
