/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <rte_mempool.h>

/* The mbufs of all ports: one pool for the group, made by the primary with the first start. */

/** NULL before it is made. Any thread. */
struct rte_mempool *pool_find(void);

/**
 * Find it, or make it. The primary.
 *
 * @param nb mbufs in it.
 * @return NULL and why if there is no memory.
 */
struct rte_mempool *pool_make(unsigned int nb, char *why, size_t size);

/** The calling thread has no cache of the pool, whatever the EAL has made of it. */
void pool_use_uncached(void);

/**
 * The calling thread has the cache that is this slot's, for itself in the whole
 * group, until it has given back what is in it.
 */
void pool_cache_begin(unsigned int slot);
void pool_cache_end(unsigned int slot);

/** Are all mbufs where they are when nobody has any? Any thread. */
bool pool_whole(void);

/**
 * Put all mbufs back, those of the dead included. The primary, with the turn
 * held, when nobody has any: neither a process that lives nor a port.
 */
void pool_mend(void);

#endif
