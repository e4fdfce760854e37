/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_common.h>
#include <rte_devargs.h>
#include <rte_eal.h>
#include <rte_string_fns.h>
#include <rte_vfio.h>

#include "base/opened.h"
#include "device/device.h"
#include "device/drivers.h"
#include "device/kmod.h"
#include "device/pci.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define PCI_CLASS_NETWORK 0x02

static struct pci_device *devices; /* sorted by address, as last read */
static unsigned int nb_devices;

void
pci_link(const char *address, const char *name, char *text, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address, name);
	len = readlink(path, target, sizeof(target) - 1);
	target[RTE_MAX(len, 0)] = '\0';
	strlcpy(text, basename(target), size);
}

bool
pci_kernel_driver(const char *address, char *driver, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s", address);
	if (access(path, F_OK) < 0)
		return false;
	pci_link(address, "driver", driver, size);
	return true;
}

/* Read the ids as drivers_for_pci() takes them. @return the device's class, or -1. */
static int
ids_read(const char *address, unsigned int *ids)
{
	char path[PATH_MAX];
	unsigned int class;
	FILE *file;
	int nb;

	/* modalias has all the ids, and then the class. */
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/modalias", address);
	file = fopen(path, "re");
	if (file == NULL)
		return -1;
	nb = fscanf(
		file, "pci:v%8xd%8xsv%8xsd%8xbc%2x", &ids[0], &ids[1], &ids[2], &ids[3], &class);
	fclose(file);
	return nb == 5 ? (int)class : -1;
}

/* Another device of the same IOMMU group that a kernel driver has, other than those that the kernel
 * allows beside vfio. @return false if there is none. */
static bool
group_user(const char *address, char *other, size_t size, char *driver, size_t driver_size)
{
	static const char *const allowed[] = {"", "vfio-pci", "pci-stub", "pcieport"};
	char path[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	unsigned int i;
	DIR *dir;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/iommu_group/devices", address);
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, address) == 0)
			continue;
		pci_link(entry->d_name, "driver", driver, driver_size);
		found = true;
		for (i = 0; i < RTE_DIM(allowed); i++)
			found = found && strcmp(driver, allowed[i]) != 0;
		if (found)
			strlcpy(other, entry->d_name, size);
	}
	closedir(dir);
	return found;
}

/* Drivers that need the IOVA mode VA, by their names' beginnings; only the drivers themselves can
 * see the flag that says so (RTE_PCI_DRV_NEED_IOVA_AS_VA). */
static bool
needs_va(const char *pmd)
{
	static const char *const begins[] = {"net_cn9k", "net_cn10k", "net_cn20k"};
	unsigned int i;

	for (i = 0; i < RTE_DIM(begins); i++) {
		if (strncmp(pmd, begins[i], strlen(begins[i])) == 0)
			return true;
	}
	return false;
}

/* The state of a device that is not attached. */
static enum pci_state
state_find(const char *address, const char *kernel_driver, const char *pmd, const char *kmod)
{
	bool vfio = strcmp(kernel_driver, "vfio-pci") == 0;
	char other[64], driver[64];

	if (pmd == NULL)
		return PCI_NO_DRIVER;
	if (kernel_driver[0] == '\0')
		return PCI_UNBOUND;
	if (!kmod_usable(kmod, kernel_driver))
		return PCI_KERNEL;
	if (!rte_eal_has_pci())
		return PCI_OFF;
	if (!kmod_is_for_user_space(kernel_driver))
		return PCI_READY;
	if (rte_eal_iova_mode() == RTE_IOVA_PA && needs_va(pmd))
		return PCI_NEEDS_VA;
	if (vfio && !rte_vfio_is_enabled("vfio"))
		return PCI_VFIO_LATE;
	if (rte_eal_iova_mode() == RTE_IOVA_VA && (!vfio || rte_vfio_noiommu_is_enabled() == 1))
		return PCI_NEEDS_PA;
	if (vfio && group_user(address, other, sizeof(other), driver, sizeof(driver)))
		return PCI_GROUP_USED;
	return PCI_READY;
}

const char *
pci_state_name(enum pci_state state)
{
	static const char *const names[] = {
		[PCI_READY] = "ready",
		[PCI_ATTACHED] = "attached",
		[PCI_TAKEN_BACK] = "taken back",
		[PCI_NO_DRIVER] = "no driver",
		[PCI_UNBOUND] = "unbound",
		[PCI_KERNEL] = "kernel",
		[PCI_NEEDS_PA] = "needs IOVA PA",
		[PCI_NEEDS_VA] = "needs IOVA VA",
		[PCI_VFIO_LATE] = "vfio too late",
		[PCI_GROUP_USED] = "group in use",
		[PCI_OFF] = "--no-pci",
	};

	return names[state];
}

/* To which kernel driver should the device be bound? */
static const char *
driver_to_bind(const char *kmod)
{
	static const char *const drivers[] = {"vfio-pci", "uio_pci_generic", "igb_uio"};
	unsigned int i;

	for (i = 0; i < RTE_DIM(drivers); i++) {
		if (kmod_usable(kmod, drivers[i]))
			return drivers[i];
	}
	return NULL;
}

static void
bind_advise(const char *address, const char *driver, const char *kmod, char *text, size_t size)
{
	const char *to = driver_to_bind(kmod);
	char is[96] = "no kernel driver has it";

	if (driver[0] != '\0')
		snprintf(is, sizeof(is), "it is bound to the kernel driver %s", driver);
	if (to != NULL)
		snprintf(text, size, "%s; bind it to %s (dpdk-devbind.py -b %s %s)", is, to, to,
			address);
	else
		snprintf(text, size,
			"%s, and its DPDK driver works beside the kernel's own; bind it to that, and "
			"load what it needs (%s)",
			is, kmod);
}

bool
pci_obstacle(const char *address, char *text, size_t size)
{
	char driver[64], other[64], its[64];
	const char *pmd, *kmod = "";
	unsigned int ids[4];
	int class;

	if (!pci_kernel_driver(address, driver, sizeof(driver))) {
		snprintf(text, size, "no such device on the PCI bus");
		return true;
	}
	class = ids_read(address, ids);
	pmd = class < 0 ? NULL : drivers_for_pci(ids, &kmod);
	switch (state_find(address, driver, pmd, kmod)) {
	case PCI_NO_DRIVER:
		/* A driver of another class may be for it. */
		if (class == PCI_CLASS_NETWORK)
			snprintf(text, size,
				"no DPDK driver that is loaded is for it; load one (-d)");
		else if (!kmod_is_for_user_space(driver))
			bind_advise(address, driver, kmod, text, size);
		else
			return false;
		return true;
	case PCI_UNBOUND:
	case PCI_KERNEL:
		bind_advise(address, driver, kmod, text, size);
		return true;
	case PCI_NEEDS_PA:
		if (strcmp(driver, "vfio-pci") != 0 && kmod_usable(kmod, "vfio-pci"))
			snprintf(text, size,
				"%s needs the IOVA mode PA, and this group has VA; start its processes "
				"anew with --iova-mode=pa, or bind it to vfio-pci (dpdk-devbind.py -b "
				"vfio-pci %s)",
				driver, address);
		else
			snprintf(text, size,
				"%s needs the IOVA mode PA, and this group has VA; start its processes "
				"anew with --iova-mode=pa",
				driver);
		return true;
	case PCI_NEEDS_VA:
		snprintf(text, size,
			"%s needs the IOVA mode VA, and this group has PA; start its processes anew "
			"with --iova-mode=va",
			pmd);
		return true;
	case PCI_VFIO_LATE:
		snprintf(text, size,
			"vfio-pci was loaded after this process started; restart the processes of the "
			"group");
		return true;
	case PCI_GROUP_USED:
		if (!group_user(address, other, sizeof(other), its, sizeof(its)))
			return false;
		snprintf(text, size,
			"%s is in the same IOMMU group and bound to the kernel driver %s; bind that "
			"to vfio-pci, too (dpdk-devbind.py -b vfio-pci %s)",
			other, its, other);
		return true;
	case PCI_OFF:
		snprintf(text, size,
			"this process was started with --no-pci; restart the processes of the group "
			"without");
		return true;
	case PCI_READY:
	case PCI_ATTACHED:
	case PCI_TAKEN_BACK:
		break;
	}
	return false;
}

bool
pci_file(const char *address, dev_t *device)
{
	char path[PATH_MAX], driver[64], group[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	pci_link(address, "driver", driver, sizeof(driver));
	if (!kmod_is_for_user_space(driver))
		return false;
	if (strcmp(driver, "vfio-pci") == 0) {
		pci_link(address, "iommu_group", group, sizeof(group));
		snprintf(path, sizeof(path), "/sys/class/vfio/%s/dev", group);
		return opened_numbers(path, device);
	}
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/uio", address);
	dir = opendir(path);
	while (!found && dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), PCI_DEVICES "/%s/uio/%s/dev", address, entry->d_name);
		found = opened_numbers(path, device);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

/* Has a device that is attached in this process been bound to another kernel driver since then? uio
 * lets it go, though processes use it. */
static bool
has_been_rebound(const char *address, const char *kernel_driver, const char *kmod)
{
	dev_t file;

	if (!kmod_is_for_user_space(kernel_driver))
		return kernel_driver[0] == '\0' || !kmod_usable(kmod, kernel_driver);
	return pci_file(address, &file) && opened_as(getpid(), file) == -ENODEV;
}

/* Fill device, which must be all zero. @return false, with nothing changed, if it is not a network
 * device. */
static bool
device_read(const char *address, struct pci_device *device)
{
	struct rte_devargs da = {.bus = rte_bus_find_by_name("pci")};
	const char *kmod = "";
	unsigned int ids[4];

	if (ids_read(address, ids) != PCI_CLASS_NETWORK)
		return false;
	strlcpy(device->address, address, sizeof(device->address));
	pci_kernel_driver(address, device->kernel_driver, sizeof(device->kernel_driver));
	device->pmd = drivers_for_pci(ids, &kmod);
	strlcpy(da.name, address, sizeof(da.name));
	if (da.bus == NULL || device_find(&da) == NULL)
		device->state = state_find(address, device->kernel_driver, device->pmd, kmod);
	else
		device->state = has_been_rebound(address, device->kernel_driver, kmod)
					? PCI_TAKEN_BACK
					: PCI_ATTACHED;
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

const struct pci_device *
pci_next(const struct pci_device *prev)
{
	const struct pci_device *next;

	if (prev == NULL)
		devices_read();
	next = prev == NULL ? devices : prev + 1;
	return next < devices + nb_devices ? next : NULL;
}
