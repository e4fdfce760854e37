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
from plan.cases import PLAN
from plan.outcome import FAILED, PASSED
from plan.report import rst_body
from plan.results import Report, Result

#: What this program answers in each case of the plan.
ATTACHED, DETACHED = "attached device {0}", "detached device {0}"
ANSWERS = {
    "attach": {ATTACHED},
    "detach": {DETACHED},
    "boot": {DETACHED},
    "repeat": {
        ATTACHED,
        "failed to attach device {0}: already attached (port 0)",
        DETACHED,
        "failed to detach device {0}: not attached",
    },
}
CASES = {case.name: case for case in PLAN}
#: The section of the report that soak/run.py writes, the last one. chapters.py writes one before it.
SOAK_SECTION = "Soak\n----\n"

plan_results = []
#: One line on each guest that a worker of pytest-xdist has run.
guests = []
#: Seconds from the kernel's request for a device until it was gone.
removals = []


@pytest.fixture
def plan(record_property):
    """Carry out a case, plan(case, group, device, attacher, detacher, label); the report calls the
    device by the label, or by its name."""

    def carry_out(name, group, device, attacher, detacher, label=None):
        record_property("plan", (label or device.name, name))
        seen = set()
        CASES[name].run(group, device, attacher, detacher, seen.add)
        assert seen == {answer.format(device.name) for answer in ANSWERS[name]}

    return carry_out


def ways(name):
    """Who attaches and who detaches in a case, by a primary and two secondaries."""
    return list(CASES[name].ways(hm.ROLES))


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


def plan_report():
    """What the tool says of the same: a device and case has passed if all who did it did."""
    found = {}
    for device, case, outcome in sorted(plan_results):
        one = found.setdefault((device, case), Result(device, case, PASSED))
        if outcome not in ("passed", PASSED):
            one.outcome, one.why = FAILED, outcome
    # The columns are in the plan's order.
    order = sorted(found.values(), key=lambda one: ([*CASES].index(one.case), one.device))
    return Report({}, order)


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
        "Each case ran in a group of one primary and two secondaries, by each of them or some;",
        "after every step ``list`` was compared in all three. Processes and devices are real. The",
        "cases are those of ``scripts/plan.sh --list``.",
        "",
        *rst_body(plan_report()),
    ]
    # The last sections are of others, and stay as they are.
    others = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            sections = re.split(r"(?m)^(?=\w+\n-+\n)", f.read())
        others = "".join("\n" + s for s in sections if s.startswith((SECTION, SOAK_SECTION)))
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines).rstrip("\n") + "\n" + others)
