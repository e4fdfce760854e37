# SPDX-License-Identifier: BSD-3-Clause
"""What is typed for a device: an address in any spelling; and a port's id or name, which is no
device's: the answer says what to type."""

import glob
import os

import pytest

import hotplug_mp as hm

SPELLINGS = ("0000:88:0a.0", "0000:88:0A.0", "88:0a.0", "0:88:A.0", "pci:88:0A.0", "88:0a.0,x=1")
DRIVERS = "/sys/bus/pci/devices/0000:*/driver"
USABLE = ("vfio-pci", "uio_pci_generic", "igb_uio")
#: Commands that take a device, and how their answer names it.
DEVICE = {
    "attach {}": "attach device {}",
    "detach {}": "detach device {}",
    "lock {} reason": "lock device {}",
    "unlock {}": "unlock device {}",
    "start {}": "start device {}",
    "stop {}": "stop device {}",
    "send {} 5": "send through {}",
    "forward {} net_null0": "forward {} to net_null0",
    "forward net_null0 {}": "forward net_null0 to {}",
}


def assert_refused(process, line, typed, name, reason):
    """What is typed is answered with that name."""
    answer = process.cmd(line.format(typed))
    assert answer == f"failed to {DEVICE[line].format(name)}: {reason}"


@pytest.mark.parametrize("blocked", ["88:0a.0", "0000:88:0A.0", "pci:88:0a.0"])
def test_address_that_is_blocked_in_another_spelling(pair, blocked):
    for option in (["-b", blocked], [f"-b{blocked}"], [f"--block={blocked}"]):
        refuser = pair.add_secondary(eal=option)
        started = "was started with -b 0000:88:0a.0; restart it without"
        for process in pair.members():
            who = "this process" if process is refuser else refuser
            for typed in SPELLINGS:
                answer = process.cmd(f"attach {typed}")
                assert answer == f"failed to attach device 0000:88:0a.0: {who} {started}"
        pair.secondaries.remove(refuser)
        assert refuser.close() == 0


def test_answers_have_the_spelling_of_the_bus(pair):
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    reasons = {
        "attach": "no such device on the PCI bus",
        "unlock": "not locked",
        "send": "0000:88:0a.0: no port of this process",
        "forward": "0000:88:0a.0: no port of this process",
    }
    for process in pair.members():
        for typed in SPELLINGS:
            lines = [line for line in DEVICE if "lock" not in line or "x=1" not in typed]
            for line in lines:
                reason = reasons.get(line.split()[0], "not attached")
                assert_refused(process, line, typed, "0000:88:0a.0", reason)
            answer = process.cmd(f"show {typed}")
            assert answer == "failed to show device 0000:88:0a.0: not attached"
            answer = process.cmd(f"stats {typed}")
            assert answer == "failed to show stats of 0000:88:0a.0: not attached"
    assert pair.primary.cmd("detach net_null0") == "detached device net_null0"


def test_spelling_that_grows_too_long(process):
    """The EAL is given 127 bytes at most."""
    primary = process("primary")
    typed = "88:0a.0," + "x" * (127 - len("88:0a.0,"))
    assert len(typed) == 127
    assert primary.cmd(f"attach {typed}").endswith(
        ": devargs of 132 bytes; the EAL's multi-process channel carries at most 127"
    )
    answer = primary.cmd(f"attach {typed[:-5]}")
    assert answer == "failed to attach device 0000:88:0a.0: no such device on the PCI bus"


@pytest.mark.parametrize("allowed", [True, False])
def test_eal_is_given_the_whole_address(process, allowed):
    """It finds the device by nothing else, whatever was typed, or allowed at the start. The kernel has
    the device, so nothing comes of it."""
    drivers = {path.split("/")[5]: os.path.realpath(path) for path in glob.glob(DRIVERS)}
    kept = [a for a in drivers if os.path.basename(drivers[a]) not in USABLE]
    hm.need(kept, "no PCI device with a kernel driver")
    short = kept[0].removeprefix("0000:")
    primary = process("primary", eal=["-a", short] if allowed else [])
    answer = primary.cmd(f"attach {kept[0] if allowed else short}")
    assert f"failed to attach device {kept[0]}: it is bound to the kernel driver " in answer
    assert f"Driver cannot attach the device ({kept[0]})" in primary.log()


def test_id_of_a_port(pair):
    assert pair.secondaries[0].cmd("attach net_ring3") == "attached device net_ring3"
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    reasons = {
        "0": "0 is a port of net_ring3; type net_ring3 instead",
        "00": "00 is a port of net_ring3; type net_ring3 instead",
        "7": "no port has the id 7; list shows those there are",
        "32": "no port has the id 32; list shows those there are",
        "4294967296": "no port has the id 4294967296; list shows those there are",
    }
    for process in pair.members():
        for typed, reason in reasons.items():
            for line in DEVICE:
                assert_refused(process, line, typed, typed, reason)
    ports = [(0, "net_ring3"), (1, "net_null0")]
    pair.assert_agree(ports)
    pair.detach_all()


def test_port_with_a_name_of_its_own(process):
    """A group of one: net_ring gives a secondary no port with another name. A device could be called
    net_tap; the driver takes seven characters."""
    primary = process("primary", eal=["--no-pci"])
    devargs = "net_ring0,nodeaction=R0:0:CREATE,nodeaction=net_tap:0:CREATE"
    assert primary.cmd(f"attach {devargs}") == "attached device net_ring0"
    assert primary.list() == [(0, "net_ring0"), (1, "net_ring0")]
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    for port, name in enumerate(("R0", "net_tap")):
        reason = f"{name} is a port of net_ring0; type net_ring0 instead"
        for line, what in DEVICE.items():
            if name == "R0" or not line.startswith("unlock"):
                answer = primary.cmd(line.format(name))
                assert answer == f"failed to {what.format(name)}: {reason}"
        shown = primary.cmd(f"show {name}").split("\n")
        assert shown[:3] == [f"port: {port}", f"portname: {name}", "name: net_ring0"]
        assert f"devargs: {devargs}" in shown
        assert shown == primary.cmd(f"show {port}").split("\n")
        assert primary.cmd(f"stats {name}").startswith("port ")
    # Where the device's name is shown, it is taken.
    assert primary.cmd("lock net_ring0") == "locked device net_ring0"
    answer = primary.cmd("attach net_ring0")
    assert answer == "failed to attach device net_ring0: already attached (port 0)"
