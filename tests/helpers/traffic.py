# SPDX-License-Identifier: BSD-3-Clause
"""What chapters about packets do and look at: start ports, forward, send, count."""

import hotplug_mp as hm

RING = 1023  # packets that a queue of a net_ring holds
MBUFS = 8192
ROUND = 500  # packets that go round
BURST = 64  # packets that a killed poller may have in its hands
NONE = hm.Counts(0, 0, 0, 0, 0, 0)
RINGS = [(0, "net_ring0"), (1, "net_ring1")]
HUNG_PORTS = [*RINGS, (2, "net_null2")]


def attach(process, *names):
    for name in names:
        assert process.cmd(f"attach {name}") == f"attached device {name.split(',')[0]}"


def start(process, *names, queues=""):
    for name in names:
        assert process.cmd(f"start {name}{queues}") == f"started device {name}"


def send(process, name, count):
    answer = process.cmd(f"send {name} {count}")
    assert answer == f"sent through {name} ({count} packets of 60 bytes)"


def forward(process, source, target, both=False):
    answer = process.cmd(f"forward {source} {target}{' both' if both else ''}")
    assert answer == f"forwarding {source} to {target}{' and back' if both else ''}"


def shown(process, name):
    """What `show` says of a device with one port."""
    return dict(line.split(": ", 1) for line in process.cmd(f"show {name}").split("\n"))


def wait_received(process, name, poller, count):
    """Wait until a poller has received so many packets at a port, and no more."""
    none = hm.Counts(0, 0, 0, 0, 0, 0)
    hm.wait_equal(lambda: process.stats().counts.get((name, poller.pid), none).rx_packets, count)


def detach(process, name):
    assert process.cmd(f"detach {name}") == f"detached device {name}"


def received(asker, poller, name):
    return asker.stats().counts.get((name, poller.pid), NONE).rx_packets


def assert_forwards(asker, poller, name):
    """A poller receives more and more packets at a port."""
    before = received(asker, poller, name)
    hm.wait_until(lambda: received(asker, poller, name) > before + ROUND, "it forwards")


def assert_off(process):
    assert process.cmd("forward off") == "failed to forward: it is off already"


def taken(source, target, by, port):
    return f"forward {source} {target} ended: pid {by.pid} has taken port {port} away"


def circulate(group, one, other):
    """500 packets go round through two ports, by one process there and by another back."""
    attach(group.primary, "net_ring0", "net_ring1")
    start(group.primary, "net_ring0", "net_ring1")
    answer = group.primary.cmd(f"send net_ring0 {ROUND}")
    assert answer == f"sent through net_ring0 ({ROUND} packets of 60 bytes)"
    forward(one, "net_ring0", "net_ring1")
    forward(other, "net_ring1", "net_ring0")
    assert_forwards(group.primary, other, "net_ring1")


def assert_whole(asker, running=True):
    """No packet was lost: no gap in the numbers, no drop, and each mbuf is where it should be."""
    stats = asker.stats()
    assert stats.lost() == 0, stats
    assert stats.free == MBUFS - (ROUND if running else 0)
