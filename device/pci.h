/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <rte_dev.h>

/* What the kernel knows of PCI devices. Main thread. */

/** Write the name of what a link of a PCI device leads to ("driver", "physfn", "iommu_group") to
 * text, a buffer of size bytes; empty if there is no such link. */
void pci_link(const char *address, const char *link, char *text, size_t size);

/** Write the name of a PCI device's kernel driver to driver, a buffer of size bytes; empty if the
 * device has none. @return false, with nothing written, if there is no such device. */
bool pci_kernel_driver(const char *address, char *driver, size_t size);

/** Can a process of this group attach the device, and if not, why? */
enum pci_state {
	PCI_READY,
	PCI_ATTACHED,	/* probed in this process */
	PCI_TAKEN_BACK, /* probed in this process, and since then bound to another kernel driver */
	PCI_NO_DRIVER,	/* no DPDK driver for it is loaded */
	PCI_UNBOUND,	/* it is bound to no kernel driver */
	PCI_KERNEL,	/* it is bound to a kernel driver that the DPDK driver cannot use */
	PCI_NEEDS_PA,	/* the group's IOVA mode is VA, and this device needs PA */
	PCI_NEEDS_VA,	/* the other way round */
	PCI_VFIO_LATE,	/* vfio-pci was loaded after this process had started */
	PCI_GROUP_USED, /* the kernel uses another device of its IOMMU group */
	PCI_OFF,	/* this process was started with --no-pci */
};

/** The state for people: "ready", "attached", "no driver", ... */
const char *pci_state_name(enum pci_state state);

/** A network device. */
struct pci_device {
	char address[RTE_DEV_NAME_MAX_LEN]; /* with its domain: 0000:00:03.0 */
	char kernel_driver[64];		    /* empty if the device has none */
	const char *pmd;		    /* the loaded DPDK driver for it, or NULL */
	enum pci_state state;
};

/** The network device after prev by address; NULL at the end. With NULL as prev, which needs the
 * turn, read all devices anew and return the first; earlier results become invalid. */
const struct pci_device *pci_next(const struct pci_device *prev);

/** Why a PCI device that is not attached cannot be, and what to do. @return false, with nothing
 * written, if nothing is known against it. */
bool pci_obstacle(const char *address, char *text, size_t size);

/** The character device that a process opens to use the PCI device, if that is bound to vfio-pci or
 * uio. @return false if it is not. */
bool pci_file(const char *address, dev_t *device);
