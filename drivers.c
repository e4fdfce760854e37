/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <rte_bus.h>
#include <rte_common.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_string_fns.h>

#include "device.h"
#include "drivers.h"
#include "eal/log_tap.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define PCI_CLASS_NETWORK 0x02
#define PCI_ANY_ID 0xffff

/*
 * DPDK's build puts a string into each driver that says what it is for, this
 * text and a JSON object: name, and where there is something to say, params,
 * kmod and pci_ids, each [vendor, device, subsystem's vendor and device].
 */
static const char mark[] = "PMD_INFO_STRING= {";
#define MARK_LEN (sizeof(mark) - 1)

/* The record of an ethernet driver; none is ever freed. */
struct record {
	struct drivers_virtual text;
	bool is_virtual;
	json_t *json;	    /* with pci_ids, and all the text that is pointed to */
	const char *kmod;   /* kernel modules it needs: "* igb_uio | vfio-pci" */
	const char *object; /* file it was found in, without directories; empty for the program */
};

static struct record *records; /* in the order of loading; those of one object, of linking */
static unsigned int nb_records;

static struct drivers_pci *devices; /* sorted by address, as of the last look */
static unsigned int nb_devices;

/*
 * Next mark between text and end, NULL if there is none: memmem(), which cannot be
 * used because AddressSanitizer would stop it between two variables of an object.
 */
static __attribute__((no_sanitize_address)) const char *
mark_find(const char *text, const char *end)
{
	unsigned char skip[UINT8_MAX + 1];
	size_t i;

	/* Millions of bytes: by the byte where a mark would end, look next where one can be. */
	memset(skip, MARK_LEN, sizeof(skip));
	for (i = 0; i < MARK_LEN - 1; i++)
		skip[(unsigned char)mark[i]] = MARK_LEN - 1 - i;
	for (; (size_t)(end - text) >= MARK_LEN; text += skip[(unsigned char)text[MARK_LEN - 1]]) {
		for (i = 0; i < MARK_LEN && text[i] == mark[i]; i++)
			;
		if (i == MARK_LEN)
			return text;
	}
	return NULL;
}

/*
 * Drivers of other classes have names of ethernet drivers and ids of network
 * devices, too (net_ifcvf, net_sfc_vdpa): the object's name tells, if DPDK is not
 * linked into the program. And mlx5's ethernet driver is called mlx5_eth.
 */
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

/* The records in a part of an object. */
static void
segment_read(const char *object, const char *text, const char *end)
{
	const char *nul;

	while ((text = mark_find(text, end)) != NULL) {
		text += MARK_LEN - 1;
		nul = memchr(text, '\0', end - text);
		if (nul == NULL)
			break;
		/* What is no record, such as the mark above, is no JSON. */
		record_add(object, text, nul - text);
	}
}

/*
 * Read what is mapped of an object for reading only: it is there and does not
 * change. Constants are with the code, four times as much, only if nowhere else.
 */
static int
object_read(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *slash = strrchr(info->dlpi_name, '/'), *text;
	ElfW(Word) mask = PF_R | PF_W | PF_X, flags = PF_R | PF_X;
	unsigned int i;

	RTE_SET_USED(size);
	RTE_SET_USED(arg);
	for (i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
			(info->dlpi_phdr[i].p_flags & mask) == PF_R)
			flags = PF_R;
	}
	for (i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_LOAD ||
			(info->dlpi_phdr[i].p_flags & mask) != flags)
			continue;
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): the loader tells it as a number. */
		text = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
		segment_read(slash == NULL ? info->dlpi_name : slash + 1, text,
			text + info->dlpi_phdr[i].p_filesz);
	}
	return 0;
}

/* A driver without PCI ids may be for some other bus. */
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
	/* The EAL logs an error for a name that no bus knows, and cannot be asked in another way.
	 */
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

/* Is a driver for a device with these four numbers? */
static bool
record_matches(const struct record *record, const unsigned int *ids)
{
	const json_t *pci_ids = json_object_get(record->json, "pci_ids"), *match;
	json_int_t id;
	size_t i, j;

	json_array_foreach(pci_ids, i, match)
	{
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
 * The driver for a device. If several are, the EAL asks one after the other as
 * they were loaded; for objects that is the order of a directory, by chance. By
 * name it is the same everywhere, and right for the one such pair there is: iavf,
 * and ice_dcf, which wants to be asked for with cap=dcf.
 */
static const struct record *
record_find(const unsigned int *ids)
{
	const struct record *record, *best = NULL;

	for (record = records; record < records + nb_records; record++) {
		if (record_matches(record, ids) &&
			(best == NULL || strcmp(record->object, best->object) < 0))
			best = record;
	}
	return best;
}

/* Fill device, all zero. @return false, and it is so still, if it is not of class network. */
static bool
device_read(const char *address, struct drivers_pci *device)
{
	struct rte_devargs da = {.bus = rte_bus_find_by_name("pci")};
	const struct record *record;
	unsigned int ids[4], class;
	char path[PATH_MAX];
	FILE *file;
	int nb;

	/* All the numbers, in one file, the class last. */
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/modalias", address);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	nb = fscanf(
		file, "pci:v%8xd%8xsv%8xsd%8xbc%2x", &ids[0], &ids[1], &ids[2], &ids[3], &class);
	fclose(file);
	if (nb != 5 || class != PCI_CLASS_NETWORK)
		return false;
	strlcpy(device->address, address, sizeof(device->address));
	device_kernel_driver(address, device->kernel_driver, sizeof(device->kernel_driver));
	strlcpy(da.name, address, sizeof(da.name));
	device->attached = da.bus != NULL && device_find(&da) != NULL;
	record = record_find(ids);
	if (record == NULL)
		return true;
	device->pmd = record->text.name;
	device->usable = device_driver_usable(device->kernel_driver) ||
			 (device->kernel_driver[0] != '\0' &&
				 strstr(record->kmod, device->kernel_driver) != NULL);
	return true;
}

static void
devices_read(void)
{
	struct dirent **entries;
	int i, nb;

	free(devices);
	devices = NULL;
	nb_devices = 0;
	nb = scandir(PCI_DEVICES, &entries, NULL, alphasort);
	if (nb < 0)
		return;
	devices = calloc(nb, sizeof(*devices));
	for (i = 0; i < nb; i++) {
		if (devices != NULL && device_read(entries[i]->d_name, &devices[nb_devices]))
			nb_devices++;
		free(entries[i]);
	}
	free(entries);
}

const struct drivers_pci *
drivers_pci_next(const struct drivers_pci *prev)
{
	const struct drivers_pci *next;

	records_read();
	if (prev == NULL)
		devices_read();
	next = prev == NULL ? devices : prev + 1;
	return next < devices + nb_devices ? next : NULL;
}
