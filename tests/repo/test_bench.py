# SPDX-License-Identifier: BSD-3-Clause
"""scripts/bench.sh: that it measures, and that what it has written is what it has measured."""

import contextlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import pytest

import hotplug_mp as hm

BUILD = os.path.dirname(hm.BINARY)
LINE = re.compile(r"(met   |MISSED) (.+): ([-+0-9.]+) .+")


@pytest.fixture(scope="module")
def report():
    sys.path.insert(0, f"{hm.REPO}/bench")
    yield importlib.import_module("report")
    sys.path.pop(0)


@pytest.fixture(scope="module")
def results(report):
    with open(report.RESULTS, encoding="utf-8") as f:
        return json.load(f)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def test_page_and_chart_are_of_the_results(report, results):
    assert read(report.PAGE) == report.page(results)
    assert read(report.CHART) == report.chart(report.bars(results))


def test_readme_has_the_figures(report, results):
    assert "- An attach among 32 secondaries, with 24 devices about, takes " in read(report.README)
    assert read(report.README) == report.readme(read(report.README), results)


def test_chart_is_drawn(report):
    chart = xml.etree.ElementTree.parse(report.CHART).getroot()
    assert chart.tag == "{http://www.w3.org/2000/svg}svg"
    texts = {text.text for text in chart.iter("{http://www.w3.org/2000/svg}text")}
    assert {"the EAL alone", "dpdk-hotplug_mp", "dpdk-testpmd", "0", "32"} <= texts


def test_a_goal_that_is_missed_is_said(report, results, capsys):
    results = json.loads(json.dumps(results))
    for one in results["terminals"]:
        one["together"] = [2 * seconds for seconds in one["apart"]]
    assert report.judge(results) == 1
    lines = capsys.readouterr().out
    assert re.search(r"^MISSED 8 terminals at once: 0\.500 \(0\.50 to 0\.50\) of", lines, re.MULTILINE)
    results["terminals"][-1]["failures"] = ["failed to attach device net_null0: for a test"]
    report.judge(results)
    assert "MISSED 8 terminals at once: operations that failed: 1 (0)" in capsys.readouterr().out


def test_how_far_to_trust_a_figure_is_said(report):
    """One round in two took ten times as long for both: together that says little, a round much."""
    spread = importlib.import_module("figures").spread
    even, mixed = [10, 10] * 10, [10, 10, 100, 100] * 5
    assert spread([even], [even], rounds=10) == (1, 1)
    assert spread([mixed], [mixed], rounds=10) == (1, 1)
    low, high = spread([mixed], [even], rounds=10)
    assert low == 1 and high > 5


def test_packets_that_are_disturbed_are_said(report, results, capsys):
    """Those of most rounds, or one that is lost."""
    results = json.loads(json.dumps(results))
    rounds = results["disturbance"]["program"]
    quiet = {"sent": 5000, "came": 5000, "longest": [10.0] * 50, "failed": 0}
    rounds["quiet"] = [quiet] * 10
    slow = {**quiet, "longest": [10.0] * 49 + [11.5]}
    rounds["busy"] = [slow] * 6 + [quiet] * 4
    report.judge(results)
    lines = capsys.readouterr().out
    assert "MISSED while others come and go: the slowest of 10,000 packets: 1.150 (" in lines
    assert "met    while others come and go: packets lost: 0 (0)" in lines
    rounds["busy"][:5] = [quiet] * 5
    rounds["busy"][1] = {**quiet, "came": 4999, "failed": 2}
    report.judge(results)
    lines = capsys.readouterr().out
    assert "met    while others come and go: the slowest of 10,000 packets: 1.000 (" in lines
    assert "MISSED while others come and go: packets lost: 1 (0)" in lines
    assert "MISSED while others come and go: what else failed: 2 (0)" in lines


def test_capture_that_ends_by_itself_has_failed(report):
    hm.need(shutil.which("dpdk-dumpcap"), "no dpdk-dumpcap; install dpdk")
    disturbance = importlib.import_module("disturbance")
    # There is no such group.
    assert disturbance.capture(hm.new_prefix(), 0, contextlib.nullcontext()) is False


def test_few_system_calls_are_added(report):
    """At most 10 in a group of one, and 2 for each other process; and three for each control group
    other than the root that they are in."""
    hm.need(shutil.which("strace"), "no strace; install strace")
    hm.need(os.path.exists(f"{BUILD}/build.ninja"), f"{BUILD} is no build directory")
    subprocess.run(["ninja", "-C", BUILD, "floor"], check=True, stdout=subprocess.DEVNULL)
    measure, processes = (importlib.import_module(name) for name in ("measure", "processes"))
    processes.FLOOR = f"{BUILD}/floor"
    alone, among = (report.operated.own_calls(cell) for cell in measure.calls((0, 2)))
    groups = re.findall(r"^\d+:(?:freezer)?:/.+", read("/proc/self/cgroup"), re.MULTILINE)
    assert 0 < alone <= 10
    assert 0 < round(among - alone, 1) <= 2 * 2 + 3 * len(groups)


@pytest.mark.long
@pytest.mark.limit(10 * 60)
def test_it_measures():
    """Whatever the figures are: this machine may be busy."""
    hm.need(shutil.which("ninja"), "no ninja; install ninja-build")
    hm.need(os.path.exists(f"{BUILD}/build.ninja"), f"{BUILD} is no build directory")
    hm.need(shutil.which("dpdk-testpmd"), "no dpdk-testpmd; install dpdk")
    subprocess.run(["ninja", "-C", BUILD, "floor"], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(
        ["/usr/bin/python3", f"{hm.REPO}/bench/run.py", "--quick", hm.BINARY, f"{BUILD}/floor"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=4 * hm.TIMEOUT,
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("bench: ")]
    found = [LINE.fullmatch(line) for line in lines]
    assert done.returncode in (0, 1) and done.stderr == "" and all(found), done
    figures = {line[2]: float(line[3]) for line in found}
    assert figures.pop("2 terminals at once: operations that failed") == 0
    others = "while others come and go: "
    assert figures.pop(f"{others}what else failed") == 0
    figures.pop(f"{others}packets lost")
    # What is counted does not depend on the machine.
    assert 0 < figures["system calls added in a group of one"] <= 10
    assert 0 < figures["system calls added for each of 1 others"] <= 2
    expected = {"one-shot", "forwarding", "net_af_packet among 1: attach and detach"}
    assert expected | {f"{others}the slowest of 10,000 packets"} <= set(figures)
    assert all(figure > 0 for figure in figures.values())
    assert (done.returncode == 1) == ("MISSED" in done.stdout)
