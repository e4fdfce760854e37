/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_EVENTS
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_string_fns.h>

#include "base/clock.h"
#include "base/text.h"
#include "group/events.h"
#include "group/file.h"
#include "group/primary.h"

#define WRITE_MS 1000 /* whoever takes longer to write an event counts as dead */

/* How far one reader has come. */
struct ring_cursor {
	uint64_t seen;	  /* the last number taken, or skipped */
	uint64_t waiting; /* the last number there was when one was found unwritten */
	uint64_t until;	  /* what is unwritten up to that one after this moment is skipped */
	uint64_t missed;  /* events overwritten before they were taken; the reader resets it */
};

/* Take an entry to write to. @return its number, or 0 if none can be had. */
static uint64_t
entry_take(struct event_ring *ring)
{
	_Atomic uint64_t *number;
	unsigned int tries;
	uint64_t n, old;

	for (tries = 0; tries < GROUP_EVENTS; tries++) {
		n = atomic_fetch_add(&ring->nb, 1) + 1;
		number = &ring->entries[n % GROUP_EVENTS].number;
		old = atomic_load(number);
		if (old < n && atomic_compare_exchange_strong(number, &old, EVENT_UNWRITTEN))
			return n;
	}
	return 0;
}

GROUP_MAY_RACE static void
ring_put(const struct event *event)
{
	struct event_ring *ring = &group_shared->events;
	uint64_t n = entry_take(ring);

	if (n == 0)
		return;
	atomic_thread_fence(memory_order_seq_cst);
	ring->entries[n % GROUP_EVENTS].event = *event;
	atomic_store(&ring->entries[n % GROUP_EVENTS].number, n);
}

/* Copy event number n. @return false if it is not written yet, or is overwritten. */
GROUP_MAY_RACE static bool
event_copy(uint64_t n, struct event *event)
{
	struct event_ring *ring = &group_shared->events;

	if (atomic_load(&ring->entries[n % GROUP_EVENTS].number) != n)
		return false;
	*event = ring->entries[n % GROUP_EVENTS].event;
	/* A faulty process can write any bytes there. */
	event->text[sizeof(event->text) - 1] = '\0';
	text_printable(event->text);
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load(&ring->entries[n % GROUP_EVENTS].number) == n;
}

/* Take the next event of this kind or a lower one. @return false if there is none. */
static bool
ring_next(enum event_kind kind, struct ring_cursor *cursor, struct event *event)
{
	uint64_t nb = atomic_load(&group_shared->events.nb), n;

	/* Numbers only grow, unless a faulty process overwrites them: then start again. */
	cursor->seen = RTE_MIN(cursor->seen, nb);
	cursor->waiting = RTE_MIN(cursor->waiting, nb);
	while (cursor->seen < nb) {
		n = cursor->seen + 1;
		if (nb - n >= GROUP_EVENTS) {
			cursor->missed += nb - GROUP_EVENTS + 1 - n;
			n = nb - GROUP_EVENTS + 1;
		}
		if (event_copy(n, event)) {
			cursor->seen = n;
			if (event->kind <= kind)
				return true;
		} else if (n == nb || n > cursor->waiting) {
			cursor->waiting = nb;
			cursor->until = clock_in_ms(WRITE_MS);
			return false;
		} else if (!clock_is_past(cursor->until)) {
			return false;
		} else {
			cursor->seen = n;
		}
	}
	return false;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ring_cursor own_cursor; /* under lock */
static char own_text[256];	      /* for this process alone, empty if none; under lock */
static _Atomic enum event_kind wanted_kind = EVENT_TELL;
static atomic_bool lost_told;

static void
event_fill(struct event *event, enum event_kind kind, struct who who)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->time_ns = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	event->pid = who.pid;
	event->primary = who.primary;
}

__rte_format_printf(3, 0) static void event_put(
	enum event_kind kind, struct who who, const char *format, va_list ap)
{
	struct event event;

	event_fill(&event, kind, who);
	vsnprintf(event.text, sizeof(event.text), format, ap);
	/* A device's name can have any bytes, and other people's terminals show it. */
	text_printable(event.text);
	ring_put(&event);
}

void
events_announce(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	event_put(EVENT_TELL, primary_who_self(), format, ap);
	va_end(ap);
}

void
events_add(struct who who, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	event_put(EVENT_SHOWN, who, format, ap);
	va_end(ap);
}

void
events_tell_self(const char *text)
{
	pthread_mutex_lock(&lock);
	strlcpy(own_text, text, sizeof(own_text));
	pthread_mutex_unlock(&lock);
}

void
events_begin(void)
{
	own_cursor.seen = atomic_load(&group_shared->events.nb);
}

void
events_set_wanted(bool wanted)
{
	atomic_store(&wanted_kind, wanted ? EVENT_SHOWN : EVENT_TELL);
}

bool
events_wanted(void)
{
	return atomic_load(&wanted_kind) == EVENT_SHOWN;
}

bool
events_pending(void)
{
	struct ring_cursor ahead;
	struct event event;
	bool found;

	pthread_mutex_lock(&lock);
	ahead = own_cursor;
	found = ring_next(atomic_load(&wanted_kind), &ahead, &event);
	/* Do not look again at events that are not for this process. */
	if (!found)
		own_cursor = ahead;
	found = found || own_text[0] != '\0';
	pthread_mutex_unlock(&lock);
	return found || (primary_left() != 0 && !atomic_load(&lost_told));
}

bool
events_next(struct event *event, uint64_t *missed)
{
	bool found;

	pthread_mutex_lock(&lock);
	found = ring_next(atomic_load(&wanted_kind), &own_cursor, event);
	*missed = own_cursor.missed;
	own_cursor.missed = 0;
	if (!found && own_text[0] != '\0') {
		event_fill(event, EVENT_TELL, primary_who_self());
		strlcpy(event->text, own_text, sizeof(event->text));
		own_text[0] = '\0';
		found = true;
	}
	pthread_mutex_unlock(&lock);
	if (found || primary_left() == 0 || atomic_exchange(&lost_told, true))
		return found;
	event_fill(event, EVENT_TELL, primary_who());
	primary_lost_text(event->text, sizeof(event->text));
	return true;
}

unsigned int
events_last(struct event *events, unsigned int max)
{
	uint64_t nb = atomic_load(&group_shared->events.nb), back;
	unsigned int i = 0;

	/* Leave out the unwritten ones, because a writer that has died never ends. */
	for (back = RTE_MIN(nb, max); back > 0; back--) {
		if (event_copy(nb - back + 1, &events[i]))
			i++;
	}
	return i;
}

const char *
events_time_text(uint64_t time_ns, char *text, size_t size)
{
	time_t seconds = time_ns / 1000000000;
	struct tm tm;

	text[0] = '\0';
	if (localtime_r(&seconds, &tm) != NULL)
		strftime(text, size, "%F %T", &tm);
	text_add(text, size, ".%06" PRIu64, time_ns % 1000000000 / 1000);
	return text;
}
