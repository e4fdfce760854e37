/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>

#include "group/shared.h"
#include "group/members.h"

/* What has happened in the group: tell others of it, and take what this process is told. Any
 * thread, where nothing else is said. */

/** Tell every process, this one included. */
__rte_format_printf(1, 2) void events_announce(const char *format, ...);

/** Tell those who monitor the group. @param who caused it, or whom it happened to. */
__rte_format_printf(2, 3) void events_add(struct who who, const char *format, ...);

/** Tell this process alone. What it was told so before and has not printed is lost. */
void events_tell_self(const char *text);

/** What happened before now is not for this process. Main thread, before its first beat. */
void events_begin(void);

/** Does this process want to be told events as well, from now on? Main thread. */
void events_set_wanted(bool wanted);
bool events_wanted(void);

/** Is there something for the main thread? */
bool events_pending(void);

/**
 * The next thing this process is told: what was announced, or that the primary has left; events if
 * it wants them. heartbeat_fd() says when there is something. Main thread.
 *
 * @param missed how many it could not be told because they are overwritten already.
 * @return false if there is nothing more.
 */
bool events_next(struct event *event, uint64_t *missed);

/** The last events and announcements, oldest first, at most max. @return how many. */
unsigned int events_last(struct event *events, unsigned int max);

/** Put "2026-11-23 21:36:42.242704", the time of an event, into text and return it. */
const char *events_time_text(uint64_t time_ns, char *text, size_t size);
