/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DRIVERS_H
#define DRIVERS_H

#include <stdbool.h>

#include <rte_dev.h>

/*
 * What could be attached here, by the ethernet drivers that are loaded into this
 * process as they describe themselves (dpdk-pmdinfo.py shows that). They are read
 * once, at the first call (5 ms). After rte_eal_init(); main thread.
 *
 * To go through a list, begin with NULL and give back what was returned last,
 * until that is NULL. If memory is short, so are the lists.
 */

/** A driver whose devices are made by attaching them: by its name and any suffix. */
struct drivers_virtual {
	const char *name;
	const char *params; /* its arguments, as described to people; empty if they are not */
};

/** A device of class network on the PCI bus. */
struct drivers_pci {
	char address[RTE_DEV_NAME_MAX_LEN]; /* with its domain: 0000:00:03.0 */
	char kernel_driver[64];		    /* empty if none is bound to it */
	const char *pmd;		    /* the loaded driver that is for it; NULL if none is */
	bool usable;			    /* that kernel driver lets that PMD have it */
	bool attached;			    /* a driver has it in this process */
};

/** Next virtual driver, by name. What it returns stays valid. */
const struct drivers_virtual *drivers_virtual_next(const struct drivers_virtual *prev);

/**
 * Next network device, by address. NULL looks at the machine anew; what was
 * returned before is no longer valid then.
 */
const struct drivers_pci *drivers_pci_next(const struct drivers_pci *prev);

#endif
