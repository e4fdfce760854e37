/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_ethdev.h>

#include "base/port_set.h"
#include "base/text.h"
#include "commands.h"
#include "console/grammar.h"
#include "console/output.h"
#include "device/device.h"
#include "fuzz.h"
#include "group/events.h"
#include "group/file.h"
#include "inspect/telemetry.h"
#include "operations/leftover.h"
#include "process/startup.h"
#include "traffic/forward.h"
#include "traffic/port_control.h"
#include "traffic/server.h"

/* Enough for a line that asks for a million packets, and no more than a moment. */
#define PATIENCE 1000

struct console fuzz_console = {
	.prompt = "example> ",
	.sources = {{.fd = -1}, {.fd = -1}, {.fd = -1}},
	.keep_going = true,
};

static struct group_shared *at_start;
static struct port_set ports_at_start;

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

/* Leaks are looked for in this program's own files; what libraries keep is theirs. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:librte_\nleak:libpcap\nleak:fopencookie\n";
}

void
fuzz_start(void)
{
	char *argv[] = {"fuzz", "--no-huge", "--no-pci", "--no-shconf", "-m", "64", "-l", "0",
		"--no-telemetry", "--log-level", "1", "--vdev", "net_null0", "--vdev", "net_null1",
		"--vdev", "net_ring0", NULL};
	struct device_port port;
	char why[WHY_SIZE] = "";
	unsigned int id;
	int out;

	out = memfd_create("output", MFD_CLOEXEC);
	need(out >= 0 && dup2(out, STDOUT_FILENO) >= 0, "no place for what is printed");
	need(grammar_make(commands) == 0, "no memory");
	need(startup_eal(RTE_DIM(argv) - 1, argv, false, input_go_on, why) >= 0, why);
	port_control_set_mbufs(1024);
	need(server_start(leftover_remove) == 0 && telemetry_start() == 0, "it does not serve");
	need(console_text(&fuzz_console, "quit") == CONSOLE_END_LEAVE, "no line is run");
	for (id = 0; device_port_next(id, &port); id = port.id + 1)
		port_set_add(&ports_at_start, port.id);
	at_start = malloc(sizeof(*at_start));
	need(at_start != NULL, "no memory");
	memcpy(at_start, group_shared, sizeof(*at_start));
	fuzz_drop_output();
}

void
fuzz_reset(void)
{
	struct rte_eth_dev_info info;
	struct device_port port;
	unsigned int id;

	forward_off();
	events_set_wanted(false);
	fuzz_secondary = false;
	fuzz_alive = 0;
	fuzz_answers = NULL;
	for (id = 0; device_port_next(id, &port); id = port.id + 1) {
		rte_eth_dev_stop(port.id);
		if (!port_set_has(&ports_at_start, port.id) &&
			rte_eth_dev_info_get(port.id, &info) == 0)
			need(rte_dev_remove(info.device) == 0, "a device stays");
	}
	memcpy(group_shared, at_start, sizeof(*at_start));
	fuzz_beat();
	events_begin();
	fuzz_drop_output();
	fuzz_patience(PATIENCE);
}

void
fuzz_line(const char *line)
{
	fuzz_patience(PATIENCE);
	fuzz_beat();
	console_text(&fuzz_console, line);
}

void
fuzz_drop_output(void)
{
	fflush(stdout);
	need(ftruncate(STDOUT_FILENO, 0) == 0, "output stays");
	lseek(STDOUT_FILENO, 0, SEEK_SET);
}

void
fuzz_check_output(void)
{
	char text[65536];
	ssize_t len, i;

	fflush(stdout);
	len = pread(STDOUT_FILENO, text, sizeof(text), 0);
	for (i = 0; i < len; i++) {
		if (isprint((unsigned char)text[i]) || text[i] == '\n' || text[i] == '\t')
			continue;
		fprintf(stderr, "fuzz: printed byte %#x after: %.*s\n", (unsigned char)text[i],
			(int)RTE_MIN(i, 200), text + (i < 200 ? 0 : i - 200));
		abort();
	}
}

uint8_t
fuzz_byte(struct fuzz_bytes *bytes)
{
	if (bytes->left == 0)
		return 0;
	bytes->left--;
	return *bytes->data++;
}

size_t
fuzz_take(struct fuzz_bytes *bytes, void *to, size_t size)
{
	size = RTE_MIN(size, bytes->left);
	memcpy(to, bytes->data, size);
	bytes->data += size;
	bytes->left -= size;
	return size;
}
