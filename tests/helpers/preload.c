/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults to order (orders.h). Preloaded into a process, this stands before functions
 * by which drivers and the EAL do their work:
 *
 *   directory   the runtime directory has been made, or is there
 *   group       the file that a group shares is about to be opened, or made
 *   scan        the bus of virtual devices is about to be scanned
 *   tell        the primary is about to tell all of a virtual device
 *   init        the EAL is about to start
 *   probe       a device is about to be attached, everyone has been looked at
 *   remove      a device is about to be detached, nobody polls its ports any more
 *   attach      a port is made (primary) or becomes known (secondary)
 *   release     a port is given back
 *   interrupt   the interrupt thread is about to do what it is there for
 *   table       the EAL of a secondary, on its way in, has locked that memory
 *   alloc       the EAL has just started: with any order, 4 MiB are allocated
 *   grow        a secondary, which has locked a heap, is about to ask the primary for more memory
 *   memory      the EAL, on its way out, has locked the memory that all processes share
 *   exit        the process is about to end, all is cleaned up
 *   idle        a thread that polls ports has found nothing, and rests before it looks again
 *   wait        a process has asked who polls a port to let go of it, and is about to look again
 *   beat        the interrupt thread is about to look which ports there are
 *   look        it has looked
 *   event       who wants to know has been told that a port comes or goes; its state is the old one
 *   start       ethdev is to start a port
 *   stop        ethdev is to stop a port
 *   reply       a device has been attached or detached for a peer, which is about to be told
 *   pdump       a program is about to capture packets, or to ask its primary for that
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <rte_alarm.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_fbarray.h>
#include <rte_malloc.h>

#include "orders.h"

#define IDLE_NS 20000  /* as in traffic/forward.c */
#define WAIT_NS 100000 /* as in traffic/withdraw.c */

/* Declared in a header for drivers only, which is not always installed. */
void *rte_eth_dev_allocate(const char *name);
void *rte_eth_dev_attach_secondary(const char *name);
int rte_eth_dev_release_port(void *dev);
int rte_eth_dev_callback_process(void *dev, int event, void *ret_param);
/* And these in one that needs more of the compiler than this file. */
int rte_eth_dev_start(uint16_t id);
int rte_eth_dev_stop(uint16_t id);
uint16_t rte_eth_find_next(uint16_t id);

/* With 64 bits for the size of a file, as the program is built. */
int
open64(const char *path, int flags, ...)
{
	int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
	const char *name = strrchr(path, '/');
	mode_t mode = 0;
	va_list ap;

	if ((flags & O_CREAT) != 0) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (name != NULL && strcmp(name, "/hotplug_mp_group") == 0)
		fault("group");
	return next(path, flags, mode);
}

int
mkdir(const char *path, mode_t mode)
{
	int (*next)(const char *, mode_t) = dlsym(RTLD_NEXT, "mkdir");
	int ret = next(path, mode), err = errno;

	if (strstr(path, "/dpdk/") != NULL)
		fault("directory");
	errno = err;
	return ret;
}

int
rte_eal_init(int argc, char **argv)
{
	int (*next)(int, char **) = dlsym(RTLD_NEXT, "rte_eal_init");

	int ret = fault("init") ? -1 : next(argc, argv);
	char order[1024];

	if (ret >= 0 && order_read("alloc", order, sizeof(order)))
		rte_free(rte_malloc(NULL, 4 << 20, 0));
	return ret;
}

int
rte_dev_probe(const char *devargs)
{
	int (*next)(const char *) = dlsym(RTLD_NEXT, "rte_dev_probe");

	return fault("probe") ? -1 : next(devargs);
}

int
rte_dev_remove(struct rte_device *dev)
{
	int (*next)(struct rte_device *) = dlsym(RTLD_NEXT, "rte_dev_remove");

	return fault("remove") ? -1 : next(dev);
}

void *
rte_eth_dev_allocate(const char *name)
{
	void *(*next)(const char *) = dlsym(RTLD_NEXT, "rte_eth_dev_allocate");

	return fault("attach") ? NULL : next(name);
}

void *
rte_eth_dev_attach_secondary(const char *name)
{
	void *(*next)(const char *) = dlsym(RTLD_NEXT, "rte_eth_dev_attach_secondary");

	return fault("attach") ? NULL : next(name);
}

int
rte_eth_dev_release_port(void *dev)
{
	int (*next)(void *) = dlsym(RTLD_NEXT, "rte_eth_dev_release_port");

	return fault("release") ? -1 : next(dev);
}

int
rte_eth_dev_callback_process(void *dev, int event, void *ret_param)
{
	int (*next)(void *, int, void *) = dlsym(RTLD_NEXT, "rte_eth_dev_callback_process");
	int ret = next(dev, event, ret_param);

	fault("event");
	return ret;
}

static bool
in_interrupt_thread(void)
{
	char thread[16] = "";

	return pthread_getname_np(pthread_self(), thread, sizeof(thread)) == 0 &&
	       strstr(thread, "intr") != NULL;
}

uint16_t
rte_eth_find_next(uint16_t id)
{
	uint16_t (*next)(uint16_t) = dlsym(RTLD_NEXT, "rte_eth_find_next");
	uint16_t found;

	if (id == 0 && in_interrupt_thread())
		fault("beat");
	found = next(id);
	if (found >= RTE_MAX_ETHPORTS && in_interrupt_thread())
		fault("look");
	return found;
}

int
rte_eth_dev_start(uint16_t id)
{
	int (*next)(uint16_t) = dlsym(RTLD_NEXT, "rte_eth_dev_start");

	return fault("start") ? -EIO : next(id);
}

int
rte_eth_dev_stop(uint16_t id)
{
	int (*next)(uint16_t) = dlsym(RTLD_NEXT, "rte_eth_dev_stop");

	return fault("stop") ? -EIO : next(id);
}

static void
interrupt(void *arg)
{
	(void)arg;
	fault("interrupt");
}

/* Whatever has the interrupt thread do something comes by here. */
int
rte_eal_alarm_set(uint64_t us, rte_eal_alarm_callback cb, void *arg)
{
	int (*next)(uint64_t, rte_eal_alarm_callback, void *) =
		dlsym(RTLD_NEXT, "rte_eal_alarm_set");
	char order[1024];

	if (order_read("interrupt", order, sizeof(order)))
		next(1, interrupt, NULL);
	return next(us, cb, arg);
}

__attribute__((destructor)) static void
at_exit(void)
{
	fault("exit");
}

/* Each rests for a time of its own. */
int
nanosleep(const struct timespec *wanted, struct timespec *left)
{
	if (wanted->tv_sec == 0 && wanted->tv_nsec <= IDLE_NS)
		fault("idle");
	if (wanted->tv_sec == 0 && wanted->tv_nsec == WAIT_NS)
		fault("wait");
	return next_nanosleep(wanted, left);
}

int
rte_fbarray_init(struct rte_fbarray *arr, const char *name, unsigned int len, unsigned int size)
{
	int (*next)(struct rte_fbarray *, const char *, unsigned int, unsigned int) =
		dlsym(RTLD_NEXT, "rte_fbarray_init");

	fault("table");
	return next(arr, name, len, size);
}

int
rte_fbarray_detach(struct rte_fbarray *arr)
{
	int (*next)(struct rte_fbarray *) = dlsym(RTLD_NEXT, "rte_fbarray_detach");

	fault("memory");
	return next(arr);
}

/* It takes ethdev's lock. */
int
rte_eth_dev_owner_new(uint64_t *id)
{
	int (*next)(uint64_t *) = dlsym(RTLD_NEXT, "rte_eth_dev_owner_new");

	fault("owner");
	return next(id);
}

int
rte_pdump_init(void)
{
	int (*next)(void) = dlsym(RTLD_NEXT, "rte_pdump_init");

	fault("pdump");
	return next();
}

int
rte_mp_action_register(const char *name, rte_mp_t action)
{
	int (*next)(const char *, rte_mp_t) = dlsym(RTLD_NEXT, "rte_mp_action_register");

	if (strcmp(name, "bus_vdev_mp") == 0)
		fault("scan");
	return next(name, action);
}

int
rte_mp_sendmsg(struct rte_mp_msg *msg)
{
	int (*next)(struct rte_mp_msg *) = dlsym(RTLD_NEXT, "rte_mp_sendmsg");

	if (strcmp(msg->name, "mp_malloc_request") == 0)
		fault("grow");
	if (strcmp(msg->name, "bus_vdev_mp") == 0 && fault("tell")) {
		/* rte_errno of this thread; a shell has none. */
		*(int *)dlsym(RTLD_DEFAULT, "per_lcore__rte_errno") = EAGAIN;
		return -1;
	}
	return next(msg);
}

int
rte_mp_request_sync(struct rte_mp_msg *req, struct rte_mp_reply *reply, const struct timespec *ts)
{
	int (*next)(struct rte_mp_msg *, struct rte_mp_reply *, const struct timespec *) =
		dlsym(RTLD_NEXT, "rte_mp_request_sync");

	if (strcmp(req->name, "mp_pdump") == 0)
		fault("pdump");
	return next(req, reply, ts);
}

int
rte_mp_reply(struct rte_mp_msg *msg, const char *peer)
{
	int (*next)(struct rte_mp_msg *, const char *) = dlsym(RTLD_NEXT, "rte_mp_reply");

	if (strcmp(msg->name, "eal_dev_mp_request") == 0 && fault("reply"))
		return -1;
	return next(msg, peer);
}
