# SPDX-License-Identifier: BSD-3-Clause
"""Running dpdk-hotplug_mp: one process on a terminal, one in a pipe, a group of them."""

import collections
import concurrent.futures
import contextlib
import ctypes
import glob
import io
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import termios
import threading
import time
import typing

import pexpect
import pytest

REPO = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BINARY = os.environ.get("HM_BINARY", os.path.join(REPO, "build", "dpdk-hotplug_mp"))
RUNTIME = "/var/run/dpdk"
HUGEPAGES = "/dev/hugepages"
#: EAL options for every process, testpmd too: a build with a sanitizer needs some.
#: Options of meson for a build that is not used for long.
FAST_BUILD = ["-Doptimization=0", "-Ddebug=false"]
EAL_OPTIONS = os.environ.get("HM_EAL_OPTIONS", "").split()
PROMPT = "example> "
ROLES = ("primary", "secondary 1", "secondary 2")
#: Is the program built with a sanitizer?
SANITIZED = "HM_FINDINGS" in os.environ
#: For what has to come in the end; a slow machine, or the EAL, may take its time.
TIMEOUT = 120
#: For what comes within a second. A machine that is slow or busy may be late with it, but if it
#: did not come by itself, it would come with the EAL's own limits, after 5 s, or never. With a
#: sanitizer it is not asked how soon.
SOON = TIMEOUT if SANITIZED else 4
#: The system call of a thread that waits for another, as /proc has it.
FUTEX = "202"
#: What a process says that was ended by force.
BY_FORCE = "left without clean-up"
#: The section of the test report that soak/run.py writes, the last one.
SOAK_SECTION = "Soak\n----\n"
#: For unshare(2), from linux/sched.h.
CLONE_NEWNET = 0x40000000
#: In a guest: names the file with the tests to run, one a line.
GUEST_TESTS = "HM_GUEST_TESTS"
IN_GUEST = GUEST_TESTS in os.environ

ESCAPE_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x07")
CLEAR_ROW = "\x1b[2K"
WAITING = re.compile(r"^waiting for pid \d+.*\n", re.MULTILINE)
prefix_numbers = itertools.count(1)

# Under nohup(1) the program ignores SIGHUP, which is not what is tested. A handler of our own,
# instead of that, is not inherited.
if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)


def need(condition, reason):
    """Skip the test for want of something set-up provides; with HM_STRICT=1, fail it."""
    if condition:
        return
    if os.environ.get("HM_STRICT") == "1":
        pytest.fail(f"cannot run here: {reason}", pytrace=False)
    pytest.skip(reason)


def wait_until(condition, what, timeout=TIMEOUT):
    """Poll condition() until it holds, and return its value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {timeout} s in vain: {what}"
        threading.Event().wait(0.005)


def wait_equal(look, expected):
    """Wait until look() returns what is expected; if it never does, show how it differs."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        seen = look()
        if seen == expected or time.monotonic() > deadline:
            break
        threading.Event().wait(0.05)
    assert seen == expected


def stop(pid):
    """Stop a process, and wait until it stands still."""
    os.kill(pid, signal.SIGSTOP)

    def stopped():
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rpartition(")")[2].split()[0] == "T"

    wait_until(stopped, f"{pid} stops")


def waits_for_answer(pid):
    """Has a process sent what it asks of another, and waits? It does so on a condition."""
    with open(f"/proc/{pid}/syscall", encoding="ascii") as f:
        return f.read().split()[0] == FUTEX


def waits_for_lock(pid):
    """Does a process wait for a record lock that another one has?"""
    with open("/proc/locks", encoding="ascii") as f:
        lines = [line.split() for line in f]
    return any(line[1] == "->" and line[5] == str(pid) for line in lines)


def together(*calls):
    """Call all of them at the same time; returns what each returned."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def new_prefix():
    """A --file-prefix nobody else has."""
    return f"hmt{os.getpid()}_{next(prefix_numbers)}"


def sockets(prefix, runtime=RUNTIME):
    """The mp sockets in the runtime directory of a group."""
    return sorted(glob.glob(f"{glob.escape(runtime)}/{prefix}/mp_socket*"))


def traces(prefix, runtime=RUNTIME):
    """What every EAL leaves for the next one with its prefix."""
    return set(glob.glob(f"{runtime}/{prefix}") + glob.glob(f"{HUGEPAGES}/{prefix}map_*"))


def remove_traces(prefix, runtime=RUNTIME, but=frozenset()):
    """Remove them, as there will be no next one; `but` were there before."""
    for path in traces(prefix, runtime) - but:
        if os.path.isdir(path):
            shutil.rmtree(path)
            continue
        # Any EAL that starts as a primary removes map files that are in use no more.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def command_line(role, prefix, eal=(), own=(), wrap=(), binary=BINARY):
    args = [*wrap, binary]
    if role is not None:
        args.append(f"--proc-type={role}")
    if prefix is not None:
        args.append(f"--file-prefix={prefix}")
    args += [*EAL_OPTIONS, *eal]
    if own:
        args += ["--", *own]
    return args


def run(role=None, prefix=None, eal=(), own=(), wrap=(), binary=BINARY, env=None, **kwargs):
    """Run the program to its end without a terminal; `input` is what it reads."""
    kwargs.setdefault("timeout", TIMEOUT)
    kwargs.setdefault("text", True)
    if "stdin" not in kwargs:
        kwargs.setdefault("input", "" if kwargs["text"] else b"")
    return subprocess.run(
        command_line(role, prefix, eal, own, wrap, binary),
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **kwargs,
    )


def telemetry(prefix, *commands):
    """What dpdk-telemetry.py gets for each of these, all in one go."""
    need(shutil.which("dpdk-telemetry.py"), "no dpdk-telemetry.py; install dpdk")
    done = subprocess.run(
        ["dpdk-telemetry.py", "-f", prefix],
        input="".join(f"{command}\n" for command in commands),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=TIMEOUT,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    assert len(answers) == len(commands), done.stdout
    # Each answers by its own name.
    assert [[*answer] for answer in answers] == [[command.split(",")[0]] for command in commands]
    return [value for answer in answers for value in answer.values()]


def own_network():
    """Move this thread, and all that it starts from here on, to a network namespace of its own.

    Names are free there. And net_af_packet gives its sockets to a fanout group of the kernel that
    it numbers by 16 bits of pid and interface; primaries of two tests that are run beside each
    other could come to the same number, and the second attach would be refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace")


def veth_add(name, peer, *options):
    """Make a veth pair, both ends up; options as of ip-link(8)."""
    subprocess.run(
        ["ip", "link", "add", name, *options, "type", "veth", "peer", "name", peer],
        check=True,
        timeout=TIMEOUT,
    )
    for end in (name, peer):
        subprocess.run(["ip", "link", "set", end, "up"], check=True, timeout=TIMEOUT)


class Faults:
    """What a process preloaded with preload.c is to do wrong; see there."""

    def __init__(self, library, path):
        self.path = path
        os.mkdir(path)
        self.env = {"LD_PRELOAD": str(library), "HMT_FAULTS": str(path)}

    def set(self, call, order):
        """From now on, call does what it is ordered to do, until clear(call)."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.path}/{call}.met")
        with open(f"{self.path}/{call}.new", "w", encoding="utf-8") as f:
            f.write(order)
        os.rename(f"{self.path}/{call}.new", f"{self.path}/{call}")

    def clear(self, call="*"):
        for path in glob.glob(f"{self.path}/{call}"):
            if not path.endswith(".met"):
                os.unlink(path)

    def met(self, call):
        """Has the call come by its order?"""
        return os.path.exists(f"{self.path}/{call}.met")

    def wait_met(self, call):
        wait_until(lambda: self.met(call), f"{call} meets its fault")


class Peer(typing.NamedTuple):
    """A line of `peers`."""

    marked: bool
    role: str
    program: str
    state: str
    ports: str


class Counts(typing.NamedTuple):
    """A line of `stats`."""

    rx_packets: int
    rx_bytes: int
    tx_packets: int
    tx_bytes: int
    drops: int
    gaps: int


class Stats(typing.NamedTuple):
    """What `stats` shows: Counts by (device, pid), and the mbufs of the pool. The port of a
    device that has gone goes by its id, as "0"."""

    counts: dict
    free: int
    mbufs: int

    def lost(self):
        """Packets that were dropped, or were missed, anywhere."""
        return sum(one.drops + one.gaps for one in self.counts.values())


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
        #: Of the terminal, as the program finds it; of another one, as it may have changed its own
        #: before anybody looks.
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
        # News may come before the echo, of which the start is enough: the end may be cut off.
        news = True
        while news:
            self.child.expect_exact(re.match("[ -~]{0,32}", self.typed)[0], timeout=timeout)
            self.child.expect_exact("\r\n", timeout=timeout)
            # Or just after it: then the row is cleared, and what was typed drawn once more. If the
            # prompt follows at once, there were none to be shown, and this is the end of the echo.
            _, cleared, rest = self.child.before.rpartition(CLEAR_ROW)
            news = cleared != "" and PROMPT not in rest
        return self.rest(timeout)

    def rest(self, timeout=-1):
        """What is printed up to the next prompt. Without the line that says whom an operation
        waits for: it comes after a second, which a slow machine may need for its turn."""
        self.child.expect_exact(PROMPT, timeout=timeout)
        text = ESCAPE_CODE.sub("", self.child.before).replace("\r\n", "\n")
        return WAITING.sub("", text).strip("\r\n")

    def cmd(self, line, timeout=-1):
        """Type a line and return what it printed."""
        self.send(line)
        return self.answer(timeout)

    def timed(self, line, timeout=-1):
        """Type a line; returns what it printed and the seconds that took."""
        begin = time.monotonic()
        answer = self.cmd(line, timeout)
        return answer, time.monotonic() - begin

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
        note, answer = re.fullmatch(r"(note: [^\n]+\n)?(.+)", self.cmd("peers"), re.DOTALL).groups()
        assert note is None or "an operation is under way" in note
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
        # What has counted nothing yet has no line.
        counts = collections.defaultdict(lambda: Counts(*[0] * len(Counts._fields)))
        for port, device, pid, *numbers in map(str.split, lines):
            counts[port if device == "-" else device, int(pid)] = Counts(*map(int, numbers))
        assert len(counts) == len(lines), f"a port of a process twice: {lines}"
        return Stats(counts, *map(int, pool))

    def news(self, line, timeout=-1):
        """Wait until it says this without having been asked."""
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
        # Before it is ended by force it has less than a second, too short for an emulated processor.
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

    def close(self):
        """end(), show what it said (pytest passes it on if the test failed), clean up."""
        status = self.end()
        print(f"--- terminal of {self.pid}\n{self.transcript.getvalue()}")
        print(f"--- log of {self.pid}\n{self.log()}")
        os.unlink(self.log_path)
        return status


def assert_agree(processes, expected):
    """Every one of these, a whole group, lists these ports and knows that every other does."""
    lists = {process.pid: process.list() for process in processes}
    assert lists == {pid: expected for pid in lists}
    lines = {process.pid: process.peers()[1] for process in processes}
    line = f"all {len(processes)} processes agree: {len(expected)} ports"
    assert lines == {pid: line for pid in lines}


class Group:
    """A primary and its secondaries under a --file-prefix of their own; with a function that
    makes Faults, each has some."""

    def __init__(self, secondaries=2, prefix=None, make_faults=None, **kwargs):
        self.prefix = prefix or new_prefix()
        self.make_faults = make_faults
        self.kwargs = kwargs
        self.secondaries = []
        self.primary = self.start("primary", **kwargs, wait=False)
        try:
            self.primary.wait_prompt()
            for _ in range(secondaries):
                self.add_secondary(wait=False)
            for secondary in self.secondaries:
                secondary.wait_prompt()
        except BaseException:
            self.close()
            raise

    def add_secondary(self, **kwargs):
        secondary = self.start("secondary", **{**self.kwargs, **kwargs})
        self.secondaries.append(secondary)
        return secondary

    def start(self, role, **kwargs):
        if self.make_faults:
            kwargs.setdefault("faults", self.make_faults())
        return Process(role, self.prefix, **kwargs)

    def member(self, role):
        """The process in one of ROLES: "primary", "secondary 1", ..."""
        if role == "primary":
            return self.primary
        return self.secondaries[int(role.split()[1]) - 1]

    def members(self):
        """All processes that run."""
        return [p for p in (self.primary, *self.secondaries) if p.alive()]

    def assert_lists(self, expected):
        """Every process lists these ports, [(id, name)], and no others."""
        lists = {process.pid: process.list() for process in self.members()}
        assert lists == {pid: expected for pid in lists}

    def assert_agree(self, expected):
        """Every process lists these ports, and knows that every other does."""
        assert_agree(self.members(), expected)

    def sockets(self):
        return sockets(self.prefix)

    def remove_traces(self):
        remove_traces(self.prefix)

    def close(self):
        """End all processes; whoever still ran must have left well, and nothing behind."""
        processes = [*self.secondaries, self.primary]
        statuses = [process.close() for process in processes]
        left = self.sockets()
        self.remove_traces()
        assert [s for s in statuses if s not in (None, 0)] == [], "did not leave well"
        assert not [p.pid for p in processes if p.alive()], "processes are left"
        assert left == [], "sockets are left"


class Testpmd:
    """A dpdk-testpmd, a primary; its output is always read."""

    def __init__(self, prefix=None, eal=()):
        self.prefix = prefix or new_prefix()
        self.output = []
        self.ready = threading.Event()
        self.process = subprocess.Popen(
            # What it prints is to be there by the time of its next prompt.
            ["stdbuf", "-oL", "dpdk-testpmd", "--no-pci", f"--file-prefix={self.prefix}"]
            + [*EAL_OPTIONS, *eal]
            + ["--", "-i", "--total-num-mbufs=2048"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.reader = threading.Thread(target=self.drain, daemon=True)
        self.reader.start()
        ready = self.ready.wait(TIMEOUT) and "testpmd> " in self.text()
        if not ready:
            self.close()
        assert ready, self.text()

    @property
    def pid(self):
        return self.process.pid

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    def cmd(self, line):
        """Type a line and return what it printed; `line` shows up in front of that."""
        before = len(self.text())
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        wait_until(lambda: self.text()[before:].endswith("testpmd> "), f"testpmd's {line}")
        return self.text()[before:]

    def drain(self):
        for chunk in iter(lambda: self.process.stdout.read1(4096), b""):
            self.output.append(chunk)
            if not self.ready.is_set() and "testpmd> " in self.text():
                self.ready.set()
        self.ready.set()

    def text(self):
        return b"".join(self.output).decode(errors="replace")

    def close(self):
        try:
            self.resume()
            self.process.stdin.write(b"quit\n")
            self.process.stdin.close()
            self.process.wait(TIMEOUT)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        print(f"--- testpmd {self.pid}\n{self.text()}")
        remove_traces(self.prefix)


class VhostBackend(Testpmd):
    """A dpdk-testpmd that serves a vhost-user socket."""

    def __init__(self, path):
        self.path = path
        super().__init__(eal=[f"--vdev=eth_vhost0,iface={path}"])
        made = os.path.exists(path)
        if not made:
            self.close()
        assert made, self.text()

    def close(self):
        super().close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def attach_and_detach_twice_each(group, saw, attacher, detacher, name, devargs):
    """A round of the plan's repeat cases: by one, once more by all, then away again the same way.

    Lists are compared in every process after every step; saw() takes each answer for the report.
    """
    assert saw(group.member(attacher).cmd(f"attach {devargs}")) == f"attached device {name}"
    group.assert_lists([(0, name)])
    for process in group.members():
        answer = saw(process.cmd(f"attach {devargs}"))
        assert answer == f"failed to attach device {name}: already attached (port 0)"
        group.assert_lists([(0, name)])
    assert saw(group.member(detacher).cmd(f"detach {name}")) == f"detached device {name}"
    group.assert_lists([])
    for process in group.members():
        answer = saw(process.cmd(f"detach {name}"))
        assert answer == f"failed to detach device {name}: not attached"
        group.assert_lists([])
