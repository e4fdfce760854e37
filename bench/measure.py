# SPDX-License-Identifier: BSD-3-Clause
"""What is measured, each in turns with what it is compared with. Everything here returns plain
lists and dicts, as they go into results.json."""

import contextlib
import glob
import os
import pty
import re
import subprocess
import tempfile
import time
import tty

import processes
from processes import EAL, Floor, Plain, Program, Scripted, Testpmd, hm

#: What does the operations in a group of its own, and whether its secondaries are bare ones. All
#: others are of the program: what an idle one of those costs, by its beats, all pay alike, and
#: `bare` shows.
KINDS = {
    "floor": (Floor, False),
    "bare": (Floor, True),
    "program": (Program, False),
    "testpmd": (Testpmd, False),
}


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def operations(device, secondaries, nb_groups, rounds, pairs, pause):
    """Attach and detach a device, by all kinds in turns; microseconds of each operation."""
    took = {kind: {"attach": [], "detach": []} for kind in KINDS}
    for _ in range(nb_groups):
        in_groups(took, device, secondaries, rounds, pairs, pause)
    return took


def in_groups(took, device, secondaries, rounds, pairs, pause):
    """The same, in one group of each kind."""
    with contextlib.ExitStack() as stack:
        groups = []
        for kind, (make, bare) in KINDS.items():
            devargs = device
            if device.startswith("net_af_packet"):
                # Two sockets of one interface in two groups would be one more thing to compare.
                name = f"hmb{os.getpid()}_{len(groups)}"
                hm.veth_add(name, f"{name}p")
                stack.callback(subprocess.run, ["ip", "link", "del", name], check=True)
                devargs = f"{device},iface={name}"
            group = stack.enter_context(processes.group(make, secondaries, bare))
            group.pairs(devargs, 3, 0)
            groups.append((took[kind], group, devargs))
        for number in range(rounds):
            # None of them always comes after the same other.
            first = number % len(groups)
            for series, group, devargs in groups[first:] + groups[:first]:
                attaches, detaches = group.pairs(devargs, pairs, pause)
                series["attach"] += attaches
                series["detach"] += detaches


#: A system call in what strace writes. How often a thread waits for another or wakes it up depends on
#: which of them comes first, and what is seen of reading the lines on when strace comes and goes, so
#: these are not counted.
CALL = re.compile(r"^(?!(?:futex|poll|read|restart_syscall)\()\w+\(", re.MULTILINE)


def traced(group, nb):
    """System calls that the main thread makes for an attach or a detach, on average."""
    with tempfile.NamedTemporaryFile("r") as log:
        strace = subprocess.Popen(["strace", "-qq", "-o", log.name, "-p", str(group.pid)])
        try:
            status = f"/proc/{group.pid}/status"
            hm.wait_until(lambda: f"TracerPid:\t{strace.pid}\n" in read(status), "strace traces")
            group.pairs("net_null0", nb, 0)
        finally:
            strace.terminate()
            strace.wait()
        return len(CALL.findall(log.read())) / (2 * nb)


def calls(counts):
    """System calls for an attach or a detach of a net_null by the EAL alone and by the program, in
    groups with so many secondaries."""
    found = []
    for secondaries in counts:
        found.append({"secondaries": secondaries})
        for kind in ("floor", "program"):
            make, bare = KINDS[kind]
            with processes.group(make, secondaries, bare) as group:
                group.pairs("net_null0", 3, 0)
                # What has just been changed is looked at more closely (group/views.c).
                runtime = f"{hm.RUNTIME}/{group.prefix}"
                hm.wait_until(lambda: time.time() - os.stat(runtime).st_mtime > 1, "all is quiet")
                # The least of some: a beat that is late is looked at more closely, too. That is
                # frequent on a busy machine, so each has few operations.
                found[-1][kind] = min(traced(group, 5) for _ in range(12))
    return found


#: What attaches a device where others are attached already, and whether among bare secondaries.
SCANS = {
    "bare": (Floor, True),
    "floor": (Floor, False),
    "testpmd": (Testpmd, False),
    "plain": (Plain, False),
    "program": (Program, False),
}


def scans(counts, abouts, few_groups, rounds, pairs):
    """Attach and detach net_null0 among so many secondaries, while so many other devices are
    attached, by all kinds in turns; microseconds of each operation."""
    cells = []
    for secondaries in counts:
        # Among few it takes microseconds, by which the groups of one kind differ.
        nb_groups = few_groups if secondaries < 2 else 1
        ones = [
            {"secondaries": secondaries, "about": about, "rounds": nb_groups * rounds}
            for about in abouts
        ]
        for one in ones:
            one["took"] = {kind: {"attach": [], "detach": []} for kind in SCANS}
        for _ in range(nb_groups):
            scans_in_groups(ones, rounds, pairs)
        cells += ones
    return cells


def scans_in_groups(cells, rounds, pairs):
    """The same among as many secondaries as in these cells, in one group of each kind."""
    there = 0
    with contextlib.ExitStack() as stack:
        groups = {
            kind: stack.enter_context(processes.group(make, cells[0]["secondaries"], bare))
            for kind, (make, bare) in SCANS.items()
        }
        for cell in cells:
            for there in range(there + 1, cell["about"] + 1):
                for group in groups.values():
                    group.attach(f"net_null{there}")
            for group in groups.values():
                group.pairs("net_null0", 3, 0)
            for number in range(rounds):
                # None of them always comes after the same other.
                order = list(groups)
                for kind in order[number % len(order) :] + order[: number % len(order)]:
                    attaches, detaches = groups[kind].pairs("net_null0", pairs, 0)
                    cell["took"][kind]["attach"] += attaches
                    cell["took"][kind]["detach"] += detaches


def linear(counts, abouts, rounds, pairs):
    """Attach and detach net_null0 by the program alone, in a group with few and one with many
    secondaries, while so many other devices are attached: all in turns; microseconds of each
    operation."""
    cells = {
        (secondaries, about): {"attach": [], "detach": []}
        for secondaries in counts
        for about in abouts
    }
    with contextlib.ExitStack() as stack:
        groups = {
            secondaries: stack.enter_context(processes.group(Program, secondaries))
            for secondaries in counts
        }
        for number in range(rounds):
            there = 0
            # None of them always comes after the same other.
            order = list(groups.items())[:: -1 if number % 2 else 1]
            for about in abouts:
                for there in range(there + 1, about + 1):
                    for group in groups.values():
                        group.attach(f"net_null{there}")
                for secondaries, group in order:
                    attaches, detaches = group.pairs("net_null0", pairs, 0)
                    cells[secondaries, about]["attach"] += attaches
                    cells[secondaries, about]["detach"] += detaches
            for group in groups.values():
                for device in range(1, there + 1):
                    group.detach(f"net_null{device}")
    return [
        {"secondaries": secondaries, "about": about, "rounds": rounds, "took": took}
        for (secondaries, about), took in cells.items()
    ]


def terminals(counts, rounds):
    """The same operations on the same group by several terminals at once, and by those terminals
    one after the other; about as many for any number of terminals. A terminal alone attaches
    all devices before it detaches them, as several at once do, whose turns alternate; so there
    are as many devices about."""
    results = {
        count: {"operations": 0, "together": [], "apart": [], "failures": []} for count in counts
    }
    prefix, most = hm.new_prefix(), max(counts)
    with contextlib.ExitStack() as stack:
        stack.callback(hm.remove_traces, prefix)
        group = []
        for number in range(most):
            role = "secondary" if number else "primary"
            group.append(Program(prefix, role, ("--keep-going",)))
            stack.callback(group[-1].close)

        def wait(terminal, result, nb):
            last = 0
            for when, text in terminal.answers(nb):
                if not re.match("(attached|detached) device", text):
                    result["failures"].append(text)
                last = when
            return last

        for _ in range(rounds):
            for count in counts:
                result, working = results[count], group[:count]
                # Of each terminal: attach and detach as many devices as there are terminals.
                cycles = most * most * 2 // (count * count)
                pairs = [[f"attach net_null{n}", f"detach net_null{n}"] for n in range(count)]
                begins = [
                    terminal.run(pair * count * cycles) for terminal, pair in zip(working, pairs)
                ]
                ends = [wait(terminal, result, 2 * count * cycles) for terminal in working]
                result["together"].append((max(ends) - min(begins)) / 1e9)
                ops = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
                apart = 0
                for terminal in working:
                    begin = terminal.run(ops * cycles)
                    apart += wait(terminal, result, 2 * count * cycles) - begin
                result["apart"].append(apart / 1e9)
                result["operations"] = 2 * count * count * cycles
    return [{"terminals": count, **result} for count, result in results.items()]


def to_prompt(args, prompt, leave):
    """Milliseconds from exec to the first prompt, on a terminal."""
    here, there = pty.openpty()
    tty.setraw(there)
    begin = time.monotonic()
    process = subprocess.Popen(args, stdin=there, stdout=there, stderr=subprocess.DEVNULL)
    os.close(there)
    seen = b""
    while prompt not in seen:
        seen += os.read(here, 4096)
    took = 1000 * (time.monotonic() - begin)
    os.write(here, leave)
    # It may write still, and must not wait for us.
    with contextlib.suppress(OSError):
        while os.read(here, 4096):
            pass
    process.wait(hm.TIMEOUT)
    os.close(here)
    return took


def starts(rounds):
    """From exec to the first prompt, against rte_eal_init(): as primary, and as secondary of the
    same primary. And a whole one-shot, against a secondary that starts and leaves."""
    took = {
        f"{role} {kind}": []
        for role in ("primary", "secondary", "one-shot")
        for kind in ("floor", "program")
    }
    floor = (processes.FLOOR, b"ready", b"quit\n")  # no number; it leaves
    program = (hm.BINARY, hm.PROMPT.encode(), b"quit\r")
    with processes.group(Program, 0) as primary:
        for _ in range(rounds):
            for kind, (binary, prompt, leave) in (("floor", floor), ("program", program)):
                prefix = hm.new_prefix()
                args = hm.command_line("primary", prefix, EAL, binary=binary)
                took[f"primary {kind}"].append(to_prompt(args, prompt, leave))
                hm.remove_traces(prefix)
                args = hm.command_line("secondary", primary.prefix, EAL, binary=binary)
                took[f"secondary {kind}"].append(to_prompt(args, prompt, leave))
            for kind, own in (("floor", ()), ("program", ("--cmd", "attach net_null0"))):
                binary = hm.BINARY if own else processes.FLOOR
                begin = time.monotonic()
                done = hm.run("secondary", primary.prefix, EAL, own, binary=binary)
                took[f"one-shot {kind}"].append(1000 * (time.monotonic() - begin))
                if done.returncode != 0:
                    raise RuntimeError(f"a one-shot failed: {done.stdout}{done.stderr}")
            primary.run(["detach net_null0"])
            if primary.answer()[1] != "detached device net_null0":
                raise RuntimeError("a one-shot has left something else behind")
    return took


def memory():
    """Resident memory of idle processes, in KiB: Rss, and Pss, which divides what is shared."""
    used = {}
    for kind, (make, bare) in {"floor": (Floor, True), "program": (Program, False)}.items():
        with processes.group(make, 1, bare) as primary:
            for role, process in (("primary", primary), ("secondary", primary.secondaries[0])):
                with open(f"/proc/{process.pid}/smaps_rollup", encoding="ascii") as f:
                    found = dict(re.findall(r"^(Rss|Pss): +(\d+) kB", f.read(), re.MULTILINE))
                used[f"{role} {kind}"] = {key: int(value) for key, value in found.items()}
    return used


def cpu_ns(pid):
    """CPU time of each thread."""
    times = {}
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as f:
            times[path] = int(f.read().split()[0])
    return times


class ForwardTestpmd(Scripted):
    """dpdk-testpmd between two net_null, both ways, on the last core."""

    def __init__(self, prefix, core, cache):
        own = ["-i", "--forward-mode=io", "--nb-cores=1", "--total-num-mbufs=8192"]
        super().__init__(
            lambda path: ["stdbuf", "-oL", "dpdk-testpmd", "--proc-type=primary"]
            + [f"--file-prefix={prefix}", *EAL, f"--lcores=0,{core}"]
            + ["--vdev=net_null0", "--vdev=net_null1", "--", *own, *cache]
            + [f"--cmdline-file={path}"]
        )

    def on(self):
        self.run(["start"])

    def off(self):
        self.run(["stop"])

    def packets(self):
        self.run(["show port stats all"])
        return count_of(self, r" RX-packets: (\d+) +RX-missed")


class ForwardProgram(Program):
    """The program between two net_null, both ways, on the last core."""

    def __init__(self, prefix, core):
        super().__init__(prefix, own=("--poll-core", str(core)))
        devices = ("net_null0", "net_null1")
        self.run([f"{what} {device}" for what in ("attach", "start") for device in devices])
        self.answers(4)

    def on(self):
        self.run(["forward net_null0 net_null1 both"])

    def off(self):
        self.run(["forward off"])

    def packets(self):
        self.run(["stats"])
        return count_of(self, r"\d+ +net_null\d +\d+ +(\d+)")


def count_of(process, pattern):
    """The sum of the next two numbers a process prints that are matched so."""
    found = []
    while len(found) < 2:
        found += re.findall(pattern, process.lines.next(process.process)[1])
    return sum(int(one) for one in found)


def forwards(rounds, seconds):
    """Packets for each second of its core that the polling thread has had, in millions."""
    core = max(os.sched_getaffinity(0))
    makers = {
        "testpmd": lambda prefix: ForwardTestpmd(prefix, core, []),
        "testpmd without caches": lambda prefix: ForwardTestpmd(prefix, core, ["--mbcache=0"]),
        "program": lambda prefix: ForwardProgram(prefix, core),
    }
    rates = {kind: [] for kind in makers}
    with contextlib.ExitStack() as stack:
        ones = {
            kind: stack.enter_context(processes.group(make, 0)) for kind, make in makers.items()
        }
        for _ in range(rounds):
            for kind, one in ones.items():
                one.on()
                time.sleep(0.2)
                cpu, packets = cpu_ns(one.pid), one.packets()
                time.sleep(seconds)
                packets = one.packets() - packets
                used = max(ns - cpu.get(path, 0) for path, ns in cpu_ns(one.pid).items())
                one.off()
                rates[kind].append(1000 * packets / used)
    return rates
