/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_common.h>
#include <rte_config.h>

/* A set of ethernet port ids, from 0 to RTE_MAX_ETHPORTS - 1. Any thread. */

/** Bit n of word n / 64 is port n. All zero is the empty set. */
struct port_set {
	uint64_t words[(RTE_MAX_ETHPORTS + 63) / 64];
};

static inline bool
port_set_has(const struct port_set *set, unsigned int id)
{
	return (set->words[id / 64] >> id % 64 & 1) != 0;
}

static inline void
port_set_add(struct port_set *set, unsigned int id)
{
	set->words[id / 64] |= UINT64_C(1) << id % 64;
}

/** The set of all port ids. */
static inline struct port_set
port_set_all(void)
{
	struct port_set set;

	memset(&set, 0xff, sizeof(set));
	return set;
}

/** The lowest port of the set that is at least id; RTE_MAX_ETHPORTS if there is none. */
static inline unsigned int
port_set_next(const struct port_set *set, unsigned int id)
{
	while (id < RTE_MAX_ETHPORTS && !port_set_has(set, id))
		id++;
	return id;
}

/** For each port id of the set, in ascending order. */
#define PORT_SET_FOREACH(id, set)                                   \
	for ((id) = port_set_next(set, 0); (id) < RTE_MAX_ETHPORTS; \
		(id) = port_set_next(set, (id) + 1))

static inline bool
port_set_is_empty(const struct port_set *set)
{
	return port_set_next(set, 0) == RTE_MAX_ETHPORTS;
}

/** The ports that are in both sets. */
static inline struct port_set
port_set_common(const struct port_set *a, const struct port_set *b)
{
	struct port_set both;
	unsigned int i;

	for (i = 0; i < RTE_DIM(both.words); i++)
		both.words[i] = a->words[i] & b->words[i];
	return both;
}

/** Is every port of part in set? */
static inline bool
port_set_covers(const struct port_set *set, const struct port_set *part)
{
	struct port_set both = port_set_common(set, part);

	return memcmp(&both, part, sizeof(both)) == 0;
}
