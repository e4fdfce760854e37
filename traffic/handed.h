/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/port_set.h"

/*
 * Queues that are descriptors. Such a driver (net_tap) hands them to each secondary: at every start
 * in a message that it sends and does not wait for, and when a secondary probes the device. It
 * never closes them there. So the primary asks the secondaries to, with a message that comes to
 * each of them after the driver's, and waits until each has answered in its slot.
 */

/** Name of these messages. */
#define HANDED_ACTION "hotplug_mp_handed"

/** Listen to the primary's messages, if this process is a secondary. With the turn, before others
 * can take it. @return 0 or a negative errno. */
int handed_start(void);

/** Note which interfaces are behind ports that have just come. The primary, with the turn or for
 * its holder. */
void handed_note(const struct port_set *ports);

/**
 * Have each secondary close the descriptors of a port that is stopped; nothing if it has none. The
 * primary, for the holder of the turn.
 *
 * @return 0; or -ETIMEDOUT, and in why the secondary that did not answer within a second.
 */
int handed_close(unsigned int id, char *why);

/** Wait until each secondary has got the descriptors of a port that has just been started. As
 * handed_close(). */
int handed_arrive(unsigned int id, char *why);

/** Close descriptors that this secondary cannot use: its primary is another program, which polls
 * its ports itself, or has left. Watch thread. */
void handed_tick(void);
