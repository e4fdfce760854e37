/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_per_lcore.h>
#include <rte_stack.h>

#include "base/text.h"
#include "group/members.h"
#include "group/primary.h"
#include "traffic/pool.h"

#define POOL "hotplug_mp_mbufs"
#define CACHE 32	/* one burst, which comes out of the cache and goes back into it */
#define CACHED_MIN 2048 /* a smaller pool has no mbufs to spare for caches */

/*
 * The pool is a lock-free stack, with caches before it. In a ring, a process that is killed between
 * the two steps of an enqueue makes all others wait for the second step for ever.
 *
 * mempool chooses a cache by the lcore number of the calling thread, and two threads that use one
 * cache at a time ruin it. Each process numbers its lcores by itself, so two processes on the same
 * cores would share a cache. Therefore a thread that forwards takes an lcore number that follows
 * from its process's slot, from the highest down, where another program is unlikely to have an
 * lcore. All other threads have no number and no cache, like the EAL's own threads.
 *
 * A cache counts mbufs before it writes them, and uncounts them after it has given them back. If
 * the process is killed in between, mbufs in the cache belong to another process. So the next
 * process in the slot forgets what is in the cache; pool_mend() finds it again. To lose few, a
 * cache holds at most one burst.
 */
static unsigned int
cache_lcore(void)
{
	unsigned int slot = member_slot(group_self);

	return slot < RTE_MAX_LCORE ? RTE_MAX_LCORE - 1 - slot : LCORE_ID_ANY;
}

struct rte_mempool *
pool_find(void)
{
	/* Nothing holds in the memory of a primary that has left, not even the locks. */
	return primary_left() != 0 ? NULL : rte_mempool_lookup(POOL);
}

struct rte_mempool *
pool_make(unsigned int nb, char *why)
{
	struct rte_mempool *pool = pool_find();

	if (pool == NULL)
		pool = rte_pktmbuf_pool_create_by_ops(POOL, nb, nb < CACHED_MIN ? 0 : CACHE, 0,
			RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY, "lf_stack");
	if (pool == NULL && rte_errno == EINVAL)
		snprintf(why, WHY_SIZE,
			"cannot make %u mbufs: %s; load DPDK's driver librte_mempool_stack", nb,
			rte_strerror(rte_errno));
	else if (pool == NULL)
		snprintf(why, WHY_SIZE,
			"no memory for %u mbufs: %s; start the primary with -- --mbufs and fewer",
			nb, rte_strerror(rte_errno));
	return pool;
}

void
pool_use_uncached(void)
{
	RTE_PER_LCORE(_lcore_id) = LCORE_ID_ANY;
}

/* The cache of this process; NULL if the pool has no caches, or is not made yet. */
static struct rte_mempool_cache *
cache_find(struct rte_mempool *pool)
{
	return pool == NULL ? NULL : rte_mempool_default_cache(pool, cache_lcore());
}

void
pool_cache_begin(void)
{
	struct rte_mempool *pool = pool_find();
	struct rte_mempool_cache *cache = cache_find(pool);
	void *mbuf;

	if (cache != NULL) {
		cache->len = 0;
		cache->size = 0;
		cache->flushthresh = CACHE;
		/* Up to DPDK 25.11 flushthresh is the bound, and size is what a refill adds. Later
		 * on size is the bound: then the cache does not keep what it is given. */
		if (rte_mempool_generic_get(pool, &mbuf, 1, cache) == 0)
			rte_mempool_generic_put(pool, &mbuf, 1, cache);
		if (cache->len == 0)
			cache->size = CACHE;
	}
	RTE_PER_LCORE(_lcore_id) = cache_lcore();
}

void
pool_cache_end(void)
{
	struct rte_mempool *pool = pool_find();
	struct rte_mempool_cache *cache = cache_find(pool);

	if (cache != NULL)
		rte_mempool_cache_flush(cache, pool);
	pool_use_uncached();
}

bool
pool_whole(void)
{
	struct rte_mempool *pool = pool_find();
	struct rte_mempool_cache *cache;
	unsigned int lcore;

	if (pool == NULL)
		return true;
	for (lcore = 0; lcore < RTE_MAX_LCORE; lcore++) {
		cache = rte_mempool_default_cache(pool, lcore);
		if (cache != NULL && cache->len != 0)
			return false;
	}
	return rte_mempool_full(pool);
}

static void
mbuf_put(struct rte_mempool *pool, __rte_unused void *arg, void *mbuf, unsigned int i)
{
	rte_pktmbuf_init(pool, NULL, mbuf, i);
	rte_mempool_generic_put(pool, &mbuf, 1, NULL);
}

void
pool_mend(void)
{
	struct rte_mempool *pool = pool_find();
	struct rte_mempool_cache *cache;
	struct rte_stack_lf *stack;
	struct rte_stack *all;
	unsigned int i;

	if (pool == NULL)
		return;
	for (i = 0; i < RTE_MAX_LCORE; i++) {
		cache = rte_mempool_default_cache(pool, i);
		if (cache != NULL)
			cache->len = 0;
	}
	/* A process killed during a push or a pop has also lost elements of the stack. Freeing the
	 * pool and making a new one with public calls will not do, because `stats` in another
	 * process may be reading it. */
	all = pool->pool_data;
	stack = &all->stack_lf;
	for (i = 0; i < all->capacity; i++)
		stack->elems[i].next = i + 1 < all->capacity ? &stack->elems[i + 1] : NULL;
	stack->used.head.top = NULL;
	stack->used.len = 0;
	stack->free.head.top = stack->elems;
	stack->free.len = all->capacity;
	rte_mempool_obj_iter(pool, mbuf_put, NULL);
}
