/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "group/views.h"

/* Compare the views of all processes. Dead processes, starting ones and foreign ones, whose view is
 * not known, do not count. Any thread. */

/** Do all views match? text receives "all 3 processes agree: 2 ports", or which process differs and
 * how. */
bool views_agree(const struct views *views, char *text, size_t size);

/** Write the names of the processes that have any of the ports into text. @return how many. */
unsigned int views_have(
	const struct views *views, const struct port_set *ports, char *text, size_t size);

/** Write the names of the processes that lack any of the ports into text. @return how many. */
unsigned int views_lack(
	const struct views *views, const struct port_set *ports, char *text, size_t size);

/** Those of the ports that no process has. */
struct port_set views_gone(const struct views *views, const struct port_set *ports);

/** Ports that a process has in now and lacks in before; processes new in now do not count. */
struct port_set views_new(const struct views *before, const struct views *now);

/** Do all members have all of these ports (everywhere is true), or has no member any of them (it is
 * false)? Cheap, but a process that has just died still counts. */
bool views_ports_at(const struct port_set *ports, bool everywhere);
