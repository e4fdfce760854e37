# SPDX-License-Identifier: BSD-3-Clause
"""start, stop, forward, send, stats: packets through the ports of a group, in any process."""

import glob
import os
import re

import pytest

import hotplug_mp as hm

RING = 1023  # packets that a queue of a net_ring holds
MBUFS = 8192


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


def received(process, name, poller, count):
    """Wait until a process has received so many packets at a port, and no more."""
    none = hm.Counts(0, 0, 0, 0, 0, 0)
    hm.wait_equal(lambda: process.stats().counts.get((name, poller.pid), none).rx_packets, count)


@pytest.fixture
def rings(group):
    """A group with two ports that give back what is sent to them."""
    attach(group.primary, "net_ring0", "net_ring1")
    start(group.primary, "net_ring0", "net_ring1")
    return group


def test_what_help_calls_a_device_or_a_port_is_taken_as_one(process):
    """By each command that has one: a device in all its forms, its port's id where help says so."""
    one = process("primary")
    takes = {line.split()[0]: line[8:34] for line in one.cmd("help").split("\n")}
    lines = ["show {}", "start {} rxq 2", "stats {}", "send {} 1", "forward {} net_null1"]
    lines += ["lock {} why", "unlock {}", "stop {}", "detach {}"]
    with_device = {verb for verb, args in takes.items() if re.search("device|<in>", args)}
    assert {line.split()[0] for line in lines} == with_device
    attach(one, "net_ring0", "net_null1")
    start(one, "net_null1")
    for line in lines:
        verb = line.split()[0]
        refused = one.cmd(line.format("0")).startswith(f"failed to {verb}")
        assert refused == ("port" not in takes[verb])
    for form in ("net_ring0", "vdev:net_ring0", "net_ring0,x=1", "vdev:net_ring0,x=1"):
        for line in lines:
            assert not one.cmd(line.format(form)).startswith("failed"), line
        attach(one, form.replace("vdev:", ""))


@pytest.mark.parametrize("stopper", hm.ROLES)
@pytest.mark.parametrize("starter", hm.ROLES)
def test_whoever_asks_starts_and_stops_a_device(group, starter, stopper):
    attach(group.secondaries[0], "net_ring0")
    start(group.member(starter), "net_ring0", queues=" rxq 2 txq 3")
    for process in group.members():
        port = shown(process, "net_ring0")
        assert (port["state"], port["rxqueues"], port["txqueues"]) == ("started", "2", "3")
    assert group.member(stopper).cmd("stop net_ring0") == "stopped device net_ring0"
    for process in group.members():
        assert shown(process, "net_ring0")["state"] == "stopped"
    start(group.member(starter), "net_ring0", queues=" txq 1 rxq 1")
    group.assert_agree([(0, "net_ring0")])


@pytest.mark.parametrize("asker", hm.ROLES[:2])
def test_start_and_stop_say_why_not(group, asker):
    asker = group.member(asker)
    attach(group.secondaries[1], "net_ring0")
    for verb in ("start", "stop"):
        refused = f"failed to {verb} device"
        assert asker.cmd(f"{verb} net_null9") == f"{refused} net_null9: not attached"
    assert asker.cmd("stop net_ring0") == "failed to stop device net_ring0: not started"
    start(asker, "net_ring0")
    for process in group.members():
        answer = process.cmd("start net_ring0")
        assert answer == "failed to start device net_ring0: already started (port 0)"
    assert asker.cmd("attach crypto_null0") == "attached device crypto_null0 (no ethernet port)"
    for verb in ("start", "stop"):
        answer = asker.cmd(f"{verb} crypto_null0")
        assert answer == f"failed to {verb} device crypto_null0: no ethernet port"
    group.assert_agree([(0, "net_ring0")])


@pytest.mark.parametrize("asker", hm.ROLES[:2])
def test_more_queues_than_the_port_has(group, asker, veth):
    asker = group.member(asker)
    attach(asker, f"net_af_packet,iface={veth}")
    for queues in ("rxq 2", "txq 2", "txq 16 rxq 16"):
        answer = asker.cmd(f"start net_af_packet {queues}")
        reason = "port 0 has at most 1 rx and 1 tx queues"
        assert answer == f"failed to start device net_af_packet: {reason}"
        assert shown(asker, "net_af_packet")["state"] == "stopped"
    start(asker, "net_af_packet")
    group.assert_agree([(0, "net_af_packet")])


def test_most_queues_there_are(group):
    attach(group.primary, "net_null0")
    start(group.secondaries[0], "net_null0", queues=" rxq 16 txq 16")
    assert shown(group.primary, "net_null0")["rxqueues"] == "16"
    assert group.primary.cmd("detach net_null0") == "detached device net_null0"


USAGE = {
    "start": "<device> [rxq N] [txq N], N from 1 to 16",
    "stop": "<device>",
    "forward": "<in> <out> [both], two devices; or forward off",
    "send": "<device> <count> [size N], N from 60 to 1514",
    "stats": "[device|port | reset]",
}


@pytest.mark.parametrize(
    "line",
    [
        "start",
        "start net_ring0 rxq",
        "start net_ring0 rxq 0",
        "start net_ring0 rxq 17",
        "start net_ring0 rxq -1",
        "start net_ring0 rxq two",
        "start net_ring0 rxq 99999999999999999999",
        "start net_ring0 queues 2",
        "start net_ring0 rxq 1 txq 1 rxq 1",
        "stop",
        "stop net_ring0 net_ring1",
        "forward",
        "forward net_ring0",
        "forward on",
        "forward net_ring0 net_ring1 back",
        "forward net_ring0 net_ring1 both both",
        "forward net_ring0 net_ring0 both",
        "send",
        "send net_ring0",
        "send net_ring0 0",
        "send net_ring0 -1",
        "send net_ring0 ten",
        "send net_ring0 4294967296",
        "send net_ring0 10 size",
        "send net_ring0 10 size 59",
        "send net_ring0 10 size 1515",
        "send net_ring0 10 bytes 100",
        "stats net_ring0 net_ring1",
    ],
)
def test_wrong_arguments(rings, line):
    verb = line.split()[0]
    for process in rings.members():
        answer = process.cmd(line)
        assert answer == f"failed to {verb}: wrong arguments; usage: {verb} {USAGE[verb]}"
        assert process.stats().counts == {}
        assert shown(process, "net_ring0")["state"] == "started"


def test_wrong_options(prefix):
    for option, value in (
        ("--mbufs", "0"),
        ("--mbufs", "-5"),
        ("--mbufs", "many"),
        ("--poll-core", "-1"),
        ("--poll-core", "first"),
        ("--poll-core", "1000000"),
    ):
        done = hm.run("primary", prefix, own=[option, value])
        assert done.returncode == 2, (option, value)
        assert option in done.stderr.splitlines()[-1]


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
    primary = process("primary", own=["--mbufs", "100000000"])
    attach(primary, "net_ring0")
    answer = primary.cmd("start net_ring0", timeout=hm.TIMEOUT)
    assert answer.startswith("failed to start device net_ring0: no memory for 100000000 mbufs: ")
    assert answer.endswith("; start the primary with -- --mbufs and fewer")
    assert shown(primary, "net_ring0")["state"] == "stopped"
    assert primary.cmd("detach net_ring0") == "detached device net_ring0"


def test_everyone_counts_alike(rings):
    """One sends, another forwards, all three see the same."""
    primary, (one, other) = rings.primary, rings.secondaries
    assert primary.cmd("send net_ring0 500 size 100") == (
        "sent through net_ring0 (500 packets of 100 bytes)"
    )
    send(other, "net_ring0", 10)
    forward(one, "net_ring0", "net_ring1")
    received(primary, "net_ring0", one, 510)
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
    received(primary, "net_ring0", one, 3)
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


@pytest.mark.parametrize("joins", ["before", "after"])
def test_one_who_joined_before_or_after_the_start_polls(pair, joins):
    primary = pair.primary
    poller = pair.secondaries[0]
    attach(primary, "net_ring0", "net_ring1")
    start(primary, "net_ring0", "net_ring1", queues=" rxq 4 txq 4")
    if joins == "after":
        poller = pair.add_secondary()
        assert shown(poller, "net_ring0")["state"] == "started"
    send(poller, "net_ring0", 200)
    forward(poller, "net_ring0", "net_ring1")
    received(primary, "net_ring0", poller, 200)
    # With other queues than it had when this process came to know of it.
    assert poller.cmd("forward off") == "forwarding is off"
    assert primary.cmd("stop net_ring1") == "stopped device net_ring1"
    start(primary, "net_ring1", queues=" rxq 8 txq 8")
    send(poller, "net_ring0", 200)
    forward(poller, "net_ring0", "net_ring1")
    received(primary, "net_ring0", poller, 400)
    assert primary.stats().lost() == 0
    pair.assert_agree([(0, "net_ring0"), (1, "net_ring1")])


def test_the_primary_forwards_too_and_both_ways(rings):
    send(rings.secondaries[0], "net_ring0", 300)
    forward(rings.primary, "net_ring0", "net_ring1", both=True)
    for name in ("net_ring0", "net_ring1"):
        hm.wait_until(
            lambda: rings.primary.stats().counts[(name, rings.primary.pid)].rx_packets > 3000,
            "they go round",
        )
    assert rings.primary.cmd("forward off") == "forwarding is off"
    stats = rings.primary.stats()
    assert (stats.lost(), stats.free) == (0, MBUFS - 300)
    for name in ("net_ring0", "net_ring1"):
        assert rings.secondaries[1].cmd(f"stop {name}") == f"stopped device {name}"
    assert rings.primary.stats().free == MBUFS


def test_forward_says_why_not(rings):
    one = rings.secondaries[0]
    refused = "failed to forward"
    attach(one, "net_null5")
    for process in rings.members():
        assert process.cmd("forward off") == f"{refused}: it is off already"
        answer = process.cmd("forward net_ring0 net_null9")
        reason = "net_null9: no port of this process"
        assert answer == f"{refused} net_ring0 to net_null9: {reason}"
        for line in ("net_null5 net_ring0", "net_ring0 net_null5"):
            answer = process.cmd(f"forward {line}")
            reason = "port 2 is not started; start its device first"
            assert answer == f"{refused} {line.replace(' ', ' to ')}: {reason}"
    # None of it has taken a queue.
    forward(one, "net_ring0", "net_ring1", both=True)
    answer = one.cmd("forward net_ring1 net_ring0")
    reason = "forward net_ring0 net_ring1 both runs already; forward off first"
    assert answer == f"{refused} net_ring1 to net_ring0: {reason}"


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


def test_one_poller_a_queue_and_the_next_is_told_which_pid_has_it(rings):
    primary, (one, other) = rings.primary, rings.secondaries
    forward(one, "net_ring0", "net_ring1")
    for process in (primary, other):
        answer = process.cmd("forward net_ring0 net_ring0")
        reason = f"all rx queues of port 0 (1) are in use by pid {one.pid}"
        assert answer == f"failed to forward net_ring0 to net_ring0: {reason}"
        answer = process.cmd("forward net_ring1 net_ring1")
        reason = f"all tx queues of port 1 (1) are in use by pid {one.pid}"
        assert answer == f"failed to forward net_ring1 to net_ring1: {reason}"
    forward(other, "net_ring1", "net_ring0")
    assert one.cmd("forward off") == "forwarding is off"
    forward(primary, "net_ring0", "net_ring1")


def test_two_queues_for_two_pollers_and_the_third_is_told_of_both(group):
    primary, (one, other) = group.primary, group.secondaries
    attach(primary, "net_ring0")
    start(primary, "net_ring0", queues=" rxq 2 txq 2")
    forward(one, "net_ring0", "net_ring0")
    forward(other, "net_ring0", "net_ring0")
    answer = primary.cmd("forward net_ring0 net_ring0")
    # In the order of their places in the group, which is not that of their start.
    reason = "failed to forward net_ring0 to net_ring0: all rx queues of port 0 (2) are in use by "
    assert answer.startswith(reason)
    holders = answer[len(reason) :].split(", ")
    assert sorted(holders) == sorted(f"pid {pid}" for pid in (one.pid, other.pid))


@pytest.mark.parametrize("how", ["off", "quit", "SIGTERM", "SIGKILL"])
def test_queues_are_free_again(rings, how):
    primary, (one, other) = rings.primary, rings.secondaries
    send(primary, "net_ring0", 500)
    forward(one, "net_ring0", "net_ring1", both=True)
    hm.wait_until(lambda: ("net_ring1", one.pid) in primary.stats().counts, "they run")
    if how == "off":
        assert one.cmd("forward off") == "forwarding is off"
    elif how == "quit":
        assert one.quit() == 0
    elif how == "SIGTERM":
        one.kill(15)
        assert one.wait() == 128 + 15
    else:
        one.die()
    assert primary.cmd("stats reset") == "stats are reset"
    forward(other, "net_ring0", "net_ring1", both=True)
    hm.wait_until(
        lambda: primary.stats().counts[("net_ring0", other.pid)].rx_packets > 2000, "they go on"
    )
    if how != "SIGKILL":
        assert primary.stats().lost() == 0
    for name in ("net_ring0", "net_ring1"):
        assert primary.cmd(f"detach {name}") == f"detached device {name}"
    other.child.expect_exact(" ended: ")
    other.child.expect_exact(hm.PROMPT)
    # A killed one takes with it what it had in its hands.
    assert primary.stats().free >= MBUFS - (64 if how == "SIGKILL" else 0)
    rings.assert_agree([])


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


def test_packets_the_port_did_not_take_are_counted(rings):
    primary, one = rings.primary, rings.secondaries[0]
    send(primary, "net_ring1", RING)
    send(primary, "net_ring0", 100)
    forward(one, "net_ring0", "net_ring1")
    received(primary, "net_ring0", one, 100)
    hm.wait_equal(
        lambda: primary.stats().counts[("net_ring1", one.pid)], hm.Counts(0, 0, 0, 0, 100, 0)
    )
    # They have gone back to the pool.
    assert primary.stats().free == MBUFS - RING


def tasks(process):
    """The cores that each thread may run on."""
    found = {}
    for path in glob.glob(f"/proc/{process.pid}/task/*/status"):
        with open(path, encoding="utf-8") as f:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        found[path] = fields["Cpus_allowed_list"]
    return found


def forwarding_cores(process):
    """Those of the thread that comes with a forward."""
    before = tasks(process)
    forward(process, "net_ring0", "net_ring1")
    (new,) = set(tasks(process)) - set(before)
    return tasks(process)[new]


def test_forwarding_has_a_thread_of_its_own(process):
    """On one lcore, the only one, or on the core it is bound to."""
    cores = sorted(os.sched_getaffinity(0))
    hm.need(len(cores) > 1, "one core")
    primary = process("primary", eal=["-l", str(cores[0])])
    attach(primary, "net_ring0", "net_ring1")
    start(primary, "net_ring0", "net_ring1", queues=" rxq 3 txq 3")
    assert forwarding_cores(primary) == str(cores[0])
    for core in cores[:2]:
        bound = process("secondary", eal=["-l", str(cores[0])], own=["--poll-core", str(core)])
        assert forwarding_cores(bound) == str(core)


def test_forwarding_is_not_tied_to_the_core_of_the_terminal(process):
    cores = sorted(os.sched_getaffinity(0))
    hm.need(len(cores) > 1, "one core")
    primary = process("primary", eal=["-l", f"{cores[0]},{cores[1]}"])
    attach(primary, "net_ring0", "net_ring1")
    start(primary, "net_ring0", "net_ring1")
    assert forwarding_cores(primary) in (f"{cores[0]}-{cores[1]}", f"{cores[0]},{cores[1]}")


def test_core_that_is_not_there(process):
    primary = process("primary", own=["--poll-core", "1000"])
    attach(primary, "net_ring0")
    start(primary, "net_ring0")
    for _ in range(2):
        answer = primary.cmd("forward net_ring0 net_ring0")
        assert answer.startswith(
            "failed to forward net_ring0 to net_ring0: "
            "cannot make a thread on the core of --poll-core: "
        )
    assert primary.cmd("forward off") == "failed to forward: it is off already"


def test_alone_without_hugepages(process):
    """A group of one forwards too, and has nobody to ask."""
    primary = process("primary", eal=["--no-huge", "-m", "256"], own=["--mbufs", "1000"])
    attach(primary, "net_ring0", "net_ring1")
    start(primary, "net_ring0", "net_ring1")
    send(primary, "net_ring0", 100)
    forward(primary, "net_ring0", "net_ring1")
    received(primary, "net_ring0", primary, 100)
    assert primary.cmd("detach net_ring1") == "detached device net_ring1"
    ended = f"forward net_ring0 net_ring1 ended: pid {primary.pid} has taken port 1 away"
    primary.news(ended)
    assert primary.stats().free == 1000


def test_ports_of_a_foreign_primary_are_started_there(testpmd, process):
    ours = [process("secondary", eal=["--no-pci"]) for _ in range(2)]
    attach(ours[0], "net_ring0")
    for asker in ours:
        reason = f"the primary (pid {testpmd.pid}) is another program; configure the port there"
        for verb in ("start", "stop"):
            answer, seconds = asker.timed(f"{verb} net_ring0")
            assert answer == f"failed to {verb} device net_ring0: {reason}"
            assert seconds < hm.SOON
        for line in ("forward net_ring0 net_ring0", "send net_ring0 1"):
            answer = asker.cmd(line)
            assert f"the primary (pid {testpmd.pid}) is another program" in answer
        assert asker.stats() == hm.Stats({}, 0, 0)
    hm.assert_agree(ours, [(0, "net_ring0")])
