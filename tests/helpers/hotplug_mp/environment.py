# SPDX-License-Identifier: BSD-3-Clause
"""Where the program and its surroundings lie, what HM_* variables say, and how long tests wait."""

import os

import pytest

REPO = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BINARY = os.environ.get("HM_BINARY", os.path.join(REPO, "build", "dpdk-hotplug_mp"))
RUNTIME = "/var/run/dpdk"
HUGEPAGES = "/dev/hugepages"
#: Options of meson for a build that is not used for long.
FAST_BUILD = ["-Doptimization=0", "-Ddebug=false"]
#: EAL options for every process, testpmd too: a build with a sanitizer needs some.
EAL_OPTIONS = os.environ.get("HM_EAL_OPTIONS", "").split()
#: Is the program built with a sanitizer?
SANITIZED = "HM_FINDINGS" in os.environ
#: Seconds to wait for what must come in the end, because a slow machine or the EAL may need time.
TIMEOUT = 120
#: Seconds to wait for what comes within a second by itself. A slow or busy machine may be late with
#: it; what only the EAL's own limits bring about comes after 5 s. With a sanitizer the tests do not
#: ask how soon it comes.
SOON = TIMEOUT if SANITIZED else 4
#: With HM_THOROUGH=1 the tests take their time: those marked "thorough" run, too, and long walks are
#: as long as can be.
THOROUGH = os.environ.get("HM_THOROUGH") == "1"
#: In a guest this variable names the file with the tests to run, one a line.
GUEST_TESTS = "HM_GUEST_TESTS"
IN_GUEST = GUEST_TESTS in os.environ


def need(condition, reason):
    """Skip the test if the condition does not hold; with HM_STRICT=1, fail it instead."""
    if condition:
        return
    if os.environ.get("HM_STRICT") == "1":
        pytest.fail(f"cannot run here: {reason}", pytrace=False)
    pytest.skip(reason)


def rounds(many):
    """How often to do something that hardly ever fails: a fifth of the times, or all of them."""
    return many if THOROUGH else many // 5
