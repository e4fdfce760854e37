/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_common.h>
#include <rte_devargs.h>
#include <rte_string_fns.h>

#include "device/device.h"
#include "device/drivers.h"
#include "device/pci.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define PCI_CLASS_NETWORK 0x02

static struct pci_device *devices; /* sorted by address, as last read */
static unsigned int nb_devices;

bool
pci_kernel_driver(const char *address, char *driver, size_t size)
{
	char link[128], target[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), PCI_DEVICES "/%s", address);
	if (access(link, F_OK) < 0)
		return false;
	snprintf(link, sizeof(link), PCI_DEVICES "/%s/driver", address);
	len = readlink(link, target, sizeof(target) - 1);
	target[RTE_MAX(len, 0)] = '\0';
	strlcpy(driver, basename(target), size);
	return true;
}

bool
pci_driver_usable(const char *driver)
{
	static const char *const usable[] = {"vfio-pci", "uio_pci_generic", "igb_uio"};
	unsigned int i;

	for (i = 0; i < RTE_DIM(usable); i++) {
		if (strcmp(driver, usable[i]) == 0)
			return true;
	}
	return false;
}

/* Fill device, which must be all zero. @return false, with nothing changed, if it is not a network
 * device. */
static bool
device_read(const char *address, struct pci_device *device)
{
	struct rte_devargs da = {.bus = rte_bus_find_by_name("pci")};
	const char *kmod;
	unsigned int ids[4], class;
	char path[PATH_MAX];
	FILE *file;
	int nb;

	/* modalias has all the ids, and then the class. */
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
	pci_kernel_driver(address, device->kernel_driver, sizeof(device->kernel_driver));
	strlcpy(da.name, address, sizeof(da.name));
	device->attached = da.bus != NULL && device_find(&da) != NULL;
	device->pmd = drivers_for_pci(ids, &kmod);
	if (device->pmd == NULL)
		return true;
	device->usable =
		pci_driver_usable(device->kernel_driver) ||
		(device->kernel_driver[0] != '\0' && strstr(kmod, device->kernel_driver) != NULL);
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
