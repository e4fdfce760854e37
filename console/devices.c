/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "console/devices.h"
#include "console/input.h"
#include "console/monitor.h"
#include "console/output.h"
#include "operations/attach.h"
#include "operations/detach.h"
#include "operations/kernel_requests.h"
#include "operations/lock.h"
#include "operations/sync.h"

#define FORCE "--force"

void
devices_attach(const char *rest)
{
	struct result res;

	if (!answer_one_device("attach", "<devargs>", rest))
		return;
	attach(rest, NULL, input_go_on, &res);
	answer_device("attach", "attached", rest, &res);
}

void
devices_detach(const char *rest)
{
	struct result res;
	bool force = false;

	if (strncmp(rest, FORCE, strlen(FORCE)) == 0 &&
		(rest[strlen(FORCE)] == '\0' || isblank((unsigned char)rest[strlen(FORCE)]))) {
		force = true;
		rest += strlen(FORCE);
		rest += strspn(rest, " \t");
	}
	if (!answer_one_device("detach", "<device>", rest))
		return;
	detach(rest, force, NULL, input_go_on, &res);
	answer_device("detach", "detached", rest, &res);
}

void
devices_lock(const char *rest)
{
	size_t len = strcspn(rest, " \t");
	char device[OUTPUT_LINE_MAX + 1];
	struct result res;

	strlcpy(device, rest, RTE_MIN(len + 1, sizeof(device)));
	if (!answer_one_device("lock", "<device> [reason]", device))
		return;
	lock_device(device, rest + len + strspn(rest + len, " \t"), input_go_on, &res);
	answer_device("lock", "locked", device, &res);
}

void
devices_unlock(const char *rest)
{
	struct result res;

	if (!answer_one_device("unlock", "<device>", rest))
		return;
	lock_release(rest, input_go_on, &res);
	answer_device("unlock", "unlocked", rest, &res);
}

void
devices_sync(__rte_unused const char *rest)
{
	struct result res;

	sync_group(input_go_on, &res);
	if (res.note[0] != '\0')
		output_print("note: %s\n", res.note);
	if (res.err == 0)
		output_print("synced: %s\n", res.text);
	else
		output_failure("failed to sync: %s\n", res.text);
}

void
devices_kernel_requests(void)
{
	kernel_requests_run(input_go_on);
	monitor_print();
}
