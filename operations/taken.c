/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <unistd.h>

#include "base/opened.h"
#include "base/proc.h"
#include "device/pci.h"
#include "operations/taken.h"

static bool
is_ours(pid_t pid, const struct views *views)
{
	unsigned int i;

	for (i = 0; i < views->nb; i++) {
		if (views->peers[i].who.pid == pid)
			return true;
	}
	return pid == getpid();
}

bool
taken_elsewhere(const char *address, const struct views *views, char *text, size_t size)
{
	char program[32];
	pid_t pid = 0;
	dev_t device;

	if (!pci_file(address, &device))
		return false;
	/* A process of this group may use another device of the same IOMMU group. */
	do {
		pid = opened_by(device, pid);
	} while (pid != 0 && is_ours(pid, views));
	if (pid == 0)
		return false;
	proc_program(pid, program, sizeof(program));
	snprintf(text, size,
		"pid %d (%s), which is not in this group, uses it; detach it there, or end that "
		"process",
		pid, program);
	return true;
}
