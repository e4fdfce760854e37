/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <limits.h>
#include <sys/types.h>

/* Files of the runtime directory that were removed while processes use them, by a cleaner of old
 * files, or by hand. Processes go on with what they have open, but no other process can join them,
 * and to one that starts they look as if they were not there. Any thread. */

/** Keep what lies in dir from cleaners: systemd-tmpfiles skips a directory that is locked, others
 * look at the times of files, which are renewed if a minute has passed. */
void removed_prevent(const char *dir);

/**
 * Has a file of dir been removed that the primary with this pid uses? A secondary may ask about
 * itself.
 *
 * @param name receives the file's name, NAME_MAX + 1 bytes; or the path of a hugepage's file, if
 *   another process is asked about. With --huge-unlink, too, these are removed.
 * @return 1 if one has, 0 if none has, or a negative errno if this cannot be seen.
 */
int removed_from(const char *dir, pid_t pid, char *name);

/** If dir has no configuration file, look at all processes for one that uses a file of dir that has
 * been removed. @return its pid, or 0; name as above. */
pid_t removed_from_any(const char *dir, char *name);
