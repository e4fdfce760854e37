# SPDX-License-Identifier: BSD-3-Clause
"""stats: what each process has counted at each port, and packets that are missing."""

import socket
import struct

import pytest

import hotplug_mp as hm
from insides import offset, shared
from traffic import MBUFS, RING, attach, forward, send, start, wait_received

SENT = 200000


def test_stats_of_one_device(rings):
    """It is named as anywhere; what is not there has none."""
    primary = rings.primary
    send(primary, "net_ring0", 10)
    send(primary, "net_ring1", 20)
    sent = {("net_ring1", primary.pid): hm.Counts(0, 0, 20, 1200, 0, 0)}
    assert primary.cmd("attach crypto_null0") == "attached device crypto_null0 (no ethernet port)"
    for process in rings.members():
        for what in ("net_ring1", "vdev:net_ring1", "net_ring1,nodeaction=x", "1", "01"):
            assert process.stats(what).counts == sent, what
        for what, why in (
            ("net_null7", "not attached"),
            ("crypto_null0", "no ethernet port"),
            ("2", "no such port; list shows those there are"),
            ("4294967297", "no such port; list shows those there are"),
        ):
            assert process.cmd(f"stats {what}") == f"failed to show stats of {what}: {why}"
        answer = process.cmd("stats nosuch")
        assert answer.startswith("failed to show stats of nosuch: ")


def test_stats_of_a_device_are_not_those_of_the_last_one(rings):
    """That had the same port, or the same name."""
    primary, one = rings.primary, rings.secondaries[0]
    send(one, "net_ring0", 100)
    assert one.cmd("detach net_ring0") == "detached device net_ring0"
    assert primary.stats().counts[("0", one.pid)].tx_packets == 100
    attach(primary, "net_null7")
    for process in rings.members():
        assert process.stats().counts == {}
    start(primary, "net_null7")
    send(one, "net_null7", 5)
    assert primary.stats("net_null7").counts == {
        ("net_null7", one.pid): hm.Counts(0, 0, 5, 300, 0, 0)
    }
    assert primary.cmd("detach net_null7") == "detached device net_null7"
    attach(primary, "net_null7")
    assert one.stats("0").counts == {}


def test_everyone_counts_alike(rings):
    """One sends, another forwards, all three see the same."""
    primary, (one, other) = rings.primary, rings.secondaries
    assert primary.cmd("send net_ring0 500 size 100") == (
        "sent through net_ring0 (500 packets of 100 bytes)"
    )
    send(other, "net_ring0", 10)
    forward(one, "net_ring0", "net_ring1")
    wait_received(primary, "net_ring0", one, 510)
    expected = {
        ("net_ring0", primary.pid): hm.Counts(0, 0, 500, 50000, 0, 0),
        ("net_ring0", one.pid): hm.Counts(510, 50600, 0, 0, 0, 0),
        ("net_ring0", other.pid): hm.Counts(0, 0, 10, 600, 0, 0),
        ("net_ring1", one.pid): hm.Counts(0, 0, 510, 50600, 0, 0),
    }
    for process in rings.members():
        assert process.stats() == hm.Stats(expected, MBUFS - 510, MBUFS)
        alone = {key: value for key, value in expected.items() if key[0] == "net_ring1"}
        assert process.stats("net_ring1").counts == alone
    assert other.cmd("stats reset") == "stats are reset"
    for process in rings.members():
        assert process.stats().counts == {}
    send(other, "net_ring0", 3)
    wait_received(primary, "net_ring0", one, 3)
    assert primary.stats().counts[("net_ring0", one.pid)].rx_bytes == 180


def test_reset_while_packets_run(rings):
    """Those who count are not disturbed, and do not disturb."""
    one, other = rings.secondaries
    send(rings.primary, "net_ring0", 100)
    forward(one, "net_ring0", "net_ring1", both=True)
    for _ in range(20):
        assert other.cmd("stats reset") == "stats are reset"
        counts = other.stats().counts.values()
        assert all(value < 2**63 for count in counts for value in count)
    # Who has counted nothing since has no line.
    nothing = hm.Counts(*[0] * len(hm.Counts._fields))
    hm.wait_until(
        lambda: other.stats().counts.get(("net_ring0", one.pid), nothing).rx_packets > 200, "rounds"
    )
    assert other.stats().lost() == 0
    assert other.stats().free == MBUFS - 100


def test_counts_of_a_reset_that_comes_between_two_looks(pair, tmp_path):
    """They are higher than the counts that were read just before. That is no packet, not 2^64."""
    primary, secondary = pair.members()
    attach(primary, "net_ring0")
    start(primary, "net_ring0")
    send(secondary, "net_ring0", 10)
    with shared(pair.prefix) as f:
        for slot in range(2):
            f.seek(offset(f"members[{slot}].counters_base", tmp_path))
            f.write(struct.pack("=6Q", *[700] * 6))
    assert primary.stats().counts == {}
    assert primary.cmd("stats reset") == "stats are reset"
    send(secondary, "net_ring0", 2)
    counts = {("net_ring0", secondary.pid): hm.Counts(0, 0, 2, 120, 0, 0)}
    assert primary.stats().counts == counts


def test_send_beside_a_forward_of_the_same_process(pair):
    """Through the same port: each packet is counted, whichever of the two has sent it."""
    primary, one = pair.members()
    attach(primary, "net_null0", "net_null1")
    start(primary, "net_null0", "net_null1", queues=" txq 2")
    forward(one, "net_null0", "net_null1")
    send(one, "net_null1", SENT)
    assert one.cmd("forward off") == "forwarding is off"
    counts = primary.stats().counts
    received, sent = (counts[name, one.pid] for name in ("net_null0", "net_null1"))
    assert sent.tx_packets == received.rx_packets + SENT
    assert sent.tx_bytes == received.rx_bytes + 60 * SENT


def test_missing_numbers_are_counted(rings):
    """Of a stream of 1100 the last 77 have not come: a gap each time it goes round."""
    one = rings.secondaries[0]
    missing = 1100 - RING
    assert f"{RING} of 1100" in one.cmd("send net_ring0 1100")
    forward(one, "net_ring0", "net_ring0")
    key = ("net_ring0", one.pid)
    hm.wait_until(lambda: one.stats().counts[key].gaps > 2 * missing, "it sees that")
    assert one.cmd("forward off") == "forwarding is off"
    counts = one.stats().counts[key]
    rounds = (counts.rx_packets - 1) // RING
    assert (counts.gaps, counts.drops) == (rounds * missing, 0)


def test_missing_numbers_of_each_stream_are_counted(rings):
    """Two go by in turns; the last 77 of one are missing each time it goes round."""
    primary, one = rings.primary, rings.secondaries[0]
    missing = 1100 - RING
    send(primary, "net_ring0", 500)
    assert f"{RING - 500} of 600" in one.cmd("send net_ring0 600")
    forward(one, "net_ring0", "net_ring0")
    key = ("net_ring0", one.pid)
    hm.wait_until(lambda: one.stats().counts[key].gaps > 2 * missing, "it sees that")
    assert one.cmd("forward off") == "forwarding is off"
    counts = one.stats().counts[key]
    # Begun anew so often as the first of the incomplete one came by again.
    rounds = max(counts.rx_packets - 501, 0) // RING
    assert (counts.gaps, counts.drops) == (rounds * missing, 0)


def numbered(stream, number, total):
    """A packet of a stream of `send`."""
    return struct.pack("!12xH4s3I30x", 0x88B5, b"hmp1", stream, number, total)


LAST = 2**32 - 2  # number of the last packet of the longest stream


@pytest.mark.parametrize(
    "total, numbers, gaps",
    [
        (1000, [0, 1, 5, 2, 3, 4, 6], 3),
        (LAST + 1, [7, 6, 0, 8], 0),
        (1000, [0, 900, 901], 899),
        (LAST + 1, [LAST - 2, LAST, 0, 1], 1),
        (1000, [997, 0, 1, 998, 999, 2], 2),
    ],
    ids=["late", "late at the start", "most are missing", "next round", "late in the next round"],
)
def test_numbers_out_of_order(process, veth, total, numbers, gaps):
    """Those are missing that had not come when a later one came; a late one is none of them."""
    primary = process("primary")
    attach(primary, f"net_af_packet0,iface={veth}", "net_null0")
    start(primary, "net_af_packet0", "net_null0")
    forward(primary, "net_af_packet0", "net_null0")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((f"{veth[:13]}.p", 0))
        for number in numbers:
            s.send(numbered(1, number, total))
        # One is missing of a stream that comes after it.
        for number in (0, 2):
            s.send(numbered(2, number, 3))
    hm.wait_equal(lambda: primary.stats().counts["net_af_packet0", primary.pid].gaps, gaps + 1)


def test_packets_the_port_did_not_take_are_counted(rings):
    primary, one = rings.primary, rings.secondaries[0]
    send(primary, "net_ring1", RING)
    send(primary, "net_ring0", 100)
    forward(one, "net_ring0", "net_ring1")
    wait_received(primary, "net_ring0", one, 100)
    hm.wait_equal(
        lambda: primary.stats().counts[("net_ring1", one.pid)], hm.Counts(0, 0, 0, 0, 100, 0)
    )
    # They have gone back to the pool.
    assert primary.stats().free == MBUFS - RING
