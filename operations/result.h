/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <rte_common.h>
#include <rte_dev.h>

/** What came of an operation. The operation decides; console/answers.h prints. */
struct result {
	/** 0, or a negative errno. */
	int err;
	/** The device as its bus knows it; empty if what was asked for names none. */
	char name[RTE_DEV_NAME_MAX_LEN];
	/** After a failure: why, a sentence without its full stop. After a success: a remark, or
	 * empty. */
	char text[1024];
	/** What an earlier operation that was never finished has left behind; mostly empty. */
	char note[512];
};

/** Set err, and the text by a format. Main thread. */
__rte_format_printf(3, 4) void result_set(struct result *res, int err, const char *format, ...);
