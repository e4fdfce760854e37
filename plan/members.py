# SPDX-License-Identifier: BSD-3-Clause
"""The processes of a run, and what was typed at them."""

import contextlib
import itertools
import os
import re
import shlex

import pexpect

from plan import place
from plan.group import Group
from plan.outcome import Failed, Unusable, expect
from plan.process import Process
from plan.stop import shielded

#: Seconds that an answer may take: the EAL's own limits may come one after the other.
TIMEOUT = 60
#: Seconds that a process may take to leave, before it is killed.
LEAVING = 10

numbers = itertools.count(1)


class Member(Process):
    """A process that remembers what was typed at it and what it answered, and how long its log was
    then."""

    def __init__(self, steps, *args, **kwargs):
        self.steps = steps
        self.log_begin = 0
        super().__init__(*args, timeout=TIMEOUT, leaving=LEAVING, **kwargs)

    def cmd(self, line, timeout=-1):
        step = [self.role, line, "(no answer)"]
        self.steps.append(step)
        try:
            step[2] = super().cmd(line, timeout)
        except pexpect.EOF:
            status = self.wait()
            raise Failed(f"{self} ended with status {status} at {line!r}") from None
        except pexpect.TIMEOUT:
            raise Failed(f"{self} did not answer {line!r} within {TIMEOUT} s") from None
        return step[2]

    def wait(self, timeout=None):
        with shielded():
            return super().wait(timeout)


class RunGroup(Group):
    """A group of a run. `steps` is [[role, line, answer]] since the last case began."""

    def __init__(self, where, program, eal, secondaries):
        self.where = where
        self.prefix = f"{where.prefix}{next(numbers)}"
        self.command = [program, "--proc-type=auto", f"--file-prefix={self.prefix}", *eal]
        self.steps = []
        self.started = []
        self.killed = []
        self.commands = None
        # Whatever happens, the run ends it.
        where.groups.append(self)
        self.launch(secondaries)

    def start(self, role, wait=True):
        if role == "secondary":
            role = f"secondary {len(self.secondaries) + 1}"
        with shielded():
            member = Member(self.steps, self.command, role, place=self.where.path)
            self.started.append(member)
        if wait:
            member.wait_prompt()
        return member

    def replace(self, role):
        """Start another secondary in the place of one that is gone."""
        self.secondaries[int(role.split()[1]) - 1] = self.start(role)

    def kill(self, role):
        member = self.member(role)
        self.killed.append(member)
        with shielded():
            member.die()

    def assert_lists(self, expected):
        gone = [str(m) for m in (self.primary, *self.secondaries) if not m.alive()]
        expect(not gone, f"ended by itself: {', '.join(gone)}")
        super().assert_lists(expected)

    def can(self, word):
        """Does the program have this command? Its `help` lists them."""
        if self.commands is None:
            lines = Process.cmd(self.primary, "help").split("\n")
            self.commands = {line.split()[0] for line in lines if line.strip()}
        return word in self.commands

    def driver(self, device):
        """The name of the driver that has probed a device; of a card the primary logs it."""
        if device.physical:
            line = rf"Probe PCI driver: (\S+) .*device: {re.escape(device.name)}"
            for name in re.findall(line, self.primary.log())[-1:]:
                return name
        return device.driver

    def directory(self):
        return f"{place.runtime()}/dpdk/{self.prefix}"

    def begin(self):
        """From here on story() tells what happens."""
        del self.steps[:]
        for member in self.started:
            member.log_begin = len(member.log())

    def story(self):
        """What was typed and answered since begin(), and what each process has logged."""
        lines = [f"{role}> {line}\n{answer}".rstrip() for role, line, answer in self.steps]
        for member in self.started:
            with contextlib.suppress(FileNotFoundError):
                log = member.log()[member.log_begin :].strip()
                state = "" if member.alive() else ", which has ended"
                lines += [f"--- log of {member}{state}:\n{log}"] if log or state else []
        return "\n".join(lines)

    def quit(self):
        """As the plan ends: each process leaves well, and no socket is left."""
        wrong = []
        for member in (*self.secondaries, self.primary):
            if not member.alive():
                wrong.append(f"{member} had ended before")
                continue
            status = member.end()
            if status is None or status != 0:
                wrong.append(f"{member} left with status {status}: {last_line(member.log())}")
        with contextlib.suppress(FileNotFoundError):
            left = [name for name in os.listdir(self.directory()) if name.startswith("mp_socket")]
            known = [f"_{member.pid}_" for member in self.killed]
            left = [name for name in left if not any(pid in name for pid in known)]
            wrong += [f"left behind: {self.directory()}/{name}" for name in left]
        expect(not wrong, "; ".join(wrong))

    def close(self):
        """End all that still run, and remove what they leave."""
        with shielded():
            for member in reversed(self.started):
                member.end()
            place.remove_traces(self.prefix)


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


def first_group(where, program, eal, secondaries):
    """The first group of a run; Unusable with the reason if it does not come up."""
    try:
        return RunGroup(where, program, eal, secondaries)
    except Failed as why:
        command = shlex.join([program, "--proc-type=auto", *eal])
        raise Unusable(f"{command}: {last_line(str(why))}") from None
