/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <time.h>

#include <rte_common.h>

#include "base/clock.h"
#include "news.h"
#include "base/text.h"

uint64_t
news_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

NEWS_MAY_RACE void
news_put(struct news_ring *ring, const struct news *news)
{
	uint64_t n = atomic_fetch_add(&ring->nb, 1) + 1;

	atomic_store(&ring->entries[n % NEWS_MAX].number, 0);
	atomic_thread_fence(memory_order_seq_cst);
	ring->entries[n % NEWS_MAX].news = *news;
	atomic_store(&ring->entries[n % NEWS_MAX].number, n);
}

/* Copy number n, unless it is not there yet or not any more. */
NEWS_MAY_RACE static bool
news_copy(struct news_ring *ring, uint64_t n, struct news *news)
{
	if (atomic_load(&ring->entries[n % NEWS_MAX].number) != n)
		return false;
	*news = ring->entries[n % NEWS_MAX].news;
	/* Any process can write there, not only what group_event() lets through. */
	news->text[sizeof(news->text) - 1] = '\0';
	text_printable(news->text);
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load(&ring->entries[n % NEWS_MAX].number) == n;
}

bool
news_next(
	struct news_ring *ring, enum news_kind kind, struct news_cursor *cursor, struct news *news)
{
	uint64_t nb = atomic_load(&ring->nb), n;

	/* Numbers only grow, unless somebody writes over them: begin anew. */
	cursor->seen = RTE_MIN(cursor->seen, nb);
	while (cursor->seen < nb) {
		n = cursor->seen + 1;
		if (nb - n >= NEWS_MAX) {
			cursor->missed += nb - NEWS_MAX + 1 - n;
			n = nb - NEWS_MAX + 1;
		}
		if (news_copy(ring, n, news)) {
			cursor->seen = n;
			if (news->kind <= kind)
				return true;
		} else if (n == nb || cursor->waiting != n) {
			cursor->waiting = n;
			return false;
		} else {
			cursor->seen = n;
		}
	}
	return false;
}

const char *
news_time_text(uint64_t time_ns, char *text, size_t size)
{
	time_t seconds = time_ns / 1000000000;
	struct tm tm;

	text[0] = '\0';
	if (localtime_r(&seconds, &tm) != NULL)
		strftime(text, size, "%F %T", &tm);
	text_add(text, size, ".%06" PRIu64, time_ns % 1000000000 / 1000);
	return text;
}
