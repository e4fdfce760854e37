/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_devargs.h>

#include "base/text.h"
#include "device/device.h"
#include "group/primary.h"
#include "group/turn.h"
#include "operations/forward_send.h"
#include "traffic/counters.h"
#include "traffic/forward.h"
#include "traffic/queues.h"
#include "traffic/send.h"

/* @return the first port of a device if this process can poll it, or a negative errno and why. */
static int
port_to_poll(const char *device, char *why)
{
	const struct rte_device *dev;
	struct port_set ports = {0};
	const char *driver;
	struct rte_devargs da;
	int ret;

	if (primary_is_foreign())
		return why_set(why, -ENOTSUP,
			"the primary (pid %d) is another program, which polls its ports itself",
			primary_pid());
	ret = device_split(device, &da, why);
	if (ret < 0)
		return ret;
	dev = device_find(&da);
	if (dev != NULL)
		ports = device_ports(dev);
	if (port_set_is_empty(&ports)) {
		ret = why_set(why, -ENODEV, "%s: no port of this process", da.name);
	} else {
		ret = port_set_next(&ports, 0);
		driver = rte_driver_name(rte_dev_driver(dev));
		if (!queues_pollable(ret, driver)) {
			ret = why_set(why, -ENOTSUP,
				"%s lets no secondary poll port %d; do it in the primary (pid %d)",
				driver, ret, primary_pid());
		}
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
	snprintf(text, sizeof(text), "forward %.63s %.63s%s", in, out, both ? " both" : "");
	if ((from = port_to_poll(in, res->text)) < 0 || (to = port_to_poll(out, res->text)) < 0)
		res->err = -ENODEV;
	else
		res->err = forward_start(text, from, to, both, res->text);
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
	id = port_to_poll(device, res->text);
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
