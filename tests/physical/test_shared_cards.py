# SPDX-License-Identifier: BSD-3-Clause
"""Cards that several processes, or several groups, have in view: nobody stops or takes what another
one uses."""

import re
import threading

import pytest

import hotplug_mp as hm
from nic import EAL_OPTIONS, Nic, write

GENERIC = "uio_pci_generic"
#: A process that may not look into others, as in a container.
NO_PTRACE = ("setpriv", "--bounding-set=-sys_ptrace")
pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
def some_nic(all_nics):
    """One card: virtio's, which suffers most, if there is one."""
    return all_nics.get("virtio") or next(iter(all_nics.values()))


def is_bus_master(nic):
    """Can it reach memory?"""
    with open(f"{nic.path}/config", "rb") as f:
        return bool(f.read(6)[4] & 4)


def states(process):
    """{address: (kernel driver, state)} of its `devices`."""
    lines = re.findall(r"(?m)^(\S+:\S+\.\d) +(\S+) +\S+ +(\S.*)$", process.cmd("devices"))
    return {address: (driver, state.strip()) for address, driver, state in lines}


def attached(group, nic):
    assert group.primary.cmd(f"attach {nic.bdf}") == f"attached device {nic.bdf}"
    group.assert_lists([(0, nic.bdf)])


def detached(group, nic):
    assert group.primary.cmd(f"detach {nic.bdf}") == f"detached device {nic.bdf}"
    group.assert_lists([])


def run(prefix, *eal, role="secondary", wrap=()):
    """A process that only looks; its status and what it said."""
    done = hm.run(role, prefix, eal=eal, own=("--cmd", "list"), wrap=wrap)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("driver", [GENERIC])
def test_end_of_a_secondary_stops_no_card(shared_group, some_nic, driver):
    """It leaves, is killed, or only looks. A virtio card that is stopped does not answer its driver,
    so that the next command would never return."""
    nic, group, options = some_nic, shared_group(driver), EAL_OPTIONS[driver]
    nic.bind(driver)
    attached(group, nic)
    assert group.primary.cmd(f"start {nic.bdf}") == f"started device {nic.bdf}"
    with group.one_more() as late:
        assert late.list() == [(0, nic.bdf)]
    assert is_bus_master(nic)
    late = group.add_secondary()
    group.secondaries.remove(late)
    late.die()
    late.close()
    assert is_bus_master(nic)
    status, said = run(group.prefix, *options)
    assert status == 0 and f"0\t{nic.bdf}" in said
    assert is_bus_master(nic)
    for command, done in (("stop", "stopped"), ("start", "started")):
        answer = group.secondaries[0].cmd(f"{command} {nic.bdf}")
        assert answer == f"{done} device {nic.bdf}"
    detached(group, nic)


@pytest.mark.parametrize("driver", [GENERIC])
def test_secondary_that_may_not_share_the_card(shared_group, some_nic, driver):
    """It neither starts with the card, nor gets it later."""
    nic, group, options = some_nic, shared_group(driver), EAL_OPTIONS[driver]
    nic.bind(driver)
    attached(group, nic)
    status, said = run(group.prefix, *options, wrap=NO_PTRACE)
    assert status == 1
    assert f"the PCI device {nic.bdf} is bound to uio_pci_generic, and would stop" in said
    late = group.add_secondary(wrap=NO_PTRACE, eal=(*options, "-b", nic.bdf))
    assert late.list() == [] and is_bus_master(nic)
    group.secondaries.remove(late)
    assert late.close() == 0 and is_bus_master(nic)
    detached(group, nic)
    nic.bind_home()
    late = group.add_secondary(wrap=NO_PTRACE)
    nic.bind(driver)
    answer = group.primary.cmd(f"attach {nic.bdf}")
    assert f"pid {late.pid} (secondary): open_shared(): cannot share the descriptor" in answer
    group.assert_lists([])
    group.secondaries.remove(late)
    assert late.close() == 0


@pytest.mark.in_turn("driver", list(EAL_OPTIONS))
def test_another_group_does_not_take_the_card(shared_group, nic, driver, prefix):
    group = shared_group(driver)
    options = EAL_OPTIONS[driver]
    other = hm.Group(secondaries=0, eal=options)
    try:
        nic.bind(driver)
        assert states(other.primary)[nic.bdf] == (driver, "ready")
        attached(group, nic)
        holder = f"pid {group.primary.pid} "
        assert states(other.primary)[nic.bdf] == (driver, "in use")
        answer = other.primary.cmd(f"attach {nic.bdf}")
        assert answer.startswith(f"failed to attach device {nic.bdf}: {holder}")
        assert "which is not in this group, uses it; detach it there, or end that" in answer
    finally:
        other.close()
    status, said = run(prefix, *options, role="primary")
    # vfio itself lets nobody take it.
    assert status == (0 if driver == "vfio-pci" else 1)
    if status == 1:
        assert f"{holder}" in said and f"uses the PCI device {nic.bdf}, and" in said
        status, said = run(prefix, *options, "-b", nic.bdf, role="primary")
        assert status == 0
    assert is_bus_master(nic)
    group.assert_lists([(0, nic.bdf)])
    detached(group, nic)


def test_card_that_needs_another_iova_mode(shared_group, some_nic):
    nic, group = some_nic, shared_group("vfio-pci")
    for driver in (GENERIC, "igb_uio"):
        nic.bind(driver)
        for process in group.members():
            assert states(process)[nic.bdf] == (driver, "needs IOVA PA")
            assert process.cmd(f"attach {nic.bdf}") == (
                f"failed to attach device {nic.bdf}: {driver} needs the IOVA mode PA, and this "
                "group has VA; start its processes anew with --iova-mode=pa, or bind it to "
                f"vfio-pci (dpdk-devbind.py -b vfio-pci {nic.bdf})"
            )
            group.assert_lists([])


def test_two_cards_of_one_iommu_group(shared_group, twin):
    group = shared_group("vfio-pci")
    one, two = group.primary, group.secondaries[0]
    hm.need(hm.IN_GUEST, "nobody knows what else is in the group")
    other = Nic("other", next(bdf for bdf in twin.group() if bdf != twin.bdf))
    try:
        twin.bind("vfio-pci")
        assert states(two)[twin.bdf] == ("vfio-pci", "group in use")
        other.bind("vfio-pci")
        assert one.cmd(f"attach {twin.bdf}") == f"attached device {twin.bdf}"
        assert states(two)[other.bdf] == ("vfio-pci", "ready")
        assert two.cmd(f"attach {other.bdf}") == f"attached device {other.bdf}"
        group.assert_lists([(0, twin.bdf), (1, other.bdf)])
        assert two.cmd(f"detach {twin.bdf}") == f"detached device {twin.bdf}"
        group.assert_lists([(1, other.bdf)])
        assert two.cmd(f"attach {twin.bdf}") == f"attached device {twin.bdf}"
        for bdf in (other.bdf, twin.bdf):
            assert one.cmd(f"detach {bdf}") == f"detached device {bdf}"
        group.assert_lists([])
    finally:
        other.bind_home()


def test_card_by_its_bus_and_address(shared_group, some_nic):
    """As DPDK's newer syntax has it; the answers name it by its address alone."""
    nic, group = some_nic, shared_group("vfio-pci")
    nic.bind("vfio-pci")
    for one in group.members()[:2]:
        assert one.cmd(f"attach bus=pci,addr={nic.bdf}") == f"attached device {nic.bdf}"
        group.assert_lists([(0, nic.bdf)])
        for process in group.members():
            answer = process.cmd(f"attach {nic.bdf}")
            assert answer == f"failed to attach device {nic.bdf}: already attached (port 0)"
        assert one.cmd(f"detach bus=pci,addr={nic.bdf}") == f"detached device {nic.bdf}"
        group.assert_lists([])


@pytest.mark.parametrize("driver", ["vfio-pci", GENERIC])  # igb_uio may crash the kernel
def test_driver_changed_under_an_attached_card(shared_group, some_nic, driver):
    """vfio-pci asks for the card back and waits. uio lets it go at once, and says nothing."""
    nic, group = some_nic, shared_group(driver)
    nic.bind(driver)
    attached(group, nic)
    unbind = threading.Thread(target=write, args=(f"{nic.path}/driver/unbind", nic.bdf))
    unbind.start()
    if driver == "vfio-pci":
        for process in group.members():
            process.news(
                f"device {nic.bdf} removed: the kernel asked for it back, and every process has "
                "let go of it"
            )
        unbind.join()
    else:
        unbind.join()
        assert states(group.secondaries[0])[nic.bdf] == ("-", "taken back")
        nic.bind_home()
        for process in group.members():
            assert states(process)[nic.bdf] == (nic.home, "taken back")
        nic.bind("vfio-pci")
        assert states(group.secondaries[0])[nic.bdf] == ("vfio-pci", "taken back")
        detached(group, nic)
    nic.bind_home()
    group.assert_lists([])
    answer = group.secondaries[0].cmd(f"attach {nic.bdf}")
    assert f"it is bound to the kernel driver {nic.home}; bind it to vfio-pci" in answer
