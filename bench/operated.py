# SPDX-License-Identifier: BSD-3-Clause
"""What an attach and a detach take, as text and figures: what measure.py has of operations(),
calls() and scans()."""

import statistics

from figures import count_goal, goal, medians, p99, table

#: The goals.
CALLS_MOST = 10  # system calls of ours for an operation in a group of one
CALLS_EACH_MOST = 2  # and for each other process
FLOOR_MOST = 1.05  # times what the EAL alone takes for an attach and a detach, where that is much
SCANS_LEAST = 30  # times as long the EAL alone and dpdk-testpmd take to attach where there are many
SCANS_ABOUT_MOST = 1.20  # times what an attach takes when no other device is attached
SCANS_LINEAR_MOST = 1.50  # times as much for each secondary among 32 as among 4
SCANS_FEW_MOST = 1.05  # times what it takes as DPDK does it, among 0 and 1

#: Among so many others and fewer, net_null is so quick that what is added is counted instead.
FEW = 4

OPERATIONS = """\
Attach and detach
=================

Microseconds, medians and 99th percentiles, in a group with some idle secondaries. There are several
groups of each kind, one after the other, because groups of one kind differ. The kinds in one line
of the table are measured in turns, a few operations each:

- ``floor``: a loop of ``rte_dev_probe()`` and ``rte_dev_remove()`` in C, as primary. Only the calls
  are timed. The secondaries are idle processes of this program, as they are for the next two kinds.
  So all three pay the same for the beats of the secondaries, and gain the same by the policy of
  their threads (`<design.rst>`__); only the process that operates differs.
- ``program``: the primary runs a ``--cmdline-file``. The time is from one answer to the next, or
  after a pause from the line to its answer. It includes reading the line, the turn, the checks and
  printing.
- ``testpmd``: the same with dpdk-testpmd, which sets up the port after it attaches it, and closes
  it before it detaches it.
- ``bare``: the floor among secondaries that have started the EAL and do nothing else. It shows what
  the beats of idle secondaries cost, and what the policy gains. Nothing is compared with it.

The ratio is to the floor. Before each operation on net_af_packet there is a random pause of some
milliseconds. The kernel removes a socket at a tick of its clock, and a process that works in step
with the ticks gains or loses 8 ms each time.

The goal is for an attach and a detach together. It does not hold for net_null among few others,
where the EAL takes some 10 µs and more: 5 % of that is less than it takes to lock a file and unlock
it. What is added there is in the next section.

"""

CALLS = """\
What the program adds
=====================

What the program adds to an operation of the EAL does not depend on the device, so it is counted, as
``strace`` does it: the system calls of the main thread for an attach or a detach, on average. Those
on a futex are left out, as their number depends on which thread comes first, and so are those that
read the lines. The microseconds are the difference of the medians above.

- In a group of one: three calls lock and unlock the turn, one looks at the time of the runtime
  directory, one prints the line, and some ask for the pid. The rest of the time goes to
  understanding the command, to searching the bus for the device before and after, and to the events.
- For each other process: is it the process that joined, and is it stopped (one call), and is it
  frozen (another one)? Three more are for each control group, other than the root, that they are in.

"""

SCANS = """\
With other devices about
========================

Microseconds, medians, to attach and detach a net_null while other virtual devices are attached.
Every attach has each secondary ask the primary for its virtual devices. DPDK tells all of them of
all devices each time; this program tells all of them of the new one once (`<design.rst>`__).
``plain`` is the program with ``--plain-scans``, which does as DPDK does. ``bare`` is the EAL alone: a
group without this program. All others are among its secondaries, which gain by the policy of their
threads. ``times`` is how many times as long the EAL alone takes.

Where the time of an attach goes, among N secondaries with D devices about:

1. The primary asks each secondary to attach the device: N messages.
2. Each asks the primary for its devices: N messages.
3. The primary tells each of them of the new device: N messages. DPDK tells each of them of all
   devices whenever one of them asks: N × N × (D + 1) messages, and as many wake-ups.
4. The primary says how many there are: N messages. Each secondary attaches and says so: N messages.

That makes 5 × N messages, and 2 × N for a detach. Among 32 secondaries with 24 devices about, an
attach and a detach are 224 messages; as DPDK does it, ``perf`` counts 25,792. What is left is
wake-ups. ``perf`` counts 397 for the two: 222 of the threads that read messages, 100 of the interrupt
threads that attach and detach, and 75 of the primary that waits for the answers, and of beats. In a
secondary with the usual policy of the kernel, a quarter of the time went to a spinlock besides
(`<design.rst>`__).

"""


LINEAR = """\
The same by the program alone, with few secondaries and with many, in turns: what 32 secondaries cost
is held against what 4 cost, and what it costs with devices about against without. While the table
above is measured there are five groups at a time, each of whose processes takes the processors for
its beats; here there are two.

"""


def pair(took):
    """Microseconds of an attach and a detach."""
    return medians(took.values())


def added(cell):
    """Microseconds that the program adds to an operation."""
    return (pair(cell["took"]["program"]) - pair(cell["took"]["floor"])) / 2


def own_calls(cell):
    return cell["program"] - cell["floor"]


def goals(results):
    """What is wanted, as (name, figure, is it met)."""
    kinds = (operation_goals, call_goals, scan_goals, linear_goals)
    return [one for kind in kinds for one in kind(results)]


def operation_goals(results):
    for cell in results["operations"]:
        if cell["device"] == "net_null" and cell["secondaries"] <= FEW:
            continue
        took = cell["took"]
        yield goal(
            f"{cell['device']} among {cell['secondaries']}: attach and detach",
            list(took["program"].values()),
            list(took["floor"].values()),
            ("x the floor", 1, FLOOR_MOST),
            cell["rounds"],
            f", {added(cell):+.0f} µs each",
        )


def call_goals(results):
    alone, *others = results["calls"]
    yield count_goal("system calls added in a group of one", own_calls(alone), CALLS_MOST)
    for cell in others:
        each = (own_calls(cell) - own_calls(alone)) / cell["secondaries"]
        name = f"system calls added for each of {cell['secondaries']} others"
        yield count_goal(name, each, CALLS_EACH_MOST)


def scan_goals(results):
    for cell in results["scans"]:
        secondaries, about = cell["secondaries"], cell["about"]
        name = f"attach among {secondaries} with {about} devices about"
        attach = {kind: [took["attach"]] for kind, took in cell["took"].items()}
        if (secondaries, about) == (32, 24):
            for kind, label in (("bare", "the EAL alone"), ("testpmd", "dpdk-testpmd")):
                wanted = ("x as fast", -1, SCANS_LEAST)
                yield goal(
                    f"{name}: {label}", attach[kind], attach["program"], wanted, cell["rounds"]
                )
        if secondaries < 2:
            wanted = ("x as DPDK does it", 1, SCANS_FEW_MOST)
            yield goal(name, attach["program"], attach["plain"], wanted, cell["rounds"])


def linear_goals(results):
    cells = {(c["secondaries"], c["about"]): c for c in results["linear"]}
    few, many = sorted({secondaries for secondaries, _ in cells})

    def attach(secondaries, about, each=1):
        return [[us / each for us in cells[secondaries, about]["took"]["attach"]]]

    for (secondaries, about), cell in cells.items():
        if secondaries == few:
            continue
        name = f"attach among {many} with {about} devices about"
        if about > 0:
            wanted = ("x with none", 1, SCANS_ABOUT_MOST)
            yield goal(name, attach(many, about), attach(many, 0), wanted, cell["rounds"])
        wanted = (f"x as much a secondary as among {few}", 1, SCANS_LINEAR_MOST)
        one, other = attach(many, about, many), attach(few, about, few)
        yield goal(f"{name}: linear", one, other, wanted, cell["rounds"])


def operations_table(results):
    rows = []
    for cell in results["operations"]:
        for what in ("attach", "detach"):
            row = [cell["device"], cell["secondaries"], what]
            floor = statistics.median(cell["took"]["floor"][what])
            for kind in ("floor", "program", "testpmd", "bare"):
                values = cell["took"][kind][what]
                median = statistics.median(values)
                row += [f"{median:.0f}", f"{p99(values):.0f}"]
                if kind != "floor":
                    row.append(f"{median / floor:.2f}")
            rows.append(row)
    head = ["device", "others", "operation"]
    for kind in ("floor", "program", "testpmd", "bare"):
        head += [kind, "p99"] + (["ratio"] if kind != "floor" else [])
    return table(head, rows)


def calls_table(results):
    null = {c["secondaries"]: c for c in results["operations"] if c["device"] == "net_null"}
    rows = []
    for cell in results["calls"]:
        us = f"{added(null[cell['secondaries']]):+.0f}" if cell["secondaries"] <= FEW else "-"
        counts = (cell["floor"], cell["program"], own_calls(cell))
        rows.append([cell["secondaries"], *(f"{count:.1f}" for count in counts), us])
    return table(["others", "floor", "program", "added", "µs added"], rows)


def linear_table(results):
    rows = []
    for cell in results["linear"]:
        took = cell["took"]
        us = [f"{figure(took[what]):.0f}" for what in took for figure in (statistics.median, p99)]
        rows.append([cell["secondaries"], cell["about"], *us])
    return table(["others", "about", "attach", "p99", "detach", "p99"], rows)


def scans_table(results):
    rows = []
    for cell in results["scans"]:
        for what in ("attach", "detach"):
            values = [statistics.median(took[what]) for took in cell["took"].values()]
            row = [cell["secondaries"], cell["about"], what, *(f"{one:.0f}" for one in values)]
            rows.append([*row, f"{values[0] / values[-1]:.1f}"])
    return table(["others", "about", "operation", *cell["took"], "times"], rows)


def sections(results):
    """The page's sections."""
    text = OPERATIONS + operations_table(results) + CALLS + calls_table(results)
    return text + SCANS + scans_table(results) + LINEAR + linear_table(results)


def figures(results):
    """The lines that come first on the page."""
    null = {c["secondaries"]: c for c in results["operations"] if c["device"] == "net_null"}
    calls = {c["secondaries"]: own_calls(c) for c in results["calls"]}
    most = max(results["scans"], key=lambda c: (c["secondaries"], c["about"]))
    took = {kind: statistics.median(most["took"][kind]["attach"]) / 1000 for kind in most["took"]}
    many = max(calls)
    return [
        f"- An attach among {most['secondaries']} secondaries, with {most['about']} devices about, "
        f"takes {took['program']:.1f} ms. The EAL alone",
        f"  takes {took['bare']:.0f} ms. Among secondaries of this program it takes {took['floor']:.0f} ms, and "
        f"dpdk-testpmd {took['testpmd']:.0f} ms.",
        f"- An operation takes {calls[0]:.1f} system calls more than those of the EAL, and "
        f"{(calls[many] - calls[0]) / many:.1f} more for each",
        f"  other process. In a group of one that adds {added(null[0]):.0f} µs.",
    ]
