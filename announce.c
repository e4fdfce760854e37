/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "group_shared.h"
#include "news.h"
#include "base/text.h"

static pthread_mutex_t news_lock = PTHREAD_MUTEX_INITIALIZER;
static struct news_cursor news_cursor; /* under news_lock */
static _Atomic enum news_kind news_kind = NEWS_TELL;
static char news_own[256]; /* for this process alone, empty if nothing; under news_lock */
static atomic_bool lost_told;

static void
news_fill(struct news *news, enum news_kind kind, const struct group_peer *who)
{
	memset(news, 0, sizeof(*news));
	news->kind = kind;
	news->time_ns = news_now_ns();
	news->pid = who != NULL ? who->pid : getpid();
	news->primary = who != NULL ? who->primary : group_is_primary();
}

void
group_announce(const char *text)
{
	struct news news;

	news_fill(&news, NEWS_TELL, NULL);
	strlcpy(news.text, text, sizeof(news.text));
	text_printable(news.text);
	news_put(&group_shared->news, &news);
}

void
group_event(const struct group_peer *who, const char *format, ...)
{
	struct news news;
	va_list ap;

	news_fill(&news, NEWS_EVENT, who);
	va_start(ap, format);
	vsnprintf(news.text, sizeof(news.text), format, ap);
	va_end(ap);
	/* A name can be anything, and is shown at other people's terminals. */
	text_printable(news.text);
	news_put(&group_shared->news, &news);
}

void
group_tell_self(const char *text)
{
	pthread_mutex_lock(&news_lock);
	strlcpy(news_own, text, sizeof(news_own));
	pthread_mutex_unlock(&news_lock);
}

void
group_news_wanted(bool events)
{
	atomic_store(&news_kind, events ? NEWS_EVENT : NEWS_TELL);
}

bool
group_news_events(void)
{
	return atomic_load(&news_kind) == NEWS_EVENT;
}

bool
group_news_next(struct news *news, uint64_t *missed)
{
	const struct group_peer primary = {.pid = group_primary_pid, .primary = true};
	bool found;

	pthread_mutex_lock(&news_lock);
	found = news_next(&group_shared->news, atomic_load(&news_kind), &news_cursor, news);
	*missed = news_cursor.missed;
	news_cursor.missed = 0;
	if (!found && news_own[0] != '\0') {
		news_fill(news, NEWS_TELL, NULL);
		strlcpy(news->text, news_own, sizeof(news->text));
		news_own[0] = '\0';
		found = true;
	}
	pthread_mutex_unlock(&news_lock);
	if (found || group_primary_left() == 0 || atomic_exchange(&lost_told, true))
		return found;
	news_fill(news, NEWS_TELL, &primary);
	group_lost_text(news->text, sizeof(news->text));
	return true;
}

unsigned int
group_news_last(struct news *news, unsigned int max)
{
	uint64_t nb = atomic_load(&group_shared->news.nb);
	struct news_cursor cursor = {.seen = nb > max ? nb - max : 0};
	unsigned int i = 0;

	while (i < max && news_next(&group_shared->news, NEWS_EVENT, &cursor, &news[i]))
		i++;
	return i;
}

void
group_news_begin(void)
{
	news_cursor.seen = atomic_load(&group_shared->news.nb);
}

/* Is there news for the main thread? What is not for it is passed over. */
bool
group_news_pending(void)
{
	struct news_cursor cursor;
	struct news news;
	bool found;

	pthread_mutex_lock(&news_lock);
	cursor = news_cursor;
	found = news_next(&group_shared->news, atomic_load(&news_kind), &cursor, &news);
	if (!found)
		news_cursor = cursor;
	found = found || news_own[0] != '\0';
	pthread_mutex_unlock(&news_lock);
	return found || (group_primary_left() != 0 && !atomic_load(&lost_told));
}

const char *
group_role_name(bool primary)
{
	return primary ? "primary" : "secondary";
}

const char *
group_state_name(enum group_state state)
{
	static const char *const names[] = {
		[GROUP_OK] = "ok",
		[GROUP_STOPPED] = "stopped",
		[GROUP_HUNG] = "hung",
		[GROUP_GONE] = "gone",
		[GROUP_FOREIGN] = "foreign",
	};

	return names[state];
}
