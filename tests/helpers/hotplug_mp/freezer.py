# SPDX-License-Identifier: BSD-3-Clause
"""Freeze processes, as one does who pauses a container."""

import contextlib
import os
import subprocess
import tempfile

import pytest

from hotplug_mp.environment import TIMEOUT
from hotplug_mp.waiting import wait_until

#: For each version of control groups: how they are mounted, the file that freezes one, what is
#: written to it, and the file and line that say that all in there are frozen.
VERSIONS = {
    "cgroup v1": (
        ("-t", "cgroup", "-o", "freezer"),
        "freezer.state",
        ("FROZEN", "THAWED"),
        ("freezer.state", "FROZEN\n"),
    ),
    "cgroup v2": (("-t", "cgroup2"), "cgroup.freeze", ("1", "0"), ("cgroup.events", "frozen 1\n")),
}


class Freezer:
    """A control group. With it, processes are frozen and thawed."""

    def __init__(self, version, place):
        how, self.switch, self.words, self.proof = VERSIONS[version]
        self.place = place
        done = subprocess.run(
            ["mount", *how, "hotplug_mp-tests", place], check=False, capture_output=True
        )
        # A kernel may be built without one of the two.
        if done.returncode != 0:
            pytest.skip(f"this kernel has no {version}: {done.stderr.decode()}")
        # In another pid namespace, this pid may be somebody else's.
        self.group = tempfile.mkdtemp(prefix="hotplug_mp-tests-", dir=place)

    def write(self, path, text):
        with open(path, "w", encoding="ascii") as f:
            f.write(text)

    def freeze(self, *pids):
        """Freeze them, and wait until they stand still."""
        for pid in pids:
            self.write(f"{self.group}/cgroup.procs", str(pid))
        self.write(f"{self.group}/{self.switch}", self.words[0])
        wait_until(self.frozen, f"{pids} are frozen")

    def frozen(self):
        name, line = self.proof
        with open(f"{self.group}/{name}", encoding="ascii") as f:
            return line in f.readlines()

    def thaw(self):
        self.write(f"{self.group}/{self.switch}", self.words[1])
        with open(f"{self.group}/cgroup.procs", encoding="ascii") as f:
            pids = f.read().split()
        for pid in pids:
            # It may end at this moment.
            with contextlib.suppress(ProcessLookupError):
                self.write(f"{self.place}/cgroup.procs", pid)

    def close(self):
        self.thaw()
        wait_until(self.removed, f"{self.group} is removed")
        subprocess.run(["umount", self.place], check=True, timeout=TIMEOUT)

    def removed(self):
        """A process that has just ended may count for a moment."""
        with contextlib.suppress(OSError):
            os.rmdir(self.group)
        return not os.path.exists(self.group)
