/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_WITHDRAW
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include <rte_rcu_qsbr.h>

#include "base/clock.h"
#include "base/text.h"
#include "group/file.h"
#include "group/locks.h"
#include "group/members.h"
#include "group/turn.h"
#include "traffic/withdraw.h"

#define OFFLINE 0	     /* the count of an offline reader in librte_rcu */
#define BITMAP_BITS 64	     /* readers in one element of librte_rcu's bitmap */
#define LOOK_NS 100000	     /* how often a withdrawal checks whether all have let go */
#define LOOKS_PER_CENSUS 500 /* every so many checks it looks for dead processes */

_Static_assert(GROUP_READERS % BITMAP_BITS == 0, "the bitmap has no part of an element");
_Static_assert(sizeof(struct rte_rcu_qsbr) + GROUP_READERS * sizeof(struct rte_rcu_qsbr_cnt) +
			       RTE_CACHE_LINE_ROUNDUP(GROUP_READERS / 8) <=
		       GROUP_RCU_SIZE,
	"GROUP_RCU_SIZE is too small");

/* librte_rcu reads the number of readers from the variable, where a faulty process can write. The
 * number is constant, so set it right. */
static struct rte_rcu_qsbr *
qsbr(unsigned int id)
{
	struct rte_rcu_qsbr *v = (struct rte_rcu_qsbr *)group_shared->withdrawn.rcu[id];
	const uint32_t nb = GROUP_READERS, elements = nb / BITMAP_BITS;

	if (v->max_threads != nb || v->num_elems != elements) {
		v->max_threads = nb;
		v->num_elems = elements;
	}
	return v;
}

void
withdraw_init(void)
{
	unsigned int id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++)
		rte_rcu_qsbr_init(qsbr(id), GROUP_READERS);
}

static void
readers_forget(unsigned int slot)
{
	unsigned int id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		rte_rcu_qsbr_thread_unregister(qsbr(id), 2 * slot);
		rte_rcu_qsbr_thread_unregister(qsbr(id), 2 * slot + 1);
	}
}

void
withdraw_slot_claimed(void)
{
	readers_forget(member_slot(group_self));
}

unsigned int
withdraw_forward_reader(void)
{
	return 2 * member_slot(group_self);
}

unsigned int
withdraw_send_reader(void)
{
	return 2 * member_slot(group_self) + 1;
}

bool
withdraw_closing(unsigned int id)
{
	return atomic_load_explicit(&group_shared->withdrawn.closing[id], memory_order_acquire) !=
	       0;
}

uint32_t
withdraw_times(unsigned int id)
{
	return atomic_load(&group_shared->withdrawn.taken[id].times);
}

pid_t
withdraw_taken_by(unsigned int id)
{
	return atomic_load(&group_shared->withdrawn.taken[id].by);
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

/* A reader that has not reported since the token was given; any reader if all have by now. */
static unsigned int
reader_late(unsigned int id, uint64_t token)
{
	unsigned int reader;
	uint64_t seen;

	for (reader = 0; reader < GROUP_READERS - 1; reader++) {
		seen = __atomic_load_n(&qsbr(id)->qsbr_cnt[reader].cnt, __ATOMIC_ACQUIRE);
		if (seen != OFFLINE && seen < token)
			break;
	}
	return reader;
}

/* Dead processes do not report. Their slots may be free by now, so look at every slot. */
static void
dead_unregister(void)
{
	unsigned int slot;

	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		if (!member_alive(member_at(slot)))
			readers_forget(slot);
	}
}

/* The library keeps what it has found in a plain field, and the captures' thread asks, too. */
static bool
all_have_reported(unsigned int id, uint64_t token)
{
	static pthread_mutex_t check_lock = PTHREAD_MUTEX_INITIALIZER;
	int all;

	pthread_mutex_lock(&check_lock);
	all = rte_rcu_qsbr_check(qsbr(id), token, false);
	pthread_mutex_unlock(&check_lock);
	return all != 0;
}

/* Wait until every reader of a port has reported. @param turn this process has the turn: without
 * it, another one may take a dead reader's slot at any moment. */
static int
port_wait(unsigned int id, uint64_t until, bool turn, char *why)
{
	unsigned int looks = 0;
	uint64_t token;
	bool past;

	token = rte_rcu_qsbr_start(qsbr(id));
	while (!all_have_reported(id, token)) {
		past = clock_is_past(until);
		/* This process may have been stopped meanwhile, so look again before giving up. */
		if (turn && (past || looks++ % LOOKS_PER_CENSUS == 0))
			dead_unregister();
		if (past && !all_have_reported(id, token))
			return why_set(why, -EBUSY, "%s polls port %u and does not let go of it",
				who_name(member_who(member_at(reader_late(id, token) / 2))).text,
				id);
		clock_sleep_ns(LOOK_NS);
	}
	return 0;
}

int
withdraw_ports(const struct port_set *ports, unsigned int limit_ms, char *why)
{
	uint64_t until = clock_in_ms(limit_ms);
	/* A faulty process may have written 0 there, which would close nothing. */
	uint64_t op = RTE_MAX(turn_operation(), UINT64_C(1));
	unsigned int id;
	int ret = 0;

	PORT_SET_FOREACH(id, ports)
		atomic_store(&group_shared->withdrawn.closing[id], op);
	/* A reader that resumes counts itself first and then looks at closing, with such a fence in
	 * between (rte_rcu_qsbr_thread_online). Either it sees closing, or this sees its count. */
	atomic_thread_fence(memory_order_seq_cst);
	PORT_SET_FOREACH(id, ports) {
		if (ret == 0)
			ret = port_wait(id, until, true, why);
	}
	return ret;
}

int
withdraw_grace(unsigned int id, unsigned int limit_ms, char *why)
{
	return port_wait(id, clock_in_ms(limit_ms), false, why);
}

/* End everything that polls the port, because pid has taken it. */
static void
port_taken(unsigned int id, pid_t pid)
{
	atomic_store(&group_shared->withdrawn.taken[id].by, pid);
	atomic_fetch_add(&group_shared->withdrawn.taken[id].times, 1);
}

void
withdraw_end(const struct port_set *ports, bool taken)
{
	unsigned int id;

	PORT_SET_FOREACH(id, ports) {
		if (taken)
			port_taken(id, getpid());
		atomic_store(&group_shared->withdrawn.closing[id], 0);
	}
}

void
withdraw_recover(bool holder)
{
	unsigned int id;
	uint64_t op;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		op = atomic_load(&group_shared->withdrawn.closing[id]);
		/* op is read before the turn is checked: a later holder has another number. */
		if (op == 0 || (!holder && !locks_turn_is_free()))
			continue;
		/* It has changed: that holder lives and has finished, so skip the port. */
		if (!holder && op != atomic_load(&group_shared->withdrawn.closing[id]))
			continue;
		port_taken(id, turn_last_holder());
		atomic_compare_exchange_strong(&group_shared->withdrawn.closing[id], &op, 0);
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
