# SPDX-License-Identifier: BSD-3-Clause
"""What traffic/ knows of DPDK's insides, held against DPDK itself; doc/architecture.rst lists it."""

import shutil
import subprocess

import pytest

import hotplug_mp as hm

READERS = """
#include <stdio.h>
#include <rte_rcu_qsbr.h>
#include "group/shared.h"

int
main(void)
{
	printf("%zu of %d\\n", rte_rcu_qsbr_get_memsize(GROUP_READERS), (int)GROUP_RCU_SIZE);
	return rte_rcu_qsbr_get_memsize(GROUP_READERS) <= GROUP_RCU_SIZE ? 0 : 1;
}
"""

#: The cache is set as pool_cache_begin() in traffic/pool.c does it.
CACHE = """
#include <stdio.h>
#include <stdlib.h>
#include <rte_eal.h>
#include <rte_mbuf.h>

int
main(int argc, char **argv)
{
	struct rte_mempool_cache *cache;
	struct rte_mempool *pool;
	unsigned int i, nb, most = 0;
	void *mbufs[32];

	if (rte_eal_init(argc, argv) < 0)
		return 2;
	pool = rte_pktmbuf_pool_create_by_ops("pool", 4096, 32, 0, 256, SOCKET_ID_ANY, "lf_stack");
	if (pool == NULL)
		return 2;
	cache = rte_mempool_default_cache(pool, RTE_MAX_LCORE - 1);
	cache->len = 0;
	cache->size = 0;
	cache->flushthresh = 32;
	if (rte_mempool_generic_get(pool, mbufs, 1, cache) == 0)
		rte_mempool_generic_put(pool, mbufs, 1, cache);
	if (cache->len == 0)
		cache->size = 32;
	for (i = 0; i < 10000; i++) {
		nb = 1 + rand() % 32;
		if (rte_mempool_generic_get(pool, mbufs, nb, cache) < 0)
			return 2;
		most = RTE_MAX(most, cache->len);
		rte_mempool_generic_put(pool, mbufs, nb, cache);
		most = RTE_MAX(most, cache->len);
	}
	rte_mempool_cache_flush(cache, pool);
	printf("%u at most, %u in the end, %u back\\n", most, cache->len,
		rte_mempool_avail_count(pool));
	return most > 0 && most <= 32 && cache->len == 0 && rte_mempool_full(pool) ? 0 : 1;
}
"""


@pytest.fixture
def run_c(tmp_path):
    """Build a C program with DPDK and run it."""
    hm.need(shutil.which("gcc"), "no gcc; install it")
    flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "libdpdk"], text=True)

    def run(source, *args):
        (tmp_path / "it.c").write_text(source, encoding="utf-8")
        command = ["gcc", "-O1", "-D_GNU_SOURCE", "-DALLOW_EXPERIMENTAL_API", f"-I{hm.REPO}"]
        command += [str(tmp_path / "it.c"), "-o", str(tmp_path / "it"), *flags.split()]
        subprocess.run(command, check=True, timeout=hm.TIMEOUT)
        command = [str(tmp_path / "it"), *args]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=hm.TIMEOUT)

    return run


def test_room_for_the_readers_of_a_port(run_c):
    """librte_rcu wants no more than there is in the group's file."""
    done = run_c(READERS)
    assert done.returncode == 0, done.stdout


def test_cache_keeps_a_burst_at_most(run_c):
    """What is in the cache of a process that is killed is lost until the pool is mended."""
    done = run_c(CACHE, "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", "64")
    assert done.returncode == 0, done.stdout
