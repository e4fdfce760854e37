/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "base/text.h"
#include "device/abilities.h"

/* What was seen of a driver, in a group of a primary and two secondaries. */
struct ability {
	const char *driver;   /* a device is called like its driver, with a suffix */
	const char *alias;    /* or like this */
	const char *seen;     /* the releases of DPDK in which this was tried */
	const char *alone;    /* why it cannot be in a group of several; NULL if it can */
	const char *unpolled; /* why a secondary cannot poll it; NULL if it can */
	const char *harms;    /* an argument that makes each process that probes the device */
	const char *harm;     /* do this; with an attach, before there is anything to lose */
	const char *mixes;    /* and why a secondary cannot poll it then */
	unsigned int queues;  /* most queues, rx and tx together; 0: as many as the driver says */
	bool no_link;	      /* a secondary's driver cannot tell the link */
	bool goes_first;      /* the EAL's clean-up crashes if it is still there */
	bool hides;	      /* it makes ports later, when it likes, and the group is not told */
};

static const char releases[] = "22.11 24.11 25.11";
const char abilities_no_functions[] = "it gives a secondary no functions to poll with";

/* Sorted by name. tests/device/test_abilities.py holds it against the table in doc/limits.rst. */
static const struct ability table[] = {
	{.driver = "net_af_packet",
		.alias = "eth_af_packet",
		.seen = releases,
		.unpolled = abilities_no_functions},
	{.driver = "net_af_xdp", .seen = releases, .unpolled = "its queues carry nothing there"},
	{.driver = "net_bonding",
		.alias = "eth_bond",
		.seen = releases,
		.unpolled = abilities_no_functions},
	{.driver = "net_failsafe",
		.seen = releases,
		.alone = "a secondary probes the devices it is made of a second time, and the "
			 "detach ends the primary by SIGABRT",
		.goes_first = true},
	{.driver = "net_memif", .seen = releases},
	{.driver = "net_null", .alias = "eth_null", .seen = releases},
	{.driver = "net_pcap",
		.alias = "eth_pcap",
		.seen = releases,
		.harms = "tx_pcap",
		.harm = "opens and empties that file",
		.mixes = "with tx_pcap each process writes to the file as if it were the only one"},
	{.driver = "net_ring", .alias = "eth_ring", .seen = releases},
	{.driver = "net_softnic",
		.seen = releases,
		.alone = "a secondary's probe tries to make its shared memory a second time"},
	/* All its descriptors go in one message, and it notices too late if they do not fit. */
	{.driver = "net_tap",
		.alias = "eth_tap",
		.seen = releases,
		.queues = RTE_MP_MAX_FD_NUM,
		.no_link = true},
	{.driver = "net_tun",
		.seen = releases,
		.unpolled = abilities_no_functions,
		.queues = RTE_MP_MAX_FD_NUM,
		.no_link = true},
	{.driver = "net_vdev_netvsc",
		.seen = releases,
		.alone = "it makes devices later, of which no process is told",
		.hides = true},
	{.driver = "net_vhost",
		.alias = "eth_vhost",
		.seen = releases,
		.unpolled = "it knows nothing of its virtqueues there"},
	{.driver = "net_virtio_user", .alias = "virtio_user", .seen = "22.11"},
};

/* The vdev bus takes the first driver whose name the device's name begins with. */
static const struct ability *
ability_find(const char *name)
{
	const struct ability *ability;

	for (ability = table; ability < table + RTE_DIM(table); ability++) {
		if (strncmp(name, ability->driver, strlen(ability->driver)) == 0 ||
			(ability->alias != NULL &&
				strncmp(name, ability->alias, strlen(ability->alias)) == 0))
			return ability;
	}
	return NULL;
}

/* Is key an argument in devargs? The devargs of a device may be among those of another. */
static bool
has_argument(const char *devargs, const char *key)
{
	const char *at = devargs;
	size_t len = strlen(key);

	while ((at = strstr(at, key)) != NULL) {
		/* Without a value it may do the same, or worse. */
		if (at > devargs && strchr(",(/", at[-1]) != NULL && strchr("=,)", at[len]) != NULL)
			return true;
		at += len;
	}
	return false;
}

bool
abilities_attach(const char *name, const char *devargs, bool alone, char *why)
{
	const struct ability *ability = ability_find(name);

	/* net_ring follows it, wherever it leads. */
	if (has_argument(devargs, "internal")) {
		why_set(why, 0,
			"internal= is an address in the memory of a program, which nobody can "
			"type; leave it out");
		return false;
	}
	if (ability == NULL || (alone && !ability->hides))
		return true;
	if (ability->hides)
		why_set(why, 0, "%s is no driver for a group: %s", ability->driver, ability->alone);
	else if (ability->alone != NULL)
		why_set(why, 0, "%s works only in a group of one: %s; quit the other processes",
			ability->driver, ability->alone);
	else
		return true;
	return false;
}

bool
abilities_join(const char *name, const char *devargs, char *why)
{
	const struct ability *ability = ability_find(name);

	if (ability == NULL)
		return true;
	if (ability->hides)
		why_set(why, 0,
			"the primary was started with %s, and %s is no driver for a group: %s; "
			"start it without",
			name, ability->driver, ability->alone);
	else if (ability->alone != NULL)
		why_set(why, 0,
			"the group has %s, and %s works only in a group of one: %s; detach it "
			"first, or ask at the primary's prompt",
			name, ability->driver, ability->alone);
	else if (ability->harms != NULL && devargs == NULL)
		why_set(why, 0,
			"the group has %s, whose arguments are too long to be known here; with the "
			"argument %s each process that joins %s; detach it first, or ask at the "
			"primary's prompt",
			name, ability->harms, ability->harm);
	else if (ability->harms != NULL && has_argument(devargs, ability->harms))
		why_set(why, 0,
			"the group has %s, with the argument %s, and each process that joins %s; "
			"detach it first, or ask at the primary's prompt",
			name, ability->harms, ability->harm);
	else
		return true;
	return false;
}

bool
abilities_hides(const char *name)
{
	const struct ability *ability = ability_find(name);

	return ability != NULL && ability->hides;
}

const char *
abilities_unpolled(const char *driver, const char *devargs)
{
	const struct ability *ability = ability_find(driver);

	if (ability != NULL && ability->mixes != NULL && has_argument(devargs, ability->harms))
		return ability->mixes;
	return ability == NULL ? NULL : ability->unpolled;
}

bool
abilities_goes_first(const char *driver)
{
	const struct ability *ability = ability_find(driver);

	return ability != NULL && ability->goes_first;
}

bool
abilities_link(const char *driver)
{
	const struct ability *ability = ability_find(driver);

	return ability == NULL || !ability->no_link;
}

unsigned int
abilities_queues(const char *driver)
{
	const struct ability *ability = ability_find(driver);

	return ability == NULL ? 0 : ability->queues;
}
