/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <cmdline_parse.h>

/* Grammar, TAB and `help`, which are made from the table in commands.c. Main thread. */

/** A row of the table. */
struct command {
	const char *name;
	const char *args;	       /* for help; NULL if it takes none */
	const char *summary;	       /* one line for `help` */
	const char *details;	       /* more for `help NAME`, or NULL */
	void (*complete)(void);	       /* offers arguments to TAB */
	void (*run)(const char *rest); /* rest is what was typed after the name */
};

/** Make the grammar from a table that ends with a row without a name. @return 0 or -ENOMEM. */
int grammar_make(const struct command *table);

/** The grammar of a line. */
extern cmdline_parse_ctx_t *grammar;

/** `help [command]`; rest is what was typed after it. */
void help_print(const char *rest);

/** Offer the names of the commands to TAB. */
void help_complete(void);
