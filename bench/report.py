#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make doc/benchmark.rst and .svg, and the figures of the README, of bench/results.json, and hold
the figures against the goals.

usage: bench/report.py    after bench/run.py, which calls it"""

import json
import os
import re
import statistics
import sys

from chart import SERIES, chart
import disturbed
from figures import goal, ratio, table
import operated

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(REPO, "bench", "results.json")
PAGE = os.path.join(REPO, "doc", "benchmark.rst")
README = os.path.join(REPO, "README.rst")
CHART = os.path.join(REPO, "doc", "benchmark.svg")

#: The goals.
TERMINALS_LEAST = 0.90  # of what the same terminals do one after the other
ONE_SHOT_MOST = 1.20  # times a secondary that starts and leaves
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
leaves. Half of what the program adds to a start is the dynamic linker's: the program needs twice as
many libraries as the other one, and each symbol of DPDK's drivers is looked for in all of them.

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


def goals(results):
    """What is wanted, as (name, figure, is it met)."""
    found = operated.goals(results)
    for one in results["terminals"]:
        if one["terminals"] == 1:
            continue
        name = f"{one['terminals']} terminals at once"
        wanted = ("of one after the other", -1, TERMINALS_LEAST)
        found.append(goal(name, [one["apart"]], [one["together"]], wanted))
        name += ": operations that failed"
        found.append((name, f"{len(one['failures'])} (0)", not one["failures"]))
    starts, forwards = results["starts"], results["forwards"]
    wanted = ("x a secondary that starts and leaves", 1, ONE_SHOT_MOST)
    one_shots = ([starts["one-shot program"]], [starts["one-shot floor"]])
    found.append(goal("one-shot", *one_shots, wanted))
    wanted = ("of dpdk-testpmd", -1, FORWARD_LEAST)
    found.append(goal("forwarding", [forwards["program"]], [forwards["testpmd"]], wanted))
    return found + disturbed.goals(results)


def figures(results):
    """The results in a few lines."""
    eight = results["terminals"][-1]
    rate = eight["operations"] / statistics.median(eight["together"])
    done = eight["operations"] * len(eight["together"])
    forwarded = statistics.median(results["forwards"]["program"])
    lines = [
        *operated.figures(results),
        *disturbed.figures(results),
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
    text += operated.sections(results)
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


def readme(text, results):
    """The README with the figures that come first on the page."""
    few = "\n".join([*operated.figures(results), *disturbed.figures(results)])
    section = r"(\nHow fast\n=+\n\n.*?\n\n)- .*?(\n\n)"
    return re.sub(section, rf"\g<1>{few}\2", text, count=1, flags=re.DOTALL)


def bars(results):
    """What chart() shows."""
    return [
        (cell["secondaries"], {kind: operated.pair(cell["took"][kind]) for kind, _, _ in SERIES})
        for cell in results["operations"]
        if cell["device"] == "net_null"
    ]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


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
    results = json.loads(read(RESULTS))
    write(PAGE, page(results))
    write(CHART, chart(bars(results)))
    write(README, readme(read(README), results))
    return judge(results)


if __name__ == "__main__":
    sys.exit(main())
