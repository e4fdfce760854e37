/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include <rte_mempool.h>

/* The mbufs of all ports: one pool for the group, made by the primary with the first start. */

/** mbufs in the pool, unless the person says otherwise. */
#define POOL_MBUFS 8192

/** The pool; NULL before it is made. Any thread. */
struct rte_mempool *pool_find(void);

/**
 * Find the pool, or make it. The primary.
 *
 * @param nb mbufs in it.
 * @return NULL and why if there is no memory.
 */
struct rte_mempool *pool_make(unsigned int nb, char *why);

/** The calling thread uses no cache of the pool, whichever lcore the EAL says it is. */
void pool_use_uncached(void);

/** The calling thread uses the cache of this process's slot, which no other thread of the group
 * uses, until it has given back what is in it. */
void pool_cache_begin(void);
void pool_cache_end(void);

/** Are all mbufs back in the pool? True before it is made. Any thread. */
bool pool_whole(void);

/** Put all mbufs back, also those that dead processes had. The primary, with the turn held, when
 * neither a living process nor a port has any. */
void pool_mend(void);
