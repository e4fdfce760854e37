/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include <rte_errno.h>
#include <rte_version.h>

#include "eal/bus.h"

/* The beginning of struct rte_bus. Up to DPDK 25.11 find_device() takes these arguments. */
struct bus_head {
	void *list[2];
	const char *name;
	int (*scan)(void);
	int (*probe)(void);
	struct rte_device *(*find_device)(
		const struct rte_device *start, rte_dev_cmp_t cmp, const void *data);
};

bool
bus_search(
	const struct rte_bus *bus, rte_dev_cmp_t cmp, const void *data, struct rte_device **found)
{
	struct rte_dev_iterator it;
	struct rte_device *dev = NULL;
	bool walked, shown = true;
	char text[64];

	snprintf(text, sizeof(text), "bus=%s", rte_bus_name(bus));
	/* On success too, the call returns the error that is there. */
	rte_errno = 0;
	walked = rte_dev_iterator_init(&it, text) != -ENOTSUP;
	while (walked && (dev = rte_dev_iterator_next(&it)) != NULL) {
		if (cmp(dev, data) == 0)
			break;
	}
	/* For a bus that cannot be walked, do as the EAL does. */
	if (!walked && rte_version_year() < 26)
		dev = ((const struct bus_head *)bus)->find_device(NULL, cmp, data);
	else
		shown = walked;
	*found = dev;
	return shown;
}

static int
bus_any(__rte_unused const struct rte_bus *bus, __rte_unused const void *arg)
{
	return 0;
}

const struct rte_bus *
bus_next(const struct rte_bus *prev)
{
	return rte_bus_find(prev, bus_any, NULL);
}
