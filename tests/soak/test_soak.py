# SPDX-License-Identifier: BSD-3-Clause
"""The random walk, with another seed each day; and proof that it can fail."""

import datetime
import os
import re
import subprocess
import sys

import pytest

import hotplug_mp as hm

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
