# SPDX-License-Identifier: BSD-3-Clause
"""Run one dpdk-hotplug_mp on a terminal of its own: type at it and read its answers."""

import collections
import contextlib
import io
import itertools
import os
import re
import signal
import tempfile
import termios
import time

import pexpect

from hotplug_mp.answers import Counts, Peer, Stats
from hotplug_mp.environment import BINARY, IN_GUEST, TIMEOUT
from hotplug_mp.kernel import stop
from hotplug_mp.program import BY_FORCE, command_line
from hotplug_mp.waiting import wait_until

PROMPT = "example> "
ESCAPE_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x07")
CTRL_C = "\x03"
markers = itertools.count(1)
CLEAR_ROW = "\x1b[2K"
WAITING = re.compile(r"^waiting for pid \d+.*\n", re.MULTILINE)


class Process:
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
        self.role = role
        self.faults = faults
        self.typed = ""
        env = {**(faults.env if faults else {}), **(env or {})}
        log, self.log_path = tempfile.mkstemp(prefix="hotplug_mp-", suffix=".log")
        os.close(log)
        self.transcript = io.StringIO()
        #: The settings of a terminal as the program finds them. They are those of another terminal,
        #: because the program may change its own before we look.
        here, there = os.openpty()
        self.found = termios.tcgetattr(here)
        os.close(here)
        os.close(there)
        self.child = pexpect.spawn(
            "sh",
            ["-c", 'log=$1; shift; exec "$@" 2>"$log"', "sh", self.log_path]
            + command_line(role, prefix, eal, own, wrap, binary),
            env={**os.environ, **env},
            cwd=cwd,
            timeout=TIMEOUT,
            dimensions=(50, 200),
            encoding="utf-8",
            codec_errors="replace",
        )
        self.child.delaybeforesend = None
        self.child.delayafterclose = self.child.ptyproc.delayafterclose = 0.01
        self.child.logfile_read = self.transcript
        #: Only exec stands between the shell and the program, so it has the shell's pid.
        self.pid = self.child.pid
        if wait:
            self.wait_prompt()

    def wait_prompt(self):
        """Wait until the program can be typed at."""
        try:
            self.child.expect_exact(PROMPT)
        except (pexpect.EOF, pexpect.TIMEOUT):
            self.end()
            raise AssertionError(f"no prompt:\n{self.child.before}\n{self.log()}") from None
        # The library shows its prompt just before it takes over the line's editing.
        wait_until(lambda: not self.terminal()[3] & termios.ICANON, "the terminal is in raw mode")

    def terminal(self):
        return termios.tcgetattr(self.child.child_fd)

    def send(self, line):
        """Type a line; do not wait for what it does."""
        self.typed = line
        self.child.send(line + "\r")

    def answer(self, timeout=-1):
        """What the line just typed printed, without its echo and the prompt after it."""
        # News may come before the echo. Its start is enough, because its end may be cut off.
        news = True
        while news:
            self.child.expect_exact(re.match("[ -~]{0,32}", self.typed)[0], timeout=timeout)
            self.child.expect_exact("\r\n", timeout=timeout)
            # News may come just after it, too: then the row is cleared, and what was typed is drawn
            # once more. If the prompt follows at once, there was no news: this ends the echo.
            _, cleared, rest = self.child.before.rpartition(CLEAR_ROW)
            news = cleared != "" and PROMPT not in rest
        return self.rest(timeout)

    def rest(self, timeout=-1):
        """What is printed up to the next prompt, without the line that says whom an operation waits
        for: it comes after a second, and a slow machine may need that long for its turn."""
        self.child.expect_exact(PROMPT, timeout=timeout)
        text = ESCAPE_CODE.sub("", self.child.before).replace("\r\n", "\n")
        return WAITING.sub("", text).strip("\r\n")

    def cmd(self, line, timeout=-1):
        """Type a line and return what it printed."""
        self.send(line)
        return self.answer(timeout)

    def tab(self, typed):
        """Type this and TAB: the line it makes of that, and what there is to choose from."""
        marker = f"marker{next(markers)}"
        self.child.send(f"{typed}\t{CTRL_C}help {marker}\r")
        self.child.expect_exact(f'no help on "{marker}"')
        text = self.child.before
        self.child.expect_exact(PROMPT)
        line = ESCAPE_CODE.sub("", text[: text.index("\r")])
        # Whatever else the library might print between counts as well.
        between = [text.strip() for text in text.split("\n")[1:] if PROMPT not in text]
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

    def __str__(self):
        """As the program names its peers."""
        return f"pid {self.pid} ({self.role})"

    def list(self):
        """The ports of this process, [(id, name)], from `list` in exactly its format."""
        lines = self.cmd("list").split("\n")
        assert lines[0] == "list all etherdev"
        ports = [re.fullmatch(r"(\d+)\t(\S+)", line) for line in lines[1:]]
        assert all(ports), f"not a line a port: {lines}"
        return [(int(port[1]), port[2]) for port in ports]

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
        """The Stats it shows; without a pool, that has no mbufs."""
        head, *lines = self.cmd(f"stats {device}".strip()).split("\n")
        assert head.split() == ["port", "device", "pid", *Counts._fields]
        pool = (0, 0)
        if lines and lines[-1].startswith("mbufs: "):
            pool = re.fullmatch(r"mbufs: (\d+) of (\d+) are free", lines.pop()).groups()
        # A process that has counted nothing at a port has no line for it.
        counts = collections.defaultdict(lambda: Counts(*[0] * len(Counts._fields)))
        for port, device, pid, *numbers in map(str.split, lines):
            counts[port if device == "-" else device, int(pid)] = Counts(*map(int, numbers))
        assert len(counts) == len(lines), f"a port of a process twice: {lines}"
        return Stats(counts, *map(int, pool))

    def news(self, line, timeout=-1):
        """Wait until the process says this without having been asked."""
        self.child.expect_exact(f"{line}\r\n", timeout=timeout)
        self.child.expect_exact(PROMPT, timeout=timeout)

    def log(self):
        """What the program and the EAL wrote to standard error so far."""
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def alive(self):
        return not self.child.closed and self.child.isalive()

    def wait(self, timeout=TIMEOUT):
        """Wait for its end: the exit status, or minus the signal that killed it."""
        self.child.expect_exact(pexpect.EOF, timeout=timeout)
        self.child.wait()
        status, signo = self.child.exitstatus, self.child.signalstatus
        return status if signo is None else -signo

    def quit(self):
        self.send("quit")
        status = self.wait()
        # It ends by force after less than a second, which is too short for an emulated processor.
        return 0 if IN_GUEST and status == 1 and BY_FORCE in self.log() else status

    def kill(self, signo=signal.SIGKILL):
        os.kill(self.pid, signo)

    def die(self):
        """Kill it, and wait until it has gone."""
        self.kill()
        assert self.wait() == -signal.SIGKILL

    def stop(self):
        stop(self.pid)

    def resume(self):
        self.kill(signal.SIGCONT)

    def end(self):
        """End it if it still runs, by force if need be. Returns the exit status."""
        status = None
        if self.faults:
            self.faults.clear()
        if self.alive():
            self.resume()
        if self.alive():
            with contextlib.suppress(pexpect.ExceptionPexpect, OSError):
                status = self.quit()
        if self.alive():
            self.kill(signal.SIGKILL)
            status = self.wait()
        if not self.child.closed:
            self.child.close()
        return status

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
