/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "device/device.h"
#include "group/primary.h"
#include "operations/start_stop.h"
#include "traffic/server.h"
#include "traffic/queues.h"
#include "traffic/withdraw.h"

/* Find the ports of the operation's device. @return false, with the result set, on failure. */
static bool
ports_of(struct operation *op, struct port_set *ports)
{
	const struct rte_device *dev;

	if (primary_is_foreign()) {
		result_set(op->res, -ENOTSUP,
			"the primary (pid %d) is another program; configure the port there",
			primary_pid());
		return false;
	}
	dev = device_find(&op->da);
	if (dev == NULL) {
		result_set(op->res, -ENODEV, "not attached");
		return false;
	}
	*ports = device_ports(dev);
	if (port_set_is_empty(ports)) {
		result_set(op->res, -ENODEV, "no ethernet port");
		return false;
	}
	return true;
}

void
start_device(const char *device, unsigned int nb_rx, unsigned int nb_tx, wait_fn wait,
	struct result *res)
{
	struct operation op = {.verb = "start", .res = res, .wait = wait};
	struct port_set ports;
	unsigned int id;
	char why[WHY_SIZE] = "";
	int ret = 0;

	if (operation_begin(&op, device) < 0)
		return;
	if (ports_of(&op, &ports)) {
		PORT_SET_FOREACH(id, &ports) {
			if (ret < 0)
				break;
			if (started_port(id)) {
				snprintf(why, sizeof(why), "already started (port %u)", id);
				ret = -EALREADY;
			} else {
				ret = request_start(id, nb_rx, nb_tx, why);
			}
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
	if (ports_of(&op, &ports)) {
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
