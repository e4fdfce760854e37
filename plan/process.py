# SPDX-License-Identifier: BSD-3-Clause
"""Run a program that has the plan's prompt on a terminal: type at it, and read its answers."""

import contextlib
import io
import os
import re
import signal
import tempfile
import termios

import pexpect

from plan.outcome import Failed, expect, wait_until

PROMPT = "example> "
ESCAPE_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x07")
CLEAR_ROW = "\x1b[2K"
WAITING = re.compile(r"^waiting for pid \d+.*\n", re.MULTILINE)


class Process:
    """One process on a terminal of its own, its standard error in a file. `timeout` is how many
    seconds an answer may take, `leaving` how many the end may take."""

    def __init__(self, command, role, timeout, leaving=None, env=None, cwd=None, place=None):
        self.role = role
        self.timeout = timeout
        self.leaving = timeout if leaving is None else leaving
        self.typed = ""
        log, self.log_path = tempfile.mkstemp(prefix="hotplug_mp-", suffix=".log", dir=place)
        os.close(log)
        self.transcript = io.StringIO()
        self.child = pexpect.spawn(
            "sh",
            ["-c", 'log=$1; shift; exec "$@" 2>"$log"', "sh", self.log_path, *command],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            timeout=timeout,
            dimensions=(50, 200),
            encoding="utf-8",
            codec_errors="replace",
        )
        self.child.delaybeforesend = None
        self.child.delayafterclose = self.child.ptyproc.delayafterclose = 0.01
        self.child.logfile_read = self.transcript
        #: Only exec stands between the shell and the program, so it has the shell's pid.
        self.pid = self.child.pid

    def wait_prompt(self):
        """Wait until the program can be typed at."""
        try:
            self.child.expect_exact(PROMPT)
        except (pexpect.EOF, pexpect.TIMEOUT):
            self.end()
            raise Failed(f"{self}: no prompt:\n{self.child.before}\n{self.log()}") from None
        # The library shows its prompt just before it takes over the line's editing.
        wait_until(
            lambda: not self.terminal()[3] & termios.ICANON,
            "the terminal is in raw mode",
            self.timeout,
        )

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

    def __str__(self):
        """As the program names its peers."""
        return f"pid {self.pid} ({self.role})"

    def list(self):
        """The ports of this process, [(id, name)], from `list` in exactly its format."""
        lines = self.cmd("list").split("\n")
        expect(lines[0] == "list all etherdev", f"{self}: list begins with {lines[0]!r}")
        ports = [re.fullmatch(r"(\d+)\t(\S.*)", line) for line in lines[1:]]
        expect(all(ports), f"{self}: not a line a port: {lines}")
        return [(int(port[1]), port[2]) for port in ports]

    def log(self):
        """What the program and the EAL wrote to standard error so far."""
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def alive(self):
        return not self.child.closed and self.child.isalive()

    def wait(self, timeout=None):
        """Wait for its end: the exit status, or minus the signal that killed it."""
        self.child.expect_exact(pexpect.EOF, timeout=self.timeout if timeout is None else timeout)
        self.child.wait()
        status, signo = self.child.exitstatus, self.child.signalstatus
        return status if signo is None else -signo

    def quit(self):
        self.send("quit")
        return self.wait(self.leaving)

    def kill(self, signo=signal.SIGKILL):
        os.kill(self.pid, signo)

    def die(self):
        """Kill it, and wait until it has gone."""
        self.kill()
        status = self.wait()
        expect(status == -signal.SIGKILL, f"{self} was killed, and ended with {status}")

    def resume(self):
        self.kill(signal.SIGCONT)

    def end(self):
        """End it if it still runs, by force if need be. Returns the exit status."""
        status = None
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
