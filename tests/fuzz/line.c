/* SPDX-License-Identifier: BSD-3-Clause */
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include <rte_common.h>

#include "fuzz.h"

/*
 * A line, whole or not: from a script's text, from a descriptor or from the keys
 * of a terminal, up to where the EAL would attach what it names. The first byte
 * says which.
 */

#define KEYS_MAX 2048 /* what a terminal holds before it is read */

static int keys_fd;

static void
terminal_make(void)
{
	struct termios raw;
	int terminal;

	if (openpty(&keys_fd, &terminal, NULL, NULL, NULL) < 0 || tcgetattr(terminal, &raw) < 0)
		abort();
	/* What is typed before the editor looks is as it was typed. */
	cfmakeraw(&raw);
	if (tcsetattr(terminal, TCSANOW, &raw) < 0 || dup2(terminal, STDIN_FILENO) < 0)
		abort();
}

static void
from_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	console_text(&fuzz_console, text);
	free(text);
}

static void
from_descriptor(const uint8_t *data, size_t size)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	console_lines(&fuzz_console, fd);
	close(fd);
}

static void
from_keys(const uint8_t *data, size_t size)
{
	size = RTE_MIN(size, (size_t)KEYS_MAX);
	if (write(keys_fd, data, size) != (ssize_t)size)
		abort();
	console_input(&fuzz_console);
	tcflush(STDIN_FILENO, TCIFLUSH);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const ways[])(const uint8_t *data, size_t size) = {
		from_text, from_descriptor, from_keys};
	static bool started;

	if (!started) {
		fuzz_start();
		terminal_make();
	}
	started = true;
	if (size < 2)
		return 0;
	fuzz_console.trace = data[0] >> 7;
	ways[data[0] % RTE_DIM(ways)](data + 1, size - 1);
	fuzz_reset();
	return 0;
}
