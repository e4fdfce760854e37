/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_spinlock.h>
#include <rte_string_fns.h>

#include "device/kernel_events.h"

/* If the queue is full, an event is lost; vfio asks again. */
#define QUEUE_SIZE 64

/* Events that nobody has taken yet; under lock. */
static struct kernel_event queue[QUEUE_SIZE];
static unsigned int head, nb;
static rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
static int queue_fd = -1; /* a semaphore that counts nb */
static bool guarded, listening;

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
kernel_events_start(bool listen)
{
	int ret;

	ret = rte_dev_hotplug_handle_enable();
	if (ret < 0)
		return ret;
	guarded = true;
	if (!listen)
		return 0;
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
	return 0;
}

void
kernel_events_stop(void)
{
	if (listening) {
		rte_dev_event_monitor_stop();
		rte_dev_event_callback_unregister(NULL, device_event, NULL);
	}
	if (guarded)
		rte_dev_hotplug_handle_disable();
	listening = guarded = false;
}

int
kernel_events_fd(void)
{
	return queue_fd;
}

bool
kernel_events_next(struct kernel_event *event)
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
