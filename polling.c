/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_string_fns.h>

#include "base/wait.h"
#include "base/clock.h"
#include "device.h"
#include "group_shared.h"
#include "operation.h"
#include "packet.h"
#include "polling.h"
#include "pool.h"
#include "ports.h"
#include "queues.h"
#include "base/signals.h"
#include "base/text.h"
#include "views.h"
#include "watch.h"
#include "withdraw.h"

#define BURST 32
#define IDLE_ROUNDS 1000 /* with nothing to do, before the core is left to others for a moment */
#define IDLE_NS 20000
#define LOOK_MS 10 /* how often one who sends sees to the rest of what this process has to do */

/* A port and queue to receive from, and one to send to. */
struct direction {
	uint16_t in, out;
	uint16_t rxq, txq;
	uint32_t in_times, out_times; /* taken so often when it began */
	struct packet_order order;
};

/* What is forwarded; the main thread makes it, then it is the thread's until that has ended. */
static struct {
	pthread_t thread;
	bool made; /* there is a thread to join */
	atomic_bool runs;
	atomic_bool stop;
	unsigned int nb;
	struct direction dirs[2];
	char text[2 * RTE_DEV_NAME_MAX_LEN + 32]; /* "forward net_null0 net_null1" */
} job;

static int job_core = -1;

static unsigned int
slot_of_self(void)
{
	return group_self - group_shared->members;
}

/* A process forwards as one reader, and sends as another. */
static unsigned int
forward_reader(void)
{
	return 2 * slot_of_self();
}

static unsigned int
send_reader(void)
{
	return 2 * slot_of_self() + 1;
}

void
polling_set_core(int core)
{
	job_core = core;
}

static void
count(_Atomic uint64_t *counter, uint64_t n)
{
	/* One writer each: no need to lock the bus. */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

/* One round of one direction. @return how many packets came. */
static uint16_t
direction_run(struct direction *dir)
{
	struct stats_port *in = &group_self->poll.stats[dir->in];
	struct stats_port *out = &group_self->poll.stats[dir->out];
	struct rte_mbuf *mbufs[BURST];
	uint64_t rx_bytes = 0, tx_bytes, gaps = 0;
	uint16_t nb, sent, i;

	nb = rte_eth_rx_burst(dir->in, dir->rxq, mbufs, BURST);
	if (nb == 0)
		return 0;
	for (i = 0; i < nb; i++)
		rx_bytes += mbufs[i]->pkt_len;
	/* As long as there has been no stream, it is looked for at the ends of a burst alone: to
	 * read from every packet costs a tenth of what there is to do with it. */
	if (packet_any_seen(&dir->order) || packet_may_be_numbered(mbufs[0]) ||
		packet_may_be_numbered(mbufs[nb - 1])) {
		for (i = 0; i < nb; i++)
			gaps += packet_gap(&dir->order, mbufs[i]);
	}
	/* Once sent a packet is another's, so the bytes of those that are not are taken off. */
	tx_bytes = rx_bytes;
	sent = rte_eth_tx_burst(dir->out, dir->txq, mbufs, nb);
	for (i = sent; i < nb; i++) {
		tx_bytes -= mbufs[i]->pkt_len;
		rte_pktmbuf_free(mbufs[i]);
	}
	count(&in->rx_packets, nb);
	count(&in->rx_bytes, rx_bytes);
	if (gaps > 0)
		count(&in->gaps, gaps);
	count(&out->tx_packets, sent);
	count(&out->tx_bytes, tx_bytes);
	if (sent < nb)
		count(&out->drops, nb - sent);
	return nb;
}

/* The port a direction lost, RTE_MAX_ETHPORTS if it has both still. */
static unsigned int
direction_lost(const struct direction *dir)
{
	if (withdraw_times(dir->in) != dir->in_times)
		return dir->in;
	if (withdraw_times(dir->out) != dir->out_times)
		return dir->out;
	return RTE_MAX_ETHPORTS;
}

/* Tell everyone who wants to take a port away that this reader holds on to nothing now. */
static void
quiescent(unsigned int reader)
{
	unsigned int i;

	for (i = 0; i < job.nb; i++) {
		withdraw_quiescent(job.dirs[i].in, reader);
		withdraw_quiescent(job.dirs[i].out, reader);
	}
}

/* Why the thread ends by itself, for the terminal and for those who monitor the group. */
static void
job_ended(unsigned int lost)
{
	char text[256];

	if (lost < RTE_MAX_ETHPORTS)
		snprintf(text, sizeof(text), "%s ended: pid %d has taken port %u away", job.text,
			atomic_load(&group_shared->withdraw.taken[lost].by), lost);
	else
		snprintf(text, sizeof(text), "%s ended: the primary has left", job.text);
	group_event(NULL, "%s", text);
	group_tell_self(text);
}

static void *
job_main(void *arg)
{
	unsigned int reader = forward_reader(), i, lost = RTE_MAX_ETHPORTS, idle_rounds = 0;
	struct direction *dir;
	uint16_t nb;

	RTE_SET_USED(arg);
	pool_cache_begin(slot_of_self());
	while (!atomic_load_explicit(&job.stop, memory_order_relaxed) && lost == RTE_MAX_ETHPORTS &&
		!group_primary_seen_leaving()) {
		nb = 0;
		for (i = 0; i < job.nb && lost == RTE_MAX_ETHPORTS; i++) {
			dir = &job.dirs[i];
			if (!withdraw_closing(dir->in) && !withdraw_closing(dir->out)) {
				/* Taken away and given back between two rounds? */
				lost = direction_lost(dir);
				if (lost == RTE_MAX_ETHPORTS)
					nb += direction_run(dir);
			}
		}
		quiescent(reader);
		idle_rounds = nb > 0 ? 0 : idle_rounds + 1;
		if (idle_rounds > IDLE_ROUNDS)
			clock_sleep_ns(IDLE_NS);
	}
	pool_cache_end(slot_of_self());
	for (i = 0; i < job.nb; i++) {
		dir = &job.dirs[i];
		withdraw_leave(dir->in, reader);
		withdraw_leave(dir->out, reader);
		queues_give(dir->in, true, dir->rxq);
		queues_give(dir->out, false, dir->txq);
	}
	if (!atomic_load(&job.stop))
		job_ended(lost);
	atomic_store(&job.runs, false);
	return NULL;
}

/* From port in to port out; what it has taken is given back if it fails. */
static int
direction_make(struct direction *dir, unsigned int in, unsigned int out, char *why, size_t size)
{
	int rxq, txq, ret;

	memset(dir, 0, sizeof(*dir));
	rxq = queues_take(in, true, why, size);
	if (rxq < 0)
		return rxq;
	txq = queues_take(out, false, why, size);
	if (txq < 0) {
		queues_give(in, true, rxq);
		return txq;
	}
	ret = queues_adopt(in, why, size);
	if (ret == 0)
		ret = queues_adopt(out, why, size);
	if (ret < 0) {
		queues_give(in, true, rxq);
		queues_give(out, false, txq);
		return ret;
	}
	*dir = (struct direction){.in = in,
		.out = out,
		.rxq = rxq,
		.txq = txq,
		.in_times = withdraw_times(in),
		.out_times = withdraw_times(out)};
	withdraw_enter(in, forward_reader());
	withdraw_enter(out, forward_reader());
	return 0;
}

static void
direction_unmake(const struct direction *dir)
{
	withdraw_leave(dir->in, forward_reader());
	withdraw_leave(dir->out, forward_reader());
	queues_give(dir->in, true, dir->rxq);
	queues_give(dir->out, false, dir->txq);
}

/* Where the thread may run. By itself it would run where the main thread does, which the EAL
 * has bound to one core; with the same options that is the same core in every process. */
static void
job_cores(cpu_set_t *cores)
{
	rte_cpuset_t of_lcore;
	unsigned int lcore;

	CPU_ZERO(cores);
	if (job_core >= 0) {
		CPU_SET(job_core, cores);
		return;
	}
	RTE_LCORE_FOREACH(lcore)
	{
		of_lcore = rte_lcore_cpuset(lcore);
		CPU_OR(cores, cores, &of_lcore);
	}
}

static int
job_start(char *why, size_t size)
{
	pthread_attr_t attr;
	cpu_set_t cores;
	int ret;

	atomic_store(&job.stop, false);
	atomic_store(&job.runs, true);
	pthread_attr_init(&attr);
	job_cores(&cores);
	pthread_attr_setaffinity_np(&attr, sizeof(cores), &cores);
	ret = pthread_create(&job.thread, &attr, job_main, NULL);
	pthread_attr_destroy(&attr);
	job.made = ret == 0;
	atomic_store(&job.runs, job.made);
	if (ret != 0)
		snprintf(why, size, "cannot make a thread%s: %s",
			job_core >= 0 ? " on the core of --poll-core" : "", strerror(ret));
	return -ret;
}

/* A thread that has ended by itself is to be joined still. */
static void
job_join(void)
{
	if (job.made)
		pthread_join(job.thread, NULL);
	job.made = false;
}

bool
polling_forward_off(void)
{
	bool ran = atomic_load(&job.runs);

	atomic_store(&job.stop, true);
	job_join();
	if (ran)
		group_event(NULL, "%s: off", job.text);
	return ran;
}

/* With the turn held. */
static int
forward_begin(const char *in, const char *out, bool both, char *why, size_t size)
{
	int a, b, ret;

	if ((a = queues_port(in, why, size)) < 0 || (b = queues_port(out, why, size)) < 0)
		return -ENODEV;
	job.nb = 0;
	ret = direction_make(&job.dirs[0], a, b, why, size);
	if (ret < 0)
		return ret;
	job.nb = 1;
	if (both && (ret = direction_make(&job.dirs[1], b, a, why, size)) == 0)
		job.nb = 2;
	if (ret == 0)
		ret = job_start(why, size);
	while (ret < 0 && job.nb > 0)
		direction_unmake(&job.dirs[--job.nb]);
	return ret;
}

/* As group_turn_take(), and what a dead process has asked for is done with. */
static int
turn_take(const char *what, wait_fn wait, struct hotplug_result *res)
{
	int ret = group_turn_take(what, wait, res->text, sizeof(res->text));

	if (ret > 0)
		operation_see_to_dead(wait, res->text, res);
	if (ret >= 0) {
		/* A port that is being stopped looks as if it could be polled. */
		ret = ports_settle(wait, res->text, sizeof(res->text));
		if (ret < 0)
			group_turn_release();
		else
			res->text[0] = '\0';
	}
	return ret;
}

void
polling_forward(
	const char *in, const char *out, bool both, wait_fn wait, struct hotplug_result *res)
{
	memset(res, 0, sizeof(*res));
	if (atomic_load(&job.runs)) {
		res->err = -EBUSY;
		snprintf(res->text, sizeof(res->text), "%s runs already; forward off first",
			job.text);
		return;
	}
	job_join();
	res->err = turn_take("forward", wait, res);
	if (res->err < 0)
		return;
	snprintf(job.text, sizeof(job.text), "forward %.63s %.63s%s", in, out, both ? " both" : "");
	res->err = forward_begin(in, out, both, res->text, sizeof(res->text));
	if (res->err == 0)
		group_event(NULL, "%s", job.text);
	group_turn_release();
}

/* Send until all are sent, the port is wanted by somebody, or it takes no more for a second. */
static const char *
send_run(unsigned int id, unsigned int queue, unsigned int nb, unsigned int size,
	bool (*look)(void), unsigned int *sent)
{
	uint32_t times = withdraw_times(id), stream = packet_stream();
	struct rte_mempool *pool = pool_find();
	uint64_t last = clock_now_ns(), looked = last, now;
	struct rte_mbuf *mbuf;
	bool go_on = true;

	for (*sent = 0; *sent < nb;) {
		withdraw_quiescent(id, send_reader());
		now = clock_now_ns();
		if (now - last > 1000 * CLOCK_NS_PER_MS)
			return "the port takes no more";
		if (now - looked > LOOK_MS * CLOCK_NS_PER_MS) {
			/* This very port may be taken away meanwhile, by this very thread. */
			withdraw_pause(id, send_reader());
			go_on = look();
			withdraw_resume(id, send_reader());
			looked = clock_now_ns();
			last += looked - now;
		}
		if (signals_caught() != 0)
			return "this process is to leave";
		if (!go_on)
			return "interrupted";
		if (withdraw_closing(id) || withdraw_times(id) != times)
			return "the port is being taken away";
		mbuf = packet_make(pool, id, stream, *sent, nb, size);
		if (mbuf != NULL && rte_eth_tx_burst(id, queue, &mbuf, 1) == 1) {
			count(&group_self->poll.stats[id].tx_packets, 1);
			count(&group_self->poll.stats[id].tx_bytes, size);
			last = clock_now_ns();
			++*sent;
		} else {
			rte_pktmbuf_free(mbuf);
			sched_yield();
		}
	}
	return NULL;
}

void
polling_send(const char *device, unsigned int nb, unsigned int size, wait_fn wait,
	bool (*look)(void), struct hotplug_result *res)
{
	unsigned int sent = 0;
	int id, queue = -1;
	const char *why;

	memset(res, 0, sizeof(*res));
	res->err = turn_take("send", wait, res);
	if (res->err < 0)
		return;
	id = queues_port(device, res->text, sizeof(res->text));
	res->err = RTE_MIN(id, 0);
	if (id >= 0) {
		queue = queues_take(id, false, res->text, sizeof(res->text));
		res->err = RTE_MIN(queue, 0);
	}
	if (queue >= 0) {
		res->err = queues_adopt(id, res->text, sizeof(res->text));
		if (res->err == 0)
			withdraw_enter(id, send_reader());
		else
			queues_give(id, false, queue);
	}
	group_turn_release();
	if (res->err < 0)
		return;
	why = send_run(id, queue, nb, size, look, &sent);
	withdraw_leave(id, send_reader());
	queues_give(id, false, queue);
	res->err = why == NULL ? 0 : -EIO;
	if (why == NULL)
		snprintf(res->text, sizeof(res->text), "%u packets of %u bytes", sent, size);
	else
		snprintf(res->text, sizeof(res->text), "%s; %u of %u packets were sent", why, sent,
			nb);
}
