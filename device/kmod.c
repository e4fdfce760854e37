/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>

#include "device/kmod.h"

/* A module's name has these characters. */
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

/* The part of a kmod that is read, and the kernel driver that the device is bound to. */
struct reader {
	const char *at;
	const char *bound;
};

/* What is known of a part. */
struct part {
	bool is_met;
	bool has_bound; /* it names the kernel driver that the device is bound to */
};

bool
kmod_is_for_user_space(const char *driver)
{
	static const char *const drivers[] = {"vfio-pci", "uio_pci_generic", "igb_uio"};
	unsigned int i;

	for (i = 0; i < RTE_DIM(drivers); i++) {
		if (strcmp(driver, drivers[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_uio(const char *driver)
{
	return strcmp(driver, "uio_pci_generic") == 0 || strcmp(driver, "igb_uio") == 0;
}

static bool
module_is_loaded(const char *name)
{
	char path[NAME_MAX + 32], *c;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	for (c = path; *c != '\0'; c++)
		*c = *c == '-' ? '_' : *c;
	return access(path, F_OK) == 0;
}

static void
blanks_skip(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t");
}

static struct part
name_read(struct reader *reader)
{
	const char *bound = reader->bound;
	size_t len = strspn(reader->at, NAME_CHARS);
	struct part part;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)len, reader->at);
	reader->at += len;
	/* Older drivers mean vfio-pci by it. */
	if (strcmp(name, "vfio") == 0)
		snprintf(name, sizeof(name), "vfio-pci");
	len = strlen(name);
	/* The EAL takes one driver of uio for the other; some DPDK drivers name only one. The
	 * kernel's RDMA driver for mana's devices is mana_ib; they are bound to mana. */
	part.has_bound = strcmp(name, bound) == 0 || (is_uio(name) && is_uio(bound)) ||
			 (len > 3 && strcmp(name + len - 3, "_ib") == 0 &&
				 strlen(bound) == len - 3 && strncmp(name, bound, len - 3) == 0);
	part.is_met = kmod_is_for_user_space(name) ? part.has_bound : module_is_loaded(name);
	return part;
}

/* A driver's text has few parentheses, if any.
 * NOLINTBEGIN(misc-no-recursion) */
static struct part any_read(struct reader *reader);

/* A name, or alternatives in parentheses. */
static struct part
one_read(struct reader *reader)
{
	struct part part;

	blanks_skip(reader);
	if (*reader->at != '(')
		return name_read(reader);
	reader->at++;
	part = any_read(reader);
	reader->at += *reader->at == ')';
	return part;
}

/* Modules that are needed together: a & b. */
static struct part
all_read(struct reader *reader)
{
	struct part part = one_read(reader), next;

	for (blanks_skip(reader); *reader->at == '&'; blanks_skip(reader)) {
		reader->at++;
		next = one_read(reader);
		part.is_met = part.is_met && next.is_met;
		part.has_bound = part.has_bound || next.has_bound;
	}
	return part;
}

/* Alternatives: a | b. */
static struct part
any_read(struct reader *reader)
{
	struct part part = all_read(reader), next;

	for (blanks_skip(reader); *reader->at == '|'; blanks_skip(reader)) {
		reader->at++;
		next = all_read(reader);
		if (!part.is_met || !part.has_bound)
			part = next;
	}
	return part;
}
/* NOLINTEND(misc-no-recursion) */

bool
kmod_usable(const char *kmod, const char *bound)
{
	struct reader reader = {kmod, bound};
	struct part part;
	bool any = false;

	/* Each line is a pattern of devices and what they need. */
	for (; *reader.at != '\0'; reader.at += strcspn(reader.at, "\n")) {
		reader.at += strspn(reader.at, " \t\n");
		if (*reader.at == '*' || strncmp(reader.at, "pci:", 4) == 0)
			reader.at += strcspn(reader.at, " \t\n");
		blanks_skip(&reader);
		if (*reader.at == '\0')
			break;
		any = true;
		part = any_read(&reader);
		if (part.is_met && part.has_bound)
			return true;
	}
	return !any && kmod_is_for_user_space(bound);
}
