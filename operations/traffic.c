/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_string_fns.h>

#include "base/text.h"
#include "device/abilities.h"
#include "device/device.h"
#include "group/primary.h"
#include "group/turn.h"
#include "operations/traffic.h"
#include "operations/which.h"
#include "traffic/counters.h"
#include "traffic/forward.h"
#include "traffic/packet.h"
#include "traffic/queues.h"
#include "traffic/server.h"
#include "traffic/withdraw.h"

/* Find the operation's device and its ports. @return NULL, with the result set, on failure. */
static const struct rte_device *
ports_of(struct operation *op, struct port_set *ports)
{
	const struct rte_device *dev;

	if (primary_is_foreign()) {
		result_set(op->res, -ENOTSUP,
			"the primary (pid %d) is another program; configure the port there",
			primary_pid());
		return NULL;
	}
	dev = device_find(&op->da);
	if (dev == NULL) {
		op->res->err = which_not_attached(op->da.name, op->res->text);
		return NULL;
	}
	*ports = device_ports(dev);
	if (port_set_is_empty(ports)) {
		result_set(op->res, -ENODEV, "no ethernet port");
		return NULL;
	}
	return dev;
}

void
start_device(const char *device, unsigned int nb_rx, unsigned int nb_tx, wait_fn wait,
	struct result *res)
{
	struct operation op = {.verb = "start", .res = res, .wait = wait};
	const struct rte_device *dev;
	struct port_set ports;
	unsigned int id, most;
	char why[WHY_SIZE] = "";
	const char *driver;
	int ret = 0;

	if (operation_begin(&op, device) < 0)
		return;
	dev = ports_of(&op, &ports);
	if (dev != NULL) {
		driver = rte_driver_name(rte_dev_driver(dev));
		most = abilities_queues(driver);
		PORT_SET_FOREACH(id, &ports) {
			if (ret < 0)
				break;
			if (started_port(id))
				ret = why_set(why, -EALREADY, "already started (port %u)", id);
			else if (most > 0 && nb_rx + nb_tx > most)
				ret = why_set(why, -ERANGE,
					"port %u: %s has at most %u queues, rx and tx together", id,
					driver, most);
			else
				ret = request_start(id, nb_rx, nb_tx, why);
		}
		result_set(res, ret, "%s", ret == 0 ? "" : why);
	}
	operation_end(&op);
}

void
stop_device(const char *device, wait_fn wait, struct result *res)
{
	struct operation op = {.verb = "stop", .res = res, .wait = wait};
	bool any = false, touched = false;
	struct port_set ports;
	unsigned int id;
	char why[WHY_SIZE] = "not started";
	int ret = -EALREADY;

	if (operation_begin(&op, device) < 0)
		return;
	if (ports_of(&op, &ports) != NULL) {
		PORT_SET_FOREACH(id, &ports)
			any = any || started_port(id);
		if (any) {
			ret = withdraw_ports(&ports, WITHDRAW_MS, why);
			if (ret == 0)
				ret = request_stop(&ports, &touched, why);
			withdraw_end(&ports, touched);
		}
		result_set(res, ret, "%s", ret == 0 ? "" : why);
	}
	operation_end(&op);
}

/* @param name receives the device's name. @return the first port of a device if this process can
 * poll it, or a negative errno and why. */
static int
port_to_poll(const char *device, char *name, char *why)
{
	const struct rte_device *dev;
	struct port_set ports = {0};
	const char *driver, *reason;
	struct port_device known;
	struct rte_devargs da;
	int ret;

	if (primary_is_foreign())
		return why_set(why, -ENOTSUP,
			"the primary (pid %d) is another program, which polls its ports itself",
			primary_pid());
	ret = which_device(device, &da, why);
	if (ret < 0)
		return ret;
	strlcpy(name, da.name, RTE_DEV_NAME_MAX_LEN);
	dev = device_find(&da);
	if (dev != NULL)
		ports = device_ports(dev);
	if (port_set_is_empty(&ports)) {
		ret = -ENODEV;
		if (!which_explain(da.name, why))
			why_set(why, ret, "%s: no port of this process", da.name);
	} else {
		ret = port_set_next(&ports, 0);
		driver = rte_driver_name(rte_dev_driver(dev));
		views_device(ret, &known);
		reason = abilities_unpolled(driver, known.devargs);
		if (reason == NULL && !queues_pollable(ret))
			reason = abilities_no_functions;
		if (reason != NULL && !primary_is_self())
			ret = why_set(why, -ENOTSUP,
				"%s lets no secondary poll port %d: %s; do it in the primary (pid "
				"%d)",
				driver, ret, reason, primary_pid());
	}
	rte_devargs_reset(&da);
	return ret;
}

void
forward_devices(const char *in, const char *out, bool both, wait_fn wait, struct result *res)
{
	const char *running = forward_running();
	char text[160];
	int from, to;

	memset(res, 0, sizeof(*res));
	if (running != NULL) {
		result_set(res, -EBUSY, "%s runs already; forward off first", running);
		return;
	}
	if (operation_take_turn("forward", wait, res) < 0)
		return;
	if ((from = port_to_poll(in, res->name, res->text)) < 0 ||
		(to = port_to_poll(out, res->other, res->text)) < 0) {
		res->err = -ENODEV;
	} else if (both && from == to) {
		result_set(res, -EINVAL, "both ways needs two devices");
	} else {
		snprintf(text, sizeof(text), "forward %s %s%s", res->name, res->other,
			both ? " both" : "");
		res->err = forward_start(text, from, to, both, res->text);
	}
	turn_release();
}

void
send_through_device(const char *device, unsigned int count, unsigned int size, wait_fn wait,
	bool (*look)(void), struct result *res)
{
	unsigned int sent = 0;
	int id, queue = -1;
	const char *why;

	memset(res, 0, sizeof(*res));
	if (operation_take_turn("send", wait, res) < 0)
		return;
	id = port_to_poll(device, res->name, res->text);
	if (id >= 0)
		queue = send_begin(id, res->text);
	res->err = RTE_MIN(id < 0 ? id : queue, 0);
	turn_release();
	if (res->err < 0)
		return;
	why = send_packets(id, queue, count, size, look, &sent);
	if (why == NULL)
		result_set(res, 0, "%u packets of %u bytes", sent, size);
	else
		result_set(res, -EIO, "%s; %u of %u packets were sent", why, sent, count);
}

void
reset_counters(wait_fn wait, struct result *res)
{
	unsigned int id;

	memset(res, 0, sizeof(*res));
	res->err = turn_take("stats reset", wait, res->text);
	if (res->err < 0)
		return;
	for (id = 0; id < RTE_MAX_ETHPORTS; id++)
		counters_reset(id);
	res->err = 0;
	turn_release();
}
