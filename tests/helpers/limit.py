# SPDX-License-Identifier: BSD-3-Clause
"""A test that hangs fails, and says what its processes wait for; the run goes on."""

import glob
import os
import signal

import pytest

from hotplug_mp import kernel

#: Seconds for a test and its fixtures, unless it is marked otherwise. A guest's silence is noticed
#: later.
LIMIT = 300


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read().replace("\0", " ").strip()


def waits(thread):
    """In a few words: state, system call and what it waits for in the kernel."""
    call = kernel.system_call(thread)[0]
    return f"{read(f'/proc/{thread}/comm')} {kernel.state(f'/proc/{thread}/stat')} {call}"


def descendants(pid):
    """A line for each process below one: what it is, and what its threads wait for."""
    for task in glob.glob(f"/proc/{pid}/task/*"):
        for child in read(f"{task}/children").split():
            threads = map(waits, os.listdir(f"/proc/{child}/task"))
            yield f"{child} {read(f'/proc/{child}/cmdline')}: {', '.join(threads)}"
            yield from descendants(child)


def late(*_):
    lines = []
    try:
        lines.extend(descendants(os.getpid()))
    except OSError as error:  # one that ended meanwhile
        lines.append(str(error))
    pytest.fail("\n".join(["it hangs; its processes, with the threads' system calls:", *lines]))


def pytest_configure(config):
    config.addinivalue_line("markers", f"limit(seconds): instead of {LIMIT}; 0 is none")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    marker = item.get_closest_marker("limit")
    seconds = marker.args[0] if marker else LIMIT
    before = signal.signal(signal.SIGALRM, late)
    # And again, as what cleans up after a test may hang, too.
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
