/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include "console/completion.h"
#include "console/grammar.h"
#include "console/help.h"
#include "console/output.h"

void
help_print(const char *rest)
{
	const struct command *cmd = grammar_commands();

	if (rest[0] == '\0') {
		for (; cmd->name != NULL; cmd++)
			output_print("%-8s%-26s%s\n", cmd->name, cmd->args == NULL ? "" : cmd->args,
				cmd->summary);
		return;
	}
	while (cmd->name != NULL && strcmp(cmd->name, rest) != 0)
		cmd++;
	if (cmd->name == NULL) {
		output_print("no help on \"%s\": there is no such command\n", rest);
		output_fail();
		return;
	}
	output_print("%s%s%s\n    %s\n%s", cmd->name, cmd->args == NULL ? "" : " ",
		cmd->args == NULL ? "" : cmd->args, cmd->summary,
		cmd->details == NULL ? "" : cmd->details);
}

void
help_complete(void)
{
	const struct command *cmd;

	for (cmd = grammar_commands(); cmd->name != NULL; cmd++)
		completion_add(cmd->name);
}
