/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <rte_dev.h>

/* What the kernel knows of PCI devices. Main thread. */

/** Write the name of a PCI device's kernel driver to driver, a buffer of size bytes; empty if the
 * device has none. @return false, with nothing written, if there is no such device. */
bool pci_kernel_driver(const char *address, char *driver, size_t size);

/** Does a kernel driver of this name give its devices to user space? */
bool pci_driver_usable(const char *driver);

/** A network device. */
struct pci_device {
	char address[RTE_DEV_NAME_MAX_LEN]; /* with its domain: 0000:00:03.0 */
	char kernel_driver[64];		    /* empty if the device has none */
	const char *pmd;		    /* the loaded DPDK driver for it, or NULL */
	bool usable;			    /* pmd can use it with this kernel_driver */
	bool attached;			    /* probed in this process */
};

/** The network device after prev by address; NULL at the end. With NULL as prev, which needs the
 * turn, read all devices anew and return the first; earlier results become invalid. */
const struct pci_device *pci_next(const struct pci_device *prev);
