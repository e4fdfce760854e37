# SPDX-License-Identifier: BSD-3-Clause
"""What disturbance.py has measured, for report.py."""

import math
import statistics

from figures import goal

MOST = 1.10  # times what the slowest of 10,000 packets take when nothing goes on

TEXT = """\
Packets while others come and go
================================

A secondary forwards packets from one net_tap to another, on a core of its own, with all other
processes on the other cores. The primary attaches, starts, stops and detaches net_null devices, one
after the other. Meanwhile processes join and leave, one is killed, dpdk-dumpcap captures at the
port where the packets come in, and a telemetry client asks ten times a second. Between such rounds
of some seconds are rounds in which nothing goes on. The group of dpdk-testpmd is like it: its
primary does the same with devices, and its secondary forwards. It does less in the same time, as it
waits a tenth of a second when it stops a port. In ``loop`` nothing goes on in the group, but an
endless loop of a shell takes the time of the other cores.

The kernel stamps each packet when it hands it to the driver, and when it gets it back. So packets
and times are counted outside, for both alike. The times are microseconds. 99.99 % of a round's
packets take at most what the column of that name says, in the median of the rounds; ``of all`` is
that of all rounds together, on which one pause of the machine decides. ``pause`` is the longest one
between two polls, as ``stats`` shows it. The kernel keeps 1000 packets for a net_tap, so a pause of
more than 200 ms loses some.

In the rounds that ``perf`` has looked at, no other process of the group ran on the core of the
forwarder. What is left to disturb it is the kernel, the hypervisor, and whatever else the machine
does: ``loop`` shows how much that is. On the machine of these figures, a thread of the kernel that
watches memory (``kdamond``) and a daemon of the machine's own took that core for up to some
milliseconds at a time. A single such pause in a round decides on its column. So what the column
says for ``busy`` was 0.3, 3.4, 4.1 and 5.8 times what it says for ``quiet`` in four measurements
there, and for ``loop`` 7.4 times in the fourth: that machine cannot show a difference.

The EAL waits five seconds for the answer of a process that is just killed or just leaves. So a
capture ends between two devices; an operation that meets the killed process waits, and fewer
devices come and go in that round. Both primaries have 64 MiB from the start on, so that nobody
waits for hugepages that a capture needs (`<limits.rst>`__). ``failed`` counts devices, processes
and captures.

"""

HEAD = ["", "", "devices", "failed", "packets", "lost", "median", "99.99 %", "of all", "longest", "pause"]


def count(rounds, key):
    """Of packets or devices, in all of these rounds."""
    return sum(one["sent"] - one["came"] if key == "lost" else one[key] for one in rounds)


def slow(rounds):
    """What the slowest of 10,000 packets take at least, of those that came in these rounds."""
    came = sum(one["came"] for one in rounds)
    return sorted(us for one in rounds for us in one["longest"])[-(came // 10000 + 1)]


def slowest(series):
    """The same for each round, and the median of that: 13 packets in a row, in one pause of the
    machine, decide on all 125,000. If none came, they take for ever."""
    (rounds,) = series
    found = [slow([one]) for one in rounds if one["came"] > 0]
    return statistics.median(found) if found else math.inf


def goals(results):
    """What is wanted, as (name, figure, is it met)."""
    rounds = results["disturbance"]["program"]
    about = "while others come and go: "
    wanted = ("x what they take when nothing goes on", 1, MOST)
    name = f"{about}the slowest of 10,000 packets"
    found = [goal(name, [rounds["busy"]], [rounds["quiet"]], wanted, of=slowest)]
    for what, key in (("packets lost", "lost"), ("what else failed", "failed")):
        nb = count(rounds["busy"], key)
        found.append((f"{about}{what}", f"{nb} (0)", nb == 0))
    return found


def rows(results):
    found = []
    for kind, states in results["disturbance"].items():
        for state, rounds in states.items():
            keys = ("devices", "failed", "sent", "lost")
            row = [kind, state, *(count(rounds, key) for key in keys)]
            # A forwarder may have stood still.
            seen = [one for one in rounds if one["came"] > 0]
            times = ["-"] * 4
            if seen:
                us = [statistics.median(one["median"] for one in seen), slowest([seen])]
                us += [slow(seen), max(one["longest"][-1] for one in seen)]
                times = [f"{value:.0f}" for value in us]
            pauses = [one["pause"] for one in rounds if one["pause"] is not None]
            found.append([*row, *times, max(pauses, default="-")])
    return found


def figures(results):
    """The lines that come first on the page."""
    busy, quiet = (results["disturbance"]["program"][state] for state in ("busy", "quiet"))
    return [
        f"- While {count(busy, 'devices')} other devices come and go, a secondary that forwards loses "
        f"{count(busy, 'lost')} of {count(busy, 'sent')}",
        f"  packets. 99.99 % of them take at most {slowest([busy]):.0f} µs, and "
        f"{slowest([quiet]):.0f} µs when nothing goes on;",
        "  pauses of the machine decide on both.",
    ]
