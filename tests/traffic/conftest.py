# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures: groups with ports that carry packets."""

import pytest

import hotplug_mp as hm
from traffic import ROUND, attach, circulate, forward, start


@pytest.fixture
def rings(group):
    """A group with two ports that give back what is sent to them."""
    attach(group.primary, "net_ring0", "net_ring1")
    start(group.primary, "net_ring0", "net_ring1")
    return group


@pytest.fixture
def moving(faulty):
    """A group with packets that go round through both of its secondaries."""
    circulate(faulty, *faulty.secondaries)
    return faulty


@pytest.fixture
def crowd(make_faults):
    """A primary and four secondaries; packets go round through the first two of them."""
    group = hm.Group(secondaries=4, make_faults=make_faults)
    try:
        circulate(group, *group.secondaries[:2])
        yield group
    finally:
        group.close()


@pytest.fixture
def hung(faulty):
    """A group whose first secondary polls port 0 with a thread that hangs; at port 1 packets go round
    through the second one."""
    primary, (one, other) = faulty.primary, faulty.secondaries
    attach(primary, "net_ring0", "net_ring1", "net_null2")
    start(primary, "net_ring0", "net_ring1", "net_null2")
    answer = primary.cmd(f"send net_ring1 {ROUND}")
    assert answer == f"sent through net_ring1 ({ROUND} packets of 60 bytes)"
    forward(one, "net_ring0", "net_null2")
    forward(other, "net_ring1", "net_ring1")
    one.faults.set("idle", "block")
    one.faults.wait_met("idle")
    return faulty
