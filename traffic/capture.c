/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include "base/clock.h"
#include "base/text.h"
#include "eal/pdump.h"
#include "eal/port_device.h"
#include "group/events.h"
#include "group/file.h"
#include "group/members.h"
#include "group/primary.h"
#include "traffic/capture.h"
#include "traffic/queues.h"
#include "traffic/withdraw.h"

#define MAX_CAPTURES 64
#define MAX_REQUESTS 16
#define LOOK_MS 250    /* how often to look for captures whose process has ended */
#define ANSWER_MS 4000 /* librte_pdump's client waits 5 s, and then believes that there is none */

/* A capture that a process has asked for; under ports_lock. */
static struct capture {
	bool used;
	bool on;   /* librte_pdump's callbacks are at the port; only while the port is started */
	bool told; /* that it misses what a secondary polls */
	uint16_t id;
	unsigned int count; /* port_count() when it was asked for */
	struct pdump_request request;
} captures[MAX_CAPTURES];

/* Held while a port is configured, started or stopped, and while captures begin and end. Whoever
 * has it may have to wait for the interrupt thread. */
static pthread_mutex_t ports_lock = PTHREAD_MUTEX_INITIALIZER;

/* Requests that wait for the thread; under queue_lock. */
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER;
static struct {
	struct pdump_request request;
	uint64_t until; /* when the asker stops waiting */
} queue[MAX_REQUESTS];
static unsigned int nb_queued;
static bool stopping, running;
static pthread_t thread;

/* The port is the one that was asked for, not a later one with its id. */
static bool
capture_has_port(const struct capture *capture)
{
	return rte_eth_dev_is_valid_port(capture->id) && capture->count == port_count(capture->id);
}

/* End a capture. librte_pdump's client then frees what the packets are copied to, so wait until no
 * burst is under way that began with the callbacks. */
static void
capture_end(struct capture *capture)
{
	char why[WHY_SIZE];

	if (capture->on && capture_has_port(capture)) {
		pdump_do(&capture->request, false);
		withdraw_grace(capture->id, WITHDRAW_MS, why);
	}
	capture->used = false;
}

/* Callbacks are private to a process. Unless librte_pdump asks the secondaries for theirs, a
 * capture misses what they poll. */
static void
tell_missed(struct capture *capture)
{
	const struct group_member *member;
	unsigned int id = capture->id;

	if (pdump_sees_secondaries() || capture->told)
		return;
	MEMBER_FOREACH(member) {
		if (member == group_self || !member_alive(member) ||
			(atomic_load(&member->polled[id][GROUP_RX]) == 0 &&
				atomic_load(&member->polled[id][GROUP_TX]) == 0))
			continue;
		events_announce("port %u is being captured, but this DPDK captures only what the "
				"primary receives and sends, not what %s does",
			id, who_name(member_who(member)).text);
		capture->told = true;
	}
}

/* End the captures whose process has ended, and forget those of ports that have gone. */
static void
captures_clear(void)
{
	struct capture *capture;
	bool gone;

	for (capture = captures; capture < captures + MAX_CAPTURES; capture++) {
		if (!capture->used)
			continue;
		gone = pdump_asker_gone(&capture->request);
		if (gone && capture_has_port(capture))
			events_add(primary_who_self(),
				"capture of port %u ended: its process has gone", capture->id);
		if (gone || !capture_has_port(capture))
			capture_end(capture);
		else
			tell_missed(capture);
	}
}

/* dpdk-dumpcap itself says "Operation not permitted", whatever the error is. */
static int
refused(const char *port, int err)
{
	events_announce("a process asked to capture %s, but: %s", port,
		err == -EEXIST	 ? "another process does; only one can at a time"
		: err == -ENODEV ? "the primary has no such port"
		: err == -ENOSPC ? "there are too many captures"
				 : strerror(-err));
	return err;
}

static int
begin(const struct pdump_request *request)
{
	struct capture *capture, *place = NULL;
	char name[RTE_DEV_NAME_MAX_LEN];
	uint16_t id;
	int ret = 0;

	pdump_port_name(request, name);
	text_printable(name);
	if (rte_eth_dev_get_port_by_name(name, &id) < 0)
		return refused(name, -ENODEV);
	captures_clear();
	for (capture = captures; capture < captures + MAX_CAPTURES; capture++) {
		if (!capture->used)
			place = capture;
		else if (capture->id == id && pdump_overlap(&capture->request, request))
			return refused(name, -EEXIST);
	}
	if (place == NULL)
		return refused(name, -ENOSPC);
	*place = (struct capture){.id = id, .count = port_count(id), .request = *request};
	if (started_port(id)) {
		ret = pdump_do(request, true);
		place->on = ret == 0;
	}
	if (ret < 0)
		return refused(name, ret);
	place->used = true;
	events_add(primary_who_self(), "capture of port %u", id);
	tell_missed(place);
	return 0;
}

static int
end(const struct pdump_request *request)
{
	struct capture *capture;
	int ret = -ENOENT;

	/* dpdk-pdump asks for what is received and what is sent apart, and ends both at once. */
	for (capture = captures; capture < captures + MAX_CAPTURES; capture++) {
		if (capture->used && pdump_overlap(&capture->request, request) &&
			strcmp(capture->request.peer, request->peer) == 0) {
			events_add(primary_who_self(), "capture of port %u: off", capture->id);
			capture_end(capture);
			ret = 0;
		}
	}
	return ret;
}

static void *
capture_main(__rte_unused void *arg)
{
	struct pdump_request request;
	uint64_t until;
	int ret;

	pthread_mutex_lock(&queue_lock);
	while (!stopping) {
		if (nb_queued == 0) {
			clock_cond_wait(&wanted, &queue_lock, clock_in_ms(LOOK_MS));
			if (nb_queued == 0) {
				pthread_mutex_unlock(&queue_lock);
				pthread_mutex_lock(&ports_lock);
				captures_clear();
				pthread_mutex_unlock(&ports_lock);
				pthread_mutex_lock(&queue_lock);
			}
			continue;
		}
		request = queue[0].request;
		until = queue[0].until;
		memmove(queue, queue + 1, --nb_queued * sizeof(*queue));
		pthread_mutex_unlock(&queue_lock);
		pthread_mutex_lock(&ports_lock);
		/* Who does not wait any more has freed what the packets would be copied to. */
		if (!pdump_begins(&request))
			ret = end(&request);
		else
			ret = clock_is_past(until) ? -ETIMEDOUT : begin(&request);
		pthread_mutex_unlock(&ports_lock);
		pdump_answer(&request, ret);
		pthread_mutex_lock(&queue_lock);
	}
	pthread_mutex_unlock(&queue_lock);
	return NULL;
}

/* Runs in the mp thread: pass the request to the thread. */
static void
request_queue(const struct pdump_request *request)
{
	bool queued;

	pthread_mutex_lock(&queue_lock);
	queued = nb_queued < MAX_REQUESTS && running;
	if (queued) {
		queue[nb_queued].request = *request;
		queue[nb_queued++].until = clock_in_ms(ANSWER_MS);
		pthread_cond_signal(&wanted);
	}
	pthread_mutex_unlock(&queue_lock);
	if (!queued)
		pdump_answer(request, -EBUSY);
}

int
capture_start(void)
{
	int ret;

	if (group_file_dir()[0] == '\0')
		return 0;
	ret = pdump_start(request_queue);
	if (ret < 0 || rte_eal_process_type() != RTE_PROC_PRIMARY)
		return ret;
	ret = -pthread_create(&thread, NULL, capture_main, NULL);
	pthread_mutex_lock(&queue_lock);
	running = ret == 0;
	pthread_mutex_unlock(&queue_lock);
	return ret;
}

void
capture_stop(void)
{
	struct capture *capture;

	if (!running)
		return;
	pthread_mutex_lock(&queue_lock);
	stopping = true;
	running = false;
	pthread_cond_signal(&wanted);
	pthread_mutex_unlock(&queue_lock);
	pthread_join(thread, NULL);
	for (capture = captures; capture < captures + MAX_CAPTURES; capture++) {
		if (capture->used)
			capture_end(capture);
	}
	pdump_stop();
}

void
capture_port_lock(void)
{
	pthread_mutex_lock(&ports_lock);
}

void
capture_port_unlock(void)
{
	pthread_mutex_unlock(&ports_lock);
}

void
capture_resume(unsigned int id)
{
	struct capture *capture;

	captures_clear();
	for (capture = captures; capture < captures + MAX_CAPTURES; capture++) {
		if (capture->used && capture->id == id)
			capture->on = pdump_do(&capture->request, true) == 0;
	}
}

void
capture_pause(unsigned int id)
{
	struct capture *capture;

	for (capture = captures; capture < captures + MAX_CAPTURES; capture++) {
		if (capture->used && capture->on && capture->id == id) {
			pdump_do(&capture->request, false);
			capture->on = false;
		}
	}
}
