/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"
#include "group/shared.h"

/* The file that the processes of a group share. It lies in the EAL's runtime directory, so it
 * exists before rte_eal_init() and outlives any process, even the primary. Main thread, unless a
 * comment says otherwise. */

/** The mapped file; NULL outside of a group. Any thread. */
extern struct group_shared *group_shared;

/** The EAL's runtime directory; empty in a group of one. Any thread. */
const char *group_file_dir(void);

/** Make the runtime directory and the group's file if they do not exist, open the file, and take
 * the turn. @return 0, or a negative errno and why. */
int group_file_open(const char *dir, wait_fn wait, char *why);

/**
 * Check the file and map it. A file that no process uses is zeroed first. With the turn.
 *
 * @return 1 if it was zeroed, 0 if other processes use it, or a negative errno and why.
 */
int group_file_map(char *why);

/** Be a group of one, which has no file and shares nothing. @return 1 or a negative errno. */
int group_file_none(void);

/**
 * If no other process uses the file, remove it, and the directory if that is empty then. With the
 * turn.
 *
 * @param primary_lost also remove the socket that a dead primary has left.
 */
void group_file_remove_if_last(bool primary_lost);
