/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "fuzz.h"
#include "group/file.h"
#include "group/group.h"
#include "group/shared.h"
#include "traffic/withdraw.h"

/*
 * To join a group whose file is anything. The first byte says whether somebody
 * is in it, and whether the head of the file is as it should be.
 */

static char dir[] = "/tmp/hotplug_mp_fuzz_XXXXXX";
static char path[PATH_MAX];

static void
file_write(uint8_t kind, const uint8_t *data, size_t size)
{
	const struct group_shared head = {
		.magic = GROUP_MAGIC, .layout = GROUP_LAYOUT, .size = sizeof(head)};
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (kind & 2 && pwrite(fd, &head, GROUP_TURN_OFFSET, 0) != GROUP_TURN_OFFSET)
		abort();
	if (kind & 4 && ftruncate(fd, sizeof(head)) < 0)
		abort();
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	char why[WHY_SIZE] = "";
	int ret;

	if (size < 1)
		return 0;
	if ((started ? mkdir(dir, 0700) : mkdtemp(dir) == NULL) != 0)
		abort();
	started = true;
	snprintf(path, sizeof(path), "%s/hotplug_mp_group", dir);
	file_write(data[0], data + 1, size - 1);
	fuzz_others = data[0] & 1;
	ret = group_join(dir, NULL, why);
	fuzz_others = false;
	if (ret > 0)
		withdraw_init();
	if (ret >= 0) {
		withdraw_slot_claimed();
		group_leave();
	}
	if (group_shared != NULL)
		munmap(group_shared, sizeof(*group_shared));
	group_shared = NULL;
	/* Gone with the last process, or left as it was by one that was refused. */
	if (ret >= 0 && access(dir, F_OK) == 0)
		abort();
	unlink(path);
	rmdir(dir);
	return 0;
}
