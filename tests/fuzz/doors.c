/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_HEARTBEAT /* fuzz_beat() does the work of group/heartbeat.c */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include "base/clock.h"
#include "fuzz.h"
#include "group/heartbeat.h"
#include "group/locks.h"
#include "group/members.h"
#include "group/primary.h"

/*
 * What the linker puts in the place of functions this program calls, --wrap of
 * ld(1): where an input would do something to this machine, wait, or meet another
 * process. The EAL itself is the real one and calls its own.
 */

bool fuzz_secondary;
uint8_t fuzz_alive;
bool fuzz_others;
struct fuzz_bytes *fuzz_answers;
rte_mp_t fuzz_message;
telemetry_cb fuzz_telemetry;
bool (*fuzz_tick)(void);
unsigned int fuzz_replies;

/* What is waited for in vain is given up after so many times fewer looks. */
#define HURRY 16

static _Atomic uint64_t slept_ns;
static unsigned int patience;
static void *(*serve_main)(void *);
static jmp_buf served;

#define DOOR(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__);

void
fuzz_patience(unsigned int looks)
{
	patience = looks;
}

static bool
is_main(void)
{
	return gettid() == getpid();
}

/* Show of this process what its heartbeat would show while it is well. */
void
fuzz_beat(void)
{
	uint64_t ports[RTE_DIM(group_self->state.ports)] = {0};
	unsigned int id, i;

	for (id = rte_eth_find_next(0); id < RTE_MAX_ETHPORTS; id = rte_eth_find_next(id + 1))
		ports[id / 64] |= UINT64_C(1) << id % 64;
	for (i = 0; i < RTE_DIM(ports); i++)
		atomic_store(&group_self->state.ports[i], ports[i]);
	atomic_store(&group_self->state.beat_ns, clock_now_ns());
}

/* Time passes for the main thread when it sleeps, and costs none. */
DOOR(uint64_t, clock_now_ns, void)
uint64_t
__wrap_clock_now_ns(void)
{
	return __real_clock_now_ns() + atomic_load(&slept_ns);
}

/* These two call clock_now_ns() in its own file, where the linker puts nothing in its place. */
DOOR(uint64_t, clock_in_ms, unsigned int ms)
uint64_t
__wrap_clock_in_ms(unsigned int ms)
{
	return __real_clock_in_ms(ms) + atomic_load(&slept_ns);
}

DOOR(bool, clock_is_past, uint64_t moment_ns)
bool
__wrap_clock_is_past(uint64_t moment_ns)
{
	return clock_now_ns() > moment_ns;
}

DOOR(int, nanosleep, const struct timespec *time, struct timespec *left)
int
__wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	if (!is_main())
		return __real_nanosleep(time, left);
	atomic_fetch_add(&slept_ns, HURRY * (time->tv_sec * UINT64_C(1000000000) + time->tv_nsec));
	fuzz_beat();
	return 0;
}

DOOR(int, signals_caught, void)
int
__wrap_signals_caught(void)
{
	if (!is_main())
		return 0;
	if (patience > 0)
		patience--;
	return patience == 0;
}

/* There is no more input than what is there. */
DOOR(int, poll, struct pollfd *fds, nfds_t nb, int timeout)
int
__wrap_poll(struct pollfd *fds, nfds_t nb, int timeout)
{
	int ret = __real_poll(fds, nb, 0);

	(void)timeout;
	if (ret == 0)
		patience = 0;
	return ret;
}

DOOR(int, connect, int fd, const struct sockaddr *addr, socklen_t len)
int
__wrap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	(void)fd;
	(void)addr;
	(void)len;
	errno = ECONNREFUSED;
	return -1;
}

/* Devices come and go that are nothing but memory; what else an input names stays outside. */
static bool
harmless(const char *name)
{
	return strncmp(name, "net_null", 8) == 0 &&
	       strspn(name + 8, "0123456789") == strlen(name + 8);
}

DOOR(int, rte_dev_probe, const char *devargs)
int
__wrap_rte_dev_probe(const char *devargs)
{
	int ret = harmless(devargs) ? __real_rte_dev_probe(devargs) : -ENODEV;

	fuzz_beat();
	return ret;
}

DOOR(int, rte_dev_remove, struct rte_device *dev)
int
__wrap_rte_dev_remove(struct rte_device *dev)
{
	int ret = harmless(rte_dev_name(dev)) ? __real_rte_dev_remove(dev) : -EBUSY;

	fuzz_beat();
	return ret;
}

DOOR(int, rte_bus_scan, void)
int
__wrap_rte_bus_scan(void)
{
	return -1;
}

DOOR(int, rte_bus_probe, void)
int
__wrap_rte_bus_probe(void)
{
	return -1;
}

/* Slot 0 is its own. */
DOOR(pid_t, locks_slot_owner, unsigned int slot)
pid_t
__wrap_locks_slot_owner(unsigned int slot)
{
	return fuzz_alive >> slot % 8 & 1 ? 1 : 0;
}

DOOR(pid_t, locks_any_slot, void)
pid_t
__wrap_locks_any_slot(void)
{
	return fuzz_others ? 1 : 0;
}

DOOR(bool, primary_is_self, void)
bool
__wrap_primary_is_self(void)
{
	return !fuzz_secondary && __real_primary_is_self();
}

/* It makes threads, to see how many there can be. */
DOOR(int, limits_check, bool shared, char *why)
int
__wrap_limits_check(bool shared, char *why)
{
	(void)shared;
	(void)why;
	return 0;
}

/* There is no watch thread: the target calls what it would call with each beat. */
DOOR(int, heartbeat_start, bool (*tick)(void))
int
__wrap_heartbeat_start(bool (*tick)(void))
{
	fuzz_tick = tick;
	fuzz_beat();
	return 0;
}

DOOR(int, heartbeat_fd, void)
int
__wrap_heartbeat_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return fd;
}

/* Only what forwards has a thread of its own: that is made with attributes. */
DOOR(int, pthread_create, pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
	void *arg)
int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	if (attr != NULL)
		return __real_pthread_create(thread, attr, fn, arg);
	serve_main = fn;
	return 0;
}

DOOR(int, pthread_cond_wait, pthread_cond_t *cond, pthread_mutex_t *mutex)
int
__wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	(void)cond;
	pthread_mutex_unlock(mutex);
	longjmp(served, 1);
}

void
fuzz_serve(void)
{
	if (setjmp(served) == 0)
		serve_main(NULL);
}

DOOR(int, pthread_cond_clockwait, pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
	const struct timespec *until)
int
__wrap_pthread_cond_clockwait(
	pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
	(void)cond;
	(void)mutex;
	(void)clock;
	(void)until;
	return ETIMEDOUT;
}

DOOR(int, rte_mp_action_register, const char *name, rte_mp_t action)
int
__wrap_rte_mp_action_register(const char *name, rte_mp_t action)
{
	(void)name;
	fuzz_message = action;
	return 0;
}

DOOR(int, rte_mp_reply, struct rte_mp_msg *msg, const char *peer)
int
__wrap_rte_mp_reply(struct rte_mp_msg *msg, const char *peer)
{
	(void)msg;
	(void)peer;
	fuzz_replies++;
	return 0;
}

/* Whatever a primary may answer, once it has come through the EAL: the lengths are in bounds. */
DOOR(int, rte_mp_request_sync, struct rte_mp_msg *msg, struct rte_mp_reply *reply,
	const struct timespec *timeout)
int
__wrap_rte_mp_request_sync(
	struct rte_mp_msg *msg, struct rte_mp_reply *reply, const struct timespec *timeout)
{
	uint8_t kind = fuzz_answers == NULL ? 0 : fuzz_byte(fuzz_answers);
	struct rte_mp_msg *answer;

	(void)timeout;
	memset(reply, 0, sizeof(*reply));
	if (kind < 8) {
		rte_errno = kind;
		return -1;
	}
	reply->nb_sent = 1;
	reply->nb_received = kind % 3;
	if (reply->nb_received == 0)
		return 0;
	answer = calloc(reply->nb_received, sizeof(*answer));
	if (answer == NULL)
		abort();
	reply->msgs = answer;
	strlcpy(answer->name, msg->name, sizeof(answer->name));
	answer->len_param = fuzz_byte(fuzz_answers);
	fuzz_take(fuzz_answers, answer->param, sizeof(answer->param));
	return 0;
}

DOOR(int, rte_telemetry_register_cmd, const char *cmd, telemetry_cb fn, const char *help)
int
__wrap_rte_telemetry_register_cmd(const char *cmd, telemetry_cb fn, const char *help)
{
	(void)cmd;
	(void)help;
	fuzz_telemetry = fn;
	return 0;
}
