# SPDX-License-Identifier: BSD-3-Clause
"""What a run has found: a result for each device and case."""

import dataclasses

from plan.outcome import FAILED, NOT_HERE, PASSED

KNOWN = f"{FAILED}, known"


@dataclasses.dataclass
class Result:
    """`why` says what went wrong, or why a case does not apply; `limit` is the name of a known one,
    `text` what is known. `story` is what was typed, answered and logged in a case that failed."""

    device: str
    case: str
    outcome: str
    why: str = ""
    seconds: float = 0.0
    title: str = ""
    answers: list = dataclasses.field(default_factory=list)
    story: str = ""
    limit: str = ""
    text: str = ""

    def cell(self):
        """As it stands in a table."""
        if self.outcome == NOT_HERE:
            return "n/a"
        return KNOWN if self.limit else self.outcome


@dataclasses.dataclass
class Report:
    """All results, and `facts`, what else there is to say: {"Program": ...}. With `known` failures
    that are known do not count."""

    facts: dict
    results: list
    known: bool = False

    def bad(self, one):
        return one.outcome == FAILED and not (self.known and one.limit)

    def status(self):
        """The exit status."""
        if any(map(self.bad, self.results)):
            return 1
        return 0 if any(one.outcome != NOT_HERE for one in self.results) else 2

    def count(self):
        """As "18 passed, 1 failed, 3 not applicable"."""
        cells = [one.cell() for one in self.results]
        words = {PASSED: "passed", FAILED: "failed", KNOWN: "known to fail", "n/a": "not applicable"}
        return ", ".join(f"{cells.count(key)} {words[key]}" for key in words if key in cells)

    def rows(self):
        """A table: a row a device, a column a case, with a head."""
        cases = list(dict.fromkeys(one.case for one in self.results))
        cells = {(one.device, one.case): one.cell() for one in self.results}
        devices = dict.fromkeys(one.device for one in self.results)
        rows = [[device, *(cells.get((device, case), "") for case in cases)] for device in devices]
        return [["device", *cases], *rows]


def table(rows, mark="="):
    """Lines of a table between rules, as reStructuredText has it. A first cell is never empty."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    rule = "  ".join(mark * width for width in widths)
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return [rule, lines[0], rule, *lines[1:], rule]
