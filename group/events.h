/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "group/members.h"

/* Tell other processes what has happened in the group, and read what they have told. Any thread,
 * unless a function says otherwise. */

/** Tell every process, including this one. */
__rte_format_printf(1, 2) void events_announce(const char *format, ...);

/** Tell the processes that monitor the group. @param who caused it, or whom it happened to. */
__rte_format_printf(2, 3) void events_add(struct who who, const char *format, ...);

/** Tell this process alone. A text from an earlier call that it has not printed yet is lost. */
void events_tell_self(const char *text);

/** Skip what happened before now. Main thread, before the first beat. */
void events_begin(void);

/** Whether this process monitors the group: events_next() then returns the events of
 * events_add() as well. Main thread. */
void events_set_wanted(bool wanted);
bool events_wanted(void);

/** Does events_next() have something? */
bool events_pending(void);

/**
 * Take the next event for this process: an announcement, the loss of the primary, or, if it
 * monitors the group, any other. heartbeat_fd() is readable when there is one. Main thread.
 *
 * @param missed receives how many events were overwritten before this process took them.
 * @return false if there are no more.
 */
bool events_next(struct event *event, uint64_t *missed);

/** Copy the last events and announcements, at most max, oldest first. @return how many. */
unsigned int events_last(struct event *events, unsigned int max);

/** Format the time of an event: "2026-11-23 21:36:42.242704". @return text. */
const char *events_time_text(uint64_t time_ns, char *text, size_t size);
