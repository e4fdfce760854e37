/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEWS_H
#define NEWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What has happened in a group, the last of it, in memory that all its processes
 * share. The ring is for group.c alone.
 */

/**
 * What a reader copies may be written at the same moment. It knows how to tell, or
 * what it has copied is whole enough for it; the thread sanitizer knows nothing of that.
 */
#define NEWS_MAY_RACE __attribute__((no_sanitize("thread")))

/** Kept for those who have not taken them yet. */
#define NEWS_MAX 1024

enum news_kind {
	NEWS_TELL,  /* everyone is to be told */
	NEWS_EVENT, /* those are who monitor the group */
};

/** Something that has happened. */
struct news {
	uint64_t time_ns; /* CLOCK_REALTIME */
	pid_t pid;	  /* of the process that caused it, or that it happened to */
	uint8_t primary;  /* its role: 0 if it is none; a bool could not hold what others write */
	uint8_t kind;	  /* enum news_kind */
	char text[234];
};

/**
 * Number n, from 1 on, is at n modulo the size. Any process takes a number from nb,
 * clears the number that is there, writes the news, and then the number. A reader
 * that finds it unwritten twice, and a newer one there, passes over it: the writer
 * has died.
 */
struct news_ring {
	_Atomic uint64_t nb;
	struct {
		_Atomic uint64_t number;
		struct news news;
	} entries[NEWS_MAX];
};

/** The time of news. */
uint64_t news_now_ns(void);

/** "2026-11-23 21:36:42.242704" */
const char *news_time_text(uint64_t time_ns, char *text, size_t size);

/** Add to the ring. Any process, any thread; never waits. */
void news_put(struct news_ring *ring, const struct news *news);

/** How far one reader has come. */
struct news_cursor {
	uint64_t seen;	  /* the last number taken, or passed over */
	uint64_t waiting; /* the one found unwritten at the last look */
	uint64_t missed;  /* overwritten before they were taken; to be reset by the reader */
};

/**
 * Take the next one of this kind at most; others are passed over.
 *
 * @return false if there is none.
 */
bool news_next(
	struct news_ring *ring, enum news_kind kind, struct news_cursor *cursor, struct news *news);

#endif
