/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_alarm.h>
#include <rte_common.h>
#include <rte_ethdev.h>

#include "base/program.h"
#include "base/proc.h"
#include "base/clock.h"
#include "options.h"
#include "watch.h"

static struct watch_state *_Atomic own; /* set before the threads that write there have work */
static bool (*has_news)(void);
static int news_fd = -1;

static pthread_t thread;
static bool running;
static bool stopping; /* under lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stopped;
static atomic_bool beat_pending;
static pid_t mp_thread; /* the EAL's, which reads what peers send; 0 if there is none */

/* The ports this process has, from the EAL's own states. */
static void
ports_refresh(void)
{
	struct watch_state *state = own;
	uint64_t words[RTE_DIM(state->ports)] = {0};
	unsigned int id, i;

	for (id = rte_eth_find_next(0); id < RTE_MAX_ETHPORTS; id = rte_eth_find_next(id + 1))
		words[id / 64] |= UINT64_C(1) << id % 64;
	for (i = 0; i < RTE_DIM(words); i++)
		atomic_store(&state->ports[i], words[i]);
}

/*
 * An ethdev event. It comes while the EAL's own state of the port is still the
 * old one. In a secondary whose primary has released the port already, the port
 * id is no longer true; the next beat mends what that spoils.
 */
static int
port_event(uint16_t id, enum rte_eth_event_type event, void *arg, void *ret_param)
{
	struct watch_state *state = own;
	uint64_t bit = UINT64_C(1) << id % 64;

	RTE_SET_USED(arg);
	RTE_SET_USED(ret_param);
	if (event == RTE_ETH_EVENT_NEW)
		atomic_fetch_or(&state->ports[id / 64], bit);
	else
		atomic_fetch_and(&state->ports[id / 64], ~bit);
	return 0;
}

/* In the interrupt thread: that it runs is the news. */
static void
beat(void *arg)
{
	struct watch_state *state = own;
	uint64_t now = clock_now_ns();

	RTE_SET_USED(arg);
	ports_refresh();
	if (now - atomic_load(&state->beat_ns) > WATCH_HUNG_MS * CLOCK_NS_PER_MS)
		atomic_store(&state->late_ns, now);
	atomic_store(&state->beat_ns, now);
	atomic_store(&beat_pending, false);
}

/*
 * The thread ends for good when it is sent descriptors and this process can have
 * no more of them. To send it anything then fills its socket, and in the end
 * whoever sends waits for ever; without beats nobody does.
 */
bool
watch_deaf(void)
{
	return mp_thread != 0 && tgkill(getpid(), mp_thread, 0) < 0 && errno == ESRCH;
}

static void *
watch_main(void *arg)
{
	const uint64_t one = 1;

	RTE_SET_USED(arg);
	pthread_mutex_lock(&lock);
	while (!stopping) {
		/* The alarm is set here because setting one allocates, which the thread it
		 * fires in may not. */
		if (!watch_deaf() && !atomic_exchange(&beat_pending, true) &&
			rte_eal_alarm_set(1, beat, NULL) < 0)
			atomic_store(&beat_pending, false);
		if (has_news() && write(news_fd, &one, sizeof(one)) < 0)
			perror(PROGRAM ": eventfd");
		clock_cond_wait(&stopped, &lock, clock_in_ms(WATCH_BEAT_MS));
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

int
watch_start(struct watch_state *state, bool (*news)(void))
{
	static const char *const mp_names[] = {"rte_mp_handle", "dpdk-mp-msg", NULL};
	int ret;

	mp_thread = proc_thread(mp_names);
	own = state;
	has_news = news;
	ret = rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, port_event, NULL);
	if (ret == 0)
		ret = rte_eth_dev_callback_register(
			RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, port_event, NULL);
	if (ret < 0)
		return ret;
	ports_refresh();
	atomic_store(&state->beat_ns, clock_now_ns());
	news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (news_fd < 0)
		return -errno;
	clock_cond_init(&stopped);
	ret = pthread_create(&thread, NULL, watch_main, NULL);
	running = ret == 0;
	return -ret;
}

void
watch_stop(bool forget)
{
	if (!running)
		return;
	/* They lie in the memory of the group, one for each port there could be. */
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
watch_news_fd(void)
{
	return news_fd;
}
