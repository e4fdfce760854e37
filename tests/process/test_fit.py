# SPDX-License-Identifier: BSD-3-Clause
"""A secondary that does not fit its primary is refused at its start, by name."""

import pytest

import hotplug_mp as hm
from fixtures.devices import DRIVER
from starts import why

#: A driver with a list in shared memory, which each process finds there when it starts.
LIST = """
#include <rte_tailq.h>
static struct rte_tailq_elem list = {.name = "HMT"};
EAL_REGISTER_TAILQ(list)
"""
WHAT_TO_DO = "; give it the same drivers (-d), in the same order"


def options(*drivers):
    return [word for path in drivers for word in ("-d", path)]


@pytest.fixture
def refused(process, start, prefix):
    """refused(primary, secondary): with these drivers each, a secondary is refused, and the group goes
    on. Returns the primary and what the secondary said."""

    def refused(primary, secondary):
        first = process("primary", eal=options(*primary))
        line = why(start("secondary", eal=options(*secondary)))
        second = process("secondary", eal=options(*primary))
        for one in (first, second):
            assert one.cmd("attach net_null0") == "attached device net_null0"
            hm.assert_agree([first, second], [(0, "net_null0")])
            assert one.cmd("detach net_null0") == "detached device net_null0"
        assert len(hm.sockets(prefix)) == 2
        return first, line

    return refused


@pytest.mark.parametrize("source", [DRIVER, LIST], ids=["driver", "driver with a list"])
def test_secondary_with_a_driver_more(driver, refused, source):
    """With a list, the EAL itself refuses to start, with no reason that one would understand."""
    first, line = refused([], [driver("hmt_more", source)])
    said = f"this process has the driver hmt_more.so, which {first} lacks{WHAT_TO_DO}"
    assert line == f"dpdk-hotplug_mp: {said}"


def test_secondary_with_a_driver_less(driver, refused):
    first, line = refused([driver("hmt_less")], [])
    said = f"this process lacks the driver hmt_less.so, which {first} has{WHAT_TO_DO}"
    assert line == f"dpdk-hotplug_mp: {said}"


def test_secondary_with_another_order_of_drivers(driver, refused):
    one, two = driver("hmt_one"), driver("hmt_two")
    first, line = refused([one, two], [two, one])
    said = f"this process has loaded the driver hmt_two.so before hmt_one.so, and {first} after it"
    assert line == f"dpdk-hotplug_mp: {said}{WHAT_TO_DO}"


def test_secondary_with_a_driver_more_than_another_program(driver, start, testpmd, prefix):
    line = why(start("secondary", eal=["--no-pci", *options(driver("hmt_more", LIST))]))
    said = "this process has drivers or libraries of DPDK that the primary lacks; give both the same "
    assert line == f"dpdk-hotplug_mp: {said}drivers (-d)"
    assert len(hm.sockets(prefix)) == 1


def test_primary_without_files_of_its_hugepages(process, start, prefix):
    """Nobody can map its memory; it can work alone."""
    primary = process("primary", eal=["--huge-unlink"])
    line = why(start("secondary"))
    said = f"has been removed while pid {primary.pid} (dpdk-hotplug_mp) uses it, or that one was "
    assert f"{said}started with --huge-unlink; quit all processes" in line
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    assert len(hm.sockets(prefix)) == 1
