/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/wait.h"
#include "device.h"
#include "group_shared.h"
#include "lock.h"
#include "base/text.h"

static bool
lock_is(const struct lock *lock, const char *name)
{
	return strncmp(lock->device, name, sizeof(lock->device)) == 0;
}

/* The lock on a device, of whichever process; NULL if nobody has locked it. */
static struct lock *
lock_find(const char *name, struct group_member **holder)
{
	struct group_member *member;
	struct lock *lock;
	unsigned int slot;

	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		member = &group_shared->members[slot];
		/* Nobody is in it; what its locks say need not even be read. */
		if (atomic_load(&member->pid) == 0)
			continue;
		for (lock = member->locks; lock < member->locks + RTE_DIM(member->locks); lock++) {
			if (lock_is(lock, name) && group_member_alive(slot)) {
				*holder = member;
				return lock;
			}
		}
	}
	return NULL;
}

bool
lock_holder(const char *name, char *text, size_t size)
{
	struct group_member *holder;
	const struct lock *lock;
	struct group_peer peer;
	char who[64];

	lock = lock_find(name, &holder);
	if (lock == NULL)
		return false;
	peer = (struct group_peer){
		.pid = atomic_load(&holder->pid), .primary = atomic_load(&holder->primary) != 0};
	snprintf(text, size, "%s%s%.*s",
		holder == group_self ? "this process" : group_peer_name(&peer, who, sizeof(who)),
		lock->reason[0] == '\0' ? "" : ": ", (int)sizeof(lock->reason) - 1, lock->reason);
	text_printable(text);
	return true;
}

void
lock_publish_blocked(void)
{
	struct rte_devargs *da;
	unsigned int nb = 0;

	RTE_EAL_DEVARGS_FOREACH("pci", da)
	{
		if (da->policy == RTE_DEV_BLOCKED && nb < RTE_DIM(group_self->blocked))
			strlcpy(group_self->blocked[nb++], da->name,
				sizeof(group_self->blocked[0]));
	}
}

bool
lock_blocked(const char *name, char *text, size_t size)
{
	const struct group_member *member;
	struct group_peer peer;
	unsigned int slot, i;
	char who[64];

	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		member = &group_shared->members[slot];
		peer = (struct group_peer){.pid = atomic_load(&member->pid),
			.primary = atomic_load(&member->primary) != 0};
		for (i = 0; peer.pid != 0 && i < RTE_DIM(member->blocked); i++) {
			if (strncmp(member->blocked[i], name, sizeof(member->blocked[i])) != 0 ||
				!group_member_alive(slot))
				continue;
			snprintf(text, size, "%s was started with -b %s; restart it without",
				member == group_self ? "this process"
						     : group_peer_name(&peer, who, sizeof(who)),
				name);
			return true;
		}
	}
	return false;
}

/* Take the turn for a device that is only named. @return false with the result set. */
static bool
lock_begin(const char *verb, const char *device, struct rte_devargs *da, wait_fn wait,
	struct hotplug_result *res)
{
	char what[RTE_DEV_NAME_MAX_LEN + 16];

	memset(res, 0, sizeof(*res));
	res->err = device_split(device, da, res->text, sizeof(res->text));
	if (res->err < 0)
		return false;
	strlcpy(res->name, da->name, sizeof(res->name));
	snprintf(what, sizeof(what), "%s %s", verb, res->name);
	res->err = group_turn_take(what, wait, res->text, sizeof(res->text));
	res->err = RTE_MIN(res->err, 0);
	if (res->err < 0)
		rte_devargs_reset(da);
	else
		res->text[0] = '\0';
	return res->err == 0;
}

static void
lock_end(const char *verb, struct rte_devargs *da, struct hotplug_result *res)
{
	group_event(NULL, "%s %s: %s%s", verb, res->name,
		res->err == 0 ? "done" : "failed: ", res->text);
	group_turn_release();
	rte_devargs_reset(da);
}

void
lock_device(const char *device, const char *reason, wait_fn wait, struct hotplug_result *res)
{
	struct rte_devargs da;
	struct lock *lock;
	char who[256];

	if (!lock_begin("lock", device, &da, wait, res))
		return;
	for (lock = group_self->locks;
		lock < group_self->locks + LOCK_MAX && lock->device[0] != '\0'; lock++)
		;
	if (lock_holder(da.name, who, sizeof(who))) {
		res->err = -EBUSY;
		snprintf(res->text, sizeof(res->text), "already locked by %s", who);
	} else if (device_find(&da) == NULL) {
		res->err = -ENODEV;
		snprintf(res->text, sizeof(res->text), "not attached");
	} else if (strlen(reason) >= sizeof(lock->reason)) {
		res->err = -E2BIG;
		snprintf(res->text, sizeof(res->text),
			"a reason of %zu bytes; it can have at most %zu", strlen(reason),
			sizeof(lock->reason) - 1);
	} else if (lock == group_self->locks + LOCK_MAX) {
		res->err = -ENOSPC;
		snprintf(res->text, sizeof(res->text),
			"this process has locked %d devices already; unlock one first", LOCK_MAX);
	} else {
		strlcpy(lock->reason, reason, sizeof(lock->reason));
		strlcpy(lock->device, da.name, sizeof(lock->device));
	}
	lock_end("lock", &da, res);
}

void
lock_release(const char *device, wait_fn wait, struct hotplug_result *res)
{
	struct group_member *holder;
	struct rte_devargs da;
	struct lock *lock;
	char who[256];

	if (!lock_begin("unlock", device, &da, wait, res))
		return;
	lock = lock_find(da.name, &holder);
	if (lock == NULL) {
		res->err = -ENOENT;
		snprintf(res->text, sizeof(res->text), "not locked");
	} else if (holder != group_self) {
		res->err = -EBUSY;
		lock_holder(da.name, who, sizeof(who));
		snprintf(res->text, sizeof(res->text),
			"locked by %s; unlock it there, or end that process", who);
	} else {
		memset(lock, 0, sizeof(*lock));
	}
	lock_end("unlock", &da, res);
}
