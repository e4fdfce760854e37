/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include <cmdline.h>
#include <cmdline_parse.h>
#include <cmdline_parse_string.h>

#include "commands.h"
#include "console.h"
#include "group.h"
#include "hotplug.h"
#include "lock.h"
#include "look.h"
#include "monitor.h"
#include "base/signals.h"
#include "tokens.h"
#include "traffic.h"
#include "unplug.h"

#define FORCE "--force"

struct command {
	const char *name;
	const char *args; /* as shown in help, NULL if it takes none */
	const char *summary;
	const char *details;
	void (*run)(const char *rest);
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
device_word(const char *verb, const char *args, const char *rest)
{
	if (rest[0] == '\0') {
		console_print(
			"failed to %s device: missing argument; usage: %s %s\n", verb, verb, args);
		console_fail();
		return false;
	}
	if (words_count(rest) > 1) {
		console_print("failed to %s device %s: expected one word, got %u; devargs have no "
			      "blanks\n",
			verb, rest, words_count(rest));
		console_fail();
		return false;
	}
	if (strcmp(rest, "\"\"") == 0 || strcmp(rest, "''") == 0) {
		console_print("failed to %s device %s: empty word; usage: %s %s\n", verb, rest,
			verb, args);
		console_fail();
		return false;
	}
	return true;
}

static void
result_print(const char *verb, const char *typed, const struct hotplug_result *res)
{
	const char *name = res->name[0] == '\0' ? typed : res->name;

	if (res->note[0] != '\0')
		console_print("note: %s\n", res->note);
	if (res->err != 0) {
		console_print("failed to %s device %s: %s\n", verb, name, res->text);
		console_fail();
	} else if (res->text[0] != '\0') {
		console_print("%sed device %s (%s)\n", verb, name, res->text);
	} else {
		console_print("%sed device %s\n", verb, name);
	}
}

static void
attach_run(const char *rest)
{
	struct hotplug_result res;

	if (!device_word("attach", "<devargs>", rest))
		return;
	hotplug_attach(rest, NULL, console_wait, &res);
	result_print("attach", rest, &res);
}

static void
detach_run(const char *rest)
{
	struct hotplug_result res;
	bool force = false;

	if (strncmp(rest, FORCE, strlen(FORCE)) == 0 &&
		(rest[strlen(FORCE)] == '\0' || isblank((unsigned char)rest[strlen(FORCE)]))) {
		force = true;
		rest += strlen(FORCE);
		rest += strspn(rest, " \t");
	}
	if (!device_word("detach", "<device>", rest))
		return;
	hotplug_detach(rest, force, NULL, console_wait, &res);
	result_print("detach", rest, &res);
}

/* The device, which is one word, and what follows it. */
static void
lock_run(const char *rest)
{
	size_t len = strcspn(rest, " \t");
	struct hotplug_result res;
	char device[CONSOLE_LINE_MAX + 1];

	strlcpy(device, rest, RTE_MIN(len + 1, sizeof(device)));
	if (!device_word("lock", "<device> [reason]", device))
		return;
	lock_device(device, rest + len + strspn(rest + len, " \t"), console_wait, &res);
	result_print("lock", device, &res);
}

static void
unlock_run(const char *rest)
{
	struct hotplug_result res;

	if (!device_word("unlock", "<device>", rest))
		return;
	lock_release(rest, console_wait, &res);
	result_print("unlock", rest, &res);
}

static void
show_run(const char *rest)
{
	if (device_word("show", "<device|port>", rest))
		look_show(rest);
}

static void
sync_run(const char *rest)
{
	struct hotplug_result res;

	RTE_SET_USED(rest);
	hotplug_sync(console_wait, &res);
	if (res.note[0] != '\0')
		console_print("note: %s\n", res.note);
	if (res.err != 0)
		console_fail();
	console_print("%s: %s\n", res.err == 0 ? "synced" : "failed to sync", res.text);
}

void
commands_device_events(void)
{
	unplug_run(console_wait);
	monitor_news();
}

static void
quit_run(const char *rest)
{
	RTE_SET_USED(rest);
	console_quit();
}

static void help_run(const char *rest);

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
		"    It fails if the device is not attached, is locked, or if a process that polls a\n"
		"    port of it does not let go within a second. With detach --force <device> it goes on,\n"
		"    and that process may crash.\n",
		detach_run},
	{"list", NULL, "list the ethernet ports of this process",
		"    One line a port: port id, a tab, device name.\n", look_list},
	{"show", "<device|port>", "show what is known of a device and its ports",
		"    One line a value: key, colon, value. A port has all keys, a device without one\n"
		"    has name, driver, bus, devargs and numa.\n"
		"    show net_null0\n"
		"    show 0\n"
		"    It fails if the device is not attached, or no port has that id.\n",
		show_run},
	{"devices", NULL, "list what could be attached",
		"    PCI network devices: address, kernel driver, the DPDK driver that is for it, and\n"
		"    attached; ready; kernel or unbound, bind it to vfio-pci first; or no driver.\n"
		"    Virtual drivers: the name that attach wants before a number, and parameters.\n",
		look_devices},
	{"start", "<device> [rxq N] [txq N]", "configure and start the ports of a device",
		"    With one queue to receive and one to send, or N; a queue is polled by one\n"
		"    process. The primary does it, whoever asks.\n"
		"    start net_tap0\n"
		"    start 0000:88:00.0 rxq 2 txq 2\n"
		"    It fails if the device is not attached, is started, or has no so many queues.\n",
		traffic_start},
	{"stop", "<device>", "stop the ports of a device",
		"    Whatever is forwarded through them ends.\n"
		"    stop net_tap0\n"
		"    stop 0000:88:00.0\n"
		"    It fails if the device is not started, or if a process that polls a port does\n"
		"    not let go of it within a second.\n",
		traffic_stop},
	{"forward", "<in> <out> [both] | off", "send what comes in at one port out at another",
		"    In this process, until off, or until one of the ports is taken away. Each way\n"
		"    takes a queue that no process uses.\n"
		"    forward net_tap0 net_tap1 both\n"
		"    forward off\n"
		"    It fails if a port is not started, or all of its queues are in use.\n",
		traffic_forward},
	{"send", "<device> <count> [size N]", "send numbered packets",
		"    N bytes each, 60 at least. Who forwards them counts those that are missing.\n"
		"    send net_ring0 1000\n"
		"    send net_tap0 10 size 1514\n"
		"    It fails if the port is not started, has no free queue, or takes no more.\n",
		traffic_send},
	{"stats", "[device|port | reset]", "packets by port and process",
		"    Packets and bytes received and sent; drops, which the port did not take; gaps,\n"
		"    numbered packets that did not come.\n"
		"    stats net_tap0\n"
		"    stats 0\n"
		"    stats reset\n",
		traffic_stats},
	{"lock", "<device> [reason]", "have nobody detach a device while this process runs",
		"    The reason is the rest of the line, 95 bytes at most; who wants to detach the\n"
		"    device is told. The lock ends with unlock, or with this process.\n"
		"    lock 0000:88:00.0 firmware update until noon\n"
		"    lock net_null0\n"
		"    It fails if the device is not attached, or is locked already.\n",
		lock_run},
	{"unlock", "<device>", "let a device that this process has locked be detached again",
		"    unlock 0000:88:00.0\n"
		"    unlock net_null0\n"
		"    It fails if nobody has locked the device, or another process has.\n",
		unlock_run},
	{"peers", NULL, "list the processes of the group and what each one sees",
		"    One line a process: * for this one, pid, role, program, state, port ids.\n"
		"    State: ok; stopped; hung, its interrupt thread serves no requests; gone,\n"
		"    it died; foreign, it is not this program and what it sees is not known.\n"
		"    The last line says whether all of them see the same ports.\n",
		look_peers},
	{"sync", NULL, "bring processes that differ back together",
		"    Ports of the primary that a peer lacks are attached there again; a port that\n"
		"    only this process has is removed. It says what it cannot mend.\n",
		sync_run},
	{"monitor", "on|off", "show the events of the group at this terminal, or not",
		"    One line an event: date, time, the pid that caused it, and what happened: a port\n"
		"    has come or gone; a process joined, left, died, is stopped or hung; an operation\n"
		"    is done or failed, and how long it took once it had the turn.\n"
		"    monitor on\n",
		monitor_command},
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
help_run(const char *rest)
{
	const struct command *cmd;

	if (rest[0] == '\0') {
		for (cmd = commands; cmd->name != NULL; cmd++)
			console_print("%-8s%-26s%s\n", cmd->name,
				cmd->args == NULL ? "" : cmd->args, cmd->summary);
		return;
	}
	cmd = command_find(rest, strlen(rest));
	if (cmd == NULL) {
		console_print("no help on \"%s\": there is no such command\n", rest);
		console_fail();
		return;
	}
	console_print("%s%s%s\n    %s\n%s", cmd->name, cmd->args == NULL ? "" : " ",
		cmd->args == NULL ? "" : cmd->args, cmd->summary,
		cmd->details == NULL ? "" : cmd->details);
}

/* The cmdline library has found the instruction; the table says what it does. */
static void
line_run(void *parsed, struct cmdline *cl, void *data)
{
	const struct tokens_line *line = parsed;
	const struct command *cmd;

	RTE_SET_USED(cl);
	RTE_SET_USED(data);
	cmd = command_find(line->word, strlen(line->word));
	if (cmd != NULL && (cmd->args != NULL || line->rest[0] == '\0')) {
		cmd->run(line->rest);
		return;
	}
	if (cmd == NULL)
		console_print("unknown command %s; help lists the commands\n", line->word);
	else
		console_print("%s takes no argument, got \"%s\"\n", cmd->name, line->rest);
	console_fail();
}

/*
 * Token: a whole line that fits no other instruction, so that it gets a reason of
 * its own: a command that does not exist, lacks its argument or takes none. What
 * another instruction takes is not for this one, or the library calls it ambiguous.
 */
static int
other_parse(cmdline_parse_token_hdr_t *token, const char *buf, void *res, unsigned int size)
{
	const struct command *cmd = command_find(buf, strcspn(buf, " \t\r\n#"));
	const struct tokens_line *line = res;
	int len = tokens_whole.ops->parse(token, buf, res, size);

	if (len >= 0 && cmd != NULL && (cmd->args == NULL) == (line->rest[0] == '\0'))
		return -1;
	return len;
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

static int
topic_parse(cmdline_parse_token_hdr_t *token, const char *buf, void *res, unsigned int size)
{
	RTE_SET_USED(token);
	return tokens_rest(buf, res, size);
}

static int
topic_complete_nb(cmdline_parse_token_hdr_t *token)
{
	RTE_SET_USED(token);
	return RTE_DIM(commands) - 1;
}

static int
topic_complete_elt(cmdline_parse_token_hdr_t *token, int i, char *dst, unsigned int size)
{
	RTE_SET_USED(token);
	strlcpy(dst, commands[i].name, size);
	return 0;
}

static struct cmdline_token_ops topic_ops = {
	.parse = topic_parse,
	.complete_get_nb = topic_complete_nb,
	.complete_get_elt = topic_complete_elt,
};

static struct cmdline_token_hdr topic_token = {&topic_ops, offsetof(struct tokens_line, rest)};

static struct cmdline_token_ops other_ops = {
	.parse = other_parse,
	.complete_get_nb = other_complete_nb,
	.complete_get_elt = other_complete_elt,
};

static struct cmdline_token_hdr other_token = {&other_ops, 0};

/* An instruction: its word, the line it is shown with, the tokens after the word. */
#define INSTRUCTION(name, usage, ...)                                      \
	static cmdline_parse_token_string_t name##_token =                 \
		TOKEN_STRING_INITIALIZER(struct tokens_line, word, #name); \
	static cmdline_parse_inst_t name##_inst = {                        \
		.f = line_run,                                             \
		.help_str = usage,                                         \
		.tokens = {(void *)&name##_token, __VA_ARGS__},            \
	}

INSTRUCTION(attach, "attach <devargs>", &tokens_attachable, NULL);
INSTRUCTION(detach, "detach <device>", &tokens_attached, NULL);
INSTRUCTION(list, "list", NULL);
INSTRUCTION(show, "show <device|port>", &tokens_attached, NULL);
INSTRUCTION(devices, "devices", NULL);
INSTRUCTION(start, "start <device> [rxq N] [txq N]", &tokens_attached, NULL);
INSTRUCTION(stop, "stop <device>", &tokens_attached, NULL);
INSTRUCTION(forward, "forward <in> <out> [both] | off", &tokens_attached, NULL);
INSTRUCTION(send, "send <device> <count> [size N]", &tokens_attached, NULL);
INSTRUCTION(stats, "stats [device|port | reset]", &tokens_attached, NULL);
INSTRUCTION(lock, "lock <device> [reason]", &tokens_attached, NULL);
INSTRUCTION(unlock, "unlock <device>", &tokens_attached, NULL);
INSTRUCTION(peers, "peers", NULL);
INSTRUCTION(sync, "sync", NULL);
INSTRUCTION(monitor, "monitor on|off", &tokens_on_off, NULL);
INSTRUCTION(help, "help [command]", &topic_token, NULL);
INSTRUCTION(quit, "quit", NULL);

static cmdline_parse_inst_t other_inst = {
	.f = line_run,
	.tokens = {&other_token, NULL},
};

static cmdline_parse_inst_t line_inst = {
	.f = line_run,
	.tokens = {&tokens_whole, NULL},
};

/*
 * The instructions above are there for TAB and lead to line_run() all. The library
 * tries each of them on every line, and clears 8 KiB for it, which takes as long as
 * half of what an operation takes in a group of one.
 */
cmdline_parse_ctx_t commands_lines[] = {&line_inst, NULL};

cmdline_parse_ctx_t commands_grammar[] = {
	&attach_inst,
	&detach_inst,
	&list_inst,
	&show_inst,
	&devices_inst,
	&start_inst,
	&stop_inst,
	&forward_inst,
	&send_inst,
	&stats_inst,
	&lock_inst,
	&unlock_inst,
	&peers_inst,
	&sync_inst,
	&monitor_inst,
	&help_inst,
	&quit_inst,
	&other_inst,
	NULL,
};
