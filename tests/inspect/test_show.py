# SPDX-License-Identifier: BSD-3-Clause
"""show: what is known of a port or a device, alike in every process."""

import json
import re
import subprocess

import pytest

import hotplug_mp as hm

KEYS = ["port", "name", "driver", "bus", "devargs", "numa", "mac", "link", "speed", "mtu"]
KEYS += ["rxqueues", "txqueues", "state", "processes", "locked"]
DEVICE_KEYS = ["name", "driver", "bus", "devargs", "numa"]


def shown(process, what):
    """What show prints, {key: value} in its order."""
    lines = process.cmd(f"show {what}").split("\n")
    fields = [re.fullmatch(r"([a-z]+): (.+)", line) for line in lines]
    assert all(fields), f"not a key and a value a line: {lines}"
    return {field[1]: field[2] for field in fields}


def kernel_link(interface):
    """What the kernel says of an interface."""
    done = subprocess.run(
        ["ip", "-json", "link", "show", "dev", interface],
        stdout=subprocess.PIPE,
        check=True,
        timeout=hm.TIMEOUT,
    )
    return json.loads(done.stdout)[0]


def test_ports_are_shown_alike_in_every_process(group):
    """By name and by id; against what librte_ethdev's own telemetry says of them."""
    devices = {"net_null0": "net_null0,copy=1", "net_ring0": "net_ring0"}
    for asked, devargs in zip(group.secondaries, devices.values()):
        assert asked.cmd(f"attach {devargs}").startswith("attached device ")
    group.assert_agree(list(enumerate(devices)))
    for port, (name, devargs) in enumerate(devices.items()):
        seen = shown(group.primary, name)
        assert list(seen) == KEYS
        pids = sorted(int(pid) for pid in seen.pop("processes").split(","))
        assert pids == sorted(process.pid for process in group.members())
        (info,) = hm.telemetry(group.prefix, f"/ethdev/info,{port}")
        assert seen == {
            "port": str(port),
            "name": name,
            "driver": name[:-1],
            "bus": "vdev",
            "devargs": devargs,
            "numa": str(info["numa_node"]),
            "mac": info["mac_addr"],
            "link": "down",
            "speed": "10 Gbps",
            "mtu": str(info["mtu"]),
            "rxqueues": str(info["nb_rx_queues"]),
            "txqueues": str(info["nb_tx_queues"]),
            "state": "stopped",
            "locked": "no",
        }
        texts = {
            process.cmd(f"show {what}")
            for process in group.members()
            for what in (name, port, f"vdev:{name}", f"{name},any=thing")
        }
        assert len(texts) == 1


@pytest.mark.parametrize("driver", ["net_af_packet", "net_tap"])
def test_mac_is_that_of_the_interface(pair, veth, driver):
    interface = veth if driver == "net_af_packet" else f"t{veth}"[:15]
    for process in pair.members():
        assert process.cmd(f"attach {driver}0,iface={interface}") == f"attached device {driver}0"
        for asked in pair.members():
            seen = shown(asked, f"{driver}0")
            link = kernel_link(interface)
            assert seen["mac"].lower() == link["address"]
            assert seen["mtu"] == str(link["mtu"])
            assert seen["devargs"] == f"{driver}0,iface={interface}"
        assert process.cmd(f"detach {driver}0") == f"detached device {driver}0"
        for asked in pair.members():
            answer = asked.cmd(f"show {driver}0")
            assert answer == f"failed to show device {driver}0: not attached"


def test_device_without_a_port(pair):
    assert pair.secondaries[0].cmd("attach crypto_null0").endswith("(no ethernet port)")
    for process in pair.members():
        seen = shown(process, "crypto_null0")
        assert list(seen) == DEVICE_KEYS
        assert seen["driver"] == "crypto_null"
        assert seen["devargs"] == "vdev:crypto_null0"


NO_PORT = "failed to show port {}: no such port; list shows those there are"
UNKNOWN = (
    'failed to show device {0}: no bus knows "{0}": it is no PCI address and begins with the '
    "name of no virtual driver that is loaded"
)


@pytest.mark.parametrize(
    "what, answer",
    [
        ("1", NO_PORT),
        ("31", NO_PORT),
        ("32", NO_PORT),
        ("65535", NO_PORT),
        ("65536", NO_PORT),
        ("4294967296", NO_PORT),
        ("18446744073709551616", NO_PORT),
        ("9" * 400, NO_PORT),
        ("-1", UNKNOWN),
        ("0x0", UNKNOWN),
        ("nosuch", UNKNOWN),
        ("net_null9", "failed to show device {}: not attached"),
        ("0000:ff:1f.7", "failed to show device {}: not attached"),
        ("", "failed to show device: missing argument; usage: show <device|port>"),
        ('""', "failed to show device {}: empty word; usage: show <device|port>"),
        ("0 1", "failed to show device {}: expected one word, got 2; devargs have no blanks"),
    ],
)
def test_what_cannot_be_shown(process, prefix, what, answer):
    """Neither at a terminal nor for a script, which learns it by the exit status, too."""
    primary = process("primary")
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    assert primary.cmd(f"show {what}") == answer.format(what)
    done = hm.run("secondary", prefix, own=["--cmd", f"show {what}"])
    assert (done.returncode, done.stdout) == (1, f"{answer.format(what)}\n")


def test_processes_are_those_that_see_it(faulty):
    assert faulty.primary.cmd("attach net_null0") == "attached device net_null0"
    faults = faulty.make_faults()
    faults.set("attach", "refuse")
    lacking = faulty.add_secondary(faults=faults)
    seeing = [process for process in faulty.members() if process is not lacking]
    for process in seeing:
        pids = shown(process, 0)["processes"].split(",")
        assert sorted(map(int, pids)) == sorted(one.pid for one in seeing)
    assert lacking.cmd("show 0") == NO_PORT.format(0)
    assert lacking.cmd("show net_null0") == "failed to show device net_null0: not attached"
    faults.clear()
    assert lacking.cmd("sync").startswith("synced: ")
    for process in faulty.members():
        assert len(shown(process, "net_null0")["processes"].split(",")) == 4


def test_port_that_another_process_has_started(testpmd, process):
    """Our process is a secondary; it neither starts nor stops anything."""
    ours = [process("secondary", eal=["--no-pci"]) for _ in range(2)]
    assert "Port 0 is attached" in testpmd.cmd("port attach net_null0")
    for verb, state, link in (("start", "started", "up"), ("stop", "stopped", "down")) * 2:
        testpmd.cmd(f"port {verb} 0")
        for asked in ours:
            seen = shown(asked, "net_null0")
            assert (seen["state"], seen["link"]) == (state, link)
            assert seen["devargs"] == "vdev:net_null0"
            assert sorted(map(int, seen["processes"].split(","))) == sorted(p.pid for p in ours)
        # To ask for that tells testpmd nothing, and logs nothing here.
        assert not any("hairpin" in asked.log().lower() for asked in ours)


@pytest.mark.parametrize(
    "line, answer",
    [("show net_null0", "port: 0"), ("stats net_null9", "failed to show stats of net_null9: not")],
)
def test_what_looks_at_devices_waits_for_an_operation(faulty, line, answer):
    """So that it shows what is true, and looks at none that is being freed."""
    primary, asked = faulty.primary, faulty.secondaries[0]
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    asked.send(line)
    asked.child.expect_exact(f"waiting for {primary}: attach net_null0")
    primary.faults.clear()
    assert primary.answer() == "attached device net_null0"
    asked.child.expect_exact(answer)
    asked.child.expect_exact(hm.PROMPT)
    faulty.assert_agree([(0, "net_null0")])
