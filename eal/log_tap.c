/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <rte_common.h>
#include <rte_log.h>

#include "eal/log_tap.h"

typedef FILE *(*stream_fn)(void);

static void (*_Atomic error_keep)(const char *text, size_t len);
static FILE *_Atomic tap;
static __thread bool muted;

/* Where the EAL's options have the log go. It asks anew each time, because the EAL closes that
 * stream when it cleans up, and goes on with standard error. */
static FILE *
eal_stream(void)
{
	static _Atomic(stream_fn) known;
	stream_fn fn = atomic_load(&known);

	if (fn == NULL) {
		fn = dlsym(RTLD_NEXT, "rte_log_get_stream");
		atomic_store(&known, fn);
	}
	return fn != NULL ? fn() : stderr;
}

/* This stands before librte_log's function of the same name, which rte_log() asks for the stream of
 * each message. rte_openlog_stream() is no way to get between: from 24.11 on it closes the stream
 * that it replaces, and ends time stamps and colours. Weak, so that a DPDK that is linked into the
 * program has its own; log_tap_start() says what is missing then. */
__attribute__((weak)) FILE *
rte_log_get_stream(void)
{
	FILE *stream = atomic_load(&tap);

	return stream != NULL ? stream : eal_stream();
}

/* Length of the colour code that the text begins with, or 0. */
static size_t
colour_len(const char *text, size_t len)
{
	size_t n = 2;

	if (len < 3 || text[0] != '\033' || text[1] != '[')
		return 0;
	while (n < len - 1 && (isdigit((unsigned char)text[n]) || text[n] == ';'))
		n++;
	return text[n] == 'm' ? n + 1 : 0;
}

/* Hand on an error without the colours and the time stamp that the EAL may have added to it. */
static void
error_pass(const char *buf, size_t size)
{
	void (*keep)(const char *text, size_t len) = atomic_load(&error_keep);
	char text[1024];
	const char *begin = text, *end;
	size_t i, skip, len = 0;

	if (keep == NULL)
		return;
	for (i = 0; i < size && len < sizeof(text); i += skip) {
		skip = colour_len(buf + i, size - i);
		if (skip == 0) {
			text[len++] = buf[i];
			skip = 1;
		}
	}
	/* A time stamp is the first thing in a line, in brackets and with a space after it. */
	if (len > 0 && text[0] == '[') {
		end = memmem(text, len, "] ", 2);
		begin = end == NULL ? text : end + 2;
	}
	len -= begin - text;
	/* After the end of a line, what is left of it may be a colour code. */
	if (len > 0)
		keep(begin, len);
}

static ssize_t
tap_write(__rte_unused void *cookie, const char *buf, size_t size)
{
	FILE *out;

	if (muted)
		return size;
	if (rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR)
		error_pass(buf, size);
	out = eal_stream();
	fwrite(buf, 1, size, out);
	fflush(out);
	return size;
}

int
log_tap_start(void (*keep)(const char *text, size_t len))
{
	const cookie_io_functions_t functions = {.write = tap_write};
	static char line[BUFSIZ];
	FILE *stream = fopencookie(NULL, "w", functions);

	if (stream == NULL)
		return -errno;
	/* A line goes on at its end, in the thread that logs it: only there its level is known. */
	setvbuf(stream, line, _IOLBF, sizeof(line));
	atomic_store(&error_keep, keep);
	atomic_store(&tap, stream);
	/* Shown only if the log does not come through the tap. */
	muted = true;
	rte_log(RTE_LOG_WARNING, RTE_LOGTYPE_USER1,
		PROGRAM ": cannot see what this DPDK logs; an answer may lack the reason that "
			"the log of the process that refused has\n");
	muted = false;
	return 0;
}

void
log_tap_mute(bool mute)
{
	muted = mute;
}

void
log_tap_stop(void)
{
	atomic_store(&error_keep, NULL);
}
