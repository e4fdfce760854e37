# SPDX-License-Identifier: BSD-3-Clause
"""Cards that cannot be attached: the answer says why, and nothing is left behind."""

import pytest

import hotplug_mp as hm
from hotplug_mp import ROLES
from nic import PCI

DRIVER = "vfio-pci"
pytestmark = pytest.mark.usefixtures("at_home")


def refused(group, asker, bdf):
    """Ask for a card that cannot be had; the reason."""
    answer = group.member(asker).cmd(f"attach {bdf}")
    head = f"failed to attach device {bdf}: "
    assert answer.startswith(head)
    group.assert_lists([])
    for process in group.members():
        assert process.cmd(f"detach {bdf}") == f"failed to detach device {bdf}: not attached"
    return answer.removeprefix(head)


def attach_and_detach(group, asker, bdf):
    assert group.member(asker).cmd(f"attach {bdf}") == f"attached device {bdf}"
    group.assert_lists([(0, bdf)])
    assert group.member(asker).cmd(f"detach {bdf}") == f"detached device {bdf}"
    group.assert_lists([])


@pytest.mark.in_turn("asker", ROLES)
def test_bound_to_its_kernel_driver(shared_group, nic, asker):
    group = shared_group(DRIVER)
    for _ in range(2):
        reason = refused(group, asker, nic.bdf)
        assert f"bind it to vfio-pci (dpdk-devbind.py -b vfio-pci {nic.bdf})" in reason
        assert nic.driver() == nic.home and nic.interfaces()
    nic.bind(DRIVER)
    attach_and_detach(group, asker, nic.bdf)


@pytest.mark.parametrize("asker", ROLES)
@pytest.mark.parametrize("bdf", ["0000:7f:1f.7", "ffff:ff:1f.7"])
def test_no_such_device(shared_group, bdf, asker):
    group = shared_group(DRIVER)
    assert refused(group, asker, bdf) == "no such device on the PCI bus"


@pytest.mark.parametrize("asker", ROLES)
def test_iommu_group_is_not_free(shared_group, twin, asker):
    """The kernel has another device of the same group."""
    group = shared_group(DRIVER)
    twin.bind(DRIVER)
    reason = refused(group, asker, twin.bdf)
    assert "group" in reason
    assert "viable" in reason or "bound" in reason


#: Runs a program where it sees no PCI devices, as in a container that has none.
NO_PCI = f'mount -t tmpfs none {PCI}/devices; exec "$@"'
WITHOUT_PCI = ("unshare", "--mount", "sh", "-c", NO_PCI, "sh")


#: Why a secondary refuses: what it is started with.
REFUSALS = {
    "it does not see it": lambda nic: {"wrap": WITHOUT_PCI},
    "started with -b": lambda nic: {"eal": ("-b", nic.bdf)},
}


@pytest.mark.in_turn("why", list(REFUSALS))
def test_a_secondary_refuses(nic, why):
    """Then nobody keeps the card, whoever asks for it."""
    nic.bind(DRIVER)
    group = hm.Group(secondaries=0)
    try:
        assert group.primary.cmd(f"detach {nic.bdf}") == f"detached device {nic.bdf}"
        group.add_secondary()
        refuser = group.add_secondary(**REFUSALS[why](nic))
        for asker in ROLES:
            refused(group, asker, nic.bdf)
        assert refuser.quit() == 0
        for asker in ROLES[:2]:
            attach_and_detach(group, asker, nic.bdf)
    finally:
        group.close()
