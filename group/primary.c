/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_PRIMARY
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "eal/runtime.h"
#include "group/file.h"
#include "group/primary.h"

/* The thread that ends the process by force reads them, too. */
static atomic_bool is_self;
static _Atomic pid_t own; /* of this process; getpid(2) is a system call each time */
static _Atomic pid_t pid;
static _Atomic pid_t lost; /* pid of the primary once it has left, else 0 */

int
primary_look(void)
{
	pid_t found = getpid();
	int ret = 0;

	own = found;
	is_self = rte_eal_process_type() == RTE_PROC_PRIMARY;
	if (!is_self)
		ret = runtime_primary_keep(group_file_dir());
	if (!is_self && ret == 0)
		found = runtime_primary(group_file_dir());
	pid = found;
	return ret < 0 ? ret : RTE_MIN(found, 0);
}

bool
primary_is_self(void)
{
	return is_self;
}

pid_t
primary_pid(void)
{
	return pid;
}

struct who
primary_who(void)
{
	return (struct who){.pid = pid, .primary = true};
}

struct who
primary_who_self(void)
{
	return (struct who){.pid = own, .primary = is_self};
}

bool
primary_is_foreign(void)
{
	return pid != 0 && member_find(pid) == NULL && primary_left() == 0;
}

pid_t
primary_left(void)
{
	pid_t gone = atomic_load(&lost), now;

	if (gone != 0 || group_file_dir()[0] == '\0' || is_self || pid <= 0)
		return gone;
	now = runtime_primary(group_file_dir());
	/* If the kernel does not answer (now < 0), assume that the primary is there. */
	if (atomic_load(&group_shared->leaving) != pid && (now == pid || now < 0))
		return 0;
	atomic_store(&lost, pid);
	return pid;
}

bool
primary_seen_leaving(void)
{
	return atomic_load_explicit(&lost, memory_order_relaxed) != 0 ||
	       atomic_load_explicit(&group_shared->leaving, memory_order_relaxed) == pid;
}

void
primary_lost_text(char *text, size_t size)
{
	snprintf(text, size, "the primary (pid %d) has left; quit this process", primary_left());
}

void
primary_leaves(void)
{
	atomic_store(&group_shared->leaving, getpid());
}
