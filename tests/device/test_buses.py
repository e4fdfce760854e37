# SPDX-License-Identifier: BSD-3-Clause
"""A bus that finds its devices, but cannot be walked, like vmbus and ifpga: helpers/bus.c."""

import pytest

import hotplug_mp as hm
from traffic import shown

#: One worker of pytest-xdist compiles the bus, and not each.
pytestmark = pytest.mark.xdist_group("bus")


@pytest.fixture(scope="module")
def bus(driver):
    """The library of the bus."""
    with open(f"{hm.REPO}/tests/helpers/bus.c", encoding="utf-8") as f:
        return driver("hmt_bus", f.read())


@pytest.fixture
def group(bus, make_faults):
    """A primary and two secondaries that have loaded the bus."""
    group = hm.Group(2, eal=("--no-pci", "-d", bus), make_faults=make_faults)
    yield group
    group.close()


def refused(group, verb, device, reason):
    for process in group.members():
        assert process.cmd(f"{verb} {device}") == f"failed to {verb} device {device}: {reason}"


@pytest.mark.parametrize("device", ["bus_card0", "bus_card1"])
def test_device_with_a_port(group, device):
    """The port of bus_card0 has another name."""
    for asker, other in zip(hm.ROLES, hm.ROLES[1:] + hm.ROLES[:1]):
        assert group.member(asker).cmd(f"attach test:{device}") == f"attached device {device}"
        group.assert_agree([(0, device)])
        with group.one_more() as late:
            assert late.list() == [(0, device)]
            refused(group, "attach", device, "already attached (port 0)")
            assert late.cmd(f"lock {device}") == f"locked device {device}"
            assert late.cmd(f"unlock {device}") == f"unlocked device {device}"
        for process in group.members():
            known = shown(process, device)
            assert (known["port"], known["name"], known["bus"]) == ("0", device, "test")
            assert known.get("portname") == ("bus_port0" if device == "bus_card0" else None)
        assert group.member(other).cmd(f"detach {device}") == f"detached device {device}"
        group.assert_agree([])
        for verb in ("detach", "lock"):
            refused(group, verb, device, "not attached")


def test_name_that_only_the_port_has(group):
    """Each process says whose it is, also one without the port. It is a port to who looks."""
    assert group.secondaries[0].cmd("attach bus_card0") == "attached device bus_card0"
    faults = group.make_faults()
    faults.set("attach", "refuse")
    lacking = group.add_secondary(faults=faults)
    assert lacking.list() == []
    for verb in ("attach", "detach", "lock", "start", "stop"):
        for typed in ("bus_port0", "0"):
            reason = f"{typed} is a port of bus_card0; type bus_card0 instead"
            refused(group, verb, typed, reason)
    for process in group.members():
        if process is not lacking:
            assert shown(process, "bus_port0") == shown(process, "0")
    by_name, ports = hm.telemetry(
        group.prefix, "/hotplug_mp/show,bus_port0", "/hotplug_mp/list"
    )
    assert (by_name["portname"], by_name["name"]) == ("bus_port0", "bus_card0")
    assert ports == {"0": "bus_card0"}


def test_telemetry_takes_any_spelling_of_an_address(group):
    assert group.primary.cmd("attach test:0000:88:0b.0") == "attached device 0000:88:0b.0"
    for typed in ("0000:88:0b.0", "0000:88:0B.0", "88:B.0"):
        (answer,) = hm.telemetry(group.prefix, f"/hotplug_mp/show,{typed}")
        assert answer["name"] == "0000:88:0b.0"
    assert group.secondaries[0].cmd("detach test:0000:88:0b.0") == "detached device 0000:88:0b.0"


def test_device_without_a_port(group):
    for asker, other in zip(hm.ROLES, hm.ROLES[1:] + hm.ROLES[:1]):
        answer = group.member(asker).cmd("attach bus_bare0")
        assert answer == "attached device bus_bare0 (no ethernet port)"
        refused(group, "attach", "bus_bare0", "already attached (no ethernet port)")
        refused(group, "start", "bus_bare0", "no ethernet port")
        for process in group.members():
            assert shown(process, "bus_bare0")["driver"] == "bus_driver"
        assert group.member(other).cmd("detach bus_bare0") == "detached device bus_bare0"
        refused(group, "detach", "bus_bare0", "not attached")
    # The EAL's complaint about such a bus would come with each look.
    assert "Bus test not supported" not in group.primary.log()


@pytest.mark.parametrize("asker", hm.ROLES)
def test_who_misses_the_port_gets_it(group, asker):
    assert group.primary.cmd("attach bus_card0") == "attached device bus_card0"
    faults = group.make_faults()
    faults.set("attach", "refuse")
    lacking = group.add_secondary(faults=faults)
    assert lacking.list() == []
    lacking.faults.clear()
    assert group.member(asker).cmd("sync") == (
        f"synced: all 4 processes agree: 1 ports; mended: {lacking} lacks port 0 (bus_card0)"
    )
    group.assert_agree([(0, "bus_card0")])
    assert lacking.cmd("detach bus_card0") == "detached device bus_card0"
    group.assert_agree([])


def test_who_refuses_it_has_it_attached_nowhere(group):
    group.secondaries[1].faults.set("attach", "refuse not wanted here")
    for asker in group.members():
        answer = asker.cmd("attach bus_card0")
        assert answer.startswith("failed to attach device bus_card0: ")
        assert "not wanted here" in answer
        group.assert_agree([])
        refused(group, "detach", "bus_card0", "not attached")


def test_tab_completes_what_is_attached(group):
    for device in ("bus_bare0", "bus_card0"):
        assert group.primary.cmd(f"attach {device}").startswith(f"attached device {device}")
    for process in group.members():
        process.child.send("detach bus_\t")
        for device in ("bus_card0", "bus_bare0"):
            process.child.expect_exact(device)
        process.child.send("\x03")
        process.child.expect_exact(hm.PROMPT)
    for device in ("bus_bare0", "bus_card0"):
        assert group.primary.cmd(f"detach {device}") == f"detached device {device}"
