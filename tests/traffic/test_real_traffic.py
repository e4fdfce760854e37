# SPDX-License-Identifier: BSD-3-Clause
"""A ping between two network namespaces, through two net_tap ports that a secondary forwards
between, while the primary is busy with other devices."""

import contextlib
import os
import shutil
import subprocess

import pytest

import hotplug_mp as hm
from vm.image import BUSYBOX

ROUNDS = 50
PINGS = 25
PORTS = ("net_tap0", "net_tap1")
NAMES = [f"hmt{os.getpid()}{end}" for end in "ab"]  # of namespaces, and of the interfaces in them
ADDRESSES = ("192.0.2.1", "192.0.2.2")
MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02")
FORWARD = f"forward {PORTS[0]} {PORTS[1]} both"


def ip(line):
    subprocess.run(["ip", *line.split()], check=True, timeout=hm.TIMEOUT)


@pytest.fixture
def namespaces():
    """Two; what is in them goes with them."""
    hm.need(shutil.which("ip"), "no ip; install iproute2")
    hm.need(os.path.exists(BUSYBOX), f"no {BUSYBOX}; install busybox-static")
    made = []
    try:
        for name in NAMES:
            ip(f"netns add {name}")
            made.append(name)
        yield
    finally:
        for name in made:
            ip(f"netns del {name}")


def settle(end):
    """Move a port's interface into its namespace; it knows the other end's address already."""
    name, other = NAMES[end], 1 - end
    ip(f"link set {name} netns {name}")
    ip(f"-n {name} link set {name} address {MACS[end]} up")
    ip(f"-n {name} addr add {ADDRESSES[end]}/24 dev {name}")
    ip(f"-n {name} neigh add {ADDRESSES[other]} lladdr {MACS[other]} dev {name} nud permanent")


@pytest.fixture(params=["before", "after"])
def taps(request, namespaces):
    """A group with two started ports in the namespaces, and the secondary that forwards between
    them; it joined before they were started, or after."""
    group = hm.Group(secondaries=1)
    try:
        for port, name in zip(PORTS, NAMES):
            answer = group.primary.cmd(f"attach {port},iface={name}")
            assert answer == f"attached device {port}"
            assert group.primary.cmd(f"start {port}") == f"started device {port}"
        secondary = group.secondaries[0] if request.param == "before" else group.add_secondary()
        for end in range(2):
            settle(end)
        assert secondary.cmd(FORWARD) == f"forwarding {PORTS[0]} to {PORTS[1]} and back"
        yield group, secondary
    finally:
        group.close()


@contextlib.contextmanager
def ping(count, interval):
    """One that runs in the background, from one namespace to the other."""
    pinging = subprocess.Popen(
        ["ip", "netns", "exec", NAMES[0], BUSYBOX, "ping", "-c", str(count), "-i", interval]
        + ["-W", "30", ADDRESSES[1]],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield pinging
    finally:
        pinging.kill()
        pinging.wait()
        pinging.stdout.close()


def test_ping_while_other_devices_come_and_go(taps):
    group, secondary = taps
    with ping(PINGS, "0.2") as pinging:
        rounds = 0
        while rounds < ROUNDS or pinging.poll() is None:
            for verb in ("attach", "detach"):
                answer = group.primary.cmd(f"{verb} net_null{rounds % 3}")
                assert answer == f"{verb}ed device net_null{rounds % 3}"
            rounds += 1
        said = pinging.stdout.read()
    assert f"{PINGS} packets transmitted, {PINGS} " in said, said

    # Away they go while they are polled, with packets on the way.
    with ping(100000, "0.01"):
        for port in PORTS:
            assert group.primary.cmd(f"detach {port}") == f"detached device {port}"
    ended = f"{FORWARD} ended: pid {group.primary.pid} has taken port 0 away"
    hm.wait_until(
        lambda: secondary.list() == [] and ended in secondary.transcript.getvalue(), ended
    )
    group.assert_agree([])
