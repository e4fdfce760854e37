/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_HEARTBEAT
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_alarm.h>
#include <rte_common.h>
#include <rte_ethdev.h>

#include "base/clock.h"
#include "base/port_set.h"
#include "base/proc.h"
#include "group/heartbeat.h"
#include "group/members.h"

static struct heartbeat_state *_Atomic own; /* set before the beats start */
static bool (*tick)(void);
static int wake_fd = -1;

static pthread_t thread;
static bool running;
static bool stopping; /* under lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stopped = PTHREAD_COND_INITIALIZER;
static atomic_bool beat_pending;
static pid_t mp_thread; /* the EAL's, which reads peers' messages; 0 if there is none */

/*
 * The ports are written by the beat, and by ethdev events, which come in any thread. The beat may
 * have looked at ethdev before an event, and ethdev itself shows the new state of the port only
 * after it. So the first beat that ends after an event leaves that port as it is. The second one
 * believes ethdev, because the event may have been wrong: in a secondary whose primary has already
 * released the port, it can have the id of another port.
 */
static pthread_mutex_t ports_lock = PTHREAD_MUTEX_INITIALIZER; /* not held during a look */
static struct port_set told; /* ports with an event since the last beat; under ports_lock */

static void
port_write(unsigned int id, bool there)
{
	uint64_t bit = UINT64_C(1) << id % 64;

	if (there)
		atomic_fetch_or(&own->ports[id / 64], bit);
	else
		atomic_fetch_and(&own->ports[id / 64], ~bit);
}

static void
ports_refresh(void)
{
	struct port_set found = {0};
	unsigned int id;

	for (id = rte_eth_find_next(0); id < RTE_MAX_ETHPORTS; id = rte_eth_find_next(id + 1))
		port_set_add(&found, id);
	pthread_mutex_lock(&ports_lock);
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (!port_set_has(&told, id))
			port_write(id, port_set_has(&found, id));
	}
	told = (struct port_set){0};
	pthread_mutex_unlock(&ports_lock);
}

static int
port_event(uint16_t id, enum rte_eth_event_type event, __rte_unused void *arg,
	__rte_unused void *ret_param)
{
	pthread_mutex_lock(&ports_lock);
	port_set_add(&told, id);
	port_write(id, event == RTE_ETH_EVENT_NEW);
	pthread_mutex_unlock(&ports_lock);
	return 0;
}

/* Runs in the interrupt thread, and so shows that this thread runs. */
static void
beat(__rte_unused void *arg)
{
	struct heartbeat_state *state = own;
	uint64_t now = clock_now_ns();

	ports_refresh();
	if (now - atomic_load(&state->beat_ns) > HEARTBEAT_HUNG_MS * CLOCK_NS_PER_MS)
		atomic_store(&state->late_ns, now);
	atomic_store(&state->beat_ns, now);
	atomic_store(&beat_pending, false);
}

/* The EAL's mp thread ends for good if a message brings descriptors and this process cannot have
 * more of them. Messages then fill the socket, until every sender waits for ever. A deaf process
 * stops its beats, so that no process sends it anything. */
bool
heartbeat_deaf(void)
{
	return mp_thread != 0 && tgkill(getpid(), mp_thread, 0) < 0 && errno == ESRCH;
}

static bool
is_short_of_files(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	       proc_files_open() + HEARTBEAT_FILES > limit.rlim_cur;
}

static void *
heartbeat_main(__rte_unused void *arg)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&lock);
	while (!stopping) {
		/* The interrupt thread, in which the alarm fires, may not allocate memory, so it
		 * cannot set the next alarm. */
		if (!heartbeat_deaf() && !atomic_exchange(&beat_pending, true) &&
			rte_eal_alarm_set(1, beat, NULL) < 0)
			atomic_store(&beat_pending, false);
		atomic_store(&own->short_of_files, is_short_of_files());
		if (tick() && write(wake_fd, &one, sizeof(one)) < 0)
			perror(PROGRAM ": eventfd");
		clock_cond_wait(&stopped, &lock, clock_in_ms(HEARTBEAT_MS));
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

int
heartbeat_start(bool (*fn)(void))
{
	static const char *const mp_names[] = {"rte_mp_handle", "dpdk-mp-msg", NULL};
	int ret;

	mp_thread = proc_thread(mp_names);
	own = &group_self->state;
	tick = fn;
	ret = rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, port_event, NULL);
	if (ret == 0)
		ret = rte_eth_dev_callback_register(
			RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, port_event, NULL);
	if (ret < 0)
		return ret;
	ports_refresh();
	atomic_store(&group_self->state.beat_ns, clock_now_ns());
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return -errno;
	ret = pthread_create(&thread, NULL, heartbeat_main, NULL);
	running = ret == 0;
	return -ret;
}

void
heartbeat_stop(bool forget)
{
	if (!running)
		return;
	if (forget) {
		rte_eth_dev_callback_unregister(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, port_event, NULL);
		rte_eth_dev_callback_unregister(
			RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, port_event, NULL);
	}
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_signal(&stopped);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	running = false;
	rte_eal_alarm_cancel(beat, NULL);
}

int
heartbeat_fd(void)
{
	return wake_fd;
}

void
heartbeat_sleep(void)
{
	clock_sleep_ns(HEARTBEAT_MS * CLOCK_NS_PER_MS);
}
