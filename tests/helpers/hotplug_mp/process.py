# SPDX-License-Identifier: BSD-3-Clause
"""Run one dpdk-hotplug_mp on a terminal of its own: type at it and read its answers."""

import collections
import itertools
import os
import re
import termios
import time

import plan.process
from hotplug_mp.answers import Counts, Peer, Stats
from hotplug_mp.environment import BINARY, IN_GUEST, TIMEOUT
from hotplug_mp.kernel import stop
from hotplug_mp.program import BY_FORCE, command_line

CTRL_C = "\x03"
markers = itertools.count(1)


class Process(plan.process.Process):
    """One dpdk-hotplug_mp on a terminal of its own, its standard error in a file."""

    def __init__(
        self,
        role="auto",
        prefix=None,
        eal=(),
        own=(),
        wrap=(),
        env=None,
        cwd=None,
        faults=None,
        binary=BINARY,
        wait=True,
    ):
        self.faults = faults
        env = {**(faults.env if faults else {}), **(env or {})}
        #: The settings of a terminal as the program finds them. They are those of another terminal,
        #: because the program may change its own before we look.
        here, there = os.openpty()
        self.found = termios.tcgetattr(here)
        os.close(here)
        os.close(there)
        command = command_line(role, prefix, eal, own, wrap, binary)
        super().__init__(command, role, TIMEOUT, env=env, cwd=cwd)
        if wait:
            self.wait_prompt()

    def tab(self, typed):
        """Type this and TAB: the line it makes of that, and what there is to choose from."""
        marker = f"marker{next(markers)}"
        self.child.send(f"{typed}\t{CTRL_C}help {marker}\r")
        self.child.expect_exact(f'no help on "{marker}"')
        text = self.child.before
        self.child.expect_exact(plan.process.PROMPT)
        line = plan.process.ESCAPE_CODE.sub("", text[: text.index("\r")])
        # Whatever else the library might print between counts as well.
        between = [text.strip() for text in text.split("\n")[1:] if plan.process.PROMPT not in text]
        return line, [text for text in between if text]

    def timed(self, line, timeout=-1):
        """Type a line; returns what it printed and the seconds that took."""
        begin = time.monotonic()
        answer = self.cmd(line, timeout)
        return answer, time.monotonic() - begin

    def hold_output(self):
        """Ctrl-S: from now on its terminal takes nothing that it prints."""
        self.child.send("\x13")

    def release_output(self):
        """Ctrl-Q."""
        self.child.send("\x11")

    def peers(self):
        """What `peers` shows, {pid: Peer}, and its last line."""
        answer = self.cmd("peers")
        while answer.startswith("note: "):
            note, _, answer = answer.partition("\n")
            assert "an operation is under way" in note or "has been removed from" in note
        head, *lines, last = answer.split("\n")
        assert head.split() == ["pid", "role", "program", "state", "ports"]
        found = [re.fullmatch(r"([* ]) (\d+) +(.+?) +(.+?) +(.+?) +(\S+)", line) for line in lines]
        assert all(found), f"not a line a process: {lines}"
        peers = {int(line[2]): Peer(line[1] == "*", *line.groups()[2:]) for line in found}
        assert len(peers) == len(lines), f"a process twice: {lines}"
        return peers, last

    def stats(self, device=""):
        """The Stats it shows, but for the pauses; without a pool, that has no mbufs."""
        head, *lines = self.cmd(f"stats {device}".strip()).split("\n")
        assert head.split() == ["port", "device", "pid", *Counts._fields, "pause_us"]
        pool = (0, 0)
        if lines and lines[-1].startswith("mbufs: "):
            pool = re.fullmatch(r"mbufs: (\d+) of (\d+) are free", lines.pop()).groups()
        # A process that has counted nothing at a port has no line for it.
        counts = collections.defaultdict(lambda: Counts(*[0] * len(Counts._fields)))
        for port, device, pid, *numbers, _ in map(str.split, lines):
            counts[port if device == "-" else device, int(pid)] = Counts(*map(int, numbers))
        assert len(counts) == len(lines), f"a port of a process twice: {lines}"
        return Stats(counts, *map(int, pool))

    def news(self, line, timeout=-1):
        """Wait until the process says this without having been asked."""
        self.child.expect_exact(f"{line}\r\n", timeout=timeout)
        self.child.expect_exact(plan.process.PROMPT, timeout=timeout)

    def quit(self):
        status = super().quit()
        # It ends by force after less than a second, which is too short for an emulated processor.
        return 0 if IN_GUEST and status == 1 and BY_FORCE in self.log() else status

    def stop(self):
        stop(self.pid)

    def end(self):
        """The faults it was ordered to have end first."""
        if self.faults:
            self.faults.clear()
        return super().end()

    def show(self):
        """Print what its terminal has shown since the last time."""
        print(f"--- terminal of {self.pid}\n{self.transcript.getvalue()}")
        self.transcript.seek(0)
        self.transcript.truncate()

    def close(self):
        """end(), show what it said (pytest passes it on if the test failed), clean up."""
        status = self.end()
        self.show()
        print(f"--- log of {self.pid}\n{self.log()}")
        os.unlink(self.log_path)
        return status
