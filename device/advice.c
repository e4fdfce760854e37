/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_kvargs.h>

#include "device/advice.h"
#include "device/drivers.h"

/* What drivers do not say, neither of themselves nor when they refuse a device. Each was tried with
 * DPDK 22.11. */
static const struct {
	const char *driver;
	unsigned int name_max; /* bytes in the longest name; 0: as the EAL allows */
	const char *needs;     /* a parameter, or NULL */
} limits[] = {
	{"net_af_packet", 0, "iface"},
	{"net_ring", 17, NULL},
	{"net_softnic", 18, NULL},
	{"net_vhost", 0, "iface"},
};

/* The driver is the one with the longest name that this name begins with. */
static const struct drivers_virtual *
driver_of(const char *name)
{
	const struct drivers_virtual *driver = NULL, *found = NULL;

	while ((driver = drivers_virtual_next(driver)) != NULL) {
		if (strncmp(name, driver->name, strlen(driver->name)) == 0 &&
			(found == NULL || strlen(driver->name) > strlen(found->name)))
			found = driver;
	}
	return found;
}

/*
 * Is the parameter in a text such as "iface=<string> dev(<ifc>),mac=mac_addr"? Some drivers leave
 * out what should stand between two parameters ("role=server|clientbsize=<int>"). So where another
 * parameter stands before it in the same word, it need not begin anything.
 */
static bool
is_listed(const char *params, const char *key)
{
	size_t len = strlen(key), word_len, i;
	const char *word = params;
	bool glued;

	for (;; word += word_len) {
		word += strspn(word, " ,");
		word_len = strcspn(word, " ,");
		if (word_len == 0)
			return false;
		for (i = 0, glued = false; i + len < word_len; i++) {
			if ((i == 0 || glued) && strncmp(word + i, key, len) == 0 &&
				strchr("=(", word[i + len]) != NULL)
				return true;
			glued = glued || word[i] == '=';
		}
	}
}

static bool
key_find(const struct drivers_virtual *driver, const struct rte_kvargs *kvargs, const char *needs,
	char *text, size_t size)
{
	unsigned int i;
	bool has = needs == NULL;

	for (i = 0; i < kvargs->count; i++) {
		has = has || strcmp(kvargs->pairs[i].key, needs) == 0;
		if (driver->params[0] != '\0' && !is_listed(driver->params, kvargs->pairs[i].key)) {
			snprintf(text, size, "%s lists no parameter \"%s\", but: %s", driver->name,
				kvargs->pairs[i].key, driver->params);
			while (text[0] != '\0' && isspace((unsigned char)text[strlen(text) - 1]))
				text[strlen(text) - 1] = '\0';
			return true;
		}
	}
	if (!has)
		snprintf(text, size, "%s needs the parameter %s", driver->name, needs);
	return !has;
}

bool
advice_find(const struct rte_devargs *da, char *text, size_t size)
{
	char name[RTE_DEV_NAME_MAX_LEN + 4];
	const struct drivers_virtual *driver;
	struct rte_kvargs *kvargs;
	const char *needs = NULL;
	bool found = false;
	unsigned int i;

	/* Drivers are also known by names that begin with "eth_", which they do not list. */
	snprintf(name, sizeof(name), "%s%s", strncmp(da->name, "eth_", 4) == 0 ? "net_" : "",
		strncmp(da->name, "eth_", 4) == 0 ? da->name + 4 : da->name);
	driver = driver_of(name);
	if (driver == NULL)
		return false;
	for (i = 0; i < RTE_DIM(limits); i++) {
		if (strcmp(limits[i].driver, driver->name) != 0)
			continue;
		needs = limits[i].needs;
		if (limits[i].name_max != 0 && strlen(da->name) > limits[i].name_max) {
			snprintf(text, size, "the name has %zu characters, and %s takes at most %u",
				strlen(da->name), driver->name, limits[i].name_max);
			return true;
		}
	}
	kvargs = rte_kvargs_parse(da->drv_str == NULL ? "" : da->drv_str, NULL);
	if (kvargs != NULL)
		found = key_find(driver, kvargs, needs, text, size);
	rte_kvargs_free(kvargs);
	return found;
}
