# SPDX-License-Identifier: BSD-3-Clause
"""Run a group: a primary and its secondaries."""

import contextlib
import os

import plan.group
from hotplug_mp.process import Process
from hotplug_mp.runtime import changing, new_prefix, remove_traces, sockets

ROLES = plan.group.roles(2)


def assert_agree(processes, expected):
    """Each process of a whole group lists these ports and knows that every other does."""
    lists = {process.pid: process.list() for process in processes}
    assert lists == {pid: expected for pid in lists}
    lines = {process.pid: process.peers()[1] for process in processes}
    line = f"all {len(processes)} processes agree: {len(expected)} ports"
    assert lines == {pid: line for pid in lines}


class Group(plan.group.Group):
    """A primary and its secondaries under a --file-prefix of their own. With a function that makes
    Faults, each process has its own."""

    def __init__(self, secondaries=2, prefix=None, make_faults=None, **kwargs):
        self.prefix = prefix or new_prefix()
        self.make_faults = make_faults
        self.kwargs = kwargs
        self.started = []
        self.launch(secondaries, **kwargs)

    def add_secondary(self, **kwargs):
        secondary = self.start("secondary", **{**self.kwargs, **kwargs})
        self.secondaries.append(secondary)
        return secondary

    @contextlib.contextmanager
    def one_more(self):
        """A secondary that joins now and leaves in the end."""
        secondary = self.add_secondary()
        yield secondary
        self.secondaries.remove(secondary)
        assert secondary.close() == 0

    def start(self, role, **kwargs):
        if self.make_faults:
            kwargs.setdefault("faults", self.make_faults())
        self.started.append(Process(role, self.prefix, **kwargs))
        return self.started[-1]

    def cmd_unseen(self, asker, line, call, hidden):
        """What a line answers if the socket of one process is hidden from that call of the asker's
        on: then all have been found able to answer, and the EAL takes no notice of that one. It looks
        for its socket itself when the directory has been as it is for a second."""
        (path,) = [path for path in self.sockets() if f"_{hidden.pid}_" in path]
        away = f"{os.path.dirname(path)}/hidden"
        asker.faults.set(call, "block")
        asker.send(line)
        asker.faults.wait_met(call)
        os.rename(path, away)
        asker.faults.clear(call)
        with changing(os.path.dirname(path)):
            answer = asker.answer().split("\n")[-1]
        os.rename(away, path)
        return answer

    def assert_agree(self, expected):
        """Every process lists these ports, and knows that every other does."""
        assert_agree(self.members(), expected)

    def sockets(self):
        return sockets(self.prefix)

    def remove_traces(self):
        remove_traces(self.prefix)

    def show(self):
        """Print what the processes have said since the last time; pytest passes it on."""
        for process in (self.primary, *self.secondaries):
            process.show()

    def close(self):
        """End all processes. Those that still ran must leave well, and leave nothing behind."""
        processes = [*self.secondaries, self.primary]
        # Of those that a test has ended, and counts no more, there is the log.
        for one in self.started:
            if one not in processes and os.path.exists(one.log_path):
                one.close()
        statuses = [process.close() for process in processes]
        left = self.sockets()
        self.remove_traces()
        assert [s for s in statuses if s not in (None, 0)] == [], "did not leave well"
        assert not [p.pid for p in processes if p.alive()], "processes are left"
        assert left == [], "sockets are left"
