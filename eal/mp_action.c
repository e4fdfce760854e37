/* SPDX-License-Identifier: BSD-3-Clause */
#include <dlfcn.h>
#include <string.h>

#include <rte_common.h>

#include "eal/mp_action.h"

typedef int (*register_fn)(const char *name, rte_mp_t action);
typedef int (*reply_fn)(struct rte_mp_msg *msg, const char *peer);

/* Any thread reads it. */
static struct mp_action *_Atomic taken[2];

static struct mp_action *
find(const char *name)
{
	struct mp_action *action;
	unsigned int i;

	for (i = 0; i < RTE_DIM(taken); i++) {
		action = atomic_load(&taken[i]);
		if (action != NULL && strcmp(action->name, name) == 0)
			return action;
	}
	return NULL;
}

void
mp_action_take(struct mp_action *action)
{
	unsigned int i = 0;

	while (atomic_load(&taken[i]) != NULL)
		i++;
	atomic_store(&taken[i], action);
}

/* This stands before the EAL's function of the same name. */
__attribute__((weak)) int
rte_mp_action_register(const char *name, rte_mp_t handler)
{
	register_fn next = (register_fn)dlsym(RTLD_NEXT, "rte_mp_action_register");
	struct mp_action *action = find(name);

	if (action == NULL)
		return next(name, handler);
	atomic_store(&action->theirs, handler);
	if (action->registers != NULL)
		action->registers();
	return next(name, action->ours);
}

/* And so does this. It may be called in the interrupt thread. */
__attribute__((weak)) int
rte_mp_reply(struct rte_mp_msg *msg, const char *peer)
{
	reply_fn next = (reply_fn)dlsym(RTLD_NEXT, "rte_mp_reply");
	const struct mp_action *action =
		peer != NULL && strcmp(peer, MP_ACTION_SELF) == 0 ? find(msg->name) : NULL;

	if (action == NULL)
		return next(msg, peer);
	action->answered(msg);
	return 0;
}
