#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Measure the program side by side with the EAL alone and with dpdk-testpmd; see doc/benchmark.rst,
which this writes, for what and how. The last lines are the figures against what is wanted; the exit
status is 1 if one of them is missed.

usage: scripts/bench.sh [--quick], or: meson compile -C build bench    as root

With --quick there is a little of everything, to see that it works; nothing is written."""

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time

import disturbance
import measure
import processes
import report
from processes import hm

SECONDARIES = (0, 1, 4, 16, 32)
CALLS = (0, 1, 4, 16)  # secondaries, where system calls are counted
ABOUT = (0, 8, 24)  # devices that are attached already
LINEAR = (4, 32)  # secondaries, where each is to cost as much
TERMINALS = (1, 2, 4, 8)
GROUPS = 3  # of each kind, one after the other: they differ by more than a group's rounds
PAIRS = 6  # an attach and a detach each, in a round; the first attach is not timed
#: With rounds for each group, and seconds before an operation. What is done to a socket waits for
#: the kernel's clock; in step with that a few microseconds are nothing, or a tick of 8 ms.
DEVICES = {"net_null": (8, 0), "net_af_packet": (2, 0.016)}


def output(*args):
    return subprocess.run(args, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def commit():
    """Of the tree; a tarball has none."""
    if not os.path.exists(f"{hm.REPO}/.git"):
        return "unknown"
    return output("git", "-C", hm.REPO, "describe", "--always", "--dirty")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = re.search(r"^model name\s*: (.*)$", f.read(), re.MULTILINE)
    return {
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "dpdk": output("pkg-config", "--modversion", "libdpdk"),
        "program": output(hm.BINARY, "--version").splitlines()[0],
        "commit": commit(),
        "load": f"{os.getloadavg()[0]:.2f}",
        "date": datetime.date.today().isoformat(),
    }


def say(text):
    print(f"bench: {text}", flush=True)


def run(quick):
    """All of it; with quick, a little."""
    some = slice(2) if quick else slice(None)

    def rounds(number):
        return 1 if quick else number

    results = {"machine": machine(), "operations": [], "terminals": []}
    begin = time.monotonic()
    for device, (times, pause) in DEVICES.items():
        for secondaries in SECONDARIES[some]:
            say(f"{device} among {secondaries} secondaries")
            cell = {"device": device, "secondaries": secondaries}
            cell["rounds"] = rounds(GROUPS) * rounds(times)
            cell["took"] = measure.operations(
                f"{device}0", secondaries, rounds(GROUPS), rounds(times), PAIRS, pause
            )
            results["operations"].append(cell)
    say("system calls")
    results["calls"] = measure.calls(CALLS[some])
    say("with other devices about")
    results["scans"] = measure.scans(SECONDARIES[some], ABOUT, rounds(6), rounds(6), 3)
    results["linear"] = measure.linear(LINEAR, ABOUT, rounds(12), PAIRS)
    say("terminals at once")
    results["terminals"] = measure.terminals(TERMINALS[some], rounds(10))
    say("starts")
    results["starts"] = measure.starts(rounds(20))
    say("memory")
    results["memory"] = measure.memory()
    say("forwarding")
    results["forwards"] = measure.forwards(rounds(10), 0.5)
    say("disturbance")
    results["disturbance"] = disturbance.disturbances(rounds(10), 2.5)
    results["machine"]["minutes"] = (time.monotonic() - begin) / 60
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default=hm.BINARY)
    parser.add_argument("floor", nargs="?", default=processes.FLOOR)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    hm.BINARY, processes.FLOOR = (os.path.abspath(p) for p in (args.program, args.floor))
    for tool in ("dpdk-testpmd", "dpdk-dumpcap", "strace"):
        if shutil.which(tool) is None:
            sys.exit(f"bench: no {tool} here; run scripts/setup.sh --test first")
    results = run(args.quick)
    if args.quick:
        return report.judge(results)
    # One line a list of numbers: as it is, to be read by a person if need be.
    text = json.dumps(results, indent=1)
    text = re.sub(r"\[\s+([-0-9.,\s]+?)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", text)
    report.write(report.RESULTS, text + "\n")
    return report.main()


if __name__ == "__main__":
    sys.exit(main())
