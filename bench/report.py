#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make doc/benchmark.rst and .svg of bench/results.json, and hold the figures against the goals.

usage: bench/report.py    after bench/run.py, which calls it"""

import json
import math
import os
import random
import statistics
import sys

from chart import SERIES, chart
import disturbed

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(REPO, "bench", "results.json")
PAGE = os.path.join(REPO, "doc", "benchmark.rst")
CHART = os.path.join(REPO, "doc", "benchmark.svg")

#: The goals.
FLOOR_MOST = 1.05  # times what the EAL alone takes for an attach and a detach
TERMINALS_LEAST = 0.90  # of what the same terminals do one after the other
ONE_SHOT_MOST = 1.20  # times a secondary that starts and leaves
SCANS_LEAST = 30  # times as long the EAL alone and dpdk-testpmd take to attach where there are many
SCANS_ABOUT_MOST = 1.20  # times what an attach takes when no other device is attached
SCANS_LINEAR_MOST = 1.50  # times as much for each secondary among 32 as among 4
SCANS_FEW_MOST = 1.05  # times what it takes as DPDK does it, among 0 and 1
FORWARD_LEAST = 0.90  # of what dpdk-testpmd forwards

PAGE_HEAD = """\
.. SPDX-License-Identifier: BSD-3-Clause

=========
Benchmark
=========

``scripts/bench.sh`` writes this page. Its measurements are in ``bench/results.json``.

:Machine: {cpu}, {cores} cores
:Kernel: {kernel}
:DPDK: {dpdk}
:Program: {program}, commit {commit}
:Load before: {load}
:Took: {minutes:.1f} minutes
:Date: {date}

.. image:: benchmark.svg
   :alt: an attach and a detach of net_null by the EAL alone, this program and dpdk-testpmd

"""

RUN = """\
To measure again, run this as root on a machine that does nothing else. It takes some minutes,
writes this page, and prints the figures and the goals last. The exit status is 1 if a goal is
missed. ::

    # scripts/bench.sh

"""

WANTED = """\
Goals
=====

The brackets show how far to trust a figure. If the measured rounds are drawn anew at random, the
figure lies between these two values nine times of ten.

"""

OPERATIONS = """\
Attach and detach
=================

Microseconds, medians and 99th percentiles, in a group with some idle secondaries. There are several
groups of each kind, one after the other, because groups of one kind differ. The kinds in one line
of the table are measured in turns, a few operations each:

- ``floor``: a loop of ``rte_dev_probe()`` and ``rte_dev_remove()`` in C, as primary. Only the calls
  are timed. The secondaries are idle processes of this program, as they are for the next two kinds.
  So all three pay the same for the beats of the secondaries, and only the process that operates
  differs.
- ``program``: the primary runs a ``--cmdline-file``. The time is from one answer to the next, or
  after a pause from the line to its answer. It includes reading the line, the turn, the checks and
  printing.
- ``testpmd``: the same with dpdk-testpmd, which sets up the port after it attaches it, and closes
  it before it detaches it.
- ``bare``: the floor among secondaries that have started the EAL and do nothing else. It shows what
  the beats of idle secondaries cost. Nothing is compared with it.

The ratio is to the floor. The goal is for an attach and a detach together. Before each operation on
net_af_packet there is a random pause of some milliseconds. The kernel removes a socket at a tick of
its clock, and a process that works in step with the ticks gains or loses 8 ms each time.

What the program adds to an operation of the EAL does not depend on the device. It has two parts:

- A fixed part: 11 to 18 µs in a loop on two cores, and about 30 µs after the process has slept
  until the others answered, because its caches are cold then. ``perf`` shows that it goes, in about
  equal parts, to the turn (three system calls), a look at the runtime directory (one), the line
  that is printed (one), understanding the command, searching the bus for the device before and
  after, and the events.
- 4 to 8 µs for each other process: is its slot still locked, and is it stopped (two system calls)?

The EAL's own cost grows with the square of the group, from about 10 µs alone, when it has no
process to ask. So net_null cannot meet the goal of 1.05 among 0 and 1 others: 5 % of 10 µs is less
than it takes to lock a file and unlock it. Among 4 others both parts together are still more than 5
%. Among 16 and more they are lost in the noise of many processes on two cores: the brackets are
wider than the distance to the goal. With a device whose probe takes milliseconds the share is small
in any group.

"""

SCANS = """\
With other devices about
========================

Microseconds, medians, to attach and detach a net_null while other virtual devices are attached.
Every attach has each secondary ask the primary for its virtual devices. DPDK tells all of them of
all devices each time; this program tells all of them of the new one once (`<design.rst>`_).
``plain`` is the program with ``--plain-scans``, which does as DPDK does. ``times`` is how many times
as long the EAL alone takes.

Where the time of an attach goes, among N secondaries with D devices about:

1. The primary asks each secondary to attach the device: N messages.
2. Each asks the primary for its devices: N messages.
3. The primary tells each of them of the new device: N messages. DPDK tells each of them of all
   devices whenever one of them asks: N × N × (D + 1) messages, and as many wake-ups.
4. The primary says how many there are: N messages. Each secondary attaches and says so: N messages.

That makes 5 × N messages, and 2 × N for a detach. Among 32 secondaries with 24 devices about, an
attach and a detach are 224 messages; as DPDK does it, ``perf`` counts 25,792. What is left is to
wake two threads in each secondary, and the primary for each answer.

"""

TERMINALS = """\
Terminals at once
=================

A group of 8 processes. Some of them each attach and detach a net_null of their own, all at once.
The ratio is to the same operations in the same group by the same terminals one after the other,
with as many devices attached. 1 means that taking turns costs nothing. More terminals do less
because of the EAL: a secondary has to ask the primary, and each attached device makes a search
longer. One terminal alone is the primary.

"""

STARTS = """\
Start
=====

Milliseconds from exec to the first prompt, beside a program that only does ``rte_eal_init()``. The
one-shot is a whole run of ``-- --cmd 'attach net_null0'``, beside a secondary that starts and
leaves.

"""

MEMORY = """\
Memory
======

Resident memory in KiB of an idle process in a group of two, without hugepages. In the second
figure, memory that several processes share is divided among them.

"""

FORWARD = """\
Forwarding
==========

Million packets a second that one thread on one core sends from one net_null to another, both ways.
A second is a second of that thread's CPU time, so other load on the machine does not count.

"""


def p99(values):
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


def table(head, rows):
    """A simple table of reStructuredText."""
    cells = [head, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in cells]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule, "", ""])


def medians(series):
    return sum(statistics.median(values) for values in series)


def spread(above, below, rounds, figure=medians):
    """Between what the ratio of two figures lies nine times of ten, if the rounds that were measured
    are drawn anew: how far to trust it. All of a round go together, as what disturbs one disturbs
    the next. Each figure is of a list of series, with as many values in any round."""
    dice = random.Random(1)

    def drawn(series, picked):
        each = [len(values) // rounds for values in series]
        return figure(
            [value for number in picked for value in values[number * nb : (number + 1) * nb]]
            for values, nb in zip(series, each)
        )

    picks = [dice.choices(range(rounds), k=rounds) for _ in range(300)]
    found = sorted(drawn(above, picked) / drawn(below, picked) for picked in picks)
    return found[14], found[-15]


def pair(took):
    """Microseconds of an attach and a detach."""
    return medians(took.values())


def pair_ratio(cell):
    return pair(cell["took"]["program"]) / pair(cell["took"]["floor"])


def ratio(values, kind, floor):
    return statistics.median(values[kind]) / statistics.median(values[floor])


def goals(results):
    """What is wanted, as (name, figure, is it met)."""
    found = []

    def goal(name, above, below, wanted, rounds=None, more="", of=medians):
        """Wanted is (unit, sign, limit); with sign 1 the most, with -1 the least it may be."""
        unit, sign, limit = wanted
        figure = of(above) / of(below)
        low, high = spread(above, below, rounds or len(above[0]), of)
        most = "most" if sign > 0 else "least"
        text = f"{figure:.3f} ({low:.2f} to {high:.2f}) {unit} (at {most} {limit:.2f}){more}"
        found.append((name, text, sign * figure <= sign * limit))

    for cell in results["operations"]:
        took = cell["took"]
        goal(
            f"{cell['device']} among {cell['secondaries']}: attach and detach",
            list(took["program"].values()),
            list(took["floor"].values()),
            ("x the floor", 1, FLOOR_MOST),
            cell["rounds"],
            f", {(pair(took['program']) - pair(took['floor'])) / 2:+.0f} µs each",
        )
    scans = {(c["secondaries"], c["about"]): c for c in results.get("scans", ())}

    def attach(secondaries, about, kind="program", each=1):
        return [[us / each for us in scans[secondaries, about]["took"][kind]["attach"]]]

    for (secondaries, about), cell in scans.items():
        name = f"attach among {secondaries} with {about} devices about"
        own = attach(secondaries, about)
        if secondaries == 32 and about > 0:
            wanted = ("x with none", 1, SCANS_ABOUT_MOST)
            goal(name, own, attach(secondaries, 0), wanted, cell["rounds"])
        if (secondaries, about) == (32, 24):
            for kind, label in (("floor", "the EAL alone"), ("testpmd", "dpdk-testpmd")):
                wanted = ("x as fast", -1, SCANS_LEAST)
                goal(f"{name}: {label}", attach(32, 24, kind), own, wanted, cell["rounds"])
        if secondaries == 32:
            one, few = attach(32, about, each=32), attach(4, about, each=4)
            wanted = ("x as much a secondary as among 4", 1, SCANS_LINEAR_MOST)
            goal(f"{name}: linear", one, few, wanted, cell["rounds"])
        if secondaries < 2:
            wanted = ("x as DPDK does it", 1, SCANS_FEW_MOST)
            goal(name, own, attach(secondaries, about, "plain"), wanted, cell["rounds"])
    for one in results["terminals"]:
        if one["terminals"] == 1:
            continue
        name = f"{one['terminals']} terminals at once"
        wanted = ("of one after the other", -1, TERMINALS_LEAST)
        goal(name, [one["apart"]], [one["together"]], wanted)
        name += ": operations that failed"
        found.append((name, f"{len(one['failures'])} (0)", not one["failures"]))
    starts, forwards = results["starts"], results["forwards"]
    wanted = ("x a secondary that starts and leaves", 1, ONE_SHOT_MOST)
    goal("one-shot", [starts["one-shot program"]], [starts["one-shot floor"]], wanted)
    wanted = ("of dpdk-testpmd", -1, FORWARD_LEAST)
    goal("forwarding", [forwards["program"]], [forwards["testpmd"]], wanted)
    goal(*disturbed.times(results), of=disturbed.slowest)
    return found + disturbed.nothing_lost(results)


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


def scans_table(results):
    rows = []
    for cell in results["scans"]:
        for what in ("attach", "detach"):
            values = [statistics.median(took[what]) for took in cell["took"].values()]
            row = [cell["secondaries"], cell["about"], what, *(f"{one:.0f}" for one in values)]
            rows.append([*row, f"{values[0] / values[-1]:.1f}"])
    return table(["others", "about", "operation", *cell["took"], "times"], rows)


def figures(results):
    """The results in a few lines."""
    null = {c["secondaries"]: c for c in results["operations"] if c["device"] == "net_null"}
    few, many = (null[n] for n in (4, 32))
    eight = results["terminals"][-1]
    took = {kind: pair(null[0]["took"][kind]) for kind in ("program", "floor")}
    rate = eight["operations"] / statistics.median(eight["together"])
    done = eight["operations"] * len(eight["together"])
    forwarded = statistics.median(results["forwards"]["program"])
    lines = [
        *disturbed.figures(results),
        f"- Among 4 idle secondaries an attach and a detach of net_null take {pair_ratio(few):.2f} "
        "times what the EAL",
        f"  alone takes, among 32 {pair_ratio(many):.2f} times. Without secondaries the two take "
        f"{took['program']:.0f} µs; the EAL",
        f"  alone takes {took['floor']:.0f} µs, because it has no process to ask.",
        f"- {eight['terminals']} terminals at once do {rate:.0f} operations a second, "
        f"{ratio(eight, 'apart', 'together'):.2f} of what they do one after the other.",
        f"  {len(eight['failures'])} of {done} operations failed.",
        "- A one-shot takes "
        f"{ratio(results['starts'], 'one-shot program', 'one-shot floor'):.2f} times as long as a "
        "secondary that starts and leaves.",
        f"- One core forwards {forwarded:.0f} million packets a second, "
        f"{ratio(results['forwards'], 'program', 'testpmd'):.2f} of what dpdk-testpmd does.",
    ]
    return "\n".join([*lines, "", ""])


def page(results):
    text = PAGE_HEAD.format(**results["machine"]) + figures(results) + RUN
    met = [[name, figure, "met" if ok else "**missed**"] for name, figure, ok in goals(results)]
    text += WANTED + table(["figure", "result", "goal"], met)
    text += OPERATIONS + operations_table(results)
    if "scans" in results:
        text += SCANS + scans_table(results)
    rows = []
    for one in results["terminals"]:
        rates = [one["operations"] / statistics.median(one[how]) for how in ("together", "apart")]
        row = [one["terminals"], *(f"{rate:.0f}" for rate in rates)]
        rows.append([*row, f"{ratio(one, 'apart', 'together'):.2f}", len(one["failures"])])
    head = ["terminals", "at once, operations/s", "one after the other", "ratio", "failures"]
    text += TERMINALS + table(head, rows)
    rows = []
    for role in ("primary", "secondary", "one-shot"):
        bare, own = (results["starts"][f"{role} {kind}"] for kind in ("floor", "program"))
        row = [role, *(f"{statistics.median(values):.1f}" for values in (bare, own))]
        rows.append([*row, f"{ratio(results['starts'], f'{role} program', f'{role} floor'):.2f}"])
    text += STARTS + table(["", "bare", "program", "ratio"], rows)
    rows = []
    for role in ("primary", "secondary"):
        used = [results["memory"][f"{role} {kind}"] for kind in ("floor", "program")]
        rows.append([role, *(f"{one['Rss']}, {one['Pss']}" for one in used)])
    text += MEMORY + table(["", "bare", "program"], rows)
    rows = []
    for kind, rates in results["forwards"].items():
        share = f"{ratio(results['forwards'], kind, 'testpmd'):.2f}"
        rows.append([kind, f"{statistics.median(rates):.1f}", share])
    text += FORWARD + table(["", "Mpps", "ratio"], rows) + disturbed.TEXT
    return (text + table(disturbed.HEAD, disturbed.rows(results))).rstrip("\n") + "\n"


def bars(results):
    """What chart() shows."""
    return [
        (cell["secondaries"], {kind: pair(cell["took"][kind]) for kind, _, _ in SERIES})
        for cell in results["operations"]
        if cell["device"] == "net_null"
    ]


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def judge(results):
    """Say how it stands. @return 1 if something that is wanted is missed."""
    found = goals(results)
    for name, figure, met in found:
        print(f"{'met   ' if met else 'MISSED'} {name}: {figure}")
    return 0 if all(met for _, _, met in found) else 1


def main():
    with open(RESULTS, encoding="utf-8") as f:
        results = json.load(f)
    write(PAGE, page(results))
    write(CHART, chart(bars(results)))
    return judge(results)


if __name__ == "__main__":
    sys.exit(main())
