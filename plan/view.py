# SPDX-License-Identifier: BSD-3-Clause
"""What a person sees: a line a case as it goes, what went wrong, and a table in the end."""

import sys

from plan.outcome import FAILED, NOT_HERE
from plan.results import table


class View:
    """`number` cases in all, of devices whose names are at most so wide."""

    def __init__(self, number, width, case_width, out=sys.stdout):
        self.number = number
        self.width = width
        self.case_width = case_width
        self.out = out
        self.done = 0
        #: On a terminal a line is there before it is whole.
        self.live = out.isatty()
        self.start = ""

    def say(self, text):
        print(text, file=self.out, flush=True)

    def begin(self, device, case):
        self.done += 1
        width = len(str(self.number))
        self.start = f"[{self.done:{width}}/{self.number}] {device:{self.width}}  "
        self.start += f"{case:{self.case_width}}  "
        self.progress("...")

    def progress(self, text):
        if self.live:
            self.out.write(f"\r\033[K{self.start}{text}")
            self.out.flush()

    def end(self, result):
        clear = "\r\033[K" if self.live else ""
        line = f"{clear}{self.start}{result.cell() if result.outcome == FAILED else result.outcome}"
        if result.outcome == NOT_HERE:
            line += f": {result.why}"
        else:
            line += f"  {result.seconds:.1f} s"
        self.say(line)
        if result.outcome != FAILED:
            return
        self.say(f"    {result.why}")
        if result.limit:
            self.say(f"    known ({result.limit}): {result.text}")
            return
        for text in result.story.splitlines():
            self.say(f"    | {text}")

    def finish(self, report):
        self.say("")
        for line in table(report.rows()):
            self.say(line)
        self.say(report.count())
