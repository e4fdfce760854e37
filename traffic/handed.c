/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_HANDED
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/text.h"
#include "eal/port_device.h"
#include "group/members.h"
#include "group/primary.h"
#include "group/turn.h"
#include "traffic/handed.h"
#include "traffic/queues.h"

#define ANSWER_MS 1000
#define LOOK_NS 50000

/* A message to all secondaries. */
struct handed_message {
	uint64_t op;		/* the operation under way */
	uint64_t number;	/* of the message */
	uint64_t close;		/* 1: close descriptors, 0: only answer */
	char name[IF_NAMESIZE]; /* the interface they are of; empty if they are none's */
};

/* In the primary, what is known of a port's interface. */
static struct kept {
	unsigned int count; /* port_count() of the port that this was seen of */
	int fd;		    /* a descriptor of it, plus one; tells its name if that has changed */
	/* Its name when the port came. If the interface is renamed before a start, the driver makes
	 * another one with this name. */
	char first[IF_NAMESIZE];
} kept[RTE_MAX_ETHPORTS];

/* In a secondary: its slot, also after it has left the group, because messages may still come. */
static struct group_member *self;

/* Runs in the secondary's mp thread, in which the driver's own messages came before. */
static int
message(const struct rte_mp_msg *msg, __rte_unused const void *peer)
{
	struct handed_message handed;

	if (msg->len_param != sizeof(handed))
		return -1;
	memcpy(&handed, msg->param, sizeof(handed));
	/* turn_operation() is 0 between turns. */
	if (handed.op == 0 || handed.op != turn_operation() ||
		memchr(handed.name, '\0', sizeof(handed.name)) == NULL)
		return -1;
	if (handed.close != 0)
		descriptors_close(handed.name);
	atomic_store(&self->handed_done, handed.number);
	return 0;
}

int
handed_start(void)
{
	self = group_self;
	if (primary_is_self() || rte_mp_action_register(HANDED_ACTION, message) == 0)
		return 0;
	return -rte_errno;
}

/* @return a descriptor of the port's interface; -1 if it has none or is not found. */
static int
port_tun(unsigned int id)
{
	struct rte_eth_dev_info info;
	char name[IF_NAMESIZE];

	if (port_device(id) == NULL || rte_eth_dev_info_get(id, &info) < 0 || info.if_index == 0 ||
		if_indextoname(info.if_index, name) == NULL)
		return -1;
	return descriptors_tun(name);
}

/* The name of the port's interface; empty if its queues are no descriptors. */
static void
port_interface(unsigned int id, char *name)
{
	int fd = port_tun(id);

	if (kept[id].count != port_count(id))
		kept[id] = (struct kept){.count = port_count(id)};
	if (fd < 0)
		fd = kept[id].fd - 1;
	if (fd < 0 || !descriptors_tun_name(fd, name))
		name[0] = '\0';
	else
		kept[id].fd = fd + 1;
}

void
handed_note(const struct port_set *ports)
{
	char name[IF_NAMESIZE];
	unsigned int id;

	PORT_SET_FOREACH(id, ports) {
		port_interface(id, name);
		strlcpy(kept[id].first, name, sizeof(kept[id].first));
	}
}

/* The next secondary from member on that has not answered; NULL if all have. */
static const struct group_member *
late_next(uint64_t number)
{
	const struct group_member *member;

	MEMBER_FOREACH(member) {
		if (member != group_self && atomic_load(&member->handed_done) != number &&
			member_alive(member))
			return member;
	}
	return NULL;
}

/* Send a message to all secondaries, and wait for their answers. */
static int
tell(unsigned int id, bool close, const char *name, char *why)
{
	struct handed_message handed = {
		.op = turn_operation(), .number = clock_now_ns(), .close = close};
	struct rte_mp_msg msg = {.name = HANDED_ACTION, .len_param = sizeof(handed)};
	uint64_t until = clock_in_ms(ANSWER_MS);
	const struct group_member *late;

	/* A primary that leaves sends nothing, because nobody may be there to read it. The
	 * secondaries notice that it leaves, and close what they have. */
	if (primary_seen_leaving() || late_next(handed.number) == NULL)
		return 0;
	strlcpy(handed.name, name, sizeof(handed.name));
	memcpy(msg.param, &handed, sizeof(handed));
	rte_mp_sendmsg(&msg);
	while ((late = late_next(handed.number)) != NULL) {
		if (clock_is_past(until))
			return why_set(why, -ETIMEDOUT,
				"%s has not answered within %d ms that it has taken the queues of "
				"port %u, or closed them; end it, or try again",
				who_name(member_who(late)).text, ANSWER_MS, id);
		clock_sleep_ns(LOOK_NS);
	}
	return 0;
}

int
handed_close(unsigned int id, char *why)
{
	char name[IF_NAMESIZE];
	int ret = 0;

	port_interface(id, name);
	if (name[0] != '\0' || descriptors_have_xdp())
		ret = tell(id, true, name, why);
	if (ret == 0 && kept[id].first[0] != '\0' && strcmp(name, kept[id].first) != 0)
		ret = tell(id, true, kept[id].first, why);
	return ret;
}

int
handed_arrive(unsigned int id, char *why)
{
	char name[IF_NAMESIZE];

	port_interface(id, name);
	return name[0] == '\0' ? 0 : tell(id, false, name, why);
}

void
handed_tick(void)
{
	if (!primary_is_self() && (primary_is_foreign() || primary_left() != 0) && !queues_own())
		descriptors_close(NULL);
}
