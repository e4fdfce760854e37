#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A random walk over a group of real processes, held against a model after each step.

The seed decides on the steps. Each is a line that a person could follow by hand; p is the
primary, s1 to s4 are secondaries:

    s1: attach net_null0               typed at a process
    s1: attach net_null0 | p: sync     typed at several at the same time
    s1: attach net_null0, killed after 1.5 ms
    p: sync, while s1 is killed after 1.5 ms
    join s1, quit s1, kill s1          it starts, quits, is killed
    stop s1, freeze s1, resume s1      SIGSTOP; freeze its control group; end that
    fill bytes, fill files, empty      the file system of the sockets has no room, or has it again
    starve, feed                       no hugepage is free, or they are again
    few s1 2, many s1                  it may open two files more, or as many as it likes
    remove config                      a file of the group is removed: nobody joins any more
    lose quit, lose kill               the primary leaves; then there is a new one, and only that

A step about a process that does not run, or is halted, is passed over. The last lines are
figures; the exit status is 0 if nothing differed from the model and nothing is left behind.
"""

import argparse
import contextlib
import datetime
import os
import platform
import signal
import subprocess
import sys
import time

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
sys.path[:0] = [os.path.join(ROOT, "tests", "helpers"), ROOT]

import hotplug_mp as hm  # noqa: E402
from plan_report import SOAK_SECTION  # noqa: E402
from walk import FAILURES, Walk  # noqa: E402

REPORT = os.path.join(hm.REPO, "doc", "test-report.rst")


def machine_pages():
    with open("/proc/meminfo", encoding="utf-8") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("HugePages_Free:"))


def report_write(figures):
    """Put the figures into the report in place of those of the last time."""
    version = subprocess.run(
        [hm.BINARY, "--version"], stdout=subprocess.PIPE, text=True, check=True
    )
    with open(REPORT, encoding="utf-8") as f:
        rest = f.read().split(f"\n{SOAK_SECTION}")[0].rstrip("\n")
    lines = [
        SOAK_SECTION,
        "A random walk over a group of processes, with what may go wrong, held against a model",
        "after each step (``tests/soak/run.py``).",
        "",
        f":Program: {version.stdout.strip()}",
        f":Kernel: {platform.system()} {platform.release()}",
        f":Date: {datetime.date.today().isoformat()}",
        *(f":{name.capitalize()}: {value}" for name, value in figures),
    ]
    with open(REPORT, "w", encoding="utf-8") as f:
        f.write(rest + "\n\n" + "\n".join(lines) + "\n")


def fault_parse(text):
    """WHO:CALL=ORDER:LIBRARY, as preload.c has them."""
    who, rest = text.split(":", 1)
    order, library = rest.rsplit(":", 1)
    call, order = order.split("=", 1)
    return {"who": who, "call": call, "order": order, "library": library}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, help="end after so many steps")
    parser.add_argument("--history", metavar="FILE", help="take the steps from this file")
    parser.add_argument("--report", action="store_true", help="write doc/test-report.rst")
    parser.add_argument("--verbose", action="store_true", help="print each step")
    parser.add_argument("--keep", action="store_true", help="after a divergence, wait")
    parser.add_argument("--plain-scans", action="store_true", help="an option of the program's")
    parser.add_argument(
        "--fault",
        type=fault_parse,
        metavar="WHO:CALL=ORDER:LIBRARY",
        help="have a process do wrong, see preload.c",
    )
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    begin = time.monotonic()
    pages = machine_pages()
    walk = Walk(args)
    try:
        failure = walk.run()
        seconds = time.monotonic() - begin
        if failure is not None:
            walk.tell(failure)
    finally:
        if walk.life is not None:
            with contextlib.suppress(*FAILURES):
                walk.life.close()
        walk.place.close()
    figures = walk.figures(seconds)
    free = f"{pages} free before, {machine_pages()} free after"
    figures.append(("hugepages of the machine", free))
    if args.report and failure is None:
        report_write(figures)
    for name, value in figures:
        print(f"{name}: {value}")
    return 0 if failure is None else 1


if __name__ == "__main__":
    sys.exit(main())
