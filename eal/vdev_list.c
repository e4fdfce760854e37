/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_string_fns.h>

#include "eal/bus.h"
#include "eal/mp_action.h"
#include "eal/vdev_list.h"

/*
 * What DPDK does: each scan of the vdev bus in a secondary asks the primary which virtual devices
 * there are, and every attach has every secondary scan. The primary's handler sends one message for
 * each device to all secondaries, and then the answer, the number of devices, to the one that
 * asked. So one attach among N secondaries and D devices costs N x N x D messages.
 *
 * What this does: it stands before that handler, and tells all of them of each new device once. To
 * the others it sends the answer alone. What they ask for lies in front of it in their sockets,
 * because all that this tells goes to every socket. It stands there as soon as the vdev bus
 * registers its handler, in rte_eal_init(), so nobody has asked before.
 *
 * DPDK's handler does it, and so tells all of every device, if
 * - the process has not asked before. Only then has it both its socket and its handler, which a
 *   secondary registers just before it asks for the first time, and loses what comes earlier. So
 *   whoever joins has all told once;
 * - it has asked before, and nothing has been told since. Something may have got lost there. sync
 *   asks twice for that reason;
 * - somebody could not be sent what was told last, or a scan of the primary began meanwhile, or
 *   there are more devices than are remembered.
 * A device is new if it was not there when all were told last, or not there at a scan of the
 * primary since: with that begins every attach, also one of a device that was removed meanwhile.
 *
 * The EAL's mp thread runs the handlers, one at a time, so what only they use needs no lock. They
 * allocate nothing and wait for nobody, but to send: the EAL waits for room in a socket that is
 * full, as it does without this. The list is read by the bus, under the lock of its list, with
 * which any thread changes it, also the interrupt thread for another program.
 *
 * Of the messages, only the form below is known here. One of another form goes to DPDK's handler,
 * as do all that come later.
 *
 * All of this can be deleted when the handler of the vdev bus tells only the one that asks.
 */

#define ACTION "bus_vdev_mp"

/* More devices, and DPDK's handler does it. */
#define MAX_DEVICES 256

/* Of more secondaries than this, those that asked last are known. */
#define MAX_ASKERS 128

/* The parameters of each message, as the vdev bus lays them out. */
struct param {
	int type, num;
	char name[RTE_DEV_NAME_MAX_LEN];
};

enum { TYPE_REQUEST = 1, TYPE_DEVICE = 2, TYPE_ANSWER = 3 };

struct list {
	int nb; /* negative if it is not known */
	char names[MAX_DEVICES][RTE_DEV_NAME_MAX_LEN];
};

static atomic_bool plain;    /* DPDK's handler does it */
static atomic_uint nb_scans; /* of this primary; counted before a scan reads the list */

/* All known askers have been told of these. Under lock, with which nobody calls the bus. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list told = {.nb = -1};

/* The rest is used in the mp thread alone. */
static struct rte_mp_msg answer; /* DPDK's */
static bool answered;
static uint64_t nb_asked, told_at; /* requests so far; the last of them that had something told */

static struct asker {
	char socket[128]; /* path of its mp socket */
	uint64_t asked;	  /* number of its last request, 0 if free */
} askers[MAX_ASKERS];

static bool
is_of(const struct rte_mp_msg *msg, int type)
{
	const struct param *param = (const void *)msg->param;

	return msg->len_param == sizeof(*param) && msg->num_fds == 0 && param->type == type;
}

/* Find the one who asks; of those who are not known, the one that takes the place. */
static struct asker *
asker_find(const char *socket)
{
	struct asker *found = askers, *asker;

	for (asker = askers; asker < askers + MAX_ASKERS; asker++) {
		if (asker->asked != 0 && strcmp(asker->socket, socket) == 0)
			return asker;
		if (asker->asked < found->asked)
			found = asker;
	}
	found->asked = 0;
	strlcpy(found->socket, socket, sizeof(found->socket));
	return found;
}

static void
list_read(struct list *list)
{
	list->nb = bus_names(rte_bus_find_by_name("vdev"), list->names, MAX_DEVICES);
}

/* Copy no more than there is: this is done for each that asks. */
static void
list_copy(struct list *to, const struct list *from)
{
	to->nb = from->nb;
	memcpy(to->names, from->names, RTE_MAX(from->nb, 0) * sizeof(from->names[0]));
}

static bool
list_has(const struct list *list, const char *name)
{
	int i;

	for (i = 0; i < list->nb; i++) {
		if (strcmp(list->names[i], name) == 0)
			return true;
	}
	return false;
}

/* A scan of the bus begins, in any thread. What is not there is new when it comes. */
static void
scan_begins(void)
{
	struct list now;
	int i, nb = 0;
	bool any;

	atomic_fetch_add(&nb_scans, 1);
	pthread_mutex_lock(&lock);
	any = told.nb > 0;
	pthread_mutex_unlock(&lock);
	if (!any)
		return;
	list_read(&now);
	pthread_mutex_lock(&lock);
	for (i = 0; i < told.nb; i++) {
		if (list_has(&now, told.names[i]))
			memmove(told.names[nb++], told.names[i], sizeof(told.names[i]));
	}
	told.nb = RTE_MIN(told.nb, nb);
	pthread_mutex_unlock(&lock);
}

static void
tell_answered(const struct rte_mp_msg *msg)
{
	answer = *msg;
	answered = true;
}

static int message(const struct rte_mp_msg *msg, const void *peer);

static struct mp_action action = {
	.name = ACTION, .ours = message, .answered = tell_answered, .registers = scan_begins};

/* Call DPDK's handler. gcc would read the pointer as if no other thread wrote it. */
static int
theirs(const struct rte_mp_msg *msg, const void *peer)
{
	const rte_mp_t handler = atomic_load(&action.theirs);

	return handler(msg, peer);
}

/* Have DPDK's handler tell all of every device. @return whether everybody could be sent that. */
static bool
tell_all(const struct rte_mp_msg *msg)
{
	answered = false;
	rte_errno = 0;
	theirs(msg, MP_ACTION_SELF);
	return rte_errno == 0 && answered && is_of(&answer, TYPE_ANSWER);
}

/* Tell all of the devices that they have not been told of. @return whether everybody could be sent
 * that. */
static bool
tell_new(const struct list *now, const struct list *before)
{
	struct rte_mp_msg msg = {.name = ACTION, .len_param = sizeof(struct param)};
	struct param param = {.type = TYPE_DEVICE, .num = 1};
	bool sent = true;
	int i;

	for (i = 0; i < now->nb; i++) {
		if (list_has(before, now->names[i]))
			continue;
		told_at = nb_asked;
		memcpy(param.name, now->names[i], sizeof(param.name));
		memcpy(msg.param, &param, sizeof(param));
		sent = rte_mp_sendmsg(&msg) == 0 && sent;
	}
	return sent;
}

/* Tell what has to be told to the one who asks. */
static void
tell(const struct rte_mp_msg *msg, const struct asker *asker)
{
	const unsigned int scan = atomic_load(&nb_scans);
	struct param *param = (void *)answer.param;
	static struct list now, before;
	bool known, done = true;

	list_read(&now);
	pthread_mutex_lock(&lock);
	list_copy(&before, &told);
	pthread_mutex_unlock(&lock);
	known = asker->asked != 0 && before.nb >= 0 && now.nb >= 0;
	if (known) {
		done = tell_new(&now, &before);
		param->num = now.nb;
	}
	if (!known || asker->asked >= told_at) {
		told_at = nb_asked;
		done = tell_all(msg);
	}
	pthread_mutex_lock(&lock);
	list_copy(&told, &now);
	if (!done || atomic_load(&nb_scans) != scan)
		told.nb = -1;
	pthread_mutex_unlock(&lock);
}

static int
message(const struct rte_mp_msg *msg, const void *peer)
{
	struct asker *asker;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY || atomic_load(&plain))
		return theirs(msg, peer);
	if (!is_of(msg, TYPE_REQUEST)) {
		vdev_list_give_up("a message about them has an unknown form");
		return theirs(msg, peer);
	}
	nb_asked++;
	asker = asker_find(peer);
	tell(msg, asker);
	asker->asked = nb_asked;
	if (answered)
		rte_mp_reply(&answer, peer);
	return 0;
}

void
vdev_list_start(void)
{
	mp_action_take(&action);
}

void
vdev_list_give_up(const char *why)
{
	if (atomic_exchange(&plain, true))
		return;
	fprintf(stderr,
		PROGRAM ": from now on all processes are told of all virtual devices at each scan, "
			"as DPDK does: %s\n",
		why);
}
