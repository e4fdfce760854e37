/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_eal.h>
#include <rte_string_fns.h>
#include <rte_uuid.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/text.h"
#include "device/pci.h"
#include "device/sriov.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define COUNT "/sriov_numvfs"

/* Far longer than an idle kernel needs. */
#define ANSWER_MS 2000

/* A child that neither ends nor waits for so long tells nothing. */
#define GIVE_UP_MS 30000

/* A child that reads, and which card's number of functions. It cannot be killed while the kernel
 * does not answer, so it is kept for the next time. */
static struct {
	pid_t pid; /* 0: none */
	char path[PATH_MAX];
} reader;

/*
 * Read a file in a process of its own, which has nothing of this one's: no descriptor and no memory
 * of a device. A thread would do as long as this process lives. But if it were killed, the thread
 * would keep its devices open, and so would a child that runs no other program.
 */
static void
reader_start(const char *path)
{
	char cat[] = "/bin/cat", file[PATH_MAX];
	char *argv[] = {cat, file, NULL}, *env[] = {NULL};
	posix_spawn_file_actions_t actions;

	strlcpy(file, path, sizeof(file));
	strlcpy(reader.path, path, sizeof(reader.path));
	if (posix_spawn_file_actions_init(&actions) != 0)
		return;
	/* If it cannot be started, nothing is known, and the EAL is asked as always. */
	if (posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0) != 0 ||
		posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO) != 0 ||
		posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO) != 0 ||
		posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1) != 0 ||
		posix_spawn(&reader.pid, cat, &actions, NULL, argv, env) != 0)
		reader.pid = 0;
	posix_spawn_file_actions_destroy(&actions);
}

/* @return true when the child has read, or there is none; false if it has waited in the kernel for
 * ANSWER_MS without a break. On a machine that is busy it may also be late because it does not run.
 */
static bool
reader_done(void)
{
	const uint64_t until_ns = clock_in_ms(GIVE_UP_MS);
	uint64_t waited_ns = clock_in_ms(ANSWER_MS);
	bool waits;

	while (reader.pid != 0 && waitpid(reader.pid, NULL, WNOHANG) == 0) {
		waits = proc_status(reader.pid).state == 'D';
		if (!waits)
			waited_ns = clock_in_ms(ANSWER_MS);
		if (clock_is_past(waited_ns) || clock_is_past(until_ns))
			return !waits;
		clock_sleep_ns(CLOCK_NS_PER_MS);
	}
	reader.pid = 0;
	return true;
}

int
sriov_scan_check(char *why)
{
	bool done = reader_done();
	glob_t cards;
	size_t i;

	if (done && glob(PCI_DEVICES "/[0-9a-f]*" COUNT, 0, NULL, &cards) == 0) {
		for (i = 0; i < cards.gl_pathc && done && reader.pid == 0; i++) {
			reader_start(cards.gl_pathv[i]);
			done = reader_done();
		}
		globfree(&cards);
	}
	if (done)
		return 0;
	return why_set(why, -EAGAIN,
		"the kernel is changing the functions of %.*s, or taking it away, and waits until "
		"nobody uses them; the EAL would wait for it as well; try again when that is done",
		(int)(strlen(reader.path) - strlen(PCI_DEVICES "/") - strlen(COUNT)),
		reader.path + strlen(PCI_DEVICES "/"));
}

/* Find the card of a function that the kernel gives away only with a token, because its card is at
 * vfio-pci, too. @return false if the device is none. */
static bool
token_card(const char *address, char *card, size_t size)
{
	char driver[64];

	pci_link(address, "physfn", card, size);
	return card[0] != '\0' && pci_kernel_driver(address, driver, sizeof(driver)) &&
	       strcmp(driver, "vfio-pci") == 0 && pci_kernel_driver(card, driver, sizeof(driver)) &&
	       strcmp(driver, "vfio-pci") == 0;
}

int
sriov_attach_check(const struct rte_devargs *da, char *why)
{
	rte_uuid_t token;
	char card[64];
	int ret;

	if (strcmp(rte_bus_name(da->bus), "pci") != 0)
		return 0;
	ret = sriov_scan_check(why);
	if (ret < 0 || !token_card(da->name, card, sizeof(card)))
		return ret;
	rte_eal_vfio_get_vf_token(token);
	if (!rte_uuid_is_null(token))
		return 0;
	/* The EAL would fail, and after that the primary might fail to attach any card. */
	return why_set(why, -EACCES,
		"it is a function of %s, which is bound to vfio-pci, too, so it needs a VF token; start "
		"every process of the group with --vfio-vf-token=UUID, and attach %s first",
		card, card);
}

void
sriov_advise(const char *address, char *text, size_t size)
{
	char card[64];

	if (token_card(address, card, sizeof(card)))
		text_add(text, size,
			"; every process needs the VF token (--vfio-vf-token) that %s was attached "
			"with",
			card);
}
