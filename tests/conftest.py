# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures: clean groups and real devices; HM_REPORT=FILE writes what the plan's cases showed."""

import datetime
import itertools
import os
import platform
import shutil
import statistics
import subprocess
import tempfile

import pytest

import findings
import hotplug_mp as hm

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

plan_results = []
#: What the guests of the workers of pytest-xdist were.
guests = []
#: Seconds from the kernel's request for a device until it was gone.
removals = []


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes tens of seconds, so it is better begun early")
    config.addinivalue_line("markers", "xdist_group: tests for the same worker of pytest-xdist")


def pytest_addoption(parser):
    parser.addoption(
        "--pci",
        action="append",
        default=[],
        metavar="BDF",
        help="run tests/physical with this network card; by default, in a guest with its own",
    )


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session", autouse=True)
def machine(pytestconfig):
    """What every test needs of the machine."""
    hm.need(os.access(hm.BINARY, os.X_OK), f"{hm.BINARY} is not built; meson compile -C build")
    hm.need(os.geteuid() == 0, "hugepages and network interfaces need root")
    with open("/proc/mounts", encoding="utf-8") as f:
        mounted = f" {hm.HUGEPAGES} hugetlbfs " in f.read()
    hm.need(mounted, f"no hugetlbfs at {hm.HUGEPAGES}")
    with open("/proc/meminfo", encoding="utf-8") as f:
        free = next(int(line.split()[1]) for line in f if line.startswith("HugePages_Free:"))
    hm.need(free >= 64, f"{free} free hugepages; the tests want 64")
    # A card's interfaces are in the network the machine has.
    if not hm.IN_GUEST and not pytestconfig.getoption("--pci"):
        hm.own_network()


@pytest.fixture(autouse=True)
def no_findings():
    """No process of the test has done what the sanitizer it was built with forbids."""
    yield
    found = findings.collect()
    assert not found, "\n\n".join(found)


@pytest.fixture
def group():
    """A primary and two secondaries."""
    group = hm.Group()
    yield group
    group.close()


@pytest.fixture
def pair():
    """A primary and one secondary."""
    group = hm.Group(secondaries=1)
    yield group
    group.close()


@pytest.fixture(scope="session")
def preload(tmp_path_factory):
    """Path of preload.c's library."""
    hm.need(shutil.which("cc") and shutil.which("pkg-config"), "no C compiler; install gcc")
    library = tmp_path_factory.mktemp("preload") / "preload.so"
    cflags = subprocess.run(
        ["pkg-config", "--cflags", "libdpdk"], stdout=subprocess.PIPE, text=True, check=True
    )
    subprocess.run(
        ["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-Wl,-z,lazy", *cflags.stdout.split()]
        + [f"{os.path.dirname(__file__)}/helpers/preload.c", "-o", str(library)],
        check=True,
        timeout=hm.TIMEOUT,
    )
    return library


@pytest.fixture
def make_faults(preload, tmp_path):
    """Make the Faults of one process, make_faults()."""
    numbers = itertools.count(1)
    return lambda: hm.Faults(preload, tmp_path / f"faults{next(numbers)}")


@pytest.fixture
def faulty(make_faults):
    """A primary and two secondaries, each with .faults of its own."""
    group = hm.Group(make_faults=make_faults)
    yield group
    group.close()


@pytest.fixture
def prefix():
    """A file prefix for processes the test starts itself; none may leave a socket."""
    prefix = hm.new_prefix()
    yield prefix
    left = hm.sockets(prefix)
    hm.remove_traces(prefix)
    assert left == []


@pytest.fixture
def testpmd(prefix):
    """A dpdk-testpmd as primary; whoever joins it needs --no-pci, as it has that."""
    hm.need(shutil.which("dpdk-testpmd"), "no dpdk-testpmd; install dpdk")
    testpmd = hm.Testpmd(prefix)
    yield testpmd
    testpmd.close()


@pytest.fixture
def process(prefix):
    """Start processes, process(role="auto", prefix=..., ...), that end with the test."""
    started = []

    def start(role="auto", **kwargs):
        kwargs.setdefault("prefix", prefix)
        started.append(hm.Process(role, **kwargs))
        return started[-1]

    yield start
    for one in reversed(started):
        one.close()


@pytest.fixture
def short_dir():
    """A directory whose paths fit into devargs of 127 bytes."""
    with tempfile.TemporaryDirectory(prefix="hmt", dir="/tmp") as path:
        yield path


@pytest.fixture
def veth_pair():
    """Make veth pairs, veth_pair(name, ...) as veth_add() does; they go with the test."""
    hm.need(shutil.which("ip"), "no ip; install iproute2")
    made = []

    def make(name, *options):
        hm.veth_add(name, f"{name[:13]}.p", *options)
        made.append(name)
        return name

    yield make
    for name in made:
        subprocess.run(["ip", "link", "del", name], check=True, timeout=hm.TIMEOUT)


@pytest.fixture
def veth(veth_pair):
    """Name of a real interface that is up."""
    return veth_pair(f"hmt{os.getpid()}")


@pytest.fixture(scope="module")
def vhost_backend():
    """Path of a vhost-user socket that a dpdk-testpmd serves."""
    hm.need(shutil.which("dpdk-testpmd"), "no dpdk-testpmd; install dpdk")
    with tempfile.TemporaryDirectory(prefix="hmt", dir="/tmp") as place:
        backend = hm.VhostBackend(f"{place}/vhost-net")
        yield backend.path
        backend.close()


@pytest.fixture
def plan(record_property):
    """Say which case of the plan a test is, plan(case, device, attacher, detacher), and
    hand the answers it saw to the function this returns; they go into the report."""

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
    """A line of the report: where they were real, or what they were."""
    guest = config.pluginmanager.get_plugin("guest")
    if config.getoption("--pci"):
        return [f":Physical devices: {', '.join(config.getoption('--pci'))}"]
    described = [guest.describe()] if guest else guests
    return [f":Physical devices: {one}" for one in described if one]


def pytest_sessionfinish(session):
    path = os.environ.get("HM_REPORT")
    # The workers of pytest-xdist have seen a part each; it comes together in one process.
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
    # What soak/run.py has put behind that is its own, and stays.
    soak = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            soak = "".join(f.read().partition(f"\n{hm.SOAK_SECTION}")[1:])
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines).rstrip("\n") + "\n" + soak)
