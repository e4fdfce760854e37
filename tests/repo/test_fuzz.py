# SPDX-License-Identifier: BSD-3-Clause
"""tests/fuzz: what was found once is not there again, and a minute finds nothing new."""

import os
import re
import shutil
import subprocess

import pytest

import hotplug_mp as hm

# They share a build.
pytestmark = [pytest.mark.long, pytest.mark.limit(30 * 60), pytest.mark.xdist_group("fuzz")]

#: Each with the edges of the program's own code that its inputs go through at least: the seeds
#: alone do, and if the targets no longer reach what they are for, that is where it shows.
EDGES = {"line": 850, "message": 300, "shared": 950, "join": 55}
#: For all targets together; by hand, as long as one likes.
SECONDS = int(os.environ.get("HM_FUZZ_SECONDS", "60"))


@pytest.fixture(scope="module")
def fuzz():
    """Run scripts/fuzz.sh, fuzz(argument); returns the last of what it says."""
    hm.need(shutil.which("clang"), "no clang; scripts/setup.sh --test installs it")

    def run(argument, timeout):
        done = subprocess.run(
            [f"{hm.REPO}/scripts/fuzz.sh", argument],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        print(done.stdout)
        assert done.returncode == 0, done.stdout[-4000:]
        *lines, last = done.stdout.strip().split("\n")
        assert last == "fuzz: no finding"
        return lines

    return run


def test_what_was_found_once(fuzz):
    replayed = {}
    # The build takes longest.
    for line in fuzz("--replay", timeout=10 * hm.TIMEOUT):
        target, nb = re.fullmatch(r"fuzz: (\w+): (\d+) inputs replayed", line).groups()
        replayed[target] = int(nb)
    corpus = {target: len(os.listdir(f"{hm.REPO}/tests/fuzz/corpus/{target}")) for target in EDGES}
    assert replayed == corpus


@pytest.mark.thorough
def test_nothing_new_is_found(fuzz):
    lines = fuzz(str(SECONDS), timeout=10 * hm.TIMEOUT + 2 * SECONDS)
    for (target, edges), line in zip(EDGES.items(), lines, strict=True):
        said = rf"fuzz: {target}: (\d+) executions, \d+ per second, (\d+) of \d+ edges"
        found = re.fullmatch(said, line)
        assert (int(found[1]) > 100, int(found[2]) >= edges) == (True, True), line
