/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <cmdline_parse.h>

/* What TAB offers after the name of a command. Main thread, while the cmdline library completes a
 * line. */

/** A token of the cmdline library: the rest of the line. */
struct completion_token {
	cmdline_parse_token_hdr_t hdr; /* its ops are completion_ops */
	void (*complete)(void);	       /* calls completion_add() for each choice; or NULL */
};

extern struct cmdline_token_ops completion_ops;

/** Offer a word, unless it has characters that cannot be typed. */
void completion_add(const char *word);

/** Offer the devices that are attached; those that could be: PCI addresses, and names of virtual
 * drivers; and the words on and off. */
void completion_attached(void);
void completion_attachable(void);
void completion_on_off(void);
