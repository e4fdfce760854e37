/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include <rte_common.h>

#include "tokens.h"

int
tokens_rest(const char *buf, char *rest, size_t size)
{
	size_t len = strcspn(buf, "\r\n"), end;

	for (end = 0; end < len; end++) {
		if (buf[end] == '#' && (end == 0 || isblank((unsigned char)buf[end - 1])))
			break;
	}
	while (end > 0 && isblank((unsigned char)buf[end - 1]))
		end--;
	if (rest != NULL) {
		if (end >= size)
			return -1;
		memcpy(rest, buf, end);
		rest[end] = '\0';
	}
	return len;
}

/* The library's own string tokens hold 127 bytes or cut the line at any '#'. */
static int
any_parse(cmdline_parse_token_hdr_t *token, const char *buf, void *res, unsigned int size)
{
	RTE_SET_USED(token);
	return tokens_rest(buf, res, size);
}

static struct cmdline_token_ops any_ops = {.parse = any_parse};

cmdline_parse_token_hdr_t tokens_any = {&any_ops, offsetof(struct tokens_line, rest)};
