# SPDX-License-Identifier: BSD-3-Clause
"""send: why not, and what ends it before all packets are sent."""

import re
import signal

import pytest

import hotplug_mp as hm
from traffic import MBUFS, RING, attach, detach, forward, start


def test_send_says_why_not(rings):
    one, other = rings.secondaries
    attach(one, "net_null5")
    refused = "failed to send through"
    for process in rings.members():
        answer = process.cmd("send net_null9 1")
        assert answer == f"{refused} net_null9: net_null9: no port of this process"
        answer = process.cmd("send net_null5 1")
        assert answer == f"{refused} net_null5: port 2 is not started; start its device first"
    answer = one.cmd("send net_ring0 2000")
    reason = f"the port takes no more; {RING} of 2000 packets were sent"
    assert answer == f"{refused} net_ring0: {reason}"
    forward(one, "net_ring0", "net_ring1")
    answer = other.cmd("send net_ring1 1")
    reason = f"all tx queues of port 1 (1) are in use by pid {one.pid}"
    assert answer == f"{refused} net_ring1: {reason}"
    for name in ("net_ring0", "net_ring1"):
        assert rings.primary.cmd(f"stop {name}") == f"stopped device {name}"
    assert rings.primary.stats().free == MBUFS


def test_send_ends_before_its_port_goes(faulty):
    primary, (sender, asker) = faulty.primary, faulty.secondaries
    attach(primary, "net_null0")
    start(primary, "net_null0")
    sender.send("send net_null0 4294967295")
    hm.wait_until(lambda: ("net_null0", sender.pid) in primary.stats().counts, "it sends")
    asker.faults.set("remove", "block")
    asker.send("detach net_null0")
    asker.faults.wait_met("remove")
    try:
        assert "the port is being taken away; " in sender.answer(timeout=hm.SOON)
    finally:
        asker.faults.clear()
    assert asker.answer() == "detached device net_null0"
    faulty.assert_agree([])


def test_send_ends_when_its_port_is_taken(group):
    primary, (one, other) = group.primary, group.secondaries
    attach(primary, "net_null0")
    start(primary, "net_null0")
    for verb, done in (("stop", "stopped"), ("detach", "detached")):
        key = ("net_null0", one.pid)
        before = other.stats().counts[key]
        one.send("send net_null0 4294967295")
        hm.wait_until(lambda: other.stats().counts[key] != before, "it sends")
        assert other.cmd(f"{verb} net_null0") == f"{done} device net_null0"
        assert re.fullmatch(
            "failed to send through net_null0: the port is being taken away; "
            r"\d+ of 4294967295 packets were sent",
            one.answer(),
        )
        assert primary.stats().free == MBUFS
        if verb == "stop":
            start(primary, "net_null0")
    group.assert_agree([])


def test_signal_ends_a_send(pair):
    sender = pair.secondaries[0]
    attach(pair.primary, "net_null0")
    start(pair.primary, "net_null0")
    sender.send("send net_null0 4294967295")
    hm.wait_until(lambda: ("net_null0", sender.pid) in pair.primary.stats().counts, "it sends")
    sender.kill(signal.SIGTERM)
    assert sender.wait() == 128 + signal.SIGTERM
    detach(pair.primary, "net_null0")
    assert pair.primary.stats().free == MBUFS


def sends(sender, asker):
    """It is in the middle of a send that would take an hour."""
    sender.send("send net_null0 4294967295")
    hm.wait_until(lambda: ("net_null0", sender.pid) in asker.stats().counts, "it sends")


@pytest.mark.parametrize("who", hm.ROLES[:2])
def test_ctrl_c_ends_a_send(pair, who):
    """What was typed before that is gone, what comes after it is run."""
    sender, asker = pair.member(who), pair.members()[who == "primary"]
    attach(pair.primary, "net_null0")
    start(pair.primary, "net_null0", queues=" rxq 2 txq 2")
    sends(sender, asker)
    sender.child.send("quit\r\x03list\r")
    answer = sender.answer()
    sent = re.fullmatch(
        r"failed to send through net_null0: interrupted; (\d+) of 4294967295 packets were sent",
        answer,
    )
    counts = asker.stats().counts[("net_null0", sender.pid)]
    assert sent and counts.tx_packets == int(sent[1])
    sender.typed = "list"
    assert sender.answer() == "list all etherdev\n0\tnet_null0"
    detach(asker, "net_null0")
    assert asker.stats().free == MBUFS


def test_typed_beside_a_send_is_run_after_it(pair):
    sender = pair.primary
    attach(sender, "net_ring0")
    start(sender, "net_ring0")
    sender.send("send net_ring0 2000")
    hm.wait_until(lambda: pair.secondaries[0].stats().counts, "it sends")
    sender.child.send("list\r")
    assert "the port takes no more; 1023 of 2000" in sender.answer()
    sender.typed = "list"
    assert sender.answer() == "list all etherdev\n0\tnet_ring0"


def test_terminal_that_sends_is_told_what_happens(pair):
    sender, asker = pair.secondaries[0], pair.primary
    attach(asker, "net_null0")
    start(asker, "net_null0")
    sender.cmd("monitor on")
    sends(sender, asker)
    attach(asker, "net_null1")
    sender.child.expect_exact("attach net_null1: done")
    detach(asker, "net_null0")
    answer = sender.rest()
    assert "failed to send through net_null0: the port is being taken away; " in answer


def test_send_says_that_the_pool_is_empty(process):
    """Not that the port, which would take more, takes no more."""
    primary = process("primary", own=["--mbufs", "600"])
    secondary = process("secondary")
    attach(primary, "net_ring0")
    start(primary, "net_ring0")
    reason = (
        "no mbuf is free in the pool; stop the ports that hold them, or start the primary with "
        r"-- --mbufs and more; \d+ of 2000 packets were sent"
    )
    for one in (primary, secondary):
        answer = one.cmd("send net_ring0 2000")
        assert re.fullmatch(f"failed to send through net_ring0: {reason}", answer), answer
    detach(primary, "net_ring0")
