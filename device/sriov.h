/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

#include <rte_devargs.h>

/* Cards with virtual functions (SR-IOV). Main thread. Each function that checks returns 0, or a
 * negative errno, and then why has received a sentence. */

/**
 * Check that the EAL's scan of the PCI bus would not wait for the kernel.
 *
 * The scan reads how many functions each card has. The kernel answers only when it is not just
 * changing that number, or taking the card away. It is not done with that until every process has
 * closed the card, or the functions that are to go. So the scan of a process that should close one
 * would wait for ever, and so would that process if it were killed.
 *
 * @return -EAGAIN if the kernel has not answered after two seconds.
 */
int sriov_scan_check(char *why);

/**
 * Check an attach: that the scan would not wait, and that this process has a VF token if the device
 * needs one.
 *
 * @return 0, also for a device that is not on the PCI bus; -EAGAIN, or -EACCES without a token.
 */
int sriov_attach_check(const struct rte_devargs *da, char *why);

/** Add to the reason of a failed attach what a function of a card at vfio-pci needs, if the device
 * is one. */
void sriov_advise(const char *address, char *text, size_t size);
