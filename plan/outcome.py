# SPDX-License-Identifier: BSD-3-Clause
"""How a case ends, and how one waits for what must come."""

import threading
import time

PASSED = "passed"
FAILED = "failed"
NOT_HERE = "does not apply"


class Failed(AssertionError):
    """What was seen is not what the case asks for."""


class NotHere(Exception):
    """The case does not apply; why."""


class Unusable(Exception):
    """Nothing can be run: wrong usage, or something that the machine lacks."""


def expect(condition, text):
    if not condition:
        raise Failed(text)


def wait_until(condition, what, timeout):
    """Poll condition() until it holds, and return its value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        expect(time.monotonic() < deadline, f"waited {timeout} s in vain: {what}")
        threading.Event().wait(0.005)
