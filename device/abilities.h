/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* What each driver can and cannot do in a group, where DPDK has no call that tells. The table is in
 * abilities.c; doc/limits.rst has the same for people. A driver that is not in the table is taken
 * to be able to do everything. Needs no EAL. Any thread. */

/**
 * May a device be attached to a group?
 *
 * @param name of the device, without its bus.
 * @param devargs the whole devargs, name included.
 * @param alone the group has no other process.
 * @param why receives the reason if it may not.
 */
bool abilities_attach(const char *name, const char *devargs, bool alone, char *why);

/** May a process join a group that has this device? devargs may be NULL if they are not known. */
bool abilities_join(const char *name, const char *devargs, char *why);

/** Does a device make ports later, when it likes, of which the group is not told? */
bool abilities_hides(const char *name);

/** Why a secondary cannot poll the ports of a driver, whose device has these devargs; NULL if it
 * can. */
const char *abilities_unpolled(const char *driver, const char *devargs);

/** The reason if the driver has set no functions there. */
extern const char abilities_no_functions[];

/** Can the driver tell the link in a secondary, and do no harm? */
bool abilities_link(const char *driver);

/** Must a device of this driver be removed before the EAL cleans up? */
bool abilities_goes_first(const char *driver);

/** Most queues, rx and tx together, that a port of the driver can have; 0 for no such limit. */
unsigned int abilities_queues(const char *driver);
