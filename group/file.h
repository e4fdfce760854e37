/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/wait.h"
#include "group/shared.h"

/* The file that the processes of a group share. It lies in the EAL's runtime directory, so it is
 * there before rte_eal_init() and outlives any process, the primary included. Main thread, where
 * nothing else is said. */

/** What the group shares; NULL outside of a group. Any thread. */
extern struct group_shared *group_shared;

/** The EAL's runtime directory, empty in a group of one. Any thread. */
const char *group_file_dir(void);

/**
 * Make the runtime directory, open the group's file in it or make it, and take the turn.
 *
 * @param why on failure receives a sentence.
 * @return 0 or a negative errno.
 */
int group_file_open(const char *dir, wait_fn wait, char *why);

/**
 * Check the file and map it, with the turn. A file that no process uses is made anew, all zero.
 *
 * @param why on failure receives a sentence.
 * @return 1 if it was made, 0 if other processes use it, or a negative errno.
 */
int group_file_map(char *why);

/** Be a group of one, which shares nothing and has no file. @return 1 or a negative errno. */
int group_file_none(void);

/**
 * Remove the file, and the directory if it is empty then, unless another process uses them. With
 * the turn.
 *
 * @param primary_lost remove the socket of a primary that has died, too.
 */
void group_file_remove_if_last(bool primary_lost);
