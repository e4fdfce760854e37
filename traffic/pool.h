/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include <rte_mempool.h>

/* The mbufs of all ports: one pool for the group, which the primary makes with the first start. */

/** Default number of mbufs in the pool. */
#define POOL_MBUFS 8192

/** The pool; NULL before it is made. Any thread. */
struct rte_mempool *pool_find(void);

/** Find the pool, or make it with nb mbufs. The primary, with the turn. @return NULL and why on
 * failure. */
struct rte_mempool *pool_make(unsigned int nb, char *why);

/** Have the calling thread use no cache of the pool, whatever its lcore. */
void pool_use_uncached(void);

/** Have the calling thread use the cache of this process's slot, which no other thread of the group
 * uses; and give the cached mbufs back. */
void pool_cache_begin(void);
void pool_cache_end(void);

/** Are all mbufs back in the pool? True before it is made. Any thread. */
bool pool_whole(void);

/** Put all mbufs back, including those of dead processes. The primary, during an operation, when no
 * living process and no port has any. */
void pool_mend(void);
