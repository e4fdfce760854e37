/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_spinlock.h>
#include <rte_string_fns.h>

#include "base/clock.h"
#include "device/kmod.h"
#include "device/pci.h"
#include "group/events.h"
#include "group/primary.h"
#include "operations/attach.h"
#include "operations/detach.h"
#include "operations/kernel_requests.h"

/* If the queue is full, an event is lost; vfio asks again. */
#define QUEUE_SIZE 64

/* A device gets its kernel driver after the kernel has reported it: at once, or when udev or a
 * person has taken it from the kernel's own driver. So look at it for a while. */
#define LOOK_EVERY_MS 250
#define LOOK_FOR_MS 60000

/* The kernel shows a driver before it is ready, so the first attach may fail. */
#define MAX_TRIES 4

#define MAX_ARRIVALS 32

/* Devices that have arrived and are not attached yet. */
static struct arrival {
	char name[RTE_DEV_NAME_MAX_LEN]; /* empty: free */
	uint64_t until_ns;		 /* when to give up */
	unsigned int tries;		 /* failed attaches */
} arrivals[MAX_ARRIVALS];

/* The kernel's events: a PCI device has come, or must go. */
struct kernel_event {
	char name[RTE_DEV_NAME_MAX_LEN]; /* PCI address */
	bool arrival;			 /* it has come; if false, the kernel wants it back */
};

/* Events that nobody has taken yet; under lock. */
static struct kernel_event queue[QUEUE_SIZE];
static unsigned int head, nb;
static rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
static int queue_fd = -1; /* a semaphore that counts nb */

static bool auto_attach, guarded, listening;
static int timer_fd = -1, wait_fd = -1;

/* Keep an event for the main thread. The interrupt thread calls this; it must neither allocate nor
 * wait. */
static void
device_event(const char *name, enum rte_dev_event_type type, __rte_unused void *arg)
{
	const uint64_t one = 1;
	bool kept = false;
	unsigned int i;

	if (type != RTE_DEV_EVENT_ADD && type != RTE_DEV_EVENT_REMOVE)
		return;
	rte_spinlock_lock(&lock);
	/* vfio and the kernel both report a removal; keep one of the two. */
	for (i = 0; i < nb && !kept; i++) {
		const struct kernel_event *event = &queue[(head + i) % QUEUE_SIZE];

		kept = event->arrival == (type == RTE_DEV_EVENT_ADD) &&
		       strcmp(event->name, name) == 0;
	}
	if (!kept && nb < QUEUE_SIZE && write(queue_fd, &one, sizeof(one)) == sizeof(one)) {
		struct kernel_event *event = &queue[(head + nb++) % QUEUE_SIZE];

		strlcpy(event->name, name, sizeof(event->name));
		event->arrival = type == RTE_DEV_EVENT_ADD;
	}
	rte_spinlock_unlock(&lock);
}

int
kernel_requests_start(bool arrivals_too)
{
	struct epoll_event epoll = {.events = EPOLLIN};
	int ret;

	auto_attach = arrivals_too;
	ret = rte_dev_hotplug_handle_enable();
	guarded = ret == 0;
	if (ret < 0 || !primary_is_self())
		return ret;
	queue_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	if (queue_fd < 0)
		return -errno;
	ret = rte_dev_event_callback_register(NULL, device_event, NULL);
	if (ret < 0)
		return ret;
	ret = rte_dev_event_monitor_start();
	if (ret < 0) {
		rte_dev_event_callback_unregister(NULL, device_event, NULL);
		return ret;
	}
	listening = true;
	timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	wait_fd = epoll_create1(EPOLL_CLOEXEC);
	if (timer_fd < 0 || wait_fd < 0 ||
		epoll_ctl(wait_fd, EPOLL_CTL_ADD, queue_fd, &epoll) < 0 ||
		epoll_ctl(wait_fd, EPOLL_CTL_ADD, timer_fd, &epoll) < 0)
		return -errno;
	return 0;
}

void
kernel_requests_stop(void)
{
	if (listening) {
		rte_dev_event_monitor_stop();
		rte_dev_event_callback_unregister(NULL, device_event, NULL);
	}
	if (guarded)
		rte_dev_hotplug_handle_disable();
}

int
kernel_requests_fd(void)
{
	return wait_fd;
}

/* Nobody typed this operation, so no terminal shows its note. */
static void
announce_note(const struct result *res)
{
	if (res->note[0] != '\0')
		events_announce("note: %s", res->note);
}

static void
device_release(const char *name, wait_fn wait)
{
	struct result res;

	detach(name, false,
		"removed: the kernel asked for it back, and every process has let go of it", wait,
		&res);
	announce_note(&res);
	if (res.err != 0 && res.err != -ENODEV)
		events_announce("device %s is to be removed, but: %s", name, res.text);
}

/* A device that is reported again starts again. */
static void
arrival_add(const char *name)
{
	struct arrival *arrival, *place = NULL;

	for (arrival = arrivals; arrival < arrivals + MAX_ARRIVALS; arrival++) {
		if (strcmp(arrival->name, name) == 0) {
			place = arrival;
			break;
		}
		if (place == NULL && arrival->name[0] == '\0')
			place = arrival;
	}
	if (place == NULL)
		return;
	strlcpy(place->name, name, sizeof(place->name));
	place->until_ns = clock_now_ns() + LOOK_FOR_MS * CLOCK_NS_PER_MS;
	place->tries = 0;
}

/* Attach the devices that have a driver now. @return true if some devices still wait. */
static bool
arrivals_look(wait_fn wait)
{
	struct result res;
	struct arrival *arrival;
	char driver[64];
	bool more = false;

	for (arrival = arrivals; arrival < arrivals + MAX_ARRIVALS; arrival++) {
		if (arrival->name[0] == '\0')
			continue;
		if (!pci_kernel_driver(arrival->name, driver, sizeof(driver)) ||
			!kmod_is_for_user_space(driver)) {
			if (clock_now_ns() >= arrival->until_ns)
				arrival->name[0] = '\0';
			more = more || arrival->name[0] != '\0';
			continue;
		}
		attach(arrival->name, "attached: it has arrived", wait, &res);
		announce_note(&res);
		if (res.err != 0 && res.err != -EEXIST) {
			/* The kernel is not done with the card or its functions yet. */
			if (res.err == -EAGAIN ? clock_now_ns() < arrival->until_ns
					       : ++arrival->tries < MAX_TRIES) {
				more = true;
				continue;
			}
			events_announce("device %s has arrived, but: %s", arrival->name, res.text);
		}
		arrival->name[0] = '\0';
	}
	return more;
}

/* Take the oldest event out of the queue. @return false if there is none. */
static bool
event_next(struct kernel_event *event)
{
	uint64_t one;

	if (read(queue_fd, &one, sizeof(one)) != sizeof(one))
		return false;
	rte_spinlock_lock(&lock);
	*event = queue[head];
	head = (head + 1) % QUEUE_SIZE;
	nb--;
	rte_spinlock_unlock(&lock);
	return true;
}

void
kernel_requests_run(wait_fn wait)
{
	struct itimerspec timer = {.it_value = {.tv_nsec = LOOK_EVERY_MS * 1000000L}};
	struct kernel_event event;
	uint64_t expired;

	while (event_next(&event)) {
		if (!event.arrival)
			device_release(event.name, wait);
		else if (auto_attach)
			arrival_add(event.name);
	}
	if (read(timer_fd, &expired, sizeof(expired)) < 0 && errno != EAGAIN)
		return;
	if (!arrivals_look(wait))
		timer.it_value.tv_nsec = 0;
	timerfd_settime(timer_fd, 0, &timer, NULL);
}
