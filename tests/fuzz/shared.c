/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sanitizer/lsan_interface.h>

#include <rte_common.h>

#include <cmdline.h>

#include "base/port_set.h"
#include "base/text.h"
#include "console/grammar.h"
#include "console/monitor.h"
#include "console/show.h"
#include "fuzz.h"
#include "group/errors.h"
#include "group/file.h"
#include "group/shared.h"
#include "inspect/telemetry.h"
#include "traffic/withdraw.h"

/*
 * A peer writes into what the group shares, whatever and wherever it likes, and
 * this process goes on with its work. An input is a list of both: bytes below
 * READ say what is written, the others who reads. To the tables below things are
 * added at the end, or the inputs of corpus/ mean something else.
 */

#define READ 128  /* and on: lines */
#define OTHER 192 /* and on: whatever else it does */

/* A field there, or the same one of each entry of an array. */
#define TYPE(field) __typeof__(((struct group_shared *)0)->field)
/* Versions of clang-format place the backslashes of braces in different columns. */
/* clang-format off */
#define FIELD(field)                                                            \
	{                                                                       \
		offsetof(struct group_shared, field), sizeof(TYPE(field)), 0, 1 \
	}
#define FIELDS(array, field)                                                                 \
	{                                                                                    \
		offsetof(struct group_shared, array[0] field), sizeof(TYPE(array[0] field)), \
			sizeof(TYPE(array[0])), sizeof(TYPE(array)) / sizeof(TYPE(array[0])) \
	}
#define MEMBER(field) FIELDS(members, .field)
/* clang-format on */

static const struct place {
	size_t offset, size, stride, nb;
} places[] = {
	FIELD(magic),
	FIELD(layout),
	FIELD(size),
	FIELD(turn),
	FIELD(turn.holder),
	FIELD(turn.op),
	FIELD(turn.what),
	FIELD(turn.dead),
	FIELD(turn.dead_what),
	FIELD(leaving),
	FIELD(error_order),
	FIELD(events.nb),
	FIELDS(events.entries, .number),
	FIELDS(events.entries, .event),
	FIELDS(events.entries, .event.text),
	FIELDS(ports, .name),
	FIELDS(ports, .devargs),
	FIELDS(started, ),
	FIELDS(started, .nb[GROUP_RX]),
	FIELDS(started, .nb[GROUP_TX]),
	FIELDS(started, .queues[GROUP_RX]),
	FIELDS(started, .queues[GROUP_TX]),
	FIELDS(withdrawn.closing, ),
	FIELDS(withdrawn.taken, ),
	FIELDS(withdrawn.rcu, ),
	FIELDS(died, ),
	MEMBER(pid),
	MEMBER(primary),
	MEMBER(sync_wanted),
	MEMBER(sync_done),
	MEMBER(state),
	MEMBER(state.beat_ns),
	MEMBER(state.late_ns),
	MEMBER(state.ports),
	MEMBER(error),
	MEMBER(error.op),
	MEMBER(error.text),
	MEMBER(locks),
	MEMBER(locks[0].device),
	MEMBER(locks[0].reason),
	MEMBER(counters),
	MEMBER(polled[0]),
	MEMBER(polled),
	MEMBER(serving),
	MEMBER(join),
	MEMBER(counters_base),
	MEMBER(longest_pause),
	FIELD(joins),
};

/* Some bytes, over and over until the place is full if that is wanted. */
static void
write_at(struct fuzz_bytes *bytes, size_t offset, size_t size)
{
	uint8_t *to = (uint8_t *)group_shared + offset, pattern[64];
	uint8_t len = fuzz_byte(bytes);
	size_t nb, i;

	nb = fuzz_take(bytes, pattern, RTE_MIN(len % sizeof(pattern) + 1, size));
	for (i = 0; nb > 0 && i < (len & 0x80 ? size : nb); i++)
		to[i] = pattern[i % nb];
}

static void
write_one(struct fuzz_bytes *bytes, uint8_t code)
{
	size_t offset = 0;

	if (code < RTE_DIM(places)) {
		const struct place *place = &places[code];

		write_at(bytes, place->offset + fuzz_byte(bytes) % place->nb * place->stride,
			place->size);
	} else if (code < 64) {
		fuzz_take(bytes, &offset, 3);
		offset %= sizeof(*group_shared) - 64;
		write_at(bytes, offset, 64);
	} else if (code < 72) {
		/* From somewhere to the end. */
		fuzz_take(bytes, &offset, 3);
		offset %= sizeof(*group_shared) - 64;
		write_at(bytes, offset, sizeof(*group_shared) - offset);
	} else if (code < 96) {
		fuzz_alive = fuzz_byte(bytes);
	} else {
		fuzz_secondary = code & 1;
	}
}

/* What this process does besides lines. */
static void
tick(void)
{
	if (fuzz_tick())
		monitor_print();
}

static void
leave(void)
{
	const struct port_set all = port_set_all();
	char why[WHY_SIZE];

	if (withdraw_ports(&all, 300, why) == 0)
		withdraw_end(&all, true);
	withdraw_slot_claimed();
	show_left_behind();
}

static void
telemetry(void)
{
	static const char *const asked[][2] = {{"/hotplug_mp/list", NULL},
		{"/hotplug_mp/peers", NULL}, {"/hotplug_mp/events", NULL},
		{"/hotplug_mp/show", "0"}, {"/hotplug_mp/show", "net_null1"}};
	struct rte_tel_data *d;
	unsigned int i;

	telemetry_refresh();
	/* What an answer holds is freed by the one who sends it. */
	__lsan_disable();
	for (i = 0; i < RTE_DIM(asked); i++) {
		d = rte_tel_data_alloc();
		fuzz_telemetry(asked[i][0], asked[i][1], d);
		rte_tel_data_free(d);
	}
	__lsan_enable();
}

/* TAB draws the line anew, with the codes of a terminal: those are its own. */
static void
complete(void)
{
	const char keys[] = "detach net\t\t\x03"
			    "attach net_nu\t\t\t\x03"
			    "show \t\t";
	struct cmdline *cl;

	fuzz_check_output();
	cl = cmdline_new(grammar, "", -1, STDOUT_FILENO);
	cmdline_in(cl, keys, sizeof(keys) - 1);
	cmdline_free(cl);
	fuzz_drop_output();
}

static void
error_first(void)
{
	char error[256];
	struct who who;

	if (errors_first(&who, error, sizeof(error)))
		puts(error);
}

static void (*const others[])(void) = {tick, leave, telemetry, complete, error_first};

static const char *const lines[] = {
	"peers",
	"list",
	"show net_null0",
	"show 2",
	"stats",
	"stats reset",
	"sync",
	"lock net_null0 why",
	"unlock net_null0",
	"attach net_null7",
	"detach net_null7",
	"detach net_null0",
	"detach --force net_null1",
	"start net_null0 rxq 2 txq 2",
	"start net_ring0",
	"start net_null1",
	"stop net_null0",
	"stop net_ring0",
	"forward net_null0 net_ring0",
	"forward net_ring0 net_null1 both",
	"forward off",
	"send net_ring0 3",
	"monitor on",
	"monitor off",
	"attach net_nothing",
};

static void
read_one(uint8_t code)
{
	size_t line = code - READ, other = code - OTHER;

	if (line < RTE_DIM(lines))
		fuzz_line(lines[line]);
	else if (other < RTE_DIM(others))
		others[other]();
	fuzz_check_output();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bytes bytes = {.data = data, .left = size};
	static bool started;
	unsigned int reads = 0;
	uint8_t code;

	if (!started)
		fuzz_start();
	started = true;
	while (bytes.left > 0 && reads < 16) {
		code = fuzz_byte(&bytes);
		if (code < READ) {
			write_one(&bytes, code);
		} else {
			read_one(code);
			reads++;
		}
	}
	fuzz_reset();
	return 0;
}
