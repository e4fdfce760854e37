/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/types.h>

#include <rte_common.h>
#include <rte_log.h>

#include "logtap.h"

static struct logtap_error *own;
static _Atomic uint64_t *error_order;
static uint64_t (*operation_number)(void);
static _Atomic uint64_t claimed; /* the operation own->text is of, or is being written for */
static FILE *_Atomic before;	 /* where the log went */
static __thread bool muted;

/* Neither allocates nor waits: drivers log in the interrupt thread too. */
static void
error_keep(const char *text, size_t len)
{
	uint64_t op = operation_number();
	size_t i;

	if (op == 0 || atomic_exchange(&claimed, op) == op)
		return;
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	len = RTE_MIN(len, sizeof(own->text) - 1);
	for (i = 0; i < len; i++)
		own->text[i] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
	own->text[len] = '\0';
	own->order = atomic_fetch_add(error_order, 1);
	atomic_store(&own->op, op);
}

static ssize_t
tap_write(void *cookie, const char *buf, size_t size)
{
	FILE *out = atomic_load(&before);

	RTE_SET_USED(cookie);
	if (muted)
		return size;
	if (rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR)
		error_keep(buf, size);
	fwrite(buf, 1, size, out);
	fflush(out);
	return size;
}

int
logtap_start(struct logtap_error *error, _Atomic uint64_t *order, uint64_t (*operation)(void))
{
	const cookie_io_functions_t functions = {.write = tap_write};
	FILE *tap;

	own = error;
	error_order = order;
	operation_number = operation;
	/* Last: a thread of the EAL's that finds it finds the others, too. */
	atomic_store(&before, rte_log_get_stream());
	tap = fopencookie(NULL, "w", functions);
	if (tap == NULL)
		return -errno;
	return rte_openlog_stream(tap);
}

void
logtap_mute(bool mute)
{
	muted = mute;
}

void
logtap_stop(void)
{
	/* A NULL stream stands for the EAL's own, which is where the log went. */
	rte_openlog_stream(NULL);
}
