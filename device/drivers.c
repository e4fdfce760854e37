/* SPDX-License-Identifier: BSD-3-Clause */
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <rte_bus.h>
#include <rte_common.h>
#include <rte_dev.h>
#include <rte_devargs.h>

#include "device/drivers.h"
#include "eal/log_tap.h"

#define PCI_ANY_ID 0xffff

/* DPDK's build puts a string into each driver: this text, continued as a JSON object. It has a
 * name, and may have params, kmod and pci_ids, a list of [vendor, device, subsystem's vendor,
 * subsystem's device]. */
static const char mark[] = "PMD_INFO_STRING= {";
#define MARK_LEN (sizeof(mark) - 1)

/* What an ethernet driver says of itself; never freed. */
struct record {
	struct drivers_virtual text;
	bool is_virtual;
	json_t *json;	    /* has pci_ids, and owns the strings above and kmod */
	const char *kmod;   /* kernel modules it needs: "* igb_uio | vfio-pci" */
	const char *object; /* file name of the library it is in; empty for the program */
};

static struct record *records; /* in the order of loading; within a library, of linking */
static unsigned int nb_records;

/* Some drivers of other classes are named like ethernet drivers and have ids of network devices
 * (net_ifcvf, net_sfc_vdpa). The library's name tells them apart, unless DPDK is linked into the
 * program. mlx5's ethernet driver is called mlx5_eth. */
static bool
is_ethernet(const char *object, const char *name)
{
	const char *suffix = strrchr(name, '_');

	if (strncmp(object, "librte_", 7) == 0 && strncmp(object, "librte_net_", 11) != 0)
		return false;
	return strncmp(name, "net_", 4) == 0 || (suffix != NULL && strcmp(suffix, "_eth") == 0);
}

static void
record_add(const char *object, const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, 0, NULL);
	struct record record = {.text.params = "", .json = json, .kmod = "", .object = object};
	struct record *more = NULL;

	if (json_unpack(json, "{s:s, s?s, s?s}", "name", &record.text.name, "params",
		    &record.text.params, "kmod", &record.kmod) == 0 &&
		is_ethernet(object, record.text.name))
		more = realloc(records, (nb_records + 1) * sizeof(*records));
	if (more == NULL) {
		json_decref(json);
		return;
	}
	records = more;
	records[nb_records++] = record;
}

/* Add the records in a part of a library. Not with memmem(), because AddressSanitizer forbids it to
 * read between two variables. */
static __attribute__((no_sanitize_address)) void
segment_read(const char *object, const char *text, const char *end)
{
	unsigned char skip[UINT8_MAX + 1];
	size_t i;

	/* There are millions of bytes. The byte where a mark would end says how far the next mark
	 * is at least. */
	memset(skip, MARK_LEN, sizeof(skip));
	for (i = 0; i < MARK_LEN - 1; i++)
		skip[(unsigned char)mark[i]] = MARK_LEN - 1 - i;
	for (; (size_t)(end - text) >= MARK_LEN; text += skip[(unsigned char)text[MARK_LEN - 1]]) {
		for (i = 0; i < MARK_LEN && text[i] == mark[i]; i++)
			;
		/* What follows is ignored if it is no JSON: after the mark above, for one. */
		if (i == MARK_LEN)
			record_add(object, text + i - 1, strnlen(text + i - 1, end - text - i + 1));
	}
}

/* Read the parts of a library that are mapped only for reading. If there are none, the constants
 * are with the code, which is four times as much. */
static int
object_read(struct dl_phdr_info *info, __rte_unused size_t size, __rte_unused void *arg)
{
	const char *slash = strrchr(info->dlpi_name, '/'), *text;
	ElfW(Word) mask = PF_R | PF_W | PF_X, flags = PF_R | PF_X;
	unsigned int i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
			(info->dlpi_phdr[i].p_flags & mask) == PF_R)
			flags = PF_R;
	}
	for (i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_LOAD ||
			(info->dlpi_phdr[i].p_flags & mask) != flags)
			continue;
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): the loader gives a number. */
		text = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
		segment_read(slash == NULL ? info->dlpi_name : slash + 1, text,
			text + info->dlpi_phdr[i].p_filesz);
	}
	return 0;
}

/* Does the vdev bus know its name? A driver without PCI ids may be for another bus. */
static bool
is_virtual(const struct record *record)
{
	struct rte_devargs da = {0};
	bool is = json_array_size(json_object_get(record->json, "pci_ids")) == 0 &&
		  rte_devargs_parse(&da, record->text.name) == 0 &&
		  strcmp(rte_bus_name(da.bus), "vdev") == 0;

	rte_devargs_reset(&da);
	return is;
}

static void
records_read(void)
{
	static bool done;
	unsigned int i;

	if (done)
		return;
	done = true;
	dl_iterate_phdr(object_read, NULL);
	/* The EAL logs an error for a name that no bus knows, and there is no other way to ask. */
	log_tap_mute(true);
	for (i = 0; i < nb_records; i++)
		records[i].is_virtual = is_virtual(&records[i]);
	log_tap_mute(false);
}

const struct drivers_virtual *
drivers_virtual_next(const struct drivers_virtual *prev)
{
	const struct drivers_virtual *next = NULL;
	const struct record *record;

	records_read();
	for (record = records; record < records + nb_records; record++) {
		if (record->is_virtual &&
			(prev == NULL || strcmp(record->text.name, prev->name) > 0) &&
			(next == NULL || strcmp(record->text.name, next->name) < 0))
			next = &record->text;
	}
	return next;
}

/* Is the driver for a device with these ids (as for drivers_for_pci())? */
static bool
record_matches(const struct record *record, const unsigned int *ids)
{
	const json_t *pci_ids = json_object_get(record->json, "pci_ids"), *match;
	json_int_t id;
	size_t i, j;

	json_array_foreach(pci_ids, i, match) {
		for (j = 0; j < 4; j++) {
			id = json_integer_value(json_array_get(match, j));
			if (id != PCI_ANY_ID && id != ids[j])
				break;
		}
		if (j == 4)
			return true;
	}
	return false;
}

/*
 * If several drivers are for a device, the EAL tries them in the order of loading. Libraries are
 * loaded in the order of a directory, which is chance. The order of their names is the same
 * everywhere, and right for the only such pair: iavf, and ice_dcf, which needs cap=dcf.
 */
const char *
drivers_for_pci(const unsigned int *ids, const char **kmod)
{
	const struct record *record, *best = NULL;

	records_read();
	for (record = records; record < records + nb_records; record++) {
		if (record_matches(record, ids) &&
			(best == NULL || strcmp(record->object, best->object) < 0))
			best = record;
	}
	if (best == NULL)
		return NULL;
	*kmod = best->kmod;
	return best->text.name;
}
