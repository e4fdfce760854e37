# SPDX-License-Identifier: BSD-3-Clause
"""dpdk-dumpcap and dpdk-pdump capture at a port of the group, and do not hinder its work."""

import contextlib
import glob
import os
import subprocess
import time

import pytest

import hotplug_mp as hm
from drivers import CAPTURED
from traffic import MBUFS, attach, detach, forward, send, start

MIB = 1 << 20

#: Does DPDK have secondaries capture, too?
IN_SECONDARIES = (
    subprocess.run(["pkg-config", "--atleast-version=25.11", "libdpdk"], check=False).returncode == 0
)


@pytest.fixture
def ring(pair):
    """A group of two whose port 0 gives back what is sent to it."""
    attach(pair.primary, "net_ring0")
    start(pair.primary, "net_ring0")
    return pair


def drain(primary):
    """Empty net_ring0, by a stop."""
    assert primary.cmd("stop net_ring0") == "stopped device net_ring0"
    hm.wait_equal(lambda: primary.stats().free, MBUFS)


@pytest.mark.parametrize("tool", ["dpdk-dumpcap", "dpdk-pdump"])
def test_captured_is_what_the_primary_sends(ring, capture, tool):
    one = capture(ring, tool)
    send(ring.primary, "net_ring0", 50)
    assert one.end(50) == [60] * 50
    assert "failed" not in one.log()
    detach(ring.secondaries[0], "net_ring0")
    ring.assert_agree([])


@pytest.mark.parametrize("driver", sorted(CAPTURED - {"net_ring"}))
def test_drivers_that_are_captured(pair, capture, veth, driver):
    arguments = {"net_af_packet": f",iface={veth}", "net_pcap": f",iface={veth}"}
    attach(pair.secondaries[0], f"{driver}0{arguments.get(driver, '')}")
    start(pair.secondaries[0], f"{driver}0")
    one = capture(pair)
    send(pair.primary, f"{driver}0", 3)
    assert one.end(3) == [60] * 3


def test_capture_that_was_there_before_the_port_was_started(pair, capture):
    primary, secondary = pair.members()
    attach(primary, "net_ring0")
    one = capture(pair)
    for who, queues, count in ((secondary, "", 10), (primary, " rxq 2 txq 2", 20), (primary, "", 5)):
        start(who, "net_ring0", queues=queues)
        send(primary, "net_ring0", count)
        drain(primary)
    assert one.end(35) == [60] * 35


def test_second_capture_of_a_port_is_refused(ring, capture):
    primary = ring.primary
    one, other = capture(ring), capture(ring)
    assert other.process.wait(hm.TIMEOUT) != 0
    reason = "a process asked to capture net_ring0, but: another process does; only one can at a time"
    primary.news(reason)
    send(primary, "net_ring0", 10)
    assert one.end(10) == [60] * 10
    one = capture(ring)
    send(primary, "net_ring0", 3)
    assert one.end(3) == [60] * 3


def test_capture_asks_nobody_for_memory_that_the_group_has(capture):
    """Who asks beside a process that does not answer can crash the primary (doc/limits.rst)."""

    def memory():
        return hm.telemetry(group.prefix, "/eal/heap_info,0")[0]

    with contextlib.closing(hm.Group(secondaries=1, eal=["--no-pci", "-m", "64"])) as group:
        attach(group.primary, "net_ring0")
        before = memory()
        one = capture(group)
        now = memory()
        one.end()
    assert now["Alloc_size"] > before["Alloc_size"] + MIB
    assert now["Heap_size"] == before["Heap_size"]


@pytest.mark.parametrize("way", ["killed", "stopped first"])
def test_capture_that_dies_hinders_nothing(ring, capture, way):
    """What it wanted goes round and round meanwhile: its ring fills up, and its mbufs run out."""
    primary, secondary = ring.members()
    one = capture(ring)
    send(primary, "net_ring0", 100)
    forward(primary, "net_ring0", "net_ring0")
    if way == "stopped first":
        hm.stop(one.pid)
        assert "is stopped; resume or end it" in secondary.cmd("attach net_null1")
        before = primary.stats().counts["net_ring0", primary.pid].rx_packets
        hm.wait_until(
            lambda: primary.stats().counts["net_ring0", primary.pid].rx_packets > before + 10000,
            "it forwards beside a stopped capture",
        )
    one.kill()
    begun = time.monotonic()
    for asker in (secondary, primary):
        attach(asker, "net_null1")
        assert asker.cmd("stop net_ring0") == "stopped device net_ring0"
        start(asker, "net_ring0")
        detach(asker, "net_null1")
    assert time.monotonic() - begun < hm.SOON
    ring.one_more()
    other = capture(ring)
    send(primary, "net_ring0", 7)
    assert other.end(7) == [60] * 7
    detach(secondary, "net_ring0")
    assert primary.stats().free == MBUFS
    ring.assert_agree([])


@pytest.mark.parametrize("asker", ["primary", "secondary 1"])
def test_port_that_is_detached_while_it_is_captured(ring, capture, asker):
    """The next port has its id, and its callbacks if they were left there; then they copy to memory
    that dpdk-dumpcap has given back."""
    primary, asker = ring.primary, ring.member(asker)
    old = capture(ring)
    detach(asker, "net_ring0")
    attach(asker, "net_ring0")
    start(asker, "net_ring0")
    send(primary, "net_ring0", 10)
    assert old.end() == []
    new = capture(ring)
    send(primary, "net_ring0", 10)
    assert new.end(10) == [60] * 10
    forward(primary, "net_ring0", "net_ring0")
    detach(asker, "net_ring0")
    ring.assert_agree([])


def test_capture_while_a_secondary_polls(ring, capture):
    primary, secondary = ring.members()
    one = capture(ring)
    send(secondary, "net_ring0", 10)
    told = (
        "port 0 is being captured, but this DPDK captures only what the primary receives and sends, "
        f"not what pid {secondary.pid} (secondary) does"
    )
    forward(secondary, "net_ring0", "net_ring0")
    if IN_SECONDARIES:
        assert len(one.end(11)) > 10
    else:
        primary.news(told)
        assert one.end() == []


def test_primary_leaves_while_it_is_captured(ring, capture):
    one = capture(ring)
    assert ring.primary.quit() == 0
    assert one.process.wait(hm.TIMEOUT) == 0
    # Without a primary, it leaves its socket behind.
    for socket in glob.glob(f"{hm.RUNTIME}/{ring.prefix}/mp_socket_{one.pid}_*"):
        os.unlink(socket)
