# SPDX-License-Identifier: BSD-3-Clause
"""What is typed for a device, and is a port's id or name: the answer says what to type."""

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
            for line, what in DEVICE.items():
                answer = process.cmd(line.format(typed))
                assert answer == f"failed to {what.format(typed)}: {reason}"
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
