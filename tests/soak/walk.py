# SPDX-License-Identifier: BSD-3-Clause
"""A random walk: one primary's life after the other, and what came of them."""

import collections
import contextlib
import itertools
import os
import time

import pexpect

import hotplug_mp as hm
from life import Life
from place import Place
from steps import steps
from things import kinds
from walkers import Divergence

SHRINK_S = 300
THE_END = "(the end: everything as at the start)"
FAILURES = (Divergence, AssertionError, OSError, StopIteration, pexpect.ExceptionPexpect)


class Walk:
    """Lives one after the other; and what came of them."""

    def __init__(self, args):
        self.args = args
        self.counts = collections.Counter()
        self.place = Place(["--plain-scans"] if args.plain_scans else [])
        self.kinds = kinds(self.place.interface, self.place.tap)
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
                if not self.step(text):
                    self.history.pop()
                if self.life is not None and self.life.model is None:
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

    def step(self, text):
        """Take one in this life. Returns False if it was passed over. What DPDK cannot do is no
        divergence, unless it happens often: to go on when somebody was killed who had a lock."""
        try:
            return self.life.step(text)
        except FAILURES:
            if not self.life.lock_is_left():
                raise
        self.counts["locks"] += 1
        where = f"seed {self.args.seed}, step {self.counts['steps'] + 1}: {text}"
        print(f"a killed process has left a lock: {where}", flush=True)
        if self.counts["locks"] > 1 + self.counts["fault typed and killed"] / 500:
            raise Divergence("too many killed processes have left a lock behind")
        self.life.abandon()
        self.life = None
        self.place.wipe()
        return True

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
            ("locks that killed processes have left", counts["locks"]),
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
