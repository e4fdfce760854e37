# SPDX-License-Identifier: BSD-3-Clause
"""The cases of the test plan, and the report of what they showed; HM_REPORT=FILE writes it."""

import datetime
import os
import platform
import re
import statistics
import subprocess

import pytest

import hotplug_mp as hm
from chapters import SECTION

# The cases of the test plan, in its order.
PLAN = (
    "Attach physical device from primary or secondary",
    "Detach physical device from primary or secondary",
    "Attach virtual device from primary or secondary",
    "Detach virtual device from primary or secondary",
    "Repeat to attach/detach physical device from primary or secondary",
    "Repeat to attach/detach virtual device from primary or secondary",
    "Repeat to attach/detach vhost-user from primary or secondary",
    "Repeat to attach/detach virtio-user from primary or secondary",
)
#: The section of the report that soak/run.py writes, the last one. chapters.py writes one before it.
SOAK_SECTION = "Soak\n----\n"

plan_results = []
#: One line on each guest that a worker of pytest-xdist has run.
guests = []
#: Seconds from the kernel's request for a device until it was gone.
removals = []


@pytest.fixture
def plan(record_property):
    """Say which case of the plan a test is: plan(case, device, attacher, detacher). It returns a
    function that takes each answer the test saw, for the report."""

    def start(case, device, attacher, detacher="-"):
        case = next(name for name in PLAN if name.startswith(case))
        seen = []
        record_property("plan", (case, device, attacher, detacher, seen))

        def saw(answer):
            seen.append(answer)
            return answer

        return saw

    return start


def pytest_runtest_logreport(report):
    cases = [value for name, value in report.user_properties if name == "plan"]
    if report.when == "call":
        outcome = report.outcome
        if report.skipped and isinstance(report.longrepr, tuple):
            outcome = report.longrepr[2]
        plan_results.extend((*case, outcome) for case in cases)
    if report.when == "teardown":
        for name, took in report.user_properties:
            if name == "removals":
                removals.extend(took)


def removal_times():
    """What was measured of surprise removals."""
    return (
        f"{len(removals)} devices the kernel asked for were gone after {max(removals):.2f} s at "
        f"most (median {statistics.median(removals):.2f} s)"
    )


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """A worker of pytest-xdist has ended."""
    guest = getattr(node, "workeroutput", {}).get("guest")
    guests.extend([guest] if guest else [])


def pytest_terminal_summary(terminalreporter, config):
    for line in physical_devices(config):
        terminalreporter.write_line(line.strip(":"))
    if removals:
        terminalreporter.write_line(f"surprise removal: {removal_times()}")


def report_case(case):
    """Lines of the report on one case: a table of who did it, and the answers seen."""
    results = [result[1:] for result in plan_results if result[0] == case]
    results.sort(key=lambda result: result[:3])
    if not results:
        if "physical" in case:
            return ["Not run: it needs a NIC bound to vfio-pci or igb_uio.", ""]
        return ["Not run.", ""]
    lines = [".. list-table::", "   :header-rows: 1", ""]
    detachers = sorted({result[2] for result in results})
    row = ["Device", "Attached by"]
    row += ["Outcome" if d == "-" else f"Detached by {d}" for d in detachers]
    table = [row]
    for device, attacher in dict.fromkeys(result[:2] for result in results):
        row = [f"``{device}``", attacher]
        for detacher in detachers:
            outcomes = [r[4] for r in results if r[:3] == (device, attacher, detacher)]
            row.append(", ".join(outcomes))
        table.append(row)
    for row in table:
        for number, cell in enumerate(row):
            lines.append(f"   {'* -' if number == 0 else '  -'} {cell}".rstrip())
    answers = dict.fromkeys(answer for result in results for answer in result[3])
    lines += ["", "Seen::", "", *(f"    {answer}" for answer in answers), ""]
    return lines


def physical_devices(config):
    """A line of the report: the real cards that were used, or what the guest was."""
    guest = config.pluginmanager.get_plugin("guest")
    if config.getoption("--pci"):
        return [f":Physical devices: {', '.join(config.getoption('--pci'))}"]
    described = [guest.describe()] if guest else guests
    return [f":Physical devices: {one}" for one in described if one]


def pytest_sessionfinish(session):
    path = os.environ.get("HM_REPORT")
    # Each worker of pytest-xdist has seen a part; all of it comes together in one process.
    if not path or hasattr(session.config, "workerinput"):
        return
    version = subprocess.run([hm.BINARY, "--version"], stdout=subprocess.PIPE, text=True)
    lines = [".. SPDX-License-Identifier: BSD-3-Clause", "", "Test report", "===========", ""]
    lines += [
        f":Program: {version.stdout.strip()}",
        f":Kernel: {platform.system()} {platform.release()}",
        *physical_devices(session.config),
        *([f":Surprise removal: {removal_times()}"] if removals else []),
        f":Date: {datetime.date.today().isoformat()}",
        "",
        "Each case ran in a group of one primary and two secondaries; after every step `list`",
        "was compared in all three. Processes and devices are real.",
        "",
    ]
    for case in PLAN:
        lines += [case, "-" * len(case), "", *report_case(case)]
    # The last sections are of others, and stay as they are.
    others = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            sections = re.split(r"(?m)^(?=\w+\n-+\n)", f.read())
        others = "".join("\n" + s for s in sections if s.startswith((SECTION, SOAK_SECTION)))
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines).rstrip("\n") + "\n" + others)
