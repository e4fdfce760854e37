/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_rcu_qsbr.h>

#include "base/port_set.h"
#include "base/clock.h"
#include "group_shared.h"
#include "views.h"
#include "watch.h"
#include "withdraw.h"

#define OFFLINE 0	     /* what a reader that is offline reports, in librte_rcu */
#define LOOKS_PER_CENSUS 500 /* how many of those before it looks who has died */
#define BITMAP_BITS 64	     /* readers in one element of librte_rcu's bitmap */
#define LOOK_NS 100000	     /* how often one who withdraws a port looks whether it is let go of */

_Static_assert(WITHDRAW_MAX_READERS % BITMAP_BITS == 0, "the bitmap has no part of an element");
_Static_assert(sizeof(struct rte_rcu_qsbr) +
			       WITHDRAW_MAX_READERS * sizeof(struct rte_rcu_qsbr_cnt) +
			       sizeof(uint64_t) * ((WITHDRAW_MAX_READERS + 63) / 64) <=
		       WITHDRAW_RCU_SIZE,
	"WITHDRAW_RCU_SIZE is too small");

/*
 * librte_rcu finds its counters and how many there are by what the variable itself
 * says, which never changes; and any process can write there.
 */
static struct rte_rcu_qsbr *
qsbr(unsigned int id)
{
	struct rte_rcu_qsbr *v = (struct rte_rcu_qsbr *)group_shared->withdraw.rcu[id];
	const uint32_t nb = WITHDRAW_MAX_READERS, elements = nb / BITMAP_BITS;

	if (v->max_threads != nb || v->num_elems != elements) {
		v->max_threads = nb;
		v->num_elems = elements;
	}
	return v;
}

void
withdraw_init(struct withdraw_shared *shared)
{
	unsigned int id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++)
		rte_rcu_qsbr_init((struct rte_rcu_qsbr *)shared->rcu[id], WITHDRAW_MAX_READERS);
}

void
withdraw_slot_claimed(unsigned int slot)
{
	unsigned int id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		rte_rcu_qsbr_thread_unregister(qsbr(id), 2 * slot);
		rte_rcu_qsbr_thread_unregister(qsbr(id), 2 * slot + 1);
	}
}

bool
withdraw_closing(unsigned int id)
{
	return atomic_load_explicit(&group_shared->withdraw.closing[id], memory_order_acquire) != 0;
}

uint32_t
withdraw_times(unsigned int id)
{
	return atomic_load(&group_shared->withdraw.taken[id].times);
}

void
withdraw_enter(unsigned int id, unsigned int reader)
{
	rte_rcu_qsbr_thread_register(qsbr(id), reader);
	rte_rcu_qsbr_thread_online(qsbr(id), reader);
}

void
withdraw_leave(unsigned int id, unsigned int reader)
{
	rte_rcu_qsbr_thread_offline(qsbr(id), reader);
	rte_rcu_qsbr_thread_unregister(qsbr(id), reader);
}

/* A reader that has not reported since the token was given out; some other if it just has. */
static unsigned int
reader_late(unsigned int id, uint64_t token)
{
	unsigned int reader;
	uint64_t seen;

	for (reader = 0; reader < WITHDRAW_MAX_READERS - 1; reader++) {
		seen = __atomic_load_n(&qsbr(id)->qsbr_cnt[reader].cnt, __ATOMIC_ACQUIRE);
		if (seen != OFFLINE && seen < token)
			break;
	}
	return reader;
}

/* Those that have died will not report, and may have left no other trace. */
static void
dead_unregister(void)
{
	unsigned int slot;

	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		if (!group_member_alive(slot))
			withdraw_slot_claimed(slot);
	}
}

/* Wait until everyone has reported to a port since it is closing. */
static int
port_wait(unsigned int id, uint64_t until, char *why, size_t size)
{
	struct group_member *member;
	unsigned int looks = 0;
	uint64_t token;

	token = rte_rcu_qsbr_start(qsbr(id));
	while (rte_rcu_qsbr_check(qsbr(id), token, false) == 0) {
		if (clock_now_ns() > until) {
			member = &group_shared->members[reader_late(id, token) / 2];
			snprintf(why, size, "pid %d (%s) polls port %u and does not let go of it",
				atomic_load(&member->pid),
				group_role_name(atomic_load(&member->primary)), id);
			return -EBUSY;
		}
		if (looks++ % LOOKS_PER_CENSUS == 0)
			dead_unregister();
		clock_sleep_ns(LOOK_NS);
	}
	return 0;
}

int
withdraw_ports(const struct port_set *ports, unsigned int limit_ms, char *why, size_t size)
{
	uint64_t until = clock_now_ns() + limit_ms * CLOCK_NS_PER_MS;
	/* The number may be 0 if another process has written over it; that would close nothing. */
	uint64_t op = RTE_MAX(turn_operation(&group_shared->turn), UINT64_C(1));
	unsigned int id;
	int ret = 0;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (port_set_has(ports, id))
			atomic_store(&group_shared->withdraw.closing[id], op);
	}
	for (id = 0; id < RTE_MAX_ETHPORTS && ret == 0; id++) {
		if (port_set_has(ports, id))
			ret = port_wait(id, until, why, size);
	}
	return ret;
}

void
withdraw_end(const struct port_set *ports, bool taken)
{
	unsigned int id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (!port_set_has(ports, id))
			continue;
		if (taken) {
			atomic_store(&group_shared->withdraw.taken[id].by, getpid());
			atomic_fetch_add(&group_shared->withdraw.taken[id].times, 1);
		}
		atomic_store(&group_shared->withdraw.closing[id], 0);
	}
}

void
withdraw_recover(bool holder)
{
	unsigned int id;
	uint64_t op;
	pid_t by;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		op = atomic_load(&group_shared->withdraw.closing[id]);
		/* In this order: a holder that comes now has another number. */
		if (op == 0 || (!holder && !turn_is_free()))
			continue;
		/* And one that was there then, and lives, has ended this before it left the turn.
		 */
		if (!holder && op != atomic_load(&group_shared->withdraw.closing[id]))
			continue;
		/* Until the next one takes the turn, the dead one is entered as its holder. */
		by = atomic_load(&group_shared->turn.dead);
		if (by == 0)
			by = atomic_load(&group_shared->turn.holder);
		atomic_store(&group_shared->withdraw.taken[id].by, by);
		atomic_fetch_add(&group_shared->withdraw.taken[id].times, 1);
		atomic_compare_exchange_strong(&group_shared->withdraw.closing[id], &op, 0);
	}
}

void
withdraw_quiescent(unsigned int id, unsigned int reader)
{
	rte_rcu_qsbr_quiescent(qsbr(id), reader);
}

void
withdraw_pause(unsigned int id, unsigned int reader)
{
	rte_rcu_qsbr_thread_offline(qsbr(id), reader);
}

void
withdraw_resume(unsigned int id, unsigned int reader)
{
	rte_rcu_qsbr_thread_online(qsbr(id), reader);
}
