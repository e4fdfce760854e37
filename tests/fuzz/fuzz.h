/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_eal.h>
#include <rte_telemetry.h>

#include "console/console.h"

/*
 * What the targets have in common: this program, all of it but its main(), in a
 * group of one, with ports of net_null and net_ring; and the bytes libFuzzer
 * gives.
 */

/** What libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Start the EAL and what main() starts, once. Ends the process if that fails. */
void fuzz_start(void);

/** As it was after fuzz_start(): nothing forwards, no port is started, none has come. */
void fuzz_reset(void);

/** Run a line of text as if it was read from a script. */
void fuzz_line(const char *line);

/** How the lines are run. */
extern struct console fuzz_console;

/** End the process as a finding if something was printed that does something to a terminal. */
void fuzz_check_output(void);

/** Forget what was printed. */
void fuzz_drop_output(void);

/* The bytes of one input, taken from the front; 0 where there are no more. */
struct fuzz_bytes {
	const uint8_t *data;
	size_t left;
};

uint8_t fuzz_byte(struct fuzz_bytes *bytes);

/** As many of the bytes wanted as there are. @return how many. */
size_t fuzz_take(struct fuzz_bytes *bytes, void *to, size_t size);

/* What lies behind the doors of doors.c. */

/** Does this process ask its primary, or is it one? */
extern bool fuzz_secondary;

/** Which of the slots other than its own are somebody's: bit n for slots n, n + 8, ... */
extern uint8_t fuzz_alive;

/** Is somebody in the group, for group_join()? */
extern bool fuzz_others;

/** Answers to what is asked of a primary. */
extern struct fuzz_bytes *fuzz_answers;

/** What this program has given to the EAL to be called. */
extern rte_mp_t fuzz_message;
extern telemetry_cb fuzz_telemetry;
extern bool (*fuzz_tick)(void);

/** How many requests have been answered. */
extern unsigned int fuzz_replies;

/** Show that this process runs, and what ports it has. */
void fuzz_beat(void);

/** Let the thread that serves messages do what it has to, here. */
void fuzz_serve(void);

/** From now on, no signal asks to leave; after a while one does, so nothing goes on for ever. */
void fuzz_patience(unsigned int looks);
