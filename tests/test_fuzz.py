# SPDX-License-Identifier: BSD-3-Clause
"""tests/fuzz: what was found once is not there again, and a minute finds nothing new."""

import os
import re
import shutil
import subprocess

import pytest

import hotplug_mp as hm

# They share a build.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("fuzz")]

TARGETS = ("line", "message", "shared", "join")
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
    corpus = {target: len(os.listdir(f"{hm.REPO}/tests/fuzz/corpus/{target}")) for target in TARGETS}
    assert replayed == corpus


def test_nothing_new_is_found(fuzz):
    lines = fuzz(str(SECONDS), timeout=10 * hm.TIMEOUT + 2 * SECONDS)
    for target, line in zip(TARGETS, lines, strict=True):
        nb = re.fullmatch(rf"fuzz: {target}: (\d+) executions, \d+ per second, .+", line)[1]
        assert int(nb) > 100
