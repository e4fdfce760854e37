# SPDX-License-Identifier: BSD-3-Clause
"""scripts/plan.sh: what it shows and writes, how it ends, and that it leaves nothing behind."""

import contextlib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import xml.etree.ElementTree as ET

import pytest

import hotplug_mp as hm
from plan.known import LIMITS
from plan.place import NAME

TOOL = f"{hm.REPO}/scripts/plan.sh"
#: The runs of this worker. One that is killed here is to be mended here, and by no other worker.
RUNTIME = f"{hm.RUNTIME}/plan-{os.getpid()}"


def start(*args, **kwargs):
    kwargs.setdefault("cwd", "/")
    os.makedirs(RUNTIME, exist_ok=True)
    return subprocess.Popen(
        [TOOL, "--program", hm.BINARY, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "RUNTIME_DIRECTORY": RUNTIME},
        **kwargs,
    )


def ended(tool):
    """What it printed, and its status. Nothing of it is left."""
    printed, _ = tool.communicate(timeout=hm.TIMEOUT)
    assert_nothing_left(tool.pid)
    return printed, tool.returncode


def run(*args, **kwargs):
    return ended(start(*args, **kwargs))


def processes_of(pid):
    """Processes of the run's groups and backends; their command lines have its prefix."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        with contextlib.suppress(OSError), open(path, "rb") as f:
            if f"--file-prefix=plan{pid}_".encode() in f.read():
                found.append(int(path.split("/")[2]))
    return found


def files_of(pid):
    runtime = (f"{RUNTIME}/{NAME}/*", f"{RUNTIME}/dpdk/*")
    places = (*runtime, f"{hm.HUGEPAGES}/*", "/tmp/hotplug_mp-*")
    return [p for place in places for p in glob.glob(place) if f"plan{pid}_" in p]


def assert_nothing_left(pid):
    assert (processes_of(pid), files_of(pid)) == ([], [])


def test_every_case_and_every_report(short_dir):
    reports = [f"{short_dir}/report.{form}" for form in ("rst", "json", "xml")]
    options = [word for path in reports for word in ("--report", path)]
    # What reStructuredText would take for markup stays text.
    device = f"net_vhost_a,iface={short_dir}/s_,queues=1,client=0"
    printed, status = run(device, *options, "--rounds", "12")
    assert status == 0, printed
    lines = printed.split("\n")
    listed = subprocess.check_output([TOOL, "--list"], text=True)
    cases = [line.split()[0] for line in listed.splitlines() if not line.startswith("boot ")]
    cases.append("quit")
    outcomes = dict.fromkeys(cases, "passed") | {"polled": "does not apply"}
    for number, (line, case) in enumerate(zip(lines, cases)):
        assert re.match(rf"\[ ?{number + 1}/10\] net_vhost_a +{case} +{outcomes[case]}", line), line
    assert "lets no secondary poll port 0" in printed
    assert lines[-2] == "9 passed, 1 not applicable"
    rst, as_json, xml = map(read, reports)
    row = " +".join("n/a" if case == "polled" else "passed" for case in cases)
    assert re.search(rf"(?m)^``net_vhost_a`` +{row}$", rst), rst
    found = {one["case"]: one["outcome"] for one in json.loads(as_json)["results"]}
    assert found == outcomes
    suite = ET.fromstring(xml)
    assert [case.get("name") for case in suite.iter("testcase")] == cases
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("10", "0", "1")
    assert [one.get("message") in printed for one in suite.iter("skipped")] == [True]
    if shutil.which("rst2html"):
        subprocess.run(["rst2html", "--strict", reports[0], "/dev/null"], check=True)


def shown():
    """The commands that doc/plan.rst shows and that need no card, in their order."""
    lines = re.findall(r"^    # (.*)$", read(f"{hm.REPO}/doc/plan.rst"), re.M)
    return [line for line in lines if "--bind" not in line and "setup.sh" not in line]


def test_commands_of_the_document(short_dir):
    """A person types them one after the other; mostly one case has to do."""
    cases, count = "--case attach", "4 passed"
    if hm.THOROUGH:
        cases, count = "", "18 passed, 2 not applicable"
    names = {name: f"hmt{os.getpid()}{name}" for name in ("hm0", "hm1")}
    command = f"{TOOL} --program {hm.BINARY} {cases}"
    script = "\n".join(shown()).replace("scripts/plan.sh", command)
    assert "ip link add hm0" in script and "iface=vhost-net" in script
    for name, own in names.items():
        script = re.sub(rf"\b{name}\b", own, script)
    try:
        done = subprocess.run(
            ["sh", "-euc", script],
            cwd=short_dir,
            stdout=subprocess.PIPE,
            text=True,
            timeout=hm.TIMEOUT,
        )
    finally:
        subprocess.run(["ip", "link", "del", names["hm0"]], check=True, timeout=hm.TIMEOUT)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith(f"\n{count}\n"), done.stdout
    assert os.listdir(short_dir) == []


#: It would stay: its input does not end with the run.
BACKEND = (
    "tail -f /dev/null | dpdk-testpmd --no-pci --file-prefix=plan${PPID}_mine "
    "--vdev=eth_vhost0,iface=$SOCKET -- -i --total-num-mbufs=2048"
)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def test_backend_of_the_user_is_started_and_ended(short_dir):
    path = f"{short_dir}/s"
    device = f"net_virtio_user_a,path={path}"
    printed, status = run(device, "--case", "attach", *PAIR, "--backend", BACKEND)
    assert status == 0, printed
    assert not os.path.exists(path)
    printed, status = run(device, "--backend", "echo no; exit 3")
    assert status == 2 and printed.endswith("the backend ended: no\n\n"), printed


@pytest.mark.parametrize(
    "args, why",
    [
        ([], "no device is named"),
        (["net_null0", "net_null0,copy=1"], "net_null0 is named twice"),
        (["net_null0", "--case", "dance"], "there is no case dance"),
        (["net_null0", "--report", "/tmp/x.pdf"], "has to end in .rst, .json, .xml"),
        (["net_null0", "--report", "/nosuch/x.rst"], "cannot write in /nosuch"),
        (["net_null0", "--report", "/nosuch/../tmp/x.rst/"], "has to end in .rst"),
        (["net_null0", "--program", "/nosuch"], "no program /nosuch"),
        (["net_null0", "--eal", '"'], "--eal \": No closing quotation"),
        (["net_null0", "--rounds", "no"], "is no number from 1"),
        (["0000:ff:1f.7"], "there is no 0000:ff:1f.7 on the PCI bus"),
        (["net_null0", "--eal=--huge-dir=/nosuch"], "--huge-dir"),
        (["net_null0", "--case", "boot"], "1 not applicable"),
    ],
)
def test_status_2_if_nothing_can_be_run(args, why):
    printed, status = run(*args)
    assert (status, why in printed) == (2, True), printed


@pytest.mark.parametrize(
    "line, signo",
    [
        (None, signal.SIGTERM),
        ("attach  +passed", signal.SIGINT),
        ("start  +passed", signal.SIGHUP),
    ],
)
def test_stopped_at_any_time_it_leaves_nothing(short_dir, line, signo):
    """Before its first process, while it has a backend, and in its rounds."""
    tool = begun(short_dir, line)
    tool.send_signal(signo)
    printed, status = ended(tool)
    assert status == 128 + signo, printed
    assert printed.endswith(f"\nstopped by signal {signo.value}\n")
    assert not os.path.exists(f"{short_dir}/s")


def test_nobody_reads_any_more():
    tool = start("net_null0")
    tool.stdout.readline()
    tool.stdout.close()
    assert tool.wait(hm.TIMEOUT) == 128 + signal.SIGPIPE
    assert_nothing_left(tool.pid)


#: Enough where it does not matter how many processes there are.
PAIR = "--secondaries", "1"


def begun(place, line, *options):
    """A run for long that has shown such a line, or begins."""
    tool = start(f"net_virtio_user0,path={place}/s", "--rounds", "100000", *PAIR, *options)
    if line is None:
        hm.wait_until(lambda: files_of(tool.pid), "it begins")
    else:
        while not re.search(line, tool.stdout.readline()):
            assert tool.poll() is None
    return tool


def test_killed_its_processes_end_and_the_next_run_mends(short_dir):
    tool = begun(short_dir, "attach  +passed", "--backend", BACKEND)
    tool.kill()
    tool.communicate()
    hm.wait_until(lambda: len(processes_of(tool.pid)) == 1, "all end but the backend")
    assert files_of(tool.pid)
    run("net_null0", "--case", "attach")
    assert_nothing_left(tool.pid)


def test_limits_are_those_of_the_document():
    document = " ".join(read(f"{hm.REPO}/doc/limits.rst").split())
    assert [limit.name for limit in LIMITS if limit.text not in document] == []


def test_known_limit_is_told_and_counts_as_failed_unless_asked(short_dir):
    path = f"{short_dir}/report.xml"
    args = "eth_null_a", "--case", "started-rounds", "--rounds", "4", "--secondaries", "0"
    printed, status = run(*args)
    assert status == 1 and "failed, known" in printed
    assert "known (queues of null): net_null does not give back 192 bytes" in printed
    printed, status = run(*args, "--known", "--report", path)
    assert (status, printed.splitlines()[-1]) == (0, "1 known to fail")
    suite = ET.parse(path).getroot()
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")


def test_drivers_that_are_for_one_process_are_known():
    devices = "net_failsafe0,dev(net_null1)", "net_softnic0", "net_vdev_netvsc0"
    eal = "-d librte_net_softnic.so -d librte_net_vdev_netvsc.so"
    options = "--case", "attach", *PAIR, "--known", "--eal", eal
    printed, status = run(*devices, *options)
    assert (status, printed.splitlines()[-1]) == (0, "3 known to fail"), printed
