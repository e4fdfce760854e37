/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "base/program.h"
#include "commands.h"
#include "console.h"
#include "leave.h"
#include "look.h"
#include "monitor.h"
#include "options.h"
#include "polling.h"
#include "ports.h"
#include "base/signals.h"
#include "startup.h"
#include "telemetry.h"
#include "unplug.h"
#include "watch.h"

#define PROMPT "example> "

/* The process is about to be ended by force: leave what must not be left behind. */
static void
force_cleanup(void)
{
	console_restore();
	startup_remove_files();
}

/* Start-up and leaving wait for an operation under way, but not for ever. */
static bool
start_wait(const char *text)
{
	if (text != NULL)
		fprintf(stderr, PROGRAM ": %s\n", text);
	return signals_caught() == 0;
}

static bool
leave_wait(const char *text)
{
	static unsigned int ticks;

	RTE_SET_USED(text);
	return ticks++ == 0;
}

/* Run the scripts, then whatever else is to be read. */
static void
commands_run(const struct console *con, const struct options *options)
{
	enum console_end end = CONSOLE_END_INPUT;
	const struct options_script *script;

	for (script = options->scripts;
		script < options->scripts + options->nb_scripts && end == CONSOLE_END_INPUT;
		script++)
		end = script->text != NULL ? console_text(con, script->text)
					   : console_lines(con, script->fd);
	/* Also after a command that has failed: a person will want to look. */
	if (end == CONSOLE_END_LEAVE)
		return;
	if (options->interactive || (options->nb_scripts == 0 && !options->monitor))
		console_input(con);
	else if (options->monitor && end == CONSOLE_END_INPUT)
		console_feed(con);
}

int
main(int argc, char **argv)
{
	struct console con = {
		.grammar = commands_grammar,
		.lines = commands_lines,
		.prompt = PROMPT,
		.sources = {{.ready = monitor_news}, {.ready = commands_device_events},
			{.ready = telemetry_refresh, .silent = true}},
	};
	static struct options options;
	char why[512];
	int ret, own;

	ret = startup_streams();
	if (ret == 0) {
		ret = options_parse(argc, argv, &options);
		if (ret >= 0)
			return ret;
		ret = signals_start();
	}
	if (ret < 0) {
		fprintf(stderr, PROGRAM ": cannot start: %s\n", strerror(-ret));
		return EXIT_FAILURE;
	}
	signals_on_force(force_cleanup);
	own = options_own(argc, argv);
	/* From its own joining on, so that a reader of the feed knows when it begins. */
	monitor_set(options.monitor);
	ret = startup_eal(argc, argv, start_wait, why, sizeof(why));
	if (ret < 0) {
		fprintf(stderr, PROGRAM ": %s\n", why);
		return signals_caught() != 0 ? 128 + signals_caught() : EXIT_FAILURE;
	}
	if (argc - ret - 1 != own) {
		/* The EAL takes its options and leaves the words between them. */
		fprintf(stderr, PROGRAM ": unexpected argument \"%s\"; try --help\n",
			argv[ret + 1]);
		leave_group(leave_wait);
		return OPTIONS_EXIT_USAGE;
	}
	ret = unplug_start(options.auto_attach);
	if (ret < 0)
		fprintf(stderr, PROGRAM ": cannot watch for devices that come and go: %s\n",
			strerror(-ret));
	polling_set_core(options.poll_core);
	ret = ports_serve(options.nb_mbufs == 0 ? PORTS_MBUFS : options.nb_mbufs);
	if (ret < 0)
		fprintf(stderr, PROGRAM ": cannot start ports for others: %s\n", strerror(-ret));
	ret = telemetry_start();
	if (ret < 0)
		fprintf(stderr, PROGRAM ": cannot answer telemetry: %s\n", strerror(-ret));
	con.sources[0].fd = watch_news_fd();
	con.sources[1].fd = unplug_fd();
	con.sources[2].fd = telemetry_fd();
	con.trace = options.trace;
	con.keep_going = options.keep_going;
	commands_run(&con, &options);
	signals_force_soon();
	look_leaving();
	telemetry_stop();
	ports_serve_stop();
	unplug_stop();
	leave_group(leave_wait);
	if (signals_caught() != 0)
		return 128 + signals_caught();
	return console_failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}
