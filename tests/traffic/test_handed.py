# SPDX-License-Identifier: BSD-3-Clause
"""The queues of a net_tap are descriptors, which its driver hands to each secondary and never closes
there: round after round all packets arrive, no process has a descriptor more, and the interface goes
with the device."""

import contextlib
import os
import re
import socket
import subprocess

import pytest

import hotplug_mp as hm
from traffic import attach, detach, forward, received, send, start

NAME = f"hmh{os.getpid()}"
PACKETS = 400
ROUNDS = 3


def ip(line):
    subprocess.run(["ip", *line.split()], check=True, timeout=hm.TIMEOUT)


def there(name=NAME):
    return name in [known for _, known in socket.if_nameindex()]


def queues(process, name=NAME):
    """How many of its descriptors are queues of an interface."""
    nb = 0
    for fd in os.listdir(f"/proc/{process.pid}/fdinfo"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{process.pid}/fdinfo/{fd}") as f:
            nb += bool(re.search(rf"^iff:\s*{name}$", f.read(), re.MULTILINE))
    return nb


def opened(process):
    """How many files it has open, without what it opens now and then to look at the others."""
    place = f"/proc/{process.pid}/fd"
    names = []
    for fd in os.listdir(place):
        with contextlib.suppress(FileNotFoundError):
            names.append(os.readlink(f"{place}/{fd}"))
    return len([name for name in names if not name.startswith(("/proc/", "/run/", "/sys/"))])


def send_to(name, nb=PACKETS):
    """Packets that the kernel sends through the interface; all it sends by itself is little."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((name, 0))
        for _ in range(nb):
            assert s.send(b"\xff" * 6 + b"\x02" * 6 + b"\x88\xb5" + bytes(46)) == 60


@pytest.fixture
def quiet():
    """An interface that comes up here sends nothing by itself."""
    path = "/proc/sys/net/ipv6/conf/default/disable_ipv6"
    if os.path.exists(path):
        with open(path, "w") as f:
            f.write("1")
    yield
    if os.path.exists(path):
        with open(path, "w") as f:
            f.write("0")


def test_all_packets_arrive_round_after_round(group, quiet):
    poller = group.secondaries[0]
    attach(group.primary, "net_null9")
    start(group.primary, "net_null9")
    before = None
    for turn in range(ROUNDS):
        asker = group.members()[turn % 3]
        attach(asker, f"net_tap0,iface={NAME}")
        for _ in range(2):
            start(asker, "net_tap0")
            assert all(queues(process) > 0 for process in group.members())
            assert asker.cmd("stats reset") == "stats are reset"
            forward(poller, "net_tap0", "net_null9")
            send_to(NAME)
            hm.wait_equal(lambda: received(asker, poller, "net_tap0"), PACKETS)
            assert poller.cmd("forward off") == "forwarding is off"
            assert asker.cmd("stop net_tap0") == "stopped device net_tap0"
            assert [queues(process) for process in group.secondaries] == [0, 0]
        detach(group.members()[(turn + 1) % 3], "net_tap0")
        assert not there()
        now = [opened(process) for process in group.members()]
        before = before or now
        assert now == before


def test_port_that_has_the_id_of_an_earlier_tap(pair):
    """Its start takes no queues away from a tap that is there now."""
    primary, secondary = pair.members()
    attach(primary, f"net_tap0,iface={NAME}")
    detach(primary, "net_tap0")
    attach(primary, "net_null0", f"net_tap1,iface={NAME}")
    start(primary, "net_tap1", "net_null0")
    assert queues(secondary) > 0


def test_second_interface_of_a_tap_goes_too(pair):
    """The driver makes one at a start, if the first has been renamed; that of DPDK 25.11 refuses to
    start then."""
    primary, secondary = pair.members()
    attach(secondary, f"net_tap0,iface={NAME}")
    ip(f"link set {NAME} name {NAME}n")
    for _ in range(2):
        answer = secondary.cmd("start net_tap0")
        if answer == "started device net_tap0":
            assert queues(secondary, r"\S+") > 0
            assert primary.cmd("stop net_tap0") == "stopped device net_tap0"
        else:
            assert answer.startswith("failed to start device net_tap0: cannot configure port 0: ")
        assert queues(secondary, r"\S+") == 0
    detach(secondary, "net_tap0")
    assert not there() and not there(f"{NAME}n")


@pytest.mark.parametrize("way", ["renamed", "moved"])
def test_interface_that_is_called_otherwise(pair, way):
    """Its owner has renamed it, or taken it to another network namespace, before the first start."""
    attach(pair.secondaries[0], f"net_tap0,iface={NAME}")
    name = f"{NAME}n" if way == "renamed" else NAME
    if way == "renamed":
        ip(f"link set {NAME} name {name}")
    else:
        ip(f"netns add {NAME}")
    try:
        if way == "moved":
            ip(f"link set {NAME} netns {NAME}")
        for _ in range(2):
            # Whether the driver still finds it, is the driver's business.
            pair.primary.cmd("start net_tap0")
            pair.primary.cmd("stop net_tap0")
        assert queues(pair.secondaries[0], name) == 0
        detach(pair.primary, "net_tap0")
        assert queues(pair.secondaries[0], name) == queues(pair.primary, name) == 0
        assert not there(name)
    finally:
        if way == "moved":
            ip(f"netns del {NAME}")


def test_other_ports_keep_theirs(pair, quiet):
    """Also those of whoever joined after their start."""
    attach(pair.primary, f"net_tap0,iface={NAME}a", f"net_tap1,iface={NAME}b", "net_null2")
    start(pair.primary, "net_tap0", "net_tap1", "net_null2")
    with pair.one_more() as late:
        for poller in (late, pair.secondaries[0]):
            assert pair.primary.cmd("stats reset") == "stats are reset"
            forward(poller, "net_tap1", "net_null2")
            assert pair.primary.cmd("stop net_tap0") == "stopped device net_tap0"
            assert [queues(p, f"{NAME}a") for p in (late, pair.secondaries[0])] == [0, 0]
            send_to(f"{NAME}b")
            hm.wait_equal(lambda: received(pair.primary, poller, "net_tap1"), PACKETS)
            assert poller.cmd("forward off") == "forwarding is off"
            start(pair.primary, "net_tap0")
    for name in ("net_tap0", "net_tap1"):
        detach(pair.secondaries[0], name)
    assert not there(f"{NAME}a") and not there(f"{NAME}b")


@pytest.mark.parametrize("end", ["quit", "die"])
def test_interface_goes_with_its_primary(pair, end):
    attach(pair.primary, f"net_tap0,iface={NAME}")
    start(pair.primary, "net_tap0")
    assert there()
    getattr(pair.primary, end)()
    hm.wait_until(lambda: not there(), "the interface has gone")
    assert pair.secondaries[0].alive()


def test_secondary_that_dies_in_the_middle(faulty):
    """Nobody waits for it, and the others close theirs."""
    attach(faulty.primary, f"net_tap0,iface={NAME}")
    start(faulty.primary, "net_tap0")
    faulty.secondaries[0].die()
    assert faulty.primary.cmd("stop net_tap0") == "stopped device net_tap0"
    assert queues(faulty.secondaries[1]) == 0
    start(faulty.primary, "net_tap0")
    detach(faulty.secondaries[1], "net_tap0")
    assert not there()


@pytest.mark.parametrize("verb", ["stop", "start", "detach"])
def test_secondary_that_is_stopped_in_the_middle(faulty, verb):
    """It is named, and what it missed is made up for later."""
    primary, secondary = faulty.primary, faulty.secondaries[0]
    attach(primary, f"net_tap0,iface={NAME}")
    if verb != "start":
        start(primary, "net_tap0")
    call = "start" if verb == "start" else "stop"
    primary.faults.set(call, "block")
    primary.send(f"{verb} net_tap0")
    primary.faults.wait_met(call)
    secondary.stop()
    primary.faults.clear(call)
    answer = primary.answer()
    assert answer == (
        f"failed to {verb} device net_tap0: {secondary} has not answered within 1000 ms that it has "
        "taken the queues of port 0, or closed them; end it, or try again"
        + ("" if verb == "start" else "; the port is stopped")
    )
    secondary.resume()
    hm.wait_until(lambda: "ok" in faulty.primary.peers()[0][secondary.pid], "it answers again")
    start(primary, "net_tap0")
    detach(secondary, "net_tap0")
    assert [queues(process) for process in faulty.members()] == [0, 0, 0]
    assert not there()


def test_primary_of_another_program(testpmd, prefix, process):
    """It polls its ports itself, so a secondary of ours needs no descriptors of them."""
    secondary = process("secondary", eal=["--no-pci"])
    testpmd.cmd(f"port attach net_tap0,iface={NAME}")
    for _ in range(2):
        assert "Checking link statuses" in testpmd.cmd("port start 0")
        assert queues(testpmd) > 0
        testpmd.cmd("port stop 0")
    hm.wait_equal(lambda: queues(secondary), 0)
    detach(secondary, "net_tap0")
    hm.wait_until(lambda: not there(), "the interface has gone")


def test_net_tun_is_not_polled_there_and_leaves_nothing(pair):
    attach(pair.primary, f"net_tun0,iface={NAME}")
    start(pair.secondaries[0], "net_tun0")
    answer = pair.secondaries[0].cmd("send net_tun0 1")
    assert answer == (
        "failed to send through net_tun0: net_tun lets no secondary poll port 0: it gives a secondary "
        f"no functions to poll with; do it in the primary (pid {pair.primary.pid})"
    )
    send(pair.primary, "net_tun0", 1)
    assert queues(pair.secondaries[0]) == 0
    detach(pair.secondaries[0], "net_tun0")
    assert not there()
