/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/text.h"
#include "base/wait.h"
#include "console/completion.h"
#include "device/device.h"
#include "device/drivers.h"
#include "device/pci.h"
#include "group/turn.h"
#include "group/views.h"
#include "operations/taken.h"

#define MAX_CHOICES 256

/* What TAB offers; made anew when the library asks how many choices there are. */
static char choices[MAX_CHOICES][RTE_DEV_NAME_MAX_LEN];
static unsigned int nb_choices;

void
completion_add(const char *name)
{
	char text[RTE_DEV_NAME_MAX_LEN];

	strlcpy(text, name, sizeof(text));
	if (nb_choices < RTE_DIM(choices) && name[0] != '\0' &&
		strcmp(text_printable(text), name) == 0)
		strlcpy(choices[nb_choices++], name, sizeof(choices[0]));
}

static bool
is_choice(const char *name)
{
	unsigned int i;

	for (i = 0; i < nb_choices; i++) {
		if (strcmp(choices[i], name) == 0)
			return true;
	}
	return false;
}

static void
attached_add(const char *name)
{
	if (!is_choice(name))
		completion_add(name);
}

/* The devices of ports, by the catalogue or else by ethdev; and devices without a port. To find
 * those needs the turn, for which TAB does not wait, so they may be missing. */
void
completion_attached(void)
{
	struct port_device known;
	struct device_port port;
	unsigned int id;
	char why[WHY_SIZE];

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		views_device(id, &known);
		if (known.name[0] == '\0' && device_port_next(id, &port) && port.id == id)
			strlcpy(known.name, port.name, sizeof(known.name));
		attached_add(known.name);
	}
	if (turn_take("complete", wait_not, why) >= 0) {
		device_each(attached_add);
		turn_release();
	}
}

/* For each virtual driver its name, and its first device that is not attached. With both choices,
 * the library puts no blank after the driver's name, where a number has to follow. */
void
completion_attachable(void)
{
	const struct drivers_virtual *virt = NULL;
	const struct pci_device *pci = NULL;
	struct views views;
	char name[RTE_DEV_NAME_MAX_LEN], why[WHY_SIZE];
	unsigned int nb_attached, nb, i;

	completion_attached();
	nb_attached = nb_choices;
	while ((virt = drivers_virtual_next(virt)) != NULL) {
		completion_add(virt->name);
		for (i = 0; i <= RTE_MAX_ETHPORTS; i++) {
			if (snprintf(name, sizeof(name), "%s%u", virt->name, i) >=
				(int)sizeof(name))
				break;
			if (!is_choice(name)) {
				completion_add(name);
				break;
			}
		}
	}
	if (turn_take("complete", wait_not, why) >= 0) {
		views_take(&views);
		while ((pci = pci_next(pci)) != NULL) {
			if (pci->state == PCI_READY &&
				!taken_elsewhere(pci->address, &views, why, sizeof(why)))
				completion_add(pci->address);
		}
		turn_release();
	}
	for (nb = 0; nb_attached + nb < nb_choices; nb++)
		strlcpy(choices[nb], choices[nb_attached + nb], sizeof(choices[0]));
	nb_choices = nb;
}

void
completion_on_off(void)
{
	completion_add("on");
	completion_add("off");
}

/* Match the rest of the line; only completion needs this. */
static int
rest_parse(__rte_unused cmdline_parse_token_hdr_t *token, const char *buf, __rte_unused void *res,
	__rte_unused unsigned int size)
{
	return strcspn(buf, "\r\n");
}

/* Without a choice the library shows a text of its own, so offer one but never return it. */
static int
choices_nb(cmdline_parse_token_hdr_t *token)
{
	void (*complete)(void) = ((struct completion_token *)token)->complete;

	nb_choices = 0;
	if (complete != NULL)
		complete();
	return RTE_MAX(nb_choices, 1U);
}

static int
choices_elt(__rte_unused cmdline_parse_token_hdr_t *token, int i, char *dst, unsigned int size)
{
	if ((unsigned int)i >= nb_choices)
		return -1;
	strlcpy(dst, choices[i], size);
	return 0;
}

struct cmdline_token_ops completion_ops = {
	.parse = rest_parse,
	.complete_get_nb = choices_nb,
	.complete_get_elt = choices_elt,
};
