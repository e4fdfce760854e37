# SPDX-License-Identifier: BSD-3-Clause
"""Wait until something is so, and do several things at the same time."""

import concurrent.futures
import threading
import time

import plan.outcome
from hotplug_mp.environment import TIMEOUT


def wait_until(condition, what, timeout=TIMEOUT):
    """Poll condition() until it holds, and return its value."""
    return plan.outcome.wait_until(condition, what, timeout)


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
