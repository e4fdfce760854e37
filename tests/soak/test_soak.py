# SPDX-License-Identifier: BSD-3-Clause
"""The random walk, with another seed each day; and proof that it can fail."""

import contextlib
import datetime
import os
import re
import signal
import subprocess
import sys

import pytest

import hotplug_mp as hm

pytestmark = [pytest.mark.long, pytest.mark.limit(20 * 60)]

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


def test_lock_that_a_killed_process_left_is_seen(process, prefix, make_faults):
    """By this a walk tells what DPDK cannot do (doc/limits.rst) from a fault."""
    primary = process("primary")
    killed = process("secondary", faults=make_faults())
    killed.faults.set("attach", "lock")
    killed.send("attach net_null0")
    killed.faults.wait_met("attach")
    killed.die()
    assert not hm.spins(primary.pid)
    primary.send("attach net_ring0")
    hm.wait_until(lambda: hm.spins(primary.pid), "it waits for the lock")
    primary.kill(signal.SIGTERM)
    assert primary.wait() == 128 + signal.SIGTERM
    assert "left without clean-up" in primary.log()
    hm.remove_traces(prefix)


@contextlib.contextmanager
def endless_loop(policy=os.SCHED_OTHER):
    core = max(os.sched_getaffinity(0))
    with subprocess.Popen(["sh", "-c", "while :; do :; done"]) as loop:
        try:
            os.sched_setaffinity(loop.pid, {core})
            os.sched_setscheduler(loop.pid, policy, os.sched_param(0))
            yield loop
        finally:
            loop.kill()


def test_process_without_a_processor_does_not_spin():
    """A busy machine is not taken for a lock that is left."""
    with endless_loop(os.SCHED_IDLE) as loop:
        with endless_loop():
            assert not hm.spins(loop.pid)


@pytest.mark.thorough
def test_walk_begins_anew_when_a_lock_is_left(preload, tmp_path):
    history = tmp_path / "history"
    steps = ["join s1", "s1: attach net_null0,no-rx=1, killed after 500 ms", "p: attach net_ring0"]
    history.write_text("\n".join([*steps, "p: attach net_ring0", "p: list"]), encoding="utf-8")
    status, out, figures = soak(
        *("--history", str(history), "--fault", f"s1:attach=lock:{preload}"),
        timeout=10 * hm.TIMEOUT,
    )
    assert status == 0, out
    assert figures["locks that killed processes have left"] == "1"
    assert "a killed process has left a lock: seed 1, step " in out


@pytest.mark.parametrize("steps", ["80", pytest.param("1500", marks=pytest.mark.thorough)])
def test_a_walk(steps):
    enough = ("--steps", steps, "--minutes", "15")
    status, out, figures = soak(*enough, "--seed", SEED, timeout=10 * hm.TIMEOUT)
    assert status == 0, out
    assert figures["seed"] == SEED
    assert figures["divergences"] == "0"
    assert figures["locks that killed processes have left"] == "0"
    # Some are passed over, as the one who is to do them does not run.
    taken = int(figures["steps"].split()[0])
    assert taken >= int(steps) / 2
    assert int(figures["operations"]) >= taken / 2
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
        "--minutes", "10", "--seed", "1", "--fault", f"{fault}:{preload}", timeout=10 * hm.TIMEOUT
    )
    assert status == 1, out
    assert figures["divergences"] == "1"
    assert "divergence: seed 1, step " in out
    assert told in out
    shortest = out.split("the shortest history that fails:\n")[1].split("seed: ")[0].splitlines()
    assert "    join s1" in shortest
    assert len(shortest) <= 5, shortest
