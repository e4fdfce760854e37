# SPDX-License-Identifier: BSD-3-Clause
"""Options, the order of the tests, and what every test needs. Fixtures lie in helpers/fixtures/."""

import os

import pytest

import findings
import hotplug_mp as hm

pytest_plugins = [
    "chapters",
    "fixtures.devices",
    "fixtures.dpdk_tools",
    "fixtures.events",
    "fixtures.faults",
    "fixtures.freezer",
    "fixtures.groups",
    "fixtures.scripts",
    "fixtures.starts",
    "limit",
    "plan_report",
]


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes tens of seconds, so it is better begun early")
    config.addinivalue_line("markers", "thorough: only with HM_THOROUGH=1, as scripts/test.sh --all")
    config.addinivalue_line("markers", "xdist_group: tests for the same worker of pytest-xdist")
    # The workers of pytest-xdist are started from where this process is.
    worker = hasattr(config, "workerinput")
    if worker or hm.IN_GUEST or config.option.collectonly or os.geteuid() != 0:
        return
    try:
        hm.own_mounts()
        # A card on the command line may be of any driver.
        if not config.getoption("--pci"):
            hm.few_drivers()
    except hm.TooLittle as why:
        pytest.exit(str(why), returncode=pytest.ExitCode.USAGE_ERROR)


def pytest_addoption(parser):
    parser.addoption(
        "--pci",
        action="append",
        default=[],
        metavar="BDF",
        help="run tests/physical with this network card; by default, in a guest with its own",
    )


def pytest_collection_modifyitems(config, items):
    if not hm.THOROUGH:
        left_out = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session", autouse=True)
def machine(pytestconfig):
    """What every test needs of the machine."""
    hm.need(os.access(hm.BINARY, os.X_OK), f"{hm.BINARY} is not built; meson compile -C build")
    hm.need(os.geteuid() == 0, "hugepages and network interfaces need root")
    if hm.IN_GUEST:
        return
    hm.own_hugepages(getattr(pytestconfig, "workerinput", {"workercount": 1})["workercount"])
    # A card's interfaces are in the network the machine has.
    if not pytestconfig.getoption("--pci"):
        hm.own_network()


@pytest.fixture(autouse=True)
def no_findings():
    """No process of the test has done what the sanitizer it was built with forbids."""
    yield
    found = findings.collect()
    assert not found, "\n\n".join(found)
