/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/types.h>

#include <rte_common.h>
#include <rte_log.h>

#include "eal/log_tap.h"

static void (*error_keep)(const char *text, size_t len);
static FILE *_Atomic before; /* where the log went */
static __thread bool muted;

static ssize_t
tap_write(__rte_unused void *cookie, const char *buf, size_t size)
{
	FILE *out = atomic_load(&before);

	if (muted)
		return size;
	if (rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR)
		error_keep(buf, size);
	fwrite(buf, 1, size, out);
	fflush(out);
	return size;
}

int
log_tap_start(void (*keep)(const char *text, size_t len))
{
	const cookie_io_functions_t functions = {.write = tap_write};
	FILE *tap;

	error_keep = keep;
	/* Stored last: an EAL thread that sees it sees error_keep as well. */
	atomic_store(&before, rte_log_get_stream());
	tap = fopencookie(NULL, "w", functions);
	if (tap == NULL)
		return -errno;
	return rte_openlog_stream(tap);
}

void
log_tap_mute(bool mute)
{
	muted = mute;
}

void
log_tap_stop(void)
{
	/* NULL: the EAL's own stream, where the log went before. */
	rte_openlog_stream(NULL);
}
