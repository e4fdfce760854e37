/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include <rte_errno.h>
#include <rte_string_fns.h>
#include <rte_version.h>

#include "eal/bus.h"

/* Up to DPDK 25.11 find_device() takes the arguments below. */
#define FIND_DEVICE_KNOWN (rte_version_year() < 26)

/* The beginning of struct rte_bus. */
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
	if (!walked && FIND_DEVICE_KNOWN)
		dev = ((const struct bus_head *)bus)->find_device(NULL, cmp, data);
	else
		shown = walked;
	*found = dev;
	return shown;
}

struct names {
	char (*names)[RTE_DEV_NAME_MAX_LEN];
	int nb, max;
};

/* Copy the name of a device, and go on to the next. */
static int
name_copy(const struct rte_device *dev, const void *data)
{
	struct names *to = *(struct names *const *)data;

	if (rte_dev_name(dev)[0] == '\0')
		return 1;
	if (to->nb < to->max)
		strlcpy(to->names[to->nb], rte_dev_name(dev), RTE_DEV_NAME_MAX_LEN);
	to->nb++;
	return 1;
}

int
bus_names(const struct rte_bus *bus, char (*names)[RTE_DEV_NAME_MAX_LEN], int max)
{
	struct names to = {.names = names, .max = max}, *data = &to;

	if (bus == NULL || !FIND_DEVICE_KNOWN)
		return -1;
	((const struct bus_head *)bus)->find_device(NULL, name_copy, &data);
	return to.nb > max ? -1 : to.nb;
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
