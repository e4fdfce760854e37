/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOKENS_H
#define TOKENS_H

#include <cmdline_parse.h>
#include <cmdline_parse_string.h>

#include "console.h"

/*
 * Tokens of the cmdline library's grammar that it does not have itself. Main
 * thread, while a line is parsed or completed.
 */

/** A line as the cmdline library hands it over: the command, and what follows it. */
struct tokens_line {
	cmdline_fixed_string_t word;
	char rest[CONSOLE_LINE_MAX + 1];
};

/**
 * Copy what is left of a line, as it was typed, without blanks around it. A
 * comment begins at a '#' after a blank: a path may well have one.
 *
 * @param rest NULL to look only.
 * @return bytes of the line consumed, or -1 if they do not fit.
 */
int tokens_rest(const char *buf, char *rest, size_t size);

/** A whole line, whatever the command; for lines that nobody types. */
extern cmdline_parse_token_hdr_t tokens_whole;

/** All that is left of the line, put into tokens_line.rest; TAB shows nothing. */
extern cmdline_parse_token_hdr_t tokens_any;

/** The same, and TAB completes devices that are attached. */
extern cmdline_parse_token_hdr_t tokens_attached;

/** The same, and TAB completes what could be attached: PCI addresses, names of virtual drivers. */
extern cmdline_parse_token_hdr_t tokens_attachable;

/** The same, and TAB completes on and off. */
extern cmdline_parse_token_hdr_t tokens_on_off;

#endif
