# SPDX-License-Identifier: BSD-3-Clause
"""Wait until something is so, and do several things at the same time."""

import concurrent.futures
import threading
import time

from hotplug_mp.environment import TIMEOUT


def wait_until(condition, what, timeout=TIMEOUT):
    """Poll condition() until it holds, and return its value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {timeout} s in vain: {what}"
        threading.Event().wait(0.005)


def wait_equal(look, expected):
    """Wait until look() returns what is expected; if it never does, show how it differs."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        seen = look()
        if seen == expected or time.monotonic() > deadline:
            break
        threading.Event().wait(0.05)
    assert seen == expected


def together(*calls):
    """Call all of them at the same time; returns what each returned."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
