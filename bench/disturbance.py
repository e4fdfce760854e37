# SPDX-License-Identifier: BSD-3-Clause
"""Are packets disturbed while a secondary forwards them and its group is busy with other devices,
more than in a group in which nothing goes on? Beside a group of dpdk-testpmd."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import packets
import processes
from processes import EAL, Idle, Program, Testpmd, hm

#: Devices that come, are started and stopped, and go, in a round. Ten rounds have 1,120, but for
#: the one in which an operation may wait five seconds for the process that is killed.
CYCLES = 112
#: Megabytes that the primaries have from the start on. A capture that needs hugepages asks the
#: primary for them, and if a process is killed meanwhile, that can crash the primary
#: (doc/limits.rst).
MEMORY = ("-m", "64")
LOOK = 0.1  # seconds from one question to the telemetry to the next


class Ports:
    """The two ports between which packets are forwarded, as devargs, and the interfaces that they
    are in the kernel. A net_tap can be polled by a secondary."""

    def __init__(self, kind):
        self.interfaces = [f"hmb{os.getpid()}{kind[0]}{end}" for end in "io"]
        self.devargs = [f"net_tap{n},iface={name}" for n, name in enumerate(self.interfaces)]


def answer(process, wanted):
    """The answer, which news may come before: the match of what is wanted, or else of a failure."""
    while True:
        text = process.answer()[1]
        match = re.fullmatch(wanted, text) or re.match("failed to ", text)
        if match:
            return match


class ProgramGroup:
    """A primary of the program, which carries out operations, and a secondary that forwards."""

    states = ("quiet", "busy", "loop")
    asked = ("/hotplug_mp/list", "/hotplug_mp/show,0", "/hotplug_mp/peers", "/hotplug_mp/events")
    bare = False

    def __init__(self, prefix, core, ports):
        eal = (*EAL, f"--lcores=0,{core}")
        self.primary = Program(prefix, own=("--keep-going",), eal=(*EAL, *MEMORY))
        self.forwarder = Program(prefix, "secondary", ("--poll-core", str(core)), eal)
        self.primary.lines.wakes = True
        for n, devargs in enumerate(ports.devargs):
            self.do(f"attach {devargs}", f"start net_tap{n}")

    def do(self, *commands):
        """@return whether all went well."""
        self.primary.run(commands)
        texts = [answer(self.primary, r"\w+ed device \w+").string for _ in commands]
        return not any(text.startswith("failed") for text in texts)

    def forward(self):
        self.forwarder.run(["stats reset", "forward net_tap0 net_tap1 both"])
        answer(self.forwarder, "forwarding net_tap0 to net_tap1 and back")

    def end(self):
        """@return the longest pause it has measured itself, in microseconds."""
        self.forwarder.run(["stats net_tap0", "forward off"])
        pause = int(answer(self.forwarder, "0 +net_tap0 .* ([0-9]+)")[1])
        answer(self.forwarder, "forwarding is off")
        return pause

    def cycle(self):
        return self.do(*(f"{verb} net_null2" for verb in ("attach", "start", "stop", "detach")))

    def close(self):
        return self.forwarder.close() | self.primary.close()


class PmdForwarder(processes.Scripted):
    """dpdk-testpmd as a secondary that forwards; its primary does not, and leaves it the queues."""

    def __init__(self, prefix, core):
        super().__init__(
            lambda path: ["stdbuf", "-oL", "dpdk-testpmd", "--proc-type=secondary"]
            + [f"--file-prefix={prefix}", *EAL, f"--lcores=0,{core}", "--", "-i"]
            + ["--forward-mode=io", "--nb-cores=1", "--total-num-mbufs=2048"]
            + ["--num-procs=1", "--proc-id=0", f"--cmdline-file={path}"]
        )
        while "Done" not in self.answer()[1]:
            pass


class PmdGroup:
    """The same of dpdk-testpmd."""

    states = ("quiet", "busy")
    asked = ("/ethdev/list", "/ethdev/info,0", "/ethdev/stats,0", "/eal/params")
    bare = True

    def __init__(self, prefix, core, ports):
        vdevs = [f"--vdev={devargs}" for devargs in ports.devargs]
        self.primary = Testpmd(prefix, [f"--lcores=0,{core}", *MEMORY, *vdevs])  # it wants two
        self.start_forwarder = lambda: PmdForwarder(prefix, core)
        self.forwarder = self.start_forwarder()
        self.primary.lines.wakes = True
        self.nb = 0
        self.failed = False

    def forward(self):
        self.do(self.forwarder, "start")

    def end(self):
        self.do(self.forwarder, "stop")
        if self.failed:
            # It may have a port that the primary does not, and start no more.
            self.forwarder.close()
            self.forwarder = self.start_forwarder()
            self.failed = False

    def cycle(self):
        # What has failed may leave a device behind, so the next one has another name.
        self.nb += 1
        said = self.do(self.primary, f"port attach net_null{1 + self.nb}")
        port = re.search(r"Port (\d+) is attached", said)
        if port is None:
            self.failed = True
            return False
        for verb in ("start", "stop", "detach"):
            said += self.do(self.primary, f"port {verb} {port[1]}")
        if said.count("Done\n") == 4:
            return True
        self.failed = True
        self.do(self.primary, f"port detach {port[1]}")
        return False

    @staticmethod
    def do(process, command):
        """@return the lines that it says; after some failures that is nothing. They have to be read:
        it prints some for each port that comes or goes, and stands still if nobody reads them."""
        last = "Change verbose level from 0 to 0"
        process.run([command, "set verbose 0"])
        said = []
        while last not in said:
            said.append(process.lines.next(process.process)[1])
        return "".join(f"{line}\n" for line in said)

    def close(self):
        return self.forwarder.close() | self.primary.close()


class Sender:
    """A bench/packets.py."""

    def __init__(self, ports):
        args = [sys.executable, packets.__file__, *ports.interfaces]
        self.process = subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def send(self, seconds):
        print(round(seconds * packets.RATE), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.communicate()


def paced(seconds, nb):
    """Come by nb times in so many seconds; less often if one takes too long."""
    begin = time.monotonic()
    for number in range(nb):
        time.sleep(max(0, begin + seconds * number / nb - time.monotonic()))
        if time.monotonic() > begin + seconds:
            break
        yield number


def join(prefix, bare, killed):
    """One joins and leaves; another one may be killed. @return whether all went well."""
    try:
        Idle(prefix, bare).close()
        if killed:
            one = Idle(prefix, bare)
            one.process.kill()
            one.close()
    except RuntimeError:
        return False
    return True


def come_and_go(group, seconds, cycles, turn):
    """Devices, one after the other. @return with which of them all went well."""
    done = []
    for _ in paced(seconds, cycles):
        with turn:
            done.append(group.cycle())
    return done


def capture(prefix, seconds, turn):
    """What comes and goes at port 0, for some seconds. It ends between two devices, because the EAL
    waits five seconds for the answer of a process that is just leaving. @return whether it went on
    until it was told to end."""
    with tempfile.TemporaryFile() as log, subprocess.Popen(
        ["dpdk-dumpcap", f"--file-prefix={prefix}", "-P", "-i", "0", "-w", "/dev/null"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=log,
    ) as process:

        def begun():
            said = os.pread(log.fileno(), 4096, 0)
            return b"Packets captured" in said or process.poll() is not None

        hm.wait_until(begun, "a capture begins")
        time.sleep(seconds)
        with turn:
            goes_on = process.poll() is None
            if goes_on:
                # To reap it as well, as its own method does, may take the kernel a second.
                os.kill(process.pid, signal.SIGINT)
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    return goes_on


def look(prefix, asked, seconds):
    """Ask the primary's telemetry, again and again."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as there:
        there.connect(f"{hm.RUNTIME}/{prefix}/dpdk_telemetry.v2")
        there.recv(1024)
        for number in paced(seconds, round(seconds / LOOK)):
            there.send(asked[number % len(asked)].encode())
            there.recv(16384)


def disturb(group, prefix, seconds, cycles, killed):
    """All of what may disturb a packet, at the same time. @return how many devices came and went,
    and with how many of them and of the processes something failed."""
    turn = threading.Lock()
    devices, joined, captured, _ = hm.together(
        lambda: come_and_go(group, seconds, cycles, turn),
        lambda: join(prefix, group.bare, killed),
        lambda: capture(prefix, seconds / 2, turn),
        lambda: look(prefix, group.asked, seconds),
    )
    return {"devices": len(devices), "failed": [*devices, joined, captured].count(False)}


@contextlib.contextmanager
def all_but(core):
    """Everything that is started here stays off a core, unless it is told to use it."""
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        raise RuntimeError("a machine with one core cannot forward undisturbed")
    os.sched_setaffinity(0, before - {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def endless_loop():
    """Something that has nothing to do with DPDK and takes all of the other cores' time."""
    with contextlib.ExitStack() as stack:
        for _ in os.sched_getaffinity(0):
            loop = stack.enter_context(subprocess.Popen(["sh", "-c", "while :; do :; done"]))
            stack.callback(loop.kill)
        yield


def one_round(group, prefix, sender, seconds, cycles, killed):
    """@return what became of the packets, and the forwarder's own longest pause."""
    group.forward()
    time.sleep(0.2)
    work = [lambda: sender.send(seconds)]
    if cycles > 0:
        work.append(lambda: disturb(group, prefix, seconds, cycles, killed))
    seen, went = [*hm.together(*work), {"devices": 0, "failed": 0}][:2]
    return {**seen, **went, "pause": group.end()}


def disturbances(rounds, seconds, cycles=CYCLES):
    """In turns, so that what else goes on at the machine hits all of them alike."""
    core = max(os.sched_getaffinity(0))
    found = {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(all_but(core))
        ones = []
        for kind, make in {"program": ProgramGroup, "testpmd": PmdGroup}.items():
            ports = Ports(kind)
            group = stack.enter_context(
                processes.group(lambda prefix, m=make, p=ports: m(prefix, core, p), 0)
            )
            sender = Sender(ports)
            stack.callback(sender.close)
            found[kind] = {how: [] for how in group.states}
            ones += [(found[kind][how], group, sender, how) for how in group.states]
        for number in range(rounds):
            random.Random(number).shuffle(ones)
            for series, group, sender, how in ones:
                beside = endless_loop if how == "loop" else contextlib.nullcontext
                nb = cycles if how == "busy" else 0
                with beside():
                    one = one_round(group, group.prefix, sender, seconds, nb, number == rounds // 2)
                series.append(one)
    return found
