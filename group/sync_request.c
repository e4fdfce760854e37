/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_SYNC_REQUEST
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "group/heartbeat.h"
#include "group/members.h"
#include "group/sync_request.h"
#include "group/turn.h"

/* For all processes together: twice the longest that the EAL keeps a request waiting. */
#define LIMIT_MS 20000

int
sync_request_send(const struct views *who, wait_fn wait)
{
	uint64_t op = turn_operation(), until = clock_in_ms(LIMIT_MS);
	struct group_member *member;
	unsigned int i;

	/* One at a time, so that their requests to the primary do not collide. */
	for (i = 0; i < who->nb; i++) {
		member = member_find(who->peers[i].who.pid);
		if (member == NULL)
			continue;
		atomic_store(&member->sync_wanted, op);
		while (atomic_load(&member->sync_done) != op && member_alive(member)) {
			if (!wait_go_on(wait, NULL) || clock_is_past(until))
				return -ETIMEDOUT;
			heartbeat_sleep();
		}
	}
	return 0;
}

void
sync_request_serve(void (*sync)(void))
{
	uint64_t wanted = atomic_load(&group_self->sync_wanted);

	if (wanted == atomic_load(&group_self->sync_done))
		return;
	/* sync() needs the asker's turn, so skip it if the asker has given up. */
	if (wanted == turn_operation())
		sync();
	atomic_store(&group_self->sync_done, wanted);
}
