/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include <cmdline.h>
#include <cmdline_parse.h>
#include <cmdline_parse_string.h>

#include "commands.h"
#include "console.h"
#include "device.h"
#include "group.h"
#include "hotplug.h"
#include "runtime.h"
#include "signals.h"
#include "text.h"
#include "unplug.h"
#include "views.h"
#include "watch.h"

/* A line as the cmdline library hands it over: the command, and what follows it. */
struct line {
	cmdline_fixed_string_t word;
	char rest[CONSOLE_LINE_MAX + 1];
};

struct command {
	const char *name;
	const char *args; /* as shown in help, NULL if it takes none */
	const char *summary;
	const char *details;
	void (*run)(struct cmdline *cl, const char *rest);
};

/* How many words there are between the blanks of text. */
static unsigned int
words_count(const char *text)
{
	unsigned int nb = 0;

	for (; *text != '\0'; text++) {
		if (!isblank((unsigned char)*text) &&
			(text[1] == '\0' || isblank((unsigned char)text[1])))
			nb++;
	}
	return nb;
}

/* The one device a command is about, or a line that says what is wrong with it. */
static bool
device_word(struct cmdline *cl, const char *verb, const char *args, const char *rest)
{
	if (rest[0] == '\0') {
		cmdline_printf(cl, "failed to %s device: missing argument; usage: %s %s\n", verb,
			verb, args);
		return false;
	}
	if (words_count(rest) > 1) {
		cmdline_printf(cl,
			"failed to %s device %s: expected one word, got %u; devargs have no "
			"blanks\n",
			verb, rest, words_count(rest));
		return false;
	}
	if (strcmp(rest, "\"\"") == 0 || strcmp(rest, "''") == 0) {
		cmdline_printf(cl, "failed to %s device %s: empty word; usage: %s %s\n", verb, rest,
			verb, args);
		return false;
	}
	return true;
}

/* The person waits for another process, and is told at once. */
static bool
wait_print(const char *text)
{
	if (text != NULL) {
		puts(text);
		fflush(stdout);
	}
	return signals_caught() == 0;
}

static void
result_print(
	struct cmdline *cl, const char *verb, const char *typed, const struct hotplug_result *res)
{
	const char *name = res->name[0] == '\0' ? typed : res->name;

	if (res->note[0] != '\0')
		cmdline_printf(cl, "note: %s\n", res->note);
	if (res->err != 0)
		cmdline_printf(cl, "failed to %s device %s: %s\n", verb, name, res->text);
	else if (res->text[0] != '\0')
		cmdline_printf(cl, "%sed device %s (%s)\n", verb, name, res->text);
	else
		cmdline_printf(cl, "%sed device %s\n", verb, name);
}

static void
attach_run(struct cmdline *cl, const char *rest)
{
	struct hotplug_result res;

	if (!device_word(cl, "attach", "<devargs>", rest))
		return;
	hotplug_attach(rest, NULL, wait_print, &res);
	result_print(cl, "attach", rest, &res);
}

static void
detach_run(struct cmdline *cl, const char *rest)
{
	struct hotplug_result res;

	if (!device_word(cl, "detach", "<device>", rest))
		return;
	hotplug_detach(rest, NULL, wait_print, &res);
	result_print(cl, "detach", rest, &res);
}

static void
sync_run(struct cmdline *cl, const char *rest)
{
	struct hotplug_result res;

	RTE_SET_USED(rest);
	hotplug_sync(wait_print, &res);
	if (res.note[0] != '\0')
		cmdline_printf(cl, "note: %s\n", res.note);
	cmdline_printf(cl, "%s: %s\n", res.err == 0 ? "synced" : "failed to sync", res.text);
}

static void
primary_left_print(struct cmdline *cl)
{
	char text[96];

	group_lost_text(text, sizeof(text));
	cmdline_printf(cl, "%s\n", text);
}

void
commands_news(struct cmdline *cl)
{
	char text[256];
	uint64_t nb;

	/* Read before looking: what comes later makes it readable again. */
	if (read(watch_news_fd(), &nb, sizeof(nb)) < 0 && errno != EAGAIN)
		return;
	while (group_news_next(text, sizeof(text)))
		cmdline_printf(cl, "%s\n", text);
}

void
commands_device_events(struct cmdline *cl)
{
	unplug_run(wait_print);
	commands_news(cl);
}

static void
list_run(struct cmdline *cl, const char *rest)
{
	struct group_port known;
	struct device_port port;
	unsigned int id;

	RTE_SET_USED(rest);
	/* The names of ports lie in memory that belonged to the primary. */
	if (group_primary_left() != 0) {
		primary_left_print(cl);
		return;
	}
	cmdline_printf(cl, "list all etherdev\n");
	for (id = 0; device_port_next(id, &port); id = port.id + 1) {
		group_port_get(port.id, &known);
		cmdline_printf(
			cl, "%u\t%s\n", port.id, port.name[0] == '\0' ? known.name : port.name);
	}
}

static const char *
state_name(enum group_state state)
{
	static const char *const names[] = {
		[GROUP_OK] = "ok",
		[GROUP_STOPPED] = "stopped",
		[GROUP_HUNG] = "hung",
		[GROUP_GONE] = "gone",
		[GROUP_FOREIGN] = "foreign",
	};

	return names[state];
}

/* One process of the group: marks, pid, role, program, state, ids of its ports. */
static void
peer_print(struct cmdline *cl, const struct group_peer *peer)
{
	char program[32], ports[512] = "";
	unsigned int id;

	runtime_program(peer->pid, program, sizeof(program));
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (view_has(&peer->view, id))
			text_add(ports, sizeof(ports), "%s%u", ports[0] == '\0' ? "" : ",", id);
	}
	if (ports[0] == '\0')
		strlcpy(ports, peer->foreign ? "?" : "-", sizeof(ports));
	cmdline_printf(cl, "%c %-8d %-10s %-16s %-8s %s\n", peer->self ? '*' : ' ', peer->pid,
		peer->primary ? "primary" : "secondary", program, state_name(peer->state), ports);
}

/* peers answers within a second, so it does not wait for long: the first tick is enough. */
static bool
peers_wait(const char *text)
{
	RTE_SET_USED(text);
	return false;
}

static void
peers_run(struct cmdline *cl, const char *rest)
{
	struct views views;
	char text[1024];
	unsigned int i;
	int ret;

	RTE_SET_USED(rest);
	/* Between two operations the views are at rest. If one takes too long, they are shown as
	 * they are. */
	ret = group_turn_take("peers", peers_wait, text, sizeof(text));
	views_take(&views);
	if (ret >= 0)
		group_turn_release();
	else if (group_primary_left() == 0)
		cmdline_printf(cl, "note: an operation is under way: %s\n", text);
	cmdline_printf(
		cl, "  %-8s %-10s %-16s %-8s %s\n", "pid", "role", "program", "state", "ports");
	for (i = 0; i < views.nb; i++)
		peer_print(cl, &views.peers[i]);
	if (group_primary_left() != 0) {
		primary_left_print(cl);
		return;
	}
	views_agree(&views, text, sizeof(text));
	cmdline_printf(cl, "%s\n", text);
}

void
commands_leaving(void)
{
	struct group_peer peers[GROUP_MAX_PEERS];
	unsigned int nb, i, left = 0;

	if (!group_is_primary())
		return;
	nb = group_peers(peers, RTE_DIM(peers));
	for (i = 0; i < nb; i++) {
		if (peers[i].self || peers[i].state == GROUP_GONE)
			continue;
		printf("%s%d", left++ == 0 ? "secondaries left without their primary: pid " : " ",
			peers[i].pid);
	}
	if (left > 0)
		printf("; quit them\n");
	fflush(stdout);
}

static void
quit_run(struct cmdline *cl, const char *rest)
{
	RTE_SET_USED(rest);
	cmdline_quit(cl);
}

static void help_run(struct cmdline *cl, const char *rest);

static const struct command commands[] = {
	{"attach", "<devargs>", "attach a device in every process of the group",
		"    <devargs> is [bus:]name[,arguments], without blanks, 127 bytes at most.\n"
		"    attach 0000:88:00.0\n"
		"    attach net_af_packet,iface=ens803f1\n"
		"    It fails if the device is attached already, or if any process refuses it;\n"
		"    then it is attached nowhere.\n",
		attach_run},
	{"detach", "<device>", "detach a device from every process of the group",
		"    <device> is a name, with or without bus and arguments.\n"
		"    detach 0000:88:00.0\n"
		"    detach net_af_packet\n"
		"    It fails if the device is not attached.\n",
		detach_run},
	{"list", NULL, "list the ethernet ports of this process",
		"    One line a port: port id, a tab, device name.\n", list_run},
	{"peers", NULL, "list the processes of the group and what each one sees",
		"    One line a process: * for this one, pid, role, program, state, port ids.\n"
		"    State: ok; stopped; hung, its interrupt thread serves no requests; gone,\n"
		"    it died; foreign, it is not this program and what it sees is not known.\n"
		"    The last line says whether all of them see the same ports.\n",
		peers_run},
	{"sync", NULL, "bring processes that differ back together",
		"    Ports of the primary that a peer lacks are attached there again; a port that\n"
		"    only this process has is removed. It says what it cannot mend.\n",
		sync_run},
	{"help", "[command]", "list the commands, or explain one", NULL, help_run},
	{"quit", NULL, "leave the group and end this process", NULL, quit_run},
	{0},
};

static const struct command *
command_find(const char *word, size_t len)
{
	const struct command *cmd;

	for (cmd = commands; cmd->name != NULL; cmd++) {
		if (strlen(cmd->name) == len && strncmp(cmd->name, word, len) == 0)
			return cmd;
	}
	return NULL;
}

static void
help_run(struct cmdline *cl, const char *rest)
{
	const struct command *cmd;

	if (rest[0] == '\0') {
		for (cmd = commands; cmd->name != NULL; cmd++)
			cmdline_printf(cl, "%-8s%-12s%s\n", cmd->name,
				cmd->args == NULL ? "" : cmd->args, cmd->summary);
		return;
	}
	cmd = command_find(rest, strlen(rest));
	if (cmd == NULL) {
		cmdline_printf(cl, "no help on \"%s\": there is no such command\n", rest);
		return;
	}
	cmdline_printf(cl, "%s%s%s\n    %s\n%s", cmd->name, cmd->args == NULL ? "" : " ",
		cmd->args == NULL ? "" : cmd->args, cmd->summary,
		cmd->details == NULL ? "" : cmd->details);
}

/* The cmdline library has found the instruction; the table says what it does. */
static void
line_run(void *parsed, struct cmdline *cl, void *data)
{
	const struct line *line = parsed;
	const struct command *cmd;

	RTE_SET_USED(data);
	cmd = command_find(line->word, strlen(line->word));
	if (cmd == NULL)
		cmdline_printf(cl, "unknown command %s; help lists the commands\n", line->word);
	else if (cmd->args == NULL && line->rest[0] != '\0')
		cmdline_printf(cl, "%s takes no argument, got \"%s\"\n", cmd->name, line->rest);
	else
		cmd->run(cl, line->rest);
}

/*
 * Token: all that is left of the line, as it was typed. The library's own string
 * tokens hold 127 bytes or cut the line at a '#', which a path may well have; here
 * a comment begins at a '#' after a blank.
 */
static int
rest_parse(cmdline_parse_token_hdr_t *token, const char *buf, void *res, unsigned int size)
{
	size_t len = strcspn(buf, "\r\n"), end;

	RTE_SET_USED(token);
	for (end = 0; end < len; end++) {
		if (buf[end] == '#' && (end == 0 || isblank((unsigned char)buf[end - 1])))
			break;
	}
	while (end > 0 && isblank((unsigned char)buf[end - 1]))
		end--;
	if (res != NULL) {
		if (end >= size)
			return -1;
		memcpy(res, buf, end);
		((char *)res)[end] = '\0';
	}
	return len;
}

/*
 * Token: a whole line that fits no other instruction, so that it gets a reason of
 * its own: a command that does not exist, lacks its argument or takes none. What
 * another instruction takes is not for this one, or the library calls it ambiguous.
 */
static int
other_parse(cmdline_parse_token_hdr_t *token, const char *buf, void *res, unsigned int size)
{
	size_t len = strcspn(buf, " \t\r\n#");
	const char *rest = buf + len;
	const struct command *cmd;
	struct line *line = res;

	/* No result is wanted when the library only completes. */
	if (res == NULL || size < sizeof(*line))
		return -1;
	rest += strspn(rest, " \t");
	if (rest_parse(token, rest, line->rest, sizeof(line->rest)) < 0)
		return -1;
	cmd = command_find(buf, len);
	if (cmd != NULL && (cmd->args == NULL) == (line->rest[0] == '\0'))
		return -1;
	strlcpy(line->word, buf, RTE_MIN(len + 1, sizeof(line->word)));
	return strcspn(buf, "\r\n");
}

/* One choice that is never given: TAB shows nothing of an instruction nobody can type. */
static int
other_complete_nb(cmdline_parse_token_hdr_t *token)
{
	RTE_SET_USED(token);
	return 1;
}

static int
other_complete_elt(cmdline_parse_token_hdr_t *token, int idx, char *dst, unsigned int size)
{
	RTE_SET_USED(token);
	RTE_SET_USED(idx);
	RTE_SET_USED(dst);
	RTE_SET_USED(size);
	return -1;
}

static struct cmdline_token_ops rest_ops = {.parse = rest_parse};
static struct cmdline_token_ops other_ops = {
	.parse = other_parse,
	.complete_get_nb = other_complete_nb,
	.complete_get_elt = other_complete_elt,
};

static struct cmdline_token_hdr rest_token = {&rest_ops, offsetof(struct line, rest)};
static struct cmdline_token_hdr other_token = {&other_ops, 0};

/* An instruction: its word, the line it is shown with, the tokens after the word. */
#define INSTRUCTION(name, usage, ...)                               \
	static cmdline_parse_token_string_t name##_token =          \
		TOKEN_STRING_INITIALIZER(struct line, word, #name); \
	static cmdline_parse_inst_t name##_inst = {                 \
		.f = line_run,                                      \
		.help_str = usage,                                  \
		.tokens = {(void *)&name##_token, __VA_ARGS__},     \
	}

INSTRUCTION(attach, "attach <devargs>", &rest_token, NULL);
INSTRUCTION(detach, "detach <device>", &rest_token, NULL);
INSTRUCTION(list, "list", NULL);
INSTRUCTION(peers, "peers", NULL);
INSTRUCTION(sync, "sync", NULL);
INSTRUCTION(help, "help [command]", &rest_token, NULL);
INSTRUCTION(quit, "quit", NULL);

static cmdline_parse_inst_t other_inst = {
	.f = line_run,
	.tokens = {&other_token, NULL},
};

cmdline_parse_ctx_t commands_grammar[] = {
	&attach_inst,
	&detach_inst,
	&list_inst,
	&peers_inst,
	&sync_inst,
	&help_inst,
	&quit_inst,
	&other_inst,
	NULL,
};
