/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <cmdline_parse.h>

/* What the cmdline library is told of the commands: grammar and TAB are made of the table in
 * commands.c. Main thread. */

/** A command: one row of the table. */
struct command {
	const char *name;
	const char *args;	/* as help shows them, NULL if it takes none */
	const char *summary;	/* one line for `help` */
	const char *details;	/* more of it for `help NAME`, NULL if there is no more */
	void (*complete)(void); /* fills what TAB offers after the name (console/completion.h) */
	void (*run)(const char *rest); /* rest is what was typed after the name */
};

/** Take the table, which ends with a row without a name. @return 0 or -ENOMEM. */
int grammar_make(const struct command *table);

/** The grammar of lines that are typed at a terminal, and of lines that nobody types: these have
 * nothing to complete. */
cmdline_parse_ctx_t *grammar_typed(void);
cmdline_parse_ctx_t *grammar_scripted(void);

/* `help [command]`, made of the table of commands. Main thread. */

void help_print(const char *rest);

/** Offer the names of the commands; for TAB. */
void help_complete(void);
