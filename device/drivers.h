/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the loaded ethernet drivers say of themselves (dpdk-pmdinfo.py shows the same). It is read
 * once, at the first call (20 ms); if memory is short, drivers are missing. After rte_eal_init().
 * Main thread. */

/** A driver that makes a device when somebody attaches its name with any suffix. */
struct drivers_virtual {
	const char *name;
	const char *params; /* its arguments, described for people; may be empty */
};

/** The virtual driver after prev by name, or the first if prev is NULL; NULL at the end. Valid for
 * ever. */
const struct drivers_virtual *drivers_virtual_next(const struct drivers_virtual *prev);

/**
 * Name of the driver for a PCI device, NULL if none is loaded.
 *
 * @param ids vendor, device, and the subsystem's vendor and device.
 * @param kmod receives the kernel modules that driver needs: "* igb_uio | vfio-pci".
 */
const char *drivers_for_pci(const unsigned int *ids, const char **kmod);
