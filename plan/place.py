# SPDX-License-Identifier: BSD-3-Clause
"""The directory of a run: logs of its processes, and what has to be given back. If a run is killed
(SIGKILL), the next run finds its directory, gives back what it had, and removes what it left."""

import contextlib
import fcntl
import glob
import json
import os
import shutil

from plan import pci
from plan.backend import end_of

NAME = "dpdk-hotplug_mp-plan"


def runtime():
    """Where the EAL has its directory, by the EAL's own rules."""
    if "RUNTIME_DIRECTORY" in os.environ:
        return os.environ["RUNTIME_DIRECTORY"]
    if os.geteuid() == 0:
        return "/var/run"
    return os.environ.get("XDG_RUNTIME_DIR", "/tmp")


def hugetlbfs():
    with open("/proc/mounts", encoding="utf-8") as f:
        return [line.split()[1] for line in f if line.split()[2] == "hugetlbfs"]


def traces(prefix):
    """What the EAL leaves for the next process with its prefix."""
    found = glob.glob(f"{runtime()}/dpdk/{prefix}")
    for mount in hugetlbfs():
        found += glob.glob(f"{mount}/{prefix}map_*")
    return found


def remove_traces(prefix):
    for path in traces(prefix):
        if os.path.isdir(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


class Place:
    """`path` is the directory. While the run lives it holds a lock on it. `prefix` is what the
    --file-prefix of each of its groups begins with."""

    def __init__(self):
        self.folder = f"{runtime()}/{NAME}"
        self.prefix = f"plan{os.getpid()}_"
        self.path = f"{self.folder}/{self.prefix}"
        self.cards = []
        #: What has to be ended: groups and backends.
        self.groups = []
        self.backends = []
        #: Cards that could not be given back; then the directory stays, and the next run tries.
        self.problems = []
        with self.alone():
            self.lock = self.claim(self.path)

    @contextlib.contextmanager
    def alone(self):
        """No other run makes its directory here, mends or ends meanwhile."""
        while True:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                lock = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
                fcntl.flock(lock, fcntl.LOCK_EX)
                with contextlib.suppress(FileNotFoundError):
                    # The last run may have removed it while we waited.
                    if os.path.samestat(os.fstat(lock), os.stat(self.folder)):
                        break
                os.close(lock)
        try:
            yield
        finally:
            os.close(lock)

    @staticmethod
    def claim(path):
        """Make the directory and lock it, or None if a run that lives has it."""
        os.makedirs(path, mode=0o700, exist_ok=True)
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    def note(self, card):
        """Before a card is bound to another driver: which one it had."""
        if card in self.cards:
            return
        self.cards.append(card)
        with open(f"{self.path}/cards.new", "w", encoding="utf-8") as f:
            json.dump([[c.bdf, c.saved] for c in self.cards], f)
        os.rename(f"{self.path}/cards.new", f"{self.path}/cards")

    def give_back(self, timeout):
        """Bind each card to the driver that it had."""
        for card in self.cards:
            try:
                card.bind_home(timeout)
            except (AssertionError, OSError) as why:
                self.problems.append(f"{card.bdf} is not back at {card.home or 'no driver'}: {why}")

    def mend(self, timeout):
        """Give back and remove what runs had that were killed. Returns lines about it."""
        with self.alone():
            return self.mend_alone(timeout)

    @staticmethod
    def give_back_of(path, timeout):
        """Give back the cards of a run that was killed. Returns what was done, and what was not."""
        done, undone = [], []
        with contextlib.suppress(FileNotFoundError, ValueError):
            with open(f"{path}/cards", encoding="utf-8") as f:
                cards = [pci.Card(bdf, saved) for bdf, saved in json.load(f)]
            for card in cards:
                if not card.present() or card.driver() == card.home:
                    continue
                home = card.home or "no driver"
                try:
                    card.bind_home(timeout)
                    done.append(f"a run before was killed: gave {card.bdf} back to {home}")
                except (AssertionError, OSError) as why:
                    undone.append(f"a run before was killed: cannot give {card.bdf} back: {why}")
        return done, undone

    def mend_alone(self, timeout):
        said = []
        for name in sorted(os.listdir(self.folder)):
            path = f"{self.folder}/{name}"
            lock = None if path == self.path else self.claim(path)
            if lock is None:
                continue
            end_of(name)
            done, undone = self.give_back_of(path, timeout)
            said += done + undone
            remove_traces(f"{name}*")
            if not undone:
                shutil.rmtree(path, ignore_errors=True)
            os.close(lock)
        return said

    def remove(self):
        """At the end; and the folder of all runs, if this was the only one."""
        if self.lock is None:
            return
        remove_traces(f"{self.prefix}*")
        if not self.problems:
            shutil.rmtree(self.path, ignore_errors=True)
        with self.alone():
            os.close(self.lock)
            self.lock = None
            with contextlib.suppress(OSError):
                os.rmdir(self.folder)
