# SPDX-License-Identifier: BSD-3-Clause
"""Options, the order of the tests, and what every test needs. Fixtures lie in helpers/fixtures/."""

import os

import pytest

import findings
import hotplug_mp as hm

pytest_plugins = [
    "fixtures.devices",
    "fixtures.dpdk_tools",
    "fixtures.events",
    "fixtures.faults",
    "fixtures.groups",
    "fixtures.scripts",
    "fixtures.starts",
    "plan_report",
]


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
