# SPDX-License-Identifier: BSD-3-Clause
"""The plan: attach, detach and repeat physical devices from primary or secondary."""

import pytest

import hotplug_mp as hm
from hotplug_mp import ROLES, attach_and_detach_twice_each
from nic import EAL_OPTIONS

pytestmark = pytest.mark.usefixtures("at_home")


def test_attach(shared_group, nic, driver, attacher, plan):
    """The card is bound after the group has started."""
    saw = plan("Attach physical", f"{nic}, {driver}", attacher)
    group = shared_group(driver)
    group.assert_lists([])
    nic.bind(driver)
    group.assert_lists([])
    assert saw(group.member(attacher).cmd(f"attach {nic.bdf}")) == f"attached device {nic.bdf}"
    group.assert_lists([(0, nic.bdf)])
    assert group.member(attacher).cmd(f"detach {nic.bdf}") == f"detached device {nic.bdf}"
    group.assert_lists([])
    nic.bind_home()


def test_detach(all_nics, driver, first, plan):
    """All cards are bound before the group starts. One role detaches the first card, the next
    role the next card."""
    nics = sorted(all_nics.values(), key=lambda nic: nic.bdf)
    roles = [ROLES[(ROLES.index(first) + n) % len(ROLES)] for n in range(len(nics))]
    saws = [
        plan("Detach physical", f"{nic}, {driver}", "the start", role)
        for nic, role in zip(nics, roles)
    ]
    for nic in nics:
        nic.bind(driver)
    group = hm.Group(eal=EAL_OPTIONS[driver])
    try:
        ports = [(n, nic.bdf) for n, nic in enumerate(nics)]
        group.assert_lists(ports)
        for nic, role, saw in zip(nics, roles, saws):
            assert saw(group.member(role).cmd(f"detach {nic.bdf}")) == f"detached device {nic.bdf}"
            ports.pop(0)
            group.assert_lists(ports)
    finally:
        group.close()


def test_repeat(shared_group, nic, driver, attacher, detacher, plan):
    saw = plan("Repeat to attach/detach physical", f"{nic}, {driver}", attacher, detacher)
    group = shared_group(driver)
    group.assert_lists([])
    nic.bind(driver)
    for _ in range(2):
        attach_and_detach_twice_each(group, saw, attacher, detacher, nic.bdf, nic.bdf)
