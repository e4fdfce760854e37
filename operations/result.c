/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "operations/result.h"

void
result_set(struct result *res, int err, const char *format, ...)
{
	va_list ap;

	res->err = err;
	va_start(ap, format);
	vsnprintf(res->text, sizeof(res->text), format, ap);
	va_end(ap);
}
