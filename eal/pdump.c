/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <rte_alarm.h>
#include <rte_common.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_pdump.h>
#include <rte_string_fns.h>
#include <rte_version.h>

#include "eal/mp_action.h"
#include "eal/pdump.h"

#define ACTION "mp_pdump"

/* Longer than the interrupt thread may wait for a process that does not answer. */
#define LIMIT_S 12

/* Does librte_pdump have secondaries capture, too? It then works in the interrupt thread, and a
 * secondary that has not called rte_pdump_init() keeps that thread waiting for its answer. */
#define IN_SECONDARIES (RTE_VERSION >= RTE_VERSION_NUM(25, 11, 0, 0))

/* The beginning of the request, and the answer, as librte_pdump lays them out. */
struct request {
	uint16_t version, op;
	uint32_t flags;
	char port[RTE_DEV_NAME_MAX_LEN];
	uint16_t queue;
};

struct answer {
	uint16_t version, op;
	int32_t err;
};

enum { OP_END = 1, OP_BEGIN = 2 };

static void (*asked_fn)(const struct pdump_request *request);

/* The result of a pdump_do(). */
static sem_t done;
static int result;

static const struct request *
request_of(const struct pdump_request *request)
{
	return (const void *)request->msg.param;
}

/* Runs in the mp thread. */
static int
request_message(const struct rte_mp_msg *msg, const void *peer)
{
	struct pdump_request request = {.msg = *msg};

	strlcpy(request.peer, peer, sizeof(request.peer));
	if (msg->len_param < (int)sizeof(struct request))
		pdump_answer(&request, -EINVAL);
	else
		asked_fn(&request);
	return 0;
}

static void
answered(const struct rte_mp_msg *answer)
{
	result = ((const struct answer *)answer->param)->err;
	sem_post(&done);
}

static struct mp_action action = {.name = ACTION, .ours = request_message, .answered = answered};

int
pdump_start(void (*asked)(const struct pdump_request *request))
{
	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		/* Before, it only would make again what the primary has made. */
		return IN_SECONDARIES && rte_pdump_init() < 0 ? -rte_errno : 0;
	}
	if (sem_init(&done, 0, 0) < 0)
		return -errno;
	asked_fn = asked;
	mp_action_take(&action);
	if (rte_pdump_init() < 0)
		return -rte_errno;
	return atomic_load(&action.theirs) == NULL ? -ENOSYS : 0;
}

void
pdump_stop(void)
{
	if (atomic_exchange(&action.theirs, NULL) != NULL)
		rte_pdump_uninit();
}

bool
pdump_sees_secondaries(void)
{
	return IN_SECONDARIES;
}

bool
pdump_begins(const struct pdump_request *request)
{
	return request_of(request)->op == OP_BEGIN;
}

void
pdump_port_name(const struct pdump_request *request, char *name)
{
	snprintf(name, RTE_DEV_NAME_MAX_LEN, "%.*s", RTE_DEV_NAME_MAX_LEN - 1,
		request_of(request)->port);
}

bool
pdump_overlap(const struct pdump_request *one, const struct pdump_request *other)
{
	const struct request *a = request_of(one), *b = request_of(other);

	return strncmp(a->port, b->port, sizeof(a->port)) == 0 && (a->flags & b->flags) != 0 &&
	       (a->queue == b->queue || a->queue == RTE_PDUMP_ALL_QUEUES ||
		       b->queue == RTE_PDUMP_ALL_QUEUES);
}

/* Wait for a sem_post(). */
static int
wait_done(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LIMIT_S;
	while (sem_timedwait(&done, &until) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static void
alarm_passed(__rte_unused void *arg)
{
	sem_post(&done);
}

int
pdump_do(const struct pdump_request *request, bool begin)
{
	const rte_mp_t handler = atomic_load(&action.theirs);
	struct pdump_request copy = *request;
	int ret;

	if (handler == NULL)
		return -ENOTSUP;
	((struct request *)(void *)copy.msg.param)->op = begin ? OP_BEGIN : OP_END;
	while (sem_trywait(&done) == 0)
		;
	result = -EIO;
	handler(&copy.msg, MP_ACTION_SELF);
	ret = wait_done();
	if (ret == 0)
		ret = result > 0 ? -result : result;
	/* The result comes before the interrupt thread has asked the secondaries. */
	if (IN_SECONDARIES && rte_eal_alarm_set(1, alarm_passed, NULL) == 0)
		wait_done();
	return ret;
}

void
pdump_answer(const struct pdump_request *request, int err)
{
	struct rte_mp_msg msg = {.name = ACTION, .len_param = sizeof(struct answer)};
	struct answer answer = {request_of(request)->version, request_of(request)->op, err};

	memcpy(msg.param, &answer, sizeof(answer));
	rte_mp_reply(&msg, request->peer);
}

bool
pdump_asker_gone(const struct pdump_request *request)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	bool gone;
	int fd;

	/* Not by its pid, which may be of another pid namespace. */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	strlcpy(addr.sun_path, request->peer, sizeof(addr.sun_path));
	gone = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 &&
	       (errno == ECONNREFUSED || errno == ENOENT);
	close(fd);
	return gone;
}
