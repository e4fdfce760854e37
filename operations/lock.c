/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_LOCK
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_string_fns.h>

#include "base/text.h"
#include "device/device.h"
#include "group/events.h"
#include "group/primary.h"
#include "group/turn.h"
#include "operations/lock.h"
#include "operations/which.h"

/* @return the lock on a device and its holder, or NULL if the device is not locked. */
static struct device_lock *
lock_find(const char *name, struct group_member **holder)
{
	struct device_lock *lock;

	MEMBER_FOREACH(*holder) {
		for (lock = (*holder)->locks; lock < (*holder)->locks + GROUP_LOCKS; lock++) {
			if (strncmp(lock->device, name, sizeof(lock->device)) == 0 &&
				member_alive(*holder))
				return lock;
		}
	}
	return NULL;
}

bool
lock_holder(const char *name, char *text, size_t size)
{
	struct group_member *holder;
	const struct device_lock *lock = lock_find(name, &holder);

	if (lock == NULL)
		return false;
	atomic_thread_fence(memory_order_acquire);
	snprintf(text, size, "%s%s%.*s",
		holder == group_self ? "this process" : who_name(member_who(holder)).text,
		lock->reason[0] == '\0' ? "" : ": ", (int)sizeof(lock->reason) - 1, lock->reason);
	text_printable(text);
	return true;
}

/* Parse the device and take the turn. @return false, with the result set, on failure. */
static bool
lock_begin(const char *verb, const char *device, struct rte_devargs *da, wait_fn wait,
	struct result *res)
{
	char what[RTE_DEV_NAME_MAX_LEN + 16];

	memset(res, 0, sizeof(*res));
	res->err = which_device(device, da, res->text);
	if (res->err < 0)
		return false;
	strlcpy(res->name, da->name, sizeof(res->name));
	snprintf(what, sizeof(what), "%s %s", verb, res->name);
	res->err = turn_take(what, wait, res->text);
	res->err = RTE_MIN(res->err, 0);
	if (res->err < 0)
		rte_devargs_reset(da);
	else
		res->text[0] = '\0';
	return res->err == 0;
}

static void
lock_end(const char *verb, struct rte_devargs *da, struct result *res)
{
	events_add(primary_who_self(), "%s %s: %s%s", verb, res->name,
		res->err == 0 ? "done" : "failed: ", res->text);
	turn_release();
	rte_devargs_reset(da);
}

void
lock_device(const char *device, const char *reason, wait_fn wait, struct result *res)
{
	struct rte_devargs da;
	struct device_lock *lock;
	char who[256];

	if (!lock_begin("lock", device, &da, wait, res))
		return;
	lock = group_self->locks;
	while (lock < group_self->locks + GROUP_LOCKS && lock->device[0] != '\0')
		lock++;
	if (lock_holder(da.name, who, sizeof(who))) {
		result_set(res, -EBUSY, "already locked by %s", who);
	} else if (device_find(&da) == NULL) {
		res->err = which_not_attached(da.name, res->text);
	} else if (strlen(reason) >= sizeof(lock->reason)) {
		result_set(res, -E2BIG, "a reason of %zu bytes; it can have at most %zu",
			strlen(reason), sizeof(lock->reason) - 1);
	} else if (lock == group_self->locks + GROUP_LOCKS) {
		result_set(res, -ENOSPC,
			"this process has locked %d devices already; unlock one first",
			GROUP_LOCKS);
	} else {
		strlcpy(lock->reason, reason, sizeof(lock->reason));
		/* Telemetry reads locks without the turn: who sees the device sees the reason. */
		atomic_thread_fence(memory_order_release);
		strlcpy(lock->device, da.name, sizeof(lock->device));
	}
	lock_end("lock", &da, res);
}

void
lock_release(const char *device, wait_fn wait, struct result *res)
{
	struct group_member *holder;
	struct device_lock *lock;
	struct rte_devargs da;
	char who[256];

	if (!lock_begin("unlock", device, &da, wait, res))
		return;
	lock = lock_find(da.name, &holder);
	if (lock == NULL) {
		result_set(res, -ENOENT, "not locked");
	} else if (holder != group_self) {
		lock_holder(da.name, who, sizeof(who));
		result_set(res, -EBUSY, "locked by %s; unlock it there, or end that process", who);
	} else {
		memset(lock, 0, sizeof(*lock));
	}
	lock_end("unlock", &da, res);
}

void
blocked_publish(void)
{
	struct rte_devargs *da;
	unsigned int nb = 0;

	/* Of any bus. */
	RTE_EAL_DEVARGS_FOREACH(NULL, da) {
		if (da->policy == RTE_DEV_BLOCKED && nb < RTE_DIM(group_self->blocked))
			strlcpy(group_self->blocked[nb++], da->name,
				sizeof(group_self->blocked[0]));
	}
}

bool
blocked_anywhere(const char *name, char *text, size_t size)
{
	const struct group_member *member;
	unsigned int i;

	MEMBER_FOREACH(member) {
		for (i = 0; i < RTE_DIM(member->blocked); i++) {
			if (strncmp(member->blocked[i], name, sizeof(member->blocked[i])) != 0 ||
				!member_alive(member))
				continue;
			snprintf(text, size, "%s was started with -b %s; restart it without",
				member == group_self ? "this process"
						     : who_name(member_who(member)).text,
				name);
			return true;
		}
	}
	return false;
}
