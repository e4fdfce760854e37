# SPDX-License-Identifier: BSD-3-Clause
"""A test that hangs is no end to all of them."""

import os
import re
import subprocess
import sys

import hotplug_mp as hm

#: The first one hangs when it cleans up as well: a Popen waits for its process at the end.
TESTS = """
import subprocess

import pytest


@pytest.fixture
def process():
    with subprocess.Popen(["sleep", "3600"]) as one:
        try:
            yield one
            one.wait()
        finally:
            one.kill()


@pytest.mark.limit(1)
def test_hangs(process):
    with process:
        process.wait()


@pytest.mark.limit(1)
def test_is_soon_over():
    pass


@pytest.mark.limit(0)
def test_has_no_limit():
    pass
"""


def test_test_that_hangs_fails(tmp_path):
    tests = tmp_path / "test_hanging.py"
    tests.write_text(TESTS, encoding="utf-8")
    helpers = os.path.join(hm.REPO, "tests", "helpers")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "limit", tests],
        env={**os.environ, "PYTHONPATH": f"{helpers}:{hm.REPO}"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=hm.TIMEOUT,
    )
    assert done.returncode == 1, done.stdout
    told = r"^E .*\bit hangs\b.*\n(E .*\n)*?E +\d+ sleep 3600: sleep S \d+$"
    assert re.search(told, done.stdout, re.MULTILINE)
    assert "1 failed, 2 passed, 1 error" in done.stdout.splitlines()[-1]
