#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Show dpdk-hotplug_mp; scripts/demo.sh prepares the machine and calls this.

All it makes is made and removed here: a veth pair, a primary and a secondary,
the files of their group, and a tmux server with a socket of its own.
"""

import contextlib
import glob
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile

import pexpect
import pexpect.fdpexpect

PROGRAM = "build/dpdk-hotplug_mp"
PREFIX = f"hmdemo{os.getpid()}"  # no other group can have it, so its files are ours
IFACE, IFACE_PEER = "hmdemo0", "hmdemo1"
DEVARGS = f"net_af_packet,iface={IFACE}"
PROMPT = "example> "
START_TIMEOUT = 30  # seconds, of a process
LEAVE_TIMEOUT = 5
TMUX_CONF = f"""
set -g exit-empty off
set -g mouse on
set -g pane-border-status top
set -g pane-border-format " #{{pane_title}} "
set -g status 2
set -g status-format[0] " try: attach {DEVARGS} | list | detach net_af_packet | quit"
set -g status-format[1] " keys: C-b o goes to the other side, C-b d ends the demo"
"""
LEAVE_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failure(Exception):
    """The demo cannot go on; the text says why."""


def command(role):
    return [PROGRAM, f"--proc-type={role}", f"--file-prefix={PREFIX}"]


def run(*args):
    done = subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(args)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


@contextlib.contextmanager
def veth():
    if os.path.exists(f"/sys/class/net/{IFACE}"):
        raise Failure(
            f"interface {IFACE} exists: another demo runs, or was killed; "
            f"in that case: ip link delete {IFACE}"
        )
    try:
        run("ip", "link", "add", IFACE, "type", "veth", "peer", "name", IFACE_PEER)
        run("ip", "link", "set", IFACE, "up")
        run("ip", "link", "set", IFACE_PEER, "up")
        yield
    finally:
        if os.path.exists(f"/sys/class/net/{IFACE}"):
            run("ip", "link", "delete", IFACE)


@contextlib.contextmanager
def group_files():
    """What the EAL keeps for the next start with the same prefix is of no use here."""
    try:
        yield
    finally:
        runtime = os.environ.get("RUNTIME_DIRECTORY", "/var/run")
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(f"{runtime}/dpdk/{PREFIX}")
        with open("/proc/mounts", encoding="ascii") as mounts:
            dirs = [line.split()[1] for line in mounts if line.split()[2] == "hugetlbfs"]
        for path in {path for d in dirs for path in glob.glob(f"{d}/{PREFIX}map_*")}:
            # A mount may be seen at two places, and each primary that starts removes such files.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


@contextlib.contextmanager
def ended(pid):
    """Have a process end by the time this is left, the clean way if it can."""
    fd = os.pidfd_open(pid)
    try:
        yield
    finally:
        for signo in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(fd, signo)
            if select.select([fd], [], [], LEAVE_TIMEOUT)[0]:
                break
        os.close(fd)


# Without a terminal: a script that checks what it sees.


class Side:
    """A process of the group, and what it says to each command."""

    def __init__(self, stack, role, log):
        self.name = f"{role:<9} |"
        # The log of the EAL goes to a file, so that the transcript has the dialogue only.
        argv = ["-c", 'exec "$@" 2>"$0"', log] + command(role)
        self.child = pexpect.spawn("/bin/sh", argv, encoding="utf-8", dimensions=(24, 200))
        stack.enter_context(ended(self.child.pid))
        self.wait(PROMPT, START_TIMEOUT)

    def wait(self, what, timeout=30):
        try:
            self.child.expect_exact(what, timeout)
        except (pexpect.EOF, pexpect.TIMEOUT) as error:
            raise Failure(f"{self.name} {type(error).__name__} waiting for {what}") from error
        # The line editor's escape sequences, and the carriage returns of a terminal.
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\r", "", self.child.before).splitlines()

    def say(self, line, *expected):
        self.child.sendline(line)
        seen = self.wait(PROMPT)[1:]
        self.show(line, seen)
        if seen != list(expected):
            raise Failure(f"{self.name} expected: {list(expected)}")

    def quit(self):
        self.child.sendline("quit")
        self.show("quit", self.wait(pexpect.EOF)[1:])
        self.child.close()
        if self.child.exitstatus != 0:
            raise Failure(f"{self.name} exit status {self.child.exitstatus}, expected 0")

    def show(self, line, seen):
        for text in [PROMPT + line] + seen:
            print(self.name, text, flush=True)


def scripted(stack, directory):
    logs = [f"{directory}/{role}.log" for role in ("primary", "secondary")]
    try:
        primary = Side(stack, "primary", logs[0])
        secondary = Side(stack, "secondary", logs[1])
        sides = (primary, secondary)
        title, port = "list all etherdev", "0\tnet_af_packet"

        for side in sides:
            side.say("list", title)
        secondary.say(f"attach {DEVARGS}", "attached device net_af_packet")
        for side in sides:
            side.say("list", title, port)
        for side in sides:
            side.say(
                f"attach {DEVARGS}",
                "failed to attach device net_af_packet: already attached (port 0)",
            )
        primary.say("detach net_af_packet", "detached device net_af_packet")
        for side in sides:
            side.say("list", title)
        secondary.quit()
        primary.quit()
    except Failure:
        for log in filter(os.path.exists, logs):
            with open(log, encoding="utf-8", errors="replace") as file:
                print(f"\n{os.path.basename(log)}:\n{file.read()}", file=sys.stderr)
        raise
    print("demo: every step showed what it should")


# On a terminal: two panes to type at.


class Tmux:
    """A tmux server of our own: neither the user's sessions nor settings are touched."""

    def __init__(self, stack, directory):
        self.directory = directory
        conf = f"{directory}/tmux.conf"
        with open(conf, "w", encoding="ascii") as file:
            file.write(TMUX_CONF)
        self.base = ["tmux", "-S", f"{directory}/tmux", "-f", conf]
        # Started from within tmux, this one is a screen in a screen; that is meant.
        os.environ.pop("TMUX", None)
        self.call("start-server")
        stack.enter_context(ended(int(self.call("display-message", "-p", "#{pid}"))))

    def call(self, *args):
        return run(*self.base, *args)

    def pane(self, stack, role, *how):
        """Start a process in a pane of its own; wait for its prompt."""
        # It starts only once its output goes to the FIFO too, or the prompt may be missed.
        script = 'tmux wait-for "$0" && exec "$@"'
        pane, pid = self.call(
            *how, "-P", "-F", "#{pane_id} #{pane_pid}", "sh", "-c", script, role, *command(role)
        ).split()
        stack.enter_context(ended(int(pid)))
        self.call("select-pane", "-t", pane, "-T", f"{role} --file-prefix={PREFIX}")
        fifo = f"{self.directory}/{role}"
        os.mkfifo(fifo)
        fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        try:
            self.call("pipe-pane", "-t", pane, f"exec cat >{fifo}")
            self.call("wait-for", "-S", role)
            output = pexpect.fdpexpect.fdspawn(fd, encoding="utf-8")
            output.expect_exact(PROMPT, START_TIMEOUT)
            self.call("pipe-pane", "-t", pane)
        except (pexpect.EOF, pexpect.TIMEOUT) as error:
            raise Failure(f"the {role} did not start:\n{output.before}") from error
        finally:
            os.close(fd)


def interactive(stack, directory):
    tmux = Tmux(stack, directory)
    size = shutil.get_terminal_size()
    tmux.pane(
        stack, "primary", "new-session", "-d", "-x", str(size.columns), "-y", str(size.lines)
    )
    tmux.pane(stack, "secondary", "split-window", "-h")
    with subprocess.Popen([*tmux.base, "attach-session"]) as client:
        try:
            if client.wait() != 0:
                raise Failure("tmux could not use this terminal")
        finally:
            # Asked to end, it gives the terminal back as it was.
            client.terminate()


def leave(signo, _frame):
    sys.exit(128 + signo)


def main():
    for signo in LEAVE_SIGNALS:
        signal.signal(signo, leave)
    demo = interactive if sys.stdin.isatty() and sys.stdout.isatty() else scripted
    try:
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="hmdemo-"))
            stack.enter_context(veth())
            stack.enter_context(group_files())
            try:
                demo(stack, directory)
            finally:
                # Nothing may stop the way out.
                for signo in LEAVE_SIGNALS:
                    signal.signal(signo, signal.SIG_IGN)
    except Failure as error:
        sys.exit(f"demo: {error}")


if __name__ == "__main__":
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
    main()
