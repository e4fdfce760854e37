# SPDX-License-Identifier: BSD-3-Clause
"""How the tests of each chapter ended: HM_CHAPTERS=FILE keeps it, and the report gets a table of
what was kept on each release.

usage: chapters.py REPORT FILE..."""

import collections
import datetime
import json
import os
import platform
import re
import subprocess
import sys

#: The section of the report that this file writes, before the last one.
SECTION = "Releases\n--------\n"

ended = collections.defaultdict(collections.Counter)


def pytest_runtest_logreport(report):
    # The way a test ended, or what went wrong before or after it.
    if report.when == "call" or not report.passed:
        outcome = "passed" if hasattr(report, "wasxfail") else report.outcome
        ended[report.nodeid.partition("::")[0]][outcome] += 1


def said(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def pytest_sessionfinish(session):
    path = os.environ.get("HM_CHAPTERS")
    if not path or hasattr(session.config, "workerinput"):
        return
    with open("/etc/debian_version", encoding="utf-8") as f:
        debian = f.read().strip()
    with open(path, "w", encoding="utf-8") as f:
        json.dump(
            {
                "dpdk": said("pkg-config", "--modversion", "libdpdk"),
                "machine": f"Debian {debian}, gcc {said('gcc', '-dumpfullversion')}, "
                f"clang {said('clang', '-dumpversion')}, Linux {platform.release()}",
                "chapters": ended,
            },
            f,
        )


def cell(outcomes):
    """How the tests of a chapter ended, in a few words."""
    if not outcomes:
        return "not run"
    rest = [f"{number} {outcome}" for outcome, number in outcomes.items() if outcome != "passed"]
    return ", ".join([str(outcomes.get("passed", 0)), *rest])


def table(releases):
    """The section's lines."""
    today = datetime.date.today()
    lines = [f"How many tests of each chapter passed on each release of DPDK, on {today}:", ""]
    lines += [f":DPDK {release['dpdk']}: {release['machine']}" for release in releases]
    rows = [["Chapter", *(release["dpdk"] for release in releases)]]
    for chapter in sorted({name for release in releases for name in release["chapters"]}):
        name = re.sub(r"^tests/|\.py$", "", chapter)
        rows.append([f"``{name}``", *(cell(r["chapters"].get(chapter)) for r in releases)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    rule = "  ".join("=" * width for width in widths)
    texts = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return [*lines, "", rule, texts[0], rule, *texts[1:], rule]


def main(report, *paths):
    releases = []
    for path in paths:
        with open(path, encoding="utf-8") as f:
            releases.append(json.load(f))
    with open(report, encoding="utf-8") as f:
        text = f.read()
    before, _, after = text.partition(f"\n{SECTION}")
    if after:
        # What follows is a section of another's.
        after = "".join(re.split(r"(\n\w+\n-+\n)", after, maxsplit=1)[1:])
    else:
        before, *rest = re.split(r"(\nSoak\n----\n)", before, maxsplit=1)
        after = "".join(rest)
    section = f"{SECTION}\n" + "\n".join(table(releases)) + "\n"
    with open(report, "w", encoding="utf-8") as f:
        f.write(f"{before.rstrip()}\n\n{section}\n{after.lstrip()}".rstrip() + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
