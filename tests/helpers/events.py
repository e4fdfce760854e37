# SPDX-License-Identifier: BSD-3-Clause
"""The events of a group: at a terminal that has asked for them, and in a feed."""

import contextlib
import datetime
import re
import signal
import subprocess
import threading
import typing

import hotplug_mp as hm

LINE = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}) pid (\d+) \((primary|secondary)\): ([ -~]+)"
)


class Event(typing.NamedTuple):
    time: datetime.datetime
    pid: int
    role: str
    text: str

    @property
    def what(self):
        """The text without its duration."""
        return re.sub(r" in \d+\.\d{3} ms", "", self.text)

    @property
    def who(self):
        return f"pid {self.pid} ({self.role})"

    @property
    def milliseconds(self):
        return float(re.search(r" in (\d+\.\d{3}) ms", self.text)[1])


def event(line):
    match = LINE.fullmatch(line)
    assert match, f"no event: {line!r}"
    return Event(datetime.datetime.fromisoformat(match[1]), int(match[2]), *match.groups()[2:])


def shown(process):
    """The events a terminal has shown."""
    # An empty line does nothing, but its prompt comes after all that was shown before.
    process.cmd("")
    lines = hm.ESCAPE_CODE.sub("", process.transcript.getvalue()).splitlines()
    return [event(line.strip("\r")) for line in lines if LINE.match(line)]


def ends_of(seen):
    """[(who, what)] of events, without those of a process that a busy machine made late."""
    late, ends = set(), []
    for one in seen:
        if one.what == "is hung":
            late.add(one.who)
        elif one.what == "runs again" and one.who in late:
            late.remove(one.who)
        else:
            ends.append((one.who, one.what))
    return ends


def wait_shown(process, *ends):
    """Wait until a terminal has shown these in this order, maybe with others between them; returns
    all events."""

    def found():
        seen = shown(process)
        rest = iter((one.who, one.what) for one in seen)
        return seen if all(end in rest for end in ends) else None

    return hm.wait_until(found, f"{process} shows {ends}")


class Feed:
    """A process that shows events alone, into a pipe."""

    def __init__(self, prefix, role="secondary", own=("--monitor",), **kwargs):
        self.lines = []
        self.process = subprocess.Popen(
            hm.command_line(role, prefix, own=own),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **{"stdin": subprocess.DEVNULL, **kwargs},
        )
        self.role = role
        self.pid = self.process.pid
        self.readers = [
            threading.Thread(target=self.read),
            threading.Thread(target=self.process.stderr.read),
        ]
        for reader in self.readers:
            reader.start()
        self.wait(f"{self}", "joined")

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def __str__(self):
        return f"pid {self.pid} ({self.role})"

    def events(self):
        return [event(line) for line in list(self.lines)]

    def wait(self, who, what):
        """Wait for this to be shown, and return all of it until then."""
        hm.wait_until(
            lambda: any((one.who, one.what) == (who, what) for one in self.events()),
            f"{who}: {what}",
        )
        return self.events()

    def end(self, signo=signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signo)
        status = self.process.wait(hm.TIMEOUT)
        for reader in self.readers:
            reader.join(hm.TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()
        return status


def pairs(process, device, number):
    """Attach and detach."""
    done = ["attached device", "detached device"]
    for _ in range(number):
        for verb, expected in zip(("attach", "detach"), done):
            assert process.cmd(f"{verb} {device}").endswith(f"{expected} {device}")
