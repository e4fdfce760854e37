/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include <cmdline.h>
#include <cmdline_parse_string.h>

#include "console/completion.h"
#include "console/grammar.h"
#include "console/output.h"

/* One instruction, line_inst, matches and runs every line. Besides, each command has an instruction
 * for TAB alone. To complete a line, the library parses it with res NULL. Only then do these
 * instructions match. */

/* A parsed line. */
struct line {
	cmdline_fixed_string_t word;
	char rest[OUTPUT_LINE_MAX + 1];
};

/* The instruction of one command. */
struct parts {
	struct cmdline_token_string word;
	struct completion_token rest;
	char usage[80];
	cmdline_parse_inst_t inst; /* last, because its array of tokens has no fixed size */
};

static const struct command *commands;

/* @return the row of the command, or the last row (name NULL). */
static const struct command *
command_find(const char *name)
{
	const struct command *cmd;

	for (cmd = commands; cmd->name != NULL && strcmp(cmd->name, name) != 0; cmd++)
		;
	return cmd;
}

static void
command_run(void *parsed, __rte_unused struct cmdline *cl, __rte_unused void *data)
{
	const struct line *line = parsed;
	const struct command *cmd = command_find(line->word);

	if (cmd->name == NULL)
		output_failure("unknown command %s; help lists the commands\n", line->word);
	else if (cmd->args == NULL && line->rest[0] != '\0')
		output_failure("%s takes no argument, got \"%s\"\n", cmd->name, line->rest);
	else
		cmd->run(line->rest);
}

/* Parse the whole line. Some string tokens of the library hold only 127 bytes, others end at any
 * '#'. Here a comment begins only at a '#' after a blank, because a path may have a '#'. */
static int
line_parse(__rte_unused cmdline_parse_token_hdr_t *token, const char *buf, void *res,
	unsigned int size)
{
	size_t len = strcspn(buf, "\r\n"), word = strcspn(buf, " \t\r\n#"), start, end;
	struct line *line = res;

	/* Without a result the library only completes, for which line_inst is no use. */
	if (res == NULL || size < sizeof(*line))
		return -1;
	start = word + strspn(buf + word, " \t");
	for (end = start; end < len; end++) {
		if (buf[end] == '#' && (end == start || isblank((unsigned char)buf[end - 1])))
			break;
	}
	while (end > start && isblank((unsigned char)buf[end - 1]))
		end--;
	if (end - start >= sizeof(line->rest))
		return -1;
	strlcpy(line->word, buf, RTE_MIN(word + 1, sizeof(line->word)));
	strlcpy(line->rest, buf + start, end - start + 1);
	return len;
}

static int
word_parse(cmdline_parse_token_hdr_t *token, const char *buf, void *res, unsigned int size)
{
	return res != NULL ? -1 : cmdline_token_string_ops.parse(token, buf, res, size);
}

static struct cmdline_token_ops line_ops; /* completion_ops, except parse */
static struct cmdline_token_ops word_ops; /* the library's, except parse */

/* TAB never offers anything from this token. */
static struct completion_token line_token = {.hdr = {&line_ops, 0}};
static cmdline_parse_inst_t line_inst = {.f = command_run, .tokens = {&line_token.hdr, NULL}};

cmdline_parse_ctx_t *grammar;

static cmdline_parse_inst_t *
instruction_make(const struct command *cmd)
{
	struct parts *parts = calloc(1, sizeof(*parts) + 3 * sizeof(void *));

	if (parts == NULL)
		return NULL;
	parts->word.hdr.ops = &word_ops;
	parts->word.string_data.str = cmd->name;
	parts->inst.tokens[0] = &parts->word.hdr;
	parts->rest.hdr.ops = &completion_ops;
	parts->rest.complete = cmd->complete;
	if (cmd->args != NULL)
		parts->inst.tokens[1] = &parts->rest.hdr;
	snprintf(parts->usage, sizeof(parts->usage), "%s%s%s", cmd->name,
		cmd->args == NULL ? "" : " ", cmd->args == NULL ? "" : cmd->args);
	parts->inst.help_str = parts->usage;
	return &parts->inst;
}

int
grammar_make(const struct command *table)
{
	unsigned int nb = 0, i;

	commands = table;
	line_ops = completion_ops;
	line_ops.parse = line_parse;
	word_ops = cmdline_token_string_ops;
	word_ops.parse = word_parse;
	while (table[nb].name != NULL)
		nb++;
	grammar = calloc(nb + 2, sizeof(cmdline_parse_ctx_t));
	if (grammar == NULL)
		return -ENOMEM;
	for (i = 0; i < nb; i++) {
		grammar[i] = instruction_make(&table[i]);
		if (grammar[i] == NULL)
			return -ENOMEM;
	}
	grammar[nb] = &line_inst;
	return 0;
}

void
help_print(const char *rest)
{
	const struct command *cmd = command_find(rest);

	if (rest[0] == '\0') {
		for (cmd = commands; cmd->name != NULL; cmd++)
			output_print("%-8s%-26s%s\n", cmd->name, cmd->args == NULL ? "" : cmd->args,
				cmd->summary);
	} else if (cmd->name == NULL) {
		output_failure("no help on \"%s\": there is no such command\n", rest);
	} else {
		output_print("%s%s%s\n    %s\n%s", cmd->name, cmd->args == NULL ? "" : " ",
			cmd->args == NULL ? "" : cmd->args, cmd->summary,
			cmd->details == NULL ? "" : cmd->details);
	}
}

void
help_complete(void)
{
	const struct command *cmd;

	for (cmd = commands; cmd->name != NULL; cmd++)
		completion_add(cmd->name);
}
