/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "eal/removed.h"
#include "group/events.h"
#include "group/file.h"
#include "group/heartbeat.h"
#include "group/primary.h"
#include "group/removal.h"
#include "group/views.h"

/* Wait for that many beats after the last change of the directory, because a primary that leaves
 * removes its socket a moment before it has gone. */
#define WAIT_BEATS 5

static char found[256]; /* what to tell, empty if nothing; under lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Has this process lost its own socket? */
static bool
is_cut_off(void)
{
	const struct peer *peer;
	struct views views;

	views_take(&views);
	for (peer = views.peers; peer < views.peers + views.nb; peer++) {
		if (peer->self)
			return peer->no_socket && !peer->who.primary;
	}
	return false;
}

static void
tell(const char *what, const char *consequence)
{
	char text[sizeof(found)];
	bool same;

	snprintf(text, sizeof(text), "%s has been removed from %s: %s", what, group_file_dir(),
		consequence);
	pthread_mutex_lock(&lock);
	same = strcmp(text, found) == 0;
	strlcpy(found, text, sizeof(found));
	pthread_mutex_unlock(&lock);
	if (!same)
		events_tell_self(text);
}

/* Files do not come back, so what has been found once stays true. @return false if it could not be
 * seen, for example without a free descriptor. */
static bool
find(void)
{
	char name[NAME_MAX + 1];
	int ret;

	/* A deaf process has removed its socket itself. */
	if (primary_left() != 0 || heartbeat_deaf())
		return true;
	if (is_cut_off()) {
		tell("the socket of this process", "no request reaches it; quit it and start anew");
		return true;
	}
	ret = removed_from(group_file_dir(), getpid(), name);
	if (ret > 0)
		tell(name, strcmp(name, "mp_socket") == 0
				   ? "no request reaches the primary; quit all processes of the "
				     "group and start anew"
				   : "no process can join any more; quit all processes of the "
				     "group and start anew");
	return ret >= 0;
}

void
removal_look(void)
{
	static struct timespec changed;
	/* What was removed before the first call changed the directory, too. */
	static unsigned int beats = WAIT_BEATS;
	struct stat st = {0};

	if (group_file_dir()[0] == '\0')
		return;
	removed_prevent(group_file_dir());
	/* If the directory itself has been removed, it has no time. */
	stat(group_file_dir(), &st);
	if (memcmp(&changed, &st.st_mtim, sizeof(changed)) != 0) {
		beats = WAIT_BEATS;
		changed = st.st_mtim;
	} else if (beats > 0 && --beats == 0 && !find()) {
		beats = WAIT_BEATS;
	}
}

bool
removal_text(char *text, size_t size)
{
	pthread_mutex_lock(&lock);
	strlcpy(text, found, size);
	pthread_mutex_unlock(&lock);
	return text[0] != '\0';
}
