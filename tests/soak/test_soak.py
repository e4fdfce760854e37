# SPDX-License-Identifier: BSD-3-Clause
"""The random walk, with another seed each day; and proof that it can fail."""

import datetime
import functools
import os
import re
import select
import subprocess
import sys

import pexpect
import pytest

import hotplug_mp as hm
from insides import build_c

pytestmark = pytest.mark.long

SEED = os.environ.get("HM_SOAK_SEED", datetime.date.today().strftime("%Y%m%d"))


def soak(*args, timeout):
    """Run it. Returns the exit status, what it printed, and its figures by name."""
    # Its hugetlbfs would be the first one for a test in a mount namespace made meanwhile, and the
    # walk removes the files there.
    apart = ["unshare", "--mount"]
    done = subprocess.run(
        [*apart, sys.executable, os.path.join(hm.REPO, "tests", "soak", "run.py"), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    print(done.stdout)
    figures = dict(re.findall(r"^([a-z ]+): (.+)$", done.stdout, re.MULTILINE))
    return done.returncode, done.stdout, figures


#: A secondary that takes ethdev's lock again and again.
TAKER = """
#include <stdio.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

int
main(int argc, char **argv)
{
	uint64_t id;

	if (rte_eal_init(argc, argv) < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		rte_eth_dev_owner_new(&id);
}
"""


def hangs(process, line, answer):
    """Does a line that is typed hang at a spinlock, and not give this answer?"""
    process.send(line)
    seen = [f"{answer}\r\n", pexpect.TIMEOUT]
    for _ in range(hm.TIMEOUT):
        if process.child.expect_exact(seen, timeout=1) == 0:
            process.rest()
            return False
        if hm.spins(process.pid):
            return True
    raise AssertionError(f"{process} says nothing")


def test_lock_that_a_killed_process_left_is_seen(process, prefix, tmp_path):
    """By this a walk tells what DPDK cannot do (doc/limits.rst) from a fault."""
    primary = process("primary")
    taker = [build_c(TAKER, tmp_path), "--proc-type=secondary", f"--file-prefix={prefix}", "--no-pci"]
    left = False
    while not left:
        assert not hm.spins(primary.pid)
        with subprocess.Popen(taker, stdout=subprocess.PIPE) as killed:
            ready = functools.partial(select.select, [killed.stdout], [], [], 0)
            hm.wait_until(lambda: ready()[0] or hm.spins(killed.pid), "it is ready, or hangs")
            # ethdev looks for its memory first, and for that takes another lock.
            left = not ready()[0]
            killed.kill()
        left = left or hangs(primary, "attach net_null0", "attached device net_null0")
        left = left or hangs(primary, "detach net_null0", "detached device net_null0")
    primary.die()
    hm.remove_traces(prefix)


@pytest.mark.parametrize(
    "minutes", ["0.1", pytest.param("1", marks=pytest.mark.thorough)]
)
def test_a_walk(minutes):
    status, out, figures = soak("--minutes", minutes, "--seed", SEED, timeout=10 * hm.TIMEOUT)
    assert status == 0, out
    assert figures["seed"] == SEED
    assert figures["divergences"] == "0"
    assert int(figures["operations"]) >= 50 * float(minutes)
    for what in ("descriptors", "hugepages"):
        before, after = re.match(r"(\d+) before, (\d+) after", figures[what]).groups()
        assert before == after


@pytest.mark.thorough
@pytest.mark.parametrize(
    "fault, told",
    [
        ("s1:release=refuse", "still has it, though the EAL reported success"),
        ("s1:attach=refuse", "failed to attach device"),
    ],
)
def test_it_can_fail(preload, fault, told):
    """A process that does wrong behind the model's back is found, and the way there is short."""
    status, out, figures = soak(
        "--minutes", "1", "--seed", "1", "--fault", f"{fault}:{preload}", timeout=10 * hm.TIMEOUT
    )
    assert status == 1, out
    assert figures["divergences"] == "1"
    assert "divergence: seed 1, step " in out
    assert told in out
    shortest = out.split("the shortest history that fails:\n")[1].split("seed: ")[0].splitlines()
    assert "    join s1" in shortest
    assert len(shortest) <= 5, shortest
