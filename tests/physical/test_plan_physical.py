# SPDX-License-Identifier: BSD-3-Clause
"""The plan: attach, detach and repeat physical devices from primary or secondary."""

import pytest

import hotplug_mp as hm
from nic import EAL_OPTIONS
from plan.devices import Device

pytestmark = pytest.mark.usefixtures("at_home")


def test_attach(shared_group, nic, driver, attacher, plan):
    """The card is bound after the group has started."""
    group = shared_group(driver)
    group.assert_lists([])
    nic.bind(driver)
    plan("attach", group, Device(nic.bdf), attacher, "-", f"{nic}, {driver}")
    nic.bind_home()


def test_detach(all_nics, driver, first, plan):
    """All cards are bound before the group starts. One role detaches the first card, the next
    role the next card."""
    nics = sorted(all_nics.values(), key=lambda nic: nic.bdf)
    begin = hm.ROLES.index(first)
    for nic in nics:
        nic.bind(driver)
    group = hm.Group(eal=EAL_OPTIONS[driver])
    try:
        group.assert_lists([(n, nic.bdf) for n, nic in enumerate(nics)])
        for n, nic in enumerate(nics):
            role = hm.ROLES[(begin + n) % len(hm.ROLES)]
            plan("boot", group, Device(nic.bdf), "the start", role, f"{nic}, {driver}")
        group.assert_lists([])
    finally:
        group.close()


def test_repeat(shared_group, nic, driver, attacher, detacher, plan):
    group = shared_group(driver)
    group.assert_lists([])
    nic.bind(driver)
    plan("repeat", group, Device(nic.bdf), attacher, detacher, f"{nic}, {driver}")
