/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "group/errors.h"
#include "group/primary.h"
#include "operations/reason.h"

/* The process that probably did not answer: it has died, does not run now, or was late during the
 * operation. The primary is also late when it waits for another process, so it is named only if no
 * other process is late. */
static const struct peer *
culprit(const struct operation *op)
{
	const struct peer *found = NULL, *peer;
	unsigned int i;

	for (i = 0; i < op->now.nb; i++) {
		peer = &op->now.peers[i];
		if (peer->state == PEER_GONE)
			return peer;
		if (peer->state != PEER_STOPPED && peer->state != PEER_HUNG &&
			(peer->foreign || peer->late_ns < op->start_ns))
			continue;
		if (found == NULL || found->who.primary || peer->state == PEER_STOPPED)
			found = peer;
	}
	return found;
}

void
reason_find(struct operation *op, int err, char *text, size_t size)
{
	const struct peer *late = culprit(op), *peer, *primary = NULL;
	char error[256];
	struct who who;

	if (primary_left() != 0) {
		primary_lost_text(text, size);
		return;
	}
	/* The log of a foreign primary cannot be read here. */
	for (peer = op->now.peers; peer < op->now.peers + op->now.nb; peer++) {
		if (peer->who.primary && peer->foreign)
			primary = peer;
	}
	/* A primary is late because it waits for another process. If no member was late, that was a
	 * foreign process, which may have gone by now. */
	op->again = err == -ENOMSG && (late == NULL || late->state == PEER_GONE ||
					      (late->who.primary && late->state != PEER_STOPPED));
	if (err == -ENOMSG && late != NULL) {
		if (late->state == PEER_GONE)
			snprintf(text, size, "%s died before it answered; try again",
				who_name(late->who).text);
		else if (late->state == PEER_STOPPED)
			snprintf(text, size, "%s is stopped and did not answer; resume or end it",
				who_name(late->who).text);
		else
			snprintf(text, size, "%s did not answer in time", who_name(late->who).text);
	} else if (errors_first(&who, error, sizeof(error)) &&
		   (primary == NULL || strncmp(error, "EAL: Failed to", 14) != 0)) {
		snprintf(text, size, "%s: %s", who_name(who).text, error);
	} else if (primary != NULL) {
		snprintf(text, size, "%s, or a process it asked, refused: %s; its log says why",
			who_name(primary->who).text, strerror(-err));
	} else if (err == -ENOMSG) {
		snprintf(text, size, "not every process answered");
	} else {
		/* Drivers return -1 when they have no better number. */
		snprintf(text, size, "%s; it has logged no reason",
			err == -EPERM ? "some process refused" : strerror(-err));
	}
}
