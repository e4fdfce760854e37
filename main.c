/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/force.h"
#include "base/signals.h"
#include "base/text.h"
#include "commands.h"
#include "console/console.h"
#include "console/devices.h"
#include "console/input.h"
#include "console/monitor.h"
#include "console/output.h"
#include "console/show.h"
#include "console/terminal.h"
#include "eal/runtime.h"
#include "eal/shared_locks.h"
#include "group/events.h"
#include "group/heartbeat.h"
#include "inspect/telemetry.h"
#include "operations/kernel_requests.h"
#include "operations/leftover.h"
#include "process/leave.h"
#include "process/options.h"
#include "process/startup.h"
#include "traffic/forward.h"
#include "traffic/port_control.h"
#include "traffic/server.h"

static struct options options;

/* What must be cleaned up even if the process is ended by force. */
static void
force_clean(void)
{
	terminal_restore();
	runtime_files_remove();
}

/* @return -1 to go on, or the status to exit with. */
static int
start(int argc, char **argv)
{
	const struct force_hooks hooks = {leave_locks_matter, shared_locks_pass, force_clean};
	char why[WHY_SIZE];
	int ret;

	force_set_hooks(&hooks);
	ret = startup_streams();
	if (ret == 0) {
		ret = options_parse(argc, argv, &options);
		if (ret >= 0)
			return ret;
		ret = signals_start();
	}
	if (ret == 0)
		ret = grammar_make(commands);
	if (ret < 0) {
		fprintf(stderr, PROGRAM ": cannot start: %s\n",
			ret == -EAGAIN ? "no thread can be made; allow more processes (ulimit -u)"
				       : strerror(-ret));
		return EXIT_FAILURE;
	}
	startup_on_beat(terminal_beat);
	/* Set before this process joins, so that "joined" is the first event of a feed. */
	events_set_wanted(options.monitor);
	ret = startup_eal(argc, argv, options.plain_scans, input_go_on, why);
	if (ret < 0) {
		fprintf(stderr, PROGRAM ": %s\n", why);
		return signals_caught() != 0 ? 128 + signals_caught() : EXIT_FAILURE;
	}
	if (argc - ret - 1 != options.nb_words) {
		/* The EAL takes its options, and leaves words among them to us. */
		fprintf(stderr, PROGRAM ": unexpected argument \"%s\"; try --help\n",
			argv[ret + 1]);
		leave();
		return OPTIONS_EXIT_USAGE;
	}
	return -1;
}

/* Print why a service did not start. The process can do the rest of its work without it. */
static void
check_service(int ret, const char *service)
{
	if (ret < 0)
		fprintf(stderr, PROGRAM ": cannot %s: %s\n", service, strerror(-ret));
}

static void
serve(void)
{
	forward_set_core(options.poll_core);
	if (options.nb_mbufs != 0)
		port_control_set_mbufs(options.nb_mbufs);
	check_service(
		kernel_requests_start(options.auto_attach), "watch for devices that come and go");
	check_service(server_start(leftover_remove), "start ports for others");
	check_service(telemetry_start(), "answer telemetry");
}

/* Run the scripts, then commands from standard input or the feed of events. */
static void
run(void)
{
	const struct console con = {
		.prompt = "example> ",
		.sources = {{.fd = heartbeat_fd(), .ready = monitor_print, .feed = true},
			{.fd = kernel_requests_fd(), .ready = devices_kernel_requests},
			{.fd = telemetry_fd(), .ready = telemetry_refresh, .silent = true}},
		.trace = options.trace,
		.keep_going = options.keep_going,
	};
	enum console_end end = CONSOLE_END_INPUT;
	unsigned int i;

	for (i = 0; i < options.nb_scripts && end == CONSOLE_END_INPUT; i++)
		end = options.scripts[i].text != NULL ? console_text(&con, options.scripts[i].text)
						      : console_lines(&con, options.scripts[i].fd);
	/* --interactive goes on even after a command has failed: a person will want to look. */
	if (end == CONSOLE_END_LEAVE)
		return;
	if (options.interactive || (options.nb_scripts == 0 && !options.monitor))
		console_input(&con);
	else if (options.monitor && end == CONSOLE_END_INPUT)
		console_feed(&con);
}

int
main(int argc, char **argv)
{
	int ret = start(argc, argv);

	if (ret >= 0)
		return ret;
	serve();
	run();
	show_left_behind();
	input_drain();
	force_soon(signals_caught() == 0 ? EXIT_FAILURE : 128 + signals_caught());
	telemetry_stop();
	server_stop();
	kernel_requests_stop();
	leave();
	if (signals_caught() != 0)
		return 128 + signals_caught();
	return output_any_failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}
