/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stddef.h>

#include <rte_common.h>

#include "eal/log_tap.h"
#include "errors.h"

static struct first_error *own;
static _Atomic uint64_t *error_order;
static uint64_t (*operation_number)(void);
static _Atomic uint64_t claimed; /* the operation own->text is of, or is being written for */

/* Neither allocates nor waits: drivers log in the interrupt thread too. */
static void
error_keep(const char *text, size_t len)
{
	uint64_t op = operation_number();
	size_t i;

	if (op == 0 || atomic_exchange(&claimed, op) == op)
		return;
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	len = RTE_MIN(len, sizeof(own->text) - 1);
	for (i = 0; i < len; i++)
		own->text[i] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
	own->text[len] = '\0';
	own->order = atomic_fetch_add(error_order, 1);
	atomic_store(&own->op, op);
}

int
errors_start(struct first_error *error, _Atomic uint64_t *order, uint64_t (*operation)(void))
{
	own = error;
	error_order = order;
	operation_number = operation;
	return log_tap_start(error_keep);
}
