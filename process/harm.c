/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_config.h>
#include <rte_string_fns.h>

#include "base/text.h"
#include "device/abilities.h"
#include "group/members.h"
#include "group/views.h"
#include "process/harm.h"

/* Longer than any command line that a person types. */
#define CMDLINE_MAX 65536

/* A device that the primary was started with: NAME[,ARGUMENTS]. What a primary of this program has
 * now is in the catalogue, but for devices that hide their ports. */
static bool
vdev_harmless(const char *vdev, bool own, char *why)
{
	char name[RTE_DEV_NAME_MAX_LEN];

	strlcpy(name, vdev, RTE_MIN(sizeof(name), strcspn(vdev, ",") + 1));
	return (own && !abilities_hides(name)) || abilities_join(name, vdev, why);
}

static bool
options_harmless(pid_t primary, bool own, char *why)
{
	static char cmdline[CMDLINE_MAX];
	const char *word, *value, *vdev;
	char path[32];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", primary);
	f = fopen(path, "re");
	if (f == NULL)
		return true;
	len = fread(cmdline, 1, sizeof(cmdline) - 1, f);
	fclose(f);
	cmdline[len] = '\0';
	for (word = cmdline; word < cmdline + len && strcmp(word, "--") != 0;
		word += strlen(word) + 1) {
		value = word + strcspn(word, "=");
		/* The EAL takes an option that is cut short, too: --vd. */
		if (value - word < 4 || strncmp(word, "--vdev", value - word) != 0)
			continue;
		/* Its value follows, or is the next word. */
		if (*value != '=')
			word = value + 1;
		vdev = value + 1;
		if (vdev < cmdline + len && !vdev_harmless(vdev, own, why))
			return false;
	}
	return true;
}

/* The devices that a primary of this program has attached. */
static bool
catalogue_harmless(char *why)
{
	struct port_device device;
	unsigned int id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		views_device(id, &device);
		/* Arguments that were too long are left out. */
		if (device.name[0] != '\0' &&
			!abilities_join(device.name,
				strchr(device.devargs, ',') == NULL ? NULL : device.devargs, why))
			return false;
	}
	return true;
}

int
harm_check(pid_t primary, char *why)
{
	const struct group_member *member = member_find(primary);
	bool own = member != NULL && member_alive(member);
	char text[WHY_SIZE];

	if ((!own || catalogue_harmless(text)) && options_harmless(primary, own, text))
		return 0;
	return why_set(why, -ENOTSUP, "cannot join: %s", text_printable(text));
}
