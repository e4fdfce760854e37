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
    stop s1, resume s1                 SIGSTOP, SIGCONT
    fill bytes, fill files, empty      the file system of the sockets has no room, or has it again
    starve, feed                       no hugepage is free, or they are again
    few s1 2, many s1                  it may open two files more, or as many as it likes
    lose quit, lose kill               the primary leaves; then there is a new one, and only that

A step about a process that does not run, or is stopped, is passed over. The last lines are
figures; the exit status is 0 if nothing differed from the model and nothing is left behind.
"""

import argparse
import collections
import contextlib
import datetime
import itertools
import os
import platform
import random
import signal
import subprocess
import sys
import time

import pexpect

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helpers"))

import hotplug_mp as hm  # noqa: E402
import model as soak_model  # noqa: E402
from plan_report import SOAK_SECTION  # noqa: E402
from life import EVERYONE, SECONDARIES, Divergence, Life, Place  # noqa: E402

SHRINK_S = 300
REPORT = os.path.join(hm.REPO, "doc", "test-report.rst")


def line_draw(rng, kinds):
    """Something to type."""
    kind = rng.choice(list(kinds.values()))
    other = rng.choice(list(kinds.values()))
    both = " both" if kind != other and rng.random() < 0.3 else ""
    return rng.choices(
        (
            f"attach {kind.devargs}",
            f"detach {rng.choice((kind.name, kind.devargs, f'vdev:{kind.name}'))}",
            f"start {kind.name}",
            f"stop {kind.name}",
            f"forward {kind.name} {other.name}{both}",
            "forward off",
            f"send {rng.choice(('net_null0', 'net_null1'))} {rng.randint(1, 200)}",
            f"lock {kind.name}{rng.choice(('', ' until noon'))}",
            f"unlock {kind.name}",
            "list",
            "sync",
            f"attach {rng.choice(('nosuch0', 'net_null9,' + 'x' * 120, 'net_null9,no=1'))}",
        ),
        (26, 20, 10, 5, 6, 4, 4, 3, 6, 3, 4, 3),
    )[0]


def some(rng, kinds, most):
    """A few typed lines, in the middle of something that lasts."""
    for _ in range(rng.randint(1, most)):
        yield f"{rng.choice(EVERYONE)}: {line_draw(rng, kinds)}"


def episode(rng, kinds):
    """One thing that happens: a step, or some that belong together."""
    who = rng.choice(SECONDARIES)
    asker, *others = rng.sample(EVERYONE, 3)
    moment = f"killed after {rng.uniform(0, 4):.1f} ms"
    what = rng.choices(
        "type together join quit kill during beside stop fill starve few".split(),
        (120, 24, 10, 3, 3, 4, 3, 4, 2, 2, 3),
    )[0]
    if what == "type":
        yield f"{asker}: {line_draw(rng, kinds)}"
    elif what == "together":
        asked = [asker, *others][: rng.randint(2, 3)]
        yield " | ".join(f"{one}: {line_draw(rng, kinds)}" for one in asked)
    elif what in ("join", "quit", "kill"):
        yield f"{what} {who}"
    elif what == "during":
        yield f"{who}: {line_draw(rng, kinds)}, {moment}"
    elif what == "beside":
        yield f"{asker}: {line_draw(rng, kinds)}, while {who} is {moment}"
    elif what == "stop":
        yield f"stop {asker}"
        yield from some(rng, kinds, 4)
        yield rng.choice((f"join {who}", f"kill {who}", f"quit {who}"))
        yield f"resume {asker}"
    elif what == "fill":
        yield f"fill {rng.choice(('bytes', 'files'))}"
        yield f"join {who}"
        yield from some(rng, kinds, 4)
        yield "empty"
        yield f"join {who}"
    elif what == "starve":
        yield "starve"
        yield f"join {who}"
        yield from some(rng, kinds, 6)
        yield "feed"
    else:
        yield f"few {asker} {rng.randint(0, 4)}"
        yield from some(rng, kinds, 6)
        yield f"many {asker}"


def steps(seed, kinds):
    """The walk: the same steps for the same seed, without an end."""
    rng = random.Random(seed)
    while True:
        # Some primaries live long; but what those leave that are killed has to fit in.
        life = rng.choice((100, 400, 1600))
        yield from ("join s1", "join s2")
        for _ in range(life):
            yield from episode(rng, kinds)
        yield f"lose {rng.choice(('quit', 'kill'))}"


THE_END = "(the end: everything as at the start)"
FAILURES = (Divergence, AssertionError, OSError, StopIteration, pexpect.ExceptionPexpect)


class Walk:
    """Lives one after the other; and what came of them."""

    def __init__(self, args):
        self.args = args
        self.counts = collections.Counter()
        self.place = Place()
        self.kinds = soak_model.kinds(self.place.interface, self.place.tap)
        self.prefixes = (f"hms{os.getpid()}_{number}" for number in itertools.count())
        self.measures = []
        #: In use before the walk and after it.
        self.pages = [self.place.pages()]
        self.life = None
        #: Steps since the start of the primary that runs.
        self.history = []

    def new_life(self, prefix, counts):
        return Life(self.place, prefix, counts, self.args.fault)

    def measure(self):
        """What a primary had at its start and has at its end."""
        life = self.life
        if hasattr(life, "after"):
            took = time.monotonic() - life.begin
            self.measures.append((took, life.taken, life.before, life.after, life.killed_ones))

    def run(self):
        """Walk until time is up. Returns the failure, None if there was none."""
        end = time.monotonic() + self.args.minutes * 60
        prefix = next(self.prefixes)
        todo = steps(self.args.seed, self.kinds)
        if self.args.history:
            with open(self.args.history, encoding="utf-8") as f:
                todo = iter([line.strip() for line in f if line.strip()])
        if self.args.steps:
            todo = itertools.islice(todo, self.args.steps)
        try:
            for text in todo:
                if time.monotonic() > end:
                    break
                if self.life is None:
                    self.life = self.new_life(prefix, self.counts)
                    self.history = []
                self.history.append(text)
                if self.args.verbose:
                    print(f"{self.counts['steps']:6} {text}", flush=True)
                if not self.life.step(text):
                    self.history.pop()
                if self.life.model is None:
                    self.end_life()
            if self.life is not None:
                self.history.append(THE_END)
                self.life.settle()
                self.end_life()
            self.place.wipe()
            self.pages.append(self.place.pages())
            if self.pages[0] != self.pages[1]:
                raise Divergence(f"hugepages in use before and after: {self.pages}")
        except FAILURES as failure:
            self.counts["divergences"] += 1
            return failure
        return None

    def end_life(self):
        self.measure()
        self.counts["lives"] += 1
        life, self.life = self.life, None
        if not life.close():
            raise Divergence("some process did not leave well")

    def fails(self, history):
        """Does this history, in a group of its own, end in a failure?"""
        self.place.wipe()
        life = self.new_life(next(self.prefixes), collections.Counter())
        try:
            for text in history:
                if life.model is None:
                    break
                if text == THE_END:
                    life.settle()
                else:
                    life.step(text)
        except FAILURES:
            return True
        finally:
            with contextlib.suppress(*FAILURES):
                life.close()
        return False

    def shrink(self):
        """The shortest history that fails and can be found in the time there is, or None."""
        deadline = time.monotonic() + SHRINK_S
        found = None
        length = 1
        # What went wrong is mostly due to what came last.
        while found is None and time.monotonic() < deadline:
            if self.fails(self.history[-length:]):
                found = self.history[-length:]
            elif length >= len(self.history):
                return None
            length *= 2
        part = len(found or ()) // 2
        while part >= 1:
            length, begin = len(found), 0
            while begin < len(found) and len(found) > 1 and time.monotonic() < deadline:
                shorter = found[:begin] + found[begin + part :]
                if self.fails(shorter):
                    found = shorter
                else:
                    begin += part
            # What was needed may not be any more when single steps after it have gone.
            if part > 1 or len(found) == length or time.monotonic() >= deadline:
                part //= 2
        return found

    def tell(self, failure):
        """What went wrong, and the shortest way there."""
        step = self.counts["steps"] + 1
        print(f"divergence: seed {self.args.seed}, step {step}: {self.history[-1]}")
        print(f"  {type(failure).__name__}: {str(failure).split('<pexpect')[0].strip()}")
        for who, process in sorted(self.life.processes.items()) if self.life else ():
            print(f"--- end of the terminal of {who}, pid {process.pid}")
            shown = process.transcript.getvalue()[-600:].replace("\r\n", "\n")
            print(hm.ESCAPE_CODE.sub("", shown))
            print(f"--- end of its log\n{process.log()[-600:]}")
        if self.args.keep:
            input("everything is kept as it is until you press return")
        if self.life:
            self.life.close()
        shortest = self.shrink()
        if shortest is None:
            print("it did not fail again; the last steps were:")
            shortest = self.history[-20:]
        else:
            print("the shortest history that fails:")
        for text in shortest:
            print(f"    {text}")

    def figures(self, seconds):
        """The last lines, [(name, value)]."""
        counts = self.counts
        faults = ", ".join(
            f"{name[6:]} {n}" for name, n in sorted(counts.items()) if name[:6] == "fault "
        )
        found = [
            ("seed", self.args.seed),
            ("minutes", f"{seconds / 60:.1f}"),
            ("steps", f"{counts['steps']} in the lives of {counts['lives']} primaries"),
            ("operations", counts["operations"]),
            ("faults", faults or "none"),
            ("divergences", counts["divergences"]),
        ]
        if not self.measures or len(self.pages) < 2:
            return found
        took, taken, before, after, killed = max(self.measures, key=lambda one: one[1])
        found.append(("longest life", f"{taken} steps, {took / 60:.1f} minutes"))
        same = sum(m[2]["descriptors"] == m[3]["descriptors"] for m in self.measures)
        opened = [len(m["descriptors"]) for m in (before, after)]
        lives = f"equal in {same} of {len(self.measures)} lives"
        found.append(("descriptors", f"{opened[0]} before, {opened[1]} after; {lives}"))
        pages = f"{before['hugepages']} before, {after['hugepages']} after"
        left = f"it had to keep what {killed} killed processes had"
        found.append(("hugepages of that group", f"{pages}; {left}"))
        found.append(("hugepages", f"{self.pages[0]} before, {self.pages[1]} after all have left"))
        memory = f"{before['memory']} KiB before, {after['memory']} KiB after"
        found.append(("memory of the primary", memory))
        return found


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
