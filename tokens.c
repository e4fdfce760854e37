/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "device.h"
#include "drivers.h"
#include "group.h"
#include "base/text.h"
#include "tokens.h"

#define MAX_CHOICES 256

int
tokens_rest(const char *buf, char *rest, size_t size)
{
	size_t len = strcspn(buf, "\r\n"), end;

	for (end = 0; end < len; end++) {
		if (buf[end] == '#' && (end == 0 || isblank((unsigned char)buf[end - 1])))
			break;
	}
	while (end > 0 && isblank((unsigned char)buf[end - 1]))
		end--;
	if (rest != NULL) {
		if (end >= size)
			return -1;
		memcpy(rest, buf, end);
		rest[end] = '\0';
	}
	return len;
}

/* The library's own string tokens hold 127 bytes or cut the line at any '#'. */
static int
any_parse(cmdline_parse_token_hdr_t *token, const char *buf, void *res, unsigned int size)
{
	RTE_SET_USED(token);
	return tokens_rest(buf, res, size);
}

static int
whole_parse(cmdline_parse_token_hdr_t *token, const char *buf, void *res, unsigned int size)
{
	size_t len = strcspn(buf, " \t\r\n#");
	const char *rest = buf + len;
	struct tokens_line *line = res;

	RTE_SET_USED(token);
	/* No result is wanted when the library only completes. */
	if (res == NULL || size < sizeof(*line))
		return -1;
	rest += strspn(rest, " \t");
	if (tokens_rest(rest, line->rest, sizeof(line->rest)) < 0)
		return -1;
	strlcpy(line->word, buf, RTE_MIN(len + 1, sizeof(line->word)));
	return strcspn(buf, "\r\n");
}

/* What TAB has to choose from, put together when the library asks how many there are. */
static char choices[MAX_CHOICES][RTE_DEV_NAME_MAX_LEN];
static unsigned int nb_choices;

/* A name that cannot be typed is no choice. */
static void
choice_add(const char *name)
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
		choice_add(name);
}

/*
 * Devices of the group's ports, and those of ports that nobody has told the group
 * of. Devices may be asked about with the turn only, and TAB waits for nobody; so
 * while another process has it, those without a port are missing.
 */
static void
attached_choose(void)
{
	struct group_port known;
	struct device_port port;
	unsigned int id;
	char why[256];

	nb_choices = 0;
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		group_port_get(id, &known);
		if (known.name[0] == '\0' && device_port_next(id, &port) && port.id == id)
			strlcpy(known.name, port.name, sizeof(known.name));
		attached_add(known.name);
	}
	if (group_turn_take("complete", wait_not, why, sizeof(why)) >= 0) {
		device_each(attached_add);
		group_turn_release();
	}
}

/*
 * Each virtual driver by its name, and by that of its first device that is not
 * attached. With two of them the library sets no blank after the name, where a
 * number will have to follow.
 */
static void
attachable_choose(void)
{
	const struct drivers_virtual *virt = NULL;
	const struct drivers_pci *pci = NULL;
	char name[RTE_DEV_NAME_MAX_LEN], why[256];
	unsigned int nb_attached, nb, i;

	attached_choose();
	nb_attached = nb_choices;
	while ((virt = drivers_virtual_next(virt)) != NULL) {
		choice_add(virt->name);
		for (i = 0; i <= RTE_MAX_ETHPORTS; i++) {
			if (snprintf(name, sizeof(name), "%s%u", virt->name, i) >=
				(int)sizeof(name))
				break;
			if (!is_choice(name)) {
				choice_add(name);
				break;
			}
		}
	}
	if (group_turn_take("complete", wait_not, why, sizeof(why)) >= 0) {
		while ((pci = drivers_pci_next(pci)) != NULL) {
			if (pci->usable && pci->pmd != NULL && !pci->attached)
				choice_add(pci->address);
		}
		group_turn_release();
	}
	for (nb = 0; nb_attached + nb < nb_choices; nb++)
		strlcpy(choices[nb], choices[nb_attached + nb], sizeof(choices[0]));
	nb_choices = nb;
}

/* With none the library would show its own idea of the instruction; one that is never given. */
static int
attached_nb(cmdline_parse_token_hdr_t *token)
{
	RTE_SET_USED(token);
	attached_choose();
	return RTE_MAX(nb_choices, 1U);
}

static int
attachable_nb(cmdline_parse_token_hdr_t *token)
{
	RTE_SET_USED(token);
	attachable_choose();
	return RTE_MAX(nb_choices, 1U);
}

static int
on_off_nb(cmdline_parse_token_hdr_t *token)
{
	RTE_SET_USED(token);
	nb_choices = 0;
	choice_add("on");
	choice_add("off");
	return nb_choices;
}

static int
choice_elt(cmdline_parse_token_hdr_t *token, int i, char *dst, unsigned int size)
{
	RTE_SET_USED(token);
	if ((unsigned int)i >= nb_choices)
		return -1;
	strlcpy(dst, choices[i], size);
	return 0;
}

static struct cmdline_token_ops any_ops = {.parse = any_parse};
static struct cmdline_token_ops attached_ops = {
	.parse = any_parse,
	.complete_get_nb = attached_nb,
	.complete_get_elt = choice_elt,
};
static struct cmdline_token_ops attachable_ops = {
	.parse = any_parse,
	.complete_get_nb = attachable_nb,
	.complete_get_elt = choice_elt,
};

static struct cmdline_token_ops on_off_ops = {
	.parse = any_parse,
	.complete_get_nb = on_off_nb,
	.complete_get_elt = choice_elt,
};

static struct cmdline_token_ops whole_ops = {.parse = whole_parse};

cmdline_parse_token_hdr_t tokens_whole = {&whole_ops, 0};
cmdline_parse_token_hdr_t tokens_any = {&any_ops, offsetof(struct tokens_line, rest)};
cmdline_parse_token_hdr_t tokens_attached = {&attached_ops, offsetof(struct tokens_line, rest)};
cmdline_parse_token_hdr_t tokens_attachable = {&attachable_ops, offsetof(struct tokens_line, rest)};
cmdline_parse_token_hdr_t tokens_on_off = {&on_off_ops, offsetof(struct tokens_line, rest)};
