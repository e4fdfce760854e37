# SPDX-License-Identifier: BSD-3-Clause
"""The processes a benchmark runs: the floor, the program, dpdk-testpmd, and those beside them."""

import collections
import contextlib
import os
import random
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(__file__), "..")
sys.path[:0] = [os.path.join(ROOT, "tests", "helpers"), ROOT]
import hotplug_mp as hm  # noqa: E402

#: Of the build; run.py sets it.
FLOOR = os.path.join(hm.REPO, "build", "floor")

#: The machine's own cards are nobody's business here.
EAL = ("--no-pci",)


def start(args, **kwargs):
    kwargs.setdefault("stderr", subprocess.DEVNULL)
    return subprocess.Popen(args, stdout=subprocess.PIPE, **kwargs)


class Idle:
    """A secondary that does nothing but serve: of the program, or a bare one."""

    def __init__(self, prefix, bare=False):
        own = () if bare else ("--cmd", "list", "--interactive")
        args = hm.command_line(
            "secondary", prefix, EAL, own, binary=FLOOR if bare else hm.BINARY
        )
        with tempfile.TemporaryFile("w+") as log:
            self.process = start(args, stdin=subprocess.PIPE, stderr=log)
            self.pid = self.process.pid
            first = self.process.stdout.readline().decode().strip()
            if first != ("ready" if bare else "list all etherdev"):
                self.process.kill()
                self.process.wait()
                log.seek(0)
                raise RuntimeError(f"a secondary did not start: {first}\n{log.read()}")

    def close(self):
        # What it may still say has nowhere to go; it must not wait for that.
        self.process.communicate()
        return self.process.returncode


class Lines:
    """The lines a process prints, each with the time it was written. They go through a socket of
    datagrams, where the kernel stamps what is sent as it is sent: so nobody has to wake up for
    each line to know when it came, which would cost the writer time and be late itself. What waits
    for the kernel is another matter: `wakes` is to be set then, as it takes longer while somebody
    looks every now and then."""

    STAMP = 35  # SO_TIMESTAMPNS, for which Python has no name

    def __init__(self):
        # Whoever writes is not to wait for us to read; a socket keeps the limit it is made with.
        with open("/proc/sys/net/unix/max_dgram_qlen", "r+", encoding="ascii") as limit:
            usual = limit.read()
            limit.write("4096")
            limit.flush()
            self.here, self.there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            limit.write(usual)
        for end in (self.here, self.there):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.here.setsockopt(socket.SOL_SOCKET, self.STAMP, 1)
        self.here.setblocking(False)
        self.wakes = False
        self.ready = collections.deque()

    def receive(self):
        """Take what is there. @return whether anything was."""
        try:
            data, stamps, _, _ = self.here.recvmsg(65536, 64)
        except BlockingIOError:
            return False
        seconds, ns = struct.unpack("@ll", stamps[0][2])
        for line in data.decode(errors="replace").splitlines():
            self.ready.append((1000000000 * seconds + ns, line))
        return True

    def next(self, process):
        """The next line, as (ns, text)."""
        deadline = time.monotonic() + hm.TIMEOUT
        while not self.ready and not self.receive():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{process.args[0]} says nothing more")
            if self.wakes:
                select.select([self.here], [], [], 1)
            else:
                time.sleep(0.02)
        return self.ready.popleft()

    def close(self):
        self.here.close()
        self.there.close()


class Floor:
    """A bare loop of rte_dev_probe() and rte_dev_remove(), which takes the times itself."""

    def __init__(self, prefix):
        self.process = start(
            hm.command_line("primary", prefix, EAL, binary=FLOOR), stdin=subprocess.PIPE
        )
        self.pid = self.process.pid
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("the floor did not start")

    def run(self, line):
        """The microseconds of what it does then."""
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return [int(word) / 1000 for word in self.process.stdout.readline().split()]

    def pairs(self, devargs, nb, pause):
        """Attach and detach nb times, after a pause of up to so many seconds each; returns the
        microseconds of each attach and each detach, but of the first attach, as without a pause the
        others cannot tell theirs."""
        if pause == 0:
            took = self.run(f"{nb} {devargs}")
        else:
            took = []
            for line in (f"attach {devargs}", f"detach {devargs}") * nb:
                time.sleep(random.uniform(0, pause))
                took += self.run(line)
        if len(took) != 2 * nb or 0 in took:
            raise RuntimeError("the floor failed")
        return took[2::2], took[1::2]

    def attach(self, device):
        """Attach a device that stays."""
        if 0 in self.run(f"attach {device}"):
            raise RuntimeError("the floor failed")

    def close(self):
        self.process.communicate()
        return self.process.returncode


class Scripted:
    """A process that runs the commands of a --cmdline-file, which here is a pipe: so one process
    can be given more and more of them, in turns with others. Its answers are timed as they come;
    from one to the next is all it takes: to read and understand the line, to do it, to print."""

    def __init__(self, make_args):
        self.place = tempfile.mkdtemp(prefix="hmb")
        path = os.path.join(self.place, "commands")
        os.mkfifo(path)
        self.lines = Lines()
        self.process = subprocess.Popen(
            make_args(path),
            stdin=subprocess.DEVNULL,
            stdout=self.lines.there,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self.process.pid
        self.commands = open(path, "wb", buffering=0)  # waits until it is read

    def run(self, commands):
        """Hand it commands. @return when, by the clock the answers are stamped with."""
        begin = time.time_ns()
        self.commands.write("".join(f"{command}\n" for command in commands).encode())
        return begin

    def answers(self, nb):
        """The next nb, as (time, text)."""
        return [self.answer() for _ in range(nb)]

    def timed(self, commands, pause):
        """Run commands that attach and detach in turns, as Floor.pairs() does. @return what was
        answered, and the microseconds of attaches and of detaches."""
        if pause == 0:
            self.run(commands)
            answers = self.answers(len(commands))
            times = [when for when, _ in answers]
            between = [(b - a) / 1000 for a, b in zip(times, times[1:])]
            return [text for _, text in answers], between[1::2], between[0::2]
        self.lines.wakes = True
        texts, took = [], []
        for command in commands:
            time.sleep(random.uniform(0, pause))
            begin = self.run([command])
            when, text = self.answer()
            texts.append(text)
            took.append((when - begin) / 1000)
        self.lines.wakes = False
        return texts, took[2::2], took[1::2]

    def answer(self):
        return self.lines.next(self.process)

    def close(self):
        self.commands.close()
        self.process.wait(hm.TIMEOUT)
        self.lines.close()
        os.unlink(os.path.join(self.place, "commands"))
        os.rmdir(self.place)
        return self.process.returncode


class Program(Scripted):
    """The program, in any role."""

    def __init__(self, prefix, role="primary", own=(), eal=EAL):
        super().__init__(
            lambda path: hm.command_line(role, prefix, eal, (*own, "--cmdline-file", path))
        )
        # It opens the file before it starts the EAL.
        self.run(["list"])
        if self.answer()[1] != "list all etherdev":
            raise RuntimeError("the program did not start")

    def pairs(self, devargs, nb, pause):
        name = devargs.partition(",")[0]
        commands = [f"attach {devargs}", f"detach {name}"] * nb
        answers, attaches, detaches = self.timed(commands, pause)
        if answers != [f"attached device {name}", f"detached device {name}"] * nb:
            raise RuntimeError(f"the program failed: {answers}")
        return attaches, detaches

    def attach(self, device):
        self.done(f"attach {device}", f"attached device {device}")

    def detach(self, device):
        self.done(f"detach {device}", f"detached device {device}")

    def done(self, line, wanted):
        self.run([line])
        answer = self.answer()[1]
        if answer != wanted:
            raise RuntimeError(f"the program failed: {answer}")


class Plain(Program):
    """The program as primary, that tells secondaries of virtual devices as DPDK does."""

    def __init__(self, prefix):
        super().__init__(prefix, own=("--plain-scans",))


class Testpmd(Scripted):
    """dpdk-testpmd; what it attaches it sets up as well, and what it detaches it closes first."""

    def __init__(self, prefix, eal=()):
        super().__init__(
            lambda path: ["stdbuf", "-oL", "dpdk-testpmd", "--proc-type=primary"]
            + [f"--file-prefix={prefix}", *EAL, *eal]
            + ["--", "-i", "--total-num-mbufs=2048", f"--cmdline-file={path}"]
        )
        self.answer()  # to its own start
        self.stay = 0  # devices that it keeps

    def answer(self):
        said = []
        while True:
            when, line = self.lines.next(self.process)
            said.append(line)
            if line == "Done":
                return when, "\n".join(said)

    def pairs(self, devargs, nb, pause):
        commands = [f"port attach {devargs}", f"port detach {self.stay}"] * nb
        answers, attaches, detaches = self.timed(commands, pause)
        for attached, detached in zip(answers[0::2], answers[1::2]):
            attach = f"Port {self.stay} is attached" in attached
            if not attach or "is detached" not in detached:
                raise RuntimeError(f"testpmd failed: {attached}\n{detached}")
        return attaches, detaches

    def attach(self, device):
        self.run([f"port attach {device}"])
        answer = self.answer()[1]
        if f"Port {self.stay} is attached" not in answer:
            raise RuntimeError(f"testpmd failed: {answer}")
        self.stay += 1


@contextlib.contextmanager
def group(make_primary, secondaries, bare=False):
    """A primary of some kind, and idle secondaries; yields the primary, which knows them."""
    prefix = hm.new_prefix()
    with contextlib.ExitStack() as stack:
        stack.callback(hm.remove_traces, prefix)
        primary = make_primary(prefix)
        stack.callback(primary.close)
        primary.prefix = prefix
        primary.secondaries = [Idle(prefix, bare) for _ in range(secondaries)]
        for secondary in primary.secondaries:
            stack.callback(secondary.close)
        yield primary
