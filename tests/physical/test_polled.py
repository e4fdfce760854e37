# SPDX-License-Identifier: BSD-3-Clause
"""Cards that a secondary polls: packets come and go, and the secondary is the first to let go of a
card that is taken away."""

import pytest

import hotplug_mp as hm
from drivers import PACKETS, carried

DRIVER = "vfio-pci"
pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
def wire(nic, all_nics):
    """Two cards on one wire: the one that is looked at, and another."""
    names = list(all_nics)
    hm.need(len(names) > 1, "one card alone has nobody to talk to; give two on one wire")
    other = all_nics[names[(names.index(nic.name) + 1) % len(names)]]
    for card in (nic, other):
        card.bind(DRIVER)
    return nic.bdf, other.bdf


def test_secondary_polls(shared_group, wire):
    """One that joined before the start, and one that joined after it: the card's packets come
    back from the other one, where the primary sends out what comes in."""
    card, other = wire
    group = shared_group(DRIVER)
    primary = group.primary
    for bdf in wire:
        assert primary.cmd(f"attach {bdf}") == f"attached device {bdf}"
        assert primary.cmd(f"start {bdf}") == f"started device {bdf}"
    assert primary.cmd(f"forward {other} {other}") == f"forwarding {other} to {other}"
    with group.one_more() as late:
        for secondary in (group.secondaries[0], late):
            assert primary.cmd("stats reset") == "stats are reset"

            # What is sent before the link is up is lost.
            def echoed(secondary=secondary):
                sent = f"sent through {card} ({PACKETS} packets of 60 bytes)"
                assert secondary.cmd(f"send {card} {PACKETS}") == sent
                assert secondary.cmd(f"forward {card} {card}") == f"forwarding {card} to {card}"
                seen = carried(secondary, card), carried(primary, other)
                assert secondary.cmd("forward off") == "forwarding is off"
                return all(count >= PACKETS for pair in seen for count in pair)

            hm.wait_until(echoed, f"{card} receives and sends in {secondary}")
        for bdf in wire:
            assert group.secondaries[0].cmd(f"detach {bdf}") == f"detached device {bdf}"
        group.assert_lists([])
