/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The ethernet drivers that are loaded into this process, as they describe themselves
 * (dpdk-pmdinfo.py shows that). They are read once, at the first call (5 ms). After rte_eal_init();
 * main thread. If memory is short, drivers are missing. */

/** A driver whose devices are made by attaching them: by its name and any suffix. */
struct drivers_virtual {
	const char *name;
	const char *params; /* its arguments, as described to people; empty if they are not */
};

/** Next virtual driver, by name; NULL begins, and is returned at the end. It stays valid. */
const struct drivers_virtual *drivers_virtual_next(const struct drivers_virtual *prev);

/**
 * Name of the driver for a PCI device, NULL if none is loaded.
 *
 * @param ids vendor, device, and the subsystem's vendor and device.
 * @param kmod receives the kernel modules that driver needs: "* igb_uio | vfio-pci".
 */
const char *drivers_for_pci(const unsigned int *ids, const char **kmod);
