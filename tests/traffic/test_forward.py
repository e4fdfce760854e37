# SPDX-License-Identifier: BSD-3-Clause
"""forward: who polls which queue, in which thread, and why not."""

import glob
import os

import pytest

import hotplug_mp as hm
from traffic import MBUFS, attach, forward, send, shown, start, wait_received


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
    wait_received(primary, "net_ring0", poller, 200)
    # With other queues than it had when this process came to know of it.
    assert poller.cmd("forward off") == "forwarding is off"
    assert primary.cmd("stop net_ring1") == "stopped device net_ring1"
    start(primary, "net_ring1", queues=" rxq 8 txq 8")
    send(poller, "net_ring0", 200)
    forward(poller, "net_ring0", "net_ring1")
    wait_received(primary, "net_ring0", poller, 400)
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
    wait_received(primary, "net_ring0", primary, 100)
    assert primary.cmd("detach net_ring1") == "detached device net_ring1"
    ended = f"forward net_ring0 net_ring1 ended: pid {primary.pid} has taken port 1 away"
    primary.news(ended)
    assert primary.stats().free == 1000
