# SPDX-License-Identifier: BSD-3-Clause
"""start and stop: ports are configured, whoever asks; and why not."""

import re

import pytest

import hotplug_mp as hm
from traffic import attach, shown, start


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


WRONG = [
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
]


@pytest.mark.parametrize("verb", USAGE)
def test_wrong_arguments(rings, verb):
    lines = [line for line in WRONG if line.split()[0] == verb]
    assert lines
    for line in lines:
        for process in rings.members():
            answer = process.cmd(line)
            assert answer == f"failed to {verb}: wrong arguments; usage: {verb} {USAGE[verb]}", line
            assert process.stats().counts == {}
            assert shown(process, "net_ring0")["state"] == "started"


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


#: Devices that can be attached and not started, and what their drivers log then.
UNSTARTABLE = {
    "net_vhost0,iface={}/gone/socket,queues=2": "failed to bind: No such file or directory",
    "net_memif0,role=client,socket={}/gone": "Failed to connect socket: ",
    "net_tap0,iface=hmtwhy": "number of rx queues 2 must be equal to number of tx queues 1",
}


@pytest.mark.parametrize("devargs", UNSTARTABLE, ids=lambda devargs: devargs.split(",")[0])
def test_start_says_what_the_driver_has_logged(lent_pair, short_dir, devargs):
    """It is the primary's driver, whoever asks."""
    name, why = devargs.split(",")[0], re.escape(UNSTARTABLE[devargs])
    for process in lent_pair.members():
        attach(process, devargs.format(short_dir))
        answer = process.cmd(f"start {name} rxq 2 txq 1")
        reason = rf"cannot (configure|start) port \d+: pid {lent_pair.primary.pid} \(primary\): .*{why}"
        assert re.match(f"failed to start device {name}: {reason}", answer), answer
        assert process.cmd(f"detach {name}") == f"detached device {name}"
