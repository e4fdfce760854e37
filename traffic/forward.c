/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_string_fns.h>

#include "base/clock.h"
#include "base/text.h"
#include "group/events.h"
#include "group/primary.h"
#include "traffic/counters.h"
#include "traffic/forward.h"
#include "traffic/packet.h"
#include "traffic/pool.h"
#include "traffic/queues.h"
#include "traffic/withdraw.h"

#define BURST 32
#define IDLE_ROUNDS 1000 /* so many rounds without a packet before each further one sleeps */
#define IDLE_NS 20000

/* A queue of a port, to receive from or to send to. */
struct end {
	uint16_t id, queue;
	bool rx;
	uint32_t times;		   /* how often the port had been taken away at the start */
	struct packet_order order; /* of the packets received */
	uint64_t polled;	   /* when it was polled last, in ticks of the TSC */
};

/* The main thread fills this in; then it belongs to the thread until that ends. */
static struct {
	pthread_t thread;
	bool made; /* thread has to be joined; it may have ended by itself */
	atomic_bool runs;
	atomic_bool stop;
	unsigned int nb;
	struct end ends[4]; /* in pairs: what is received at one is sent at the next */
	char text[160];	    /* "forward net_null0 net_null1" */
} job;

static int job_core = -1;

void
forward_set_core(int core)
{
	job_core = core;
}

const char *
forward_running(void)
{
	return atomic_load(&job.runs) ? job.text : NULL;
}

/* Run one round of one direction. @return how many packets came. */
static uint16_t
direction_run(struct end *in, const struct end *out)
{
	struct rte_mbuf *mbufs[BURST];
	uint64_t rx_bytes = 0, tx_bytes, gaps = 0;
	uint16_t nb, sent, i;

	nb = rte_eth_rx_burst(in->id, in->queue, mbufs, BURST);
	if (nb == 0)
		return 0;
	for (i = 0; i < nb; i++)
		rx_bytes += mbufs[i]->pkt_len;
	/* Until a stream has come, look only at the first and last packet of a burst: to read from
	 * every packet costs a tenth of forwarding it. */
	if (packet_any_seen(&in->order) || packet_may_be_numbered(mbufs[0]) ||
		packet_may_be_numbered(mbufs[nb - 1])) {
		for (i = 0; i < nb; i++)
			gaps += packet_gap(&in->order, mbufs[i]);
	}
	/* The driver owns packets that were sent, so subtract the bytes of the others. */
	tx_bytes = rx_bytes;
	sent = rte_eth_tx_burst(out->id, out->queue, mbufs, nb);
	for (i = sent; i < nb; i++) {
		tx_bytes -= mbufs[i]->pkt_len;
		rte_pktmbuf_free(mbufs[i]);
	}
	counters_received(in->id, nb, rx_bytes, gaps);
	counters_sent(out->id, sent, tx_bytes, nb - sent);
	return nb;
}

static bool
was_taken(const struct end *end)
{
	return withdraw_times(end->id) != end->times;
}

/* Tell this terminal and processes that monitor the group why the thread ends by itself. */
static void
job_ended(unsigned int lost)
{
	char text[256];

	if (lost < RTE_MAX_ETHPORTS)
		snprintf(text, sizeof(text), "%s ended: pid %d has taken port %u away", job.text,
			withdraw_taken_by(lost), lost);
	else
		snprintf(text, sizeof(text), "%s ended: the primary has left", job.text);
	events_add(primary_who_self(), "%s", text);
	events_tell_self(text);
}

static void
ends_give(void)
{
	const struct end *end;

	while (job.nb > 0) {
		end = &job.ends[--job.nb];
		withdraw_leave(end->id, withdraw_forward_reader());
		queues_give(end->id, end->rx, end->queue);
	}
}

static void *
job_main(__rte_unused void *arg)
{
	unsigned int reader = withdraw_forward_reader(), i, lost = RTE_MAX_ETHPORTS,
		     idle_rounds = 0;
	struct end *in, *out;
	uint64_t now;
	uint16_t nb;

	pool_cache_begin();
	for (i = 0; i < job.nb; i++)
		job.ends[i].polled = rte_rdtsc();
	while (!atomic_load_explicit(&job.stop, memory_order_relaxed) && lost == RTE_MAX_ETHPORTS &&
		!primary_seen_leaving()) {
		nb = 0;
		now = rte_rdtsc();
		for (i = 0; i < job.nb && lost == RTE_MAX_ETHPORTS; i += 2) {
			in = &job.ends[i];
			out = in + 1;
			if (withdraw_closing(in->id) || withdraw_closing(out->id))
				continue;
			/* A port may be taken away and given back between two rounds. */
			if (was_taken(in) || was_taken(out)) {
				lost = was_taken(in) ? in->id : out->id;
				continue;
			}
			counters_paused(in->id, now - in->polled);
			in->polled = now;
			nb += direction_run(in, out);
		}
		for (i = 0; i < job.nb; i++)
			withdraw_quiescent(job.ends[i].id, reader);
		idle_rounds = nb > 0 ? 0 : idle_rounds + 1;
		if (idle_rounds > IDLE_ROUNDS)
			clock_sleep_ns(IDLE_NS);
	}
	pool_cache_end();
	ends_give();
	if (!atomic_load(&job.stop))
		job_ended(lost);
	atomic_store(&job.runs, false);
	return NULL;
}

static int
end_take(unsigned int id, bool rx, char *why)
{
	int queue = queues_take(id, rx, why);

	if (queue < 0)
		return queue;
	job.ends[job.nb++] =
		(struct end){.id = id, .queue = queue, .rx = rx, .times = withdraw_times(id)};
	withdraw_enter(id, withdraw_forward_reader());
	return 0;
}

/* The cores that the thread may run on. By default it would share the one core that the EAL has
 * bound the main thread to. With the same options, every process would use that same core. */
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
	RTE_LCORE_FOREACH(lcore) {
		of_lcore = rte_lcore_cpuset(lcore);
		CPU_OR(cores, cores, &of_lcore);
	}
}

static int
job_start(char *why)
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
		return why_set(why, -ret, "cannot make a thread%s: %s",
			job_core >= 0 ? " on the core of --poll-core" : "", strerror(ret));
	return 0;
}

static void
job_join(void)
{
	if (job.made)
		pthread_join(job.thread, NULL);
	job.made = false;
}

bool
forward_off(void)
{
	bool ran = atomic_load(&job.runs);

	atomic_store(&job.stop, true);
	job_join();
	if (ran)
		events_add(primary_who_self(), "%s: off", job.text);
	return ran;
}

int
forward_start(const char *text, unsigned int in, unsigned int out, bool both, char *why)
{
	const unsigned int ids[] = {in, out, out, in};
	unsigned int i;
	int ret = 0;

	job_join();
	strlcpy(job.text, text, sizeof(job.text));
	for (i = 0; i < (both ? 4 : 2) && ret == 0; i++)
		ret = end_take(ids[i], i % 2 == 0, why);
	if (ret == 0)
		ret = job_start(why);
	if (ret == 0)
		events_add(primary_who_self(), "%s", job.text);
	else
		ends_give();
	return ret;
}
