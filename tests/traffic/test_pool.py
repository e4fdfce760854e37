# SPDX-License-Identifier: BSD-3-Clause
"""The mbufs of all ports: how many there are, and that all come back."""

import os

import pytest

import hotplug_mp as hm
from traffic import MBUFS, attach, forward, received, send, shown, start


def test_pool_is_made_once_and_as_large_as_told():
    group = hm.Group(secondaries=1, own=["--mbufs", "1000"])
    try:
        primary, secondary = group.primary, group.secondaries[0]
        attach(secondary, "net_ring0", "net_ring1")
        assert primary.stats().mbufs == 0
        start(secondary, "net_ring0")
        start(primary, "net_ring1")
        for _ in range(3):
            for process in group.members():
                assert process.stats() == hm.Stats({}, 1000, 1000)
            assert primary.cmd("detach net_ring0") == "detached device net_ring0"
            attach(primary, "net_ring0")
            start(secondary, "net_ring0")
    finally:
        group.close()


@pytest.mark.parametrize("verb", ["stop", "detach"])
def test_every_packet_of_a_small_pool_is_given_back(process, verb):
    """What lies in the queues when they go."""
    primary = process("primary", own=["--mbufs", "20"])
    attach(primary, "net_ring0", "net_ring1")
    start(primary, "net_ring0", "net_ring1")
    send(primary, "net_ring0", 20)
    assert primary.stats().free == 0
    primary.cmd(f"{verb} net_ring0")
    assert primary.stats().free == 20


def test_pool_too_large_is_refused_and_said(process):
    # The hugepages are for the other tests at the same time, too.
    primary = process("primary", eal=["--socket-limit=64"], own=["--mbufs", "100000000"])
    attach(primary, "net_ring0")
    answer = primary.cmd("start net_ring0", timeout=hm.TIMEOUT)
    assert answer.startswith("failed to start device net_ring0: no memory for 100000000 mbufs: ")
    assert answer.endswith("; start the primary with -- --mbufs and fewer")
    assert shown(primary, "net_ring0")["state"] == "stopped"
    assert primary.cmd("detach net_ring0") == "detached device net_ring0"


def test_each_process_has_a_cache_of_its_own(group):
    """Two that take mbufs and give them back at the same time, with the same EAL options. If they
    shared a cache, it would lose some or give one to both."""
    primary, pollers = group.primary, group.secondaries
    attach(primary, "net_null0")
    start(primary, "net_null0", queues=" rxq 2 txq 2")
    for poller in pollers:
        forward(poller, "net_null0", "net_null0")
    for poller in pollers:
        hm.wait_until(lambda p=poller: received(primary, p, "net_null0") > 1000000, "it forwards")
    for poller in pollers:
        assert poller.cmd("forward off") == "forwarding is off"
    assert primary.stats().free == MBUFS


def test_who_sends_has_no_cache(process):
    """Main threads on different cores may have the same lcore number, and would share its cache."""
    cores = sorted(os.sched_getaffinity(0))
    hm.need(len(cores) > 1, "one core alone: no two processes send at the same time")
    primary = process("primary")
    senders = [process("secondary", eal=[f"--lcores=0@{core}"]) for core in cores[:2]]
    attach(primary, "net_null0")
    start(primary, "net_null0", queues=" rxq 2 txq 2")
    hm.together(*[lambda s=sender: send(s, "net_null0", 1000000) for sender in senders])
    assert primary.stats().free == MBUFS
