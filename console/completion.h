/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <cmdline_parse.h>

/* What TAB offers after the name of a command. Main thread, while the cmdline library completes a
 * line. */

/** A token of the cmdline library: what is left of the line, with something to complete. */
struct completion_token {
	cmdline_parse_token_hdr_t hdr;
	void (*complete)(void);
};

/** @param complete one of the functions below, or one that calls completion_add(). */
void completion_token_make(struct completion_token *token, void (*complete)(void));

/** Offer a word. */
void completion_add(const char *word);

/** Offer the devices that are attached. */
void completion_attached(void);

/** Offer what could be attached: PCI addresses, and names of virtual drivers. */
void completion_attachable(void);

/** Offer on and off. */
void completion_on_off(void);
