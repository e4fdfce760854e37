/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Which file writes which field of group/shared.h. A field is const in every other file, so the
 * compiler refuses a second writer. The file that writes it defines its word as empty before it
 * includes anything; lint checks that no other file does so. */

#ifndef BY_CATALOGUE
#define BY_CATALOGUE const /* operations/catalogue.c */
#endif
#ifndef BY_COUNTERS
#define BY_COUNTERS const /* traffic/counters.c */
#endif
#ifndef BY_DEAD
#define BY_DEAD const /* group/dead.c */
#endif
#ifndef BY_ERRORS
#define BY_ERRORS const /* group/errors.c */
#endif
#ifndef BY_EVENTS
#define BY_EVENTS const /* group/events.c */
#endif
#ifndef BY_FILE
#define BY_FILE const /* group/file.c */
#endif
#ifndef BY_FIT
#define BY_FIT const /* group/fit.c */
#endif
#ifndef BY_HANDED
#define BY_HANDED const /* traffic/handed.c */
#endif
#ifndef BY_HEARTBEAT
#define BY_HEARTBEAT const /* group/heartbeat.c */
#endif
#ifndef BY_LOCK
#define BY_LOCK const /* operations/lock.c */
#endif
#ifndef BY_MEMBERS
#define BY_MEMBERS const /* group/members.c */
#endif
#ifndef BY_PRIMARY
#define BY_PRIMARY const /* group/primary.c */
#endif
#ifndef BY_QUEUES
#define BY_QUEUES const /* traffic/queues.c */
#endif
#ifndef BY_SERVER
#define BY_SERVER const /* traffic/server.c */
#endif
#ifndef BY_SYNC
#define BY_SYNC const /* operations/sync.c */
#endif
#ifndef BY_TURN
#define BY_TURN const /* group/turn.c */
#endif
#ifndef BY_WITHDRAW
#define BY_WITHDRAW const /* traffic/withdraw.c */
#endif
