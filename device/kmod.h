/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/**
 * Can a DPDK driver use a device that is bound to this kernel driver? Any thread.
 *
 * @param kmod what the DPDK driver says of the kernel modules it needs
 * (RTE_PMD_REGISTER_KMOD_DEP()):
 *   "* igb_uio | vfio-pci", or "* ib_uverbs & mlx5_core" if it works beside the kernel's own
 * driver. If it is empty, each kernel driver that gives its devices to user space will do.
 * @param bound the name of the kernel driver; not empty.
 */
bool kmod_usable(const char *kmod, const char *bound);

/** Does a kernel driver of this name give its devices to user space? Any thread. */
bool kmod_is_for_user_space(const char *driver);
