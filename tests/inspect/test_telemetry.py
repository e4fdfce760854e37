# SPDX-License-Identifier: BSD-3-Clause
"""What the primary tells of its group to dpdk-telemetry.py, the client of librte_telemetry."""

import json
import os
import socket
import subprocess
import threading

import pytest

import hotplug_mp as hm

COMMANDS = ["/hotplug_mp/events", "/hotplug_mp/list", "/hotplug_mp/peers", "/hotplug_mp/show"]


def ask(group, *commands):
    answers = hm.telemetry(group.prefix, *commands)
    return answers if len(answers) > 1 else answers[0]


def events(group):
    """What /hotplug_mp/events has, oldest first."""
    answer = ask(group, "/hotplug_mp/events")
    assert list(answer) == [str(number + 1) for number in range(len(answer))]
    for one in answer.values():
        assert set(one) - {"more"} == {"time", "pid", "role", "event"}
    return list(answer.values())


def test_ports(pair):
    assert ask(pair, "/hotplug_mp/list") == {}
    assert pair.secondaries[0].cmd("attach net_null0") == "attached device net_null0"
    assert pair.primary.cmd("attach net_ring0") == "attached device net_ring0"
    assert ask(pair, "/hotplug_mp/list") == {"0": "net_null0", "1": "net_ring0"}
    assert pair.primary.cmd("detach net_null0") == "detached device net_null0"
    assert ask(pair, "/hotplug_mp/list") == {"1": "net_ring0"}


def test_show_is_what_show_shows(pair):
    assert pair.secondaries[0].cmd("attach net_null0,copy=1") == "attached device net_null0"
    assert pair.primary.cmd("attach net_ring0") == "attached device net_ring0"
    for port, name in enumerate(("net_null0", "net_ring0")):
        lines = pair.secondaries[0].cmd(f"show {name}").split("\n")
        expected = dict(line.split(": ", 1) for line in lines)
        for what in (name, port):
            answer = ask(pair, f"/hotplug_mp/show,{what}")
            assert list(answer) == list(expected)
            assert sorted(answer["processes"]) == sorted(p.pid for p in pair.members())
            answer["processes"] = ",".join(map(str, answer["processes"]))
            assert {key: str(value) for key, value in answer.items()} == expected
            # What is a number is one.
            for key in ("port", "numa", "mtu", "rxqueues", "txqueues"):
                assert isinstance(answer[key], int)
    lock = pair.secondaries[0].cmd("lock net_null0 on fire")
    assert lock == "locked device net_null0"
    locked = ask(pair, "/hotplug_mp/show,net_null0")["locked"]
    assert locked == f"{pair.secondaries[0]}: on fire"


@pytest.mark.parametrize("what", ["net_null1", "1", "31", "32", "4294967296", "x" * 300, "-1"])
def test_show_of_what_is_not_there(pair, what):
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    assert ask(pair, f"/hotplug_mp/show,{what}") == {
        "error": "no port has this id or device name"
    }


def test_show_of_nothing(pair):
    usage = "missing argument; usage: /hotplug_mp/show,<device|port>"
    assert ask(pair, "/hotplug_mp/show") == {"error": usage}
    assert ask(pair, "/hotplug_mp/show,") == {"error": usage}


def test_peers(faulty):
    assert faulty.primary.cmd("attach net_null0") == "attached device net_null0"
    faults = faulty.make_faults()
    faults.set("attach", "refuse")
    lacking = faulty.add_secondary(faults=faults)
    stopped = faulty.secondaries[0]
    stopped.stop()
    assert ask(faulty, "/hotplug_mp/peers") == {
        str(one.pid): {
            "role": one.role,
            "program": "dpdk-hotplug_mp",
            "state": "stopped" if one is stopped else "ok",
            "ports": [] if one is lacking else [0],
        }
        for one in (faulty.primary, *faulty.secondaries)
    }
    stopped.resume()


def test_events(pair):
    assert pair.secondaries[0].cmd("attach net_null0") == "attached device net_null0"
    answer = pair.primary.cmd("attach net_null0")
    assert answer == "failed to attach device net_null0: already attached (port 0)"
    primary, secondary = ((p.pid, p.role) for p in pair.members())
    seen = events(pair)
    times = [one["time"] for one in seen]
    assert times == sorted(times)
    assert [(one["pid"], one["role"]) for one in seen] == [primary] + [secondary] * 3 + [primary]
    words = [one["event"].split(" in ")[0] for one in seen]
    assert words == [
        "joined",
        "joined",
        "port 0 net_null0 has come",
        "attach net_null0: done",
        "attach net_null0: failed",
    ]
    assert seen[-1]["event"].endswith(" ms: already attached (port 0)")


def test_events_are_the_last_64(pair):
    for number in range(30):
        for verb in ("attach", "detach"):
            assert pair.primary.cmd(f"{verb} net_null{number}").startswith(f"{verb}ed device")
    seen = [one["event"] for one in events(pair)]
    assert len(seen) == 64
    assert seen[-1].startswith("detach net_null29: done in ")
    # Four events a round.
    assert seen[0] == "port 0 net_null14 has come"


def test_long_events_are_whole(pair):
    """An answer has no room for 64 of these; then the last ones are there."""
    for number in range(70):
        name = "net_null" + '"\\' * 24 + f"{number:03}"
        answer = pair.primary.cmd(f"attach {name},nosuch=1")
        assert answer.startswith(f"failed to attach device {name}: ")
    seen = events(pair)
    assert 20 < len(seen) < 64
    for one in seen:
        assert one["event"].startswith('attach net_null"\\"')
    # It is longer than a string of telemetry's can be; what does not fit is the next one.
    last = seen[-1]["event"] + seen[-1]["more"]
    reason = answer.partition(": ")[2]
    assert last.startswith(f"attach {name}: failed in ")
    assert last.partition(" ms: ")[2] == reason


NAMES = [
    b'net_null"quote',
    b"net_null'quote",
    b"net_null\\back\\\\slash\\",
    b"net_null{}[]:;<>&%s%n/..",
    b"net_null\x01\x02\x1b[31m\x7f\x08\x0b\x0c",
    "net_nullé€\U0001f600".encode(),
    b"net_null\xff\xc3",
    b'net_null0,copy="\xe9\\',
    b"net_null" + b"\\" * 55,
]


def test_odd_names_are_valid_json(pair):
    """Every byte a pipe can bring is there, if as a question mark, and in every answer."""

    def all_of(verb):
        lines = b"".join(verb + b" " + name + b"\n" for name in NAMES)
        done = hm.run("secondary", pair.prefix, input=lines, text=False)
        names = [name.split(b",")[0] for name in NAMES]
        assert done.stdout == b"".join(verb + b"ed device " + name + b"\n" for name in names)

    all_of(b"attach")
    shown = [
        "".join(chr(c) if 32 <= c < 127 else "?" for c in name.split(b",")[0]) for name in NAMES
    ]
    assert ask(pair, "/hotplug_mp/list") == {str(i): name for i, name in enumerate(shown)}
    for number, (name, text) in enumerate(zip(NAMES, shown)):
        for answer in ask(pair, f"/hotplug_mp/show,{number}", f"/hotplug_mp/show,{text}"):
            assert (answer["port"], answer["name"]) == (number, text)
            assert answer["driver"] == "net_null"
            devargs = "".join(chr(c) if 32 <= c < 127 else "?" for c in name)
            assert answer["devargs"] == devargs
    # Each has come once, and none has gone.
    come = [one["event"] for one in events(pair) if one["event"].startswith("port ")]
    assert come == [f"port {number} {name} has come" for number, name in enumerate(shown)]
    all_of(b"detach")
    assert ask(pair, "/hotplug_mp/list") == {}
    pair.assert_agree([])


@pytest.mark.parametrize("blocked", ["primary", "secondary 1"])
def test_answers_while_an_operation_runs(faulty, blocked):
    """However long that takes; also when it is the primary that does nothing else."""
    asker = faulty.member(blocked)
    assert asker.cmd("attach net_null0") == "attached device net_null0"
    ask(faulty, "/hotplug_mp/show,0")
    asker.faults.set("attach", "block")
    asker.send("attach net_null1")
    asker.faults.wait_met("attach")
    commands = [f"/hotplug_mp/{what}" for what in ("list", "peers", "show,0", "events")]
    # By one client: on a busy machine three would take longer than the EAL waits for the attach.
    answers = ask(faulty, *(commands * 3))
    for number in range(0, len(answers), len(commands)):
        port, peers, shown, last = answers[number : number + len(commands)]
        assert port == {"0": "net_null0"}
        assert sorted(peers) == sorted(str(process.pid) for process in faulty.members())
        assert (shown["name"], shown["mtu"]) == ("net_null0", 1500)
        assert last
    # It is still at it.
    asker.faults.clear()
    assert asker.answer() == "attached device net_null1"
    assert ask(faulty, "/hotplug_mp/list") == {"0": "net_null0", "1": "net_null1"}
    faulty.assert_agree([(0, "net_null0"), (1, "net_null1")])


def test_there_is_nothing_to_attach_with(pair):
    commands = [name for name in ask(pair, "/") if "hotplug" in name or "attach" in name]
    assert sorted(commands) == COMMANDS
    words = ["attach net_null0", "attach,net_null0", "net_null0,attach", ",attach net_null0"]
    ask(pair, *[f"{command},{word}" for command in COMMANDS for word in words])
    pair.assert_agree([])


def test_help_of_every_command(pair):
    for name in COMMANDS:
        (text,) = ask(pair, f"/help,{name}").values()
        assert ("Takes no parameters" in text) == (not name.endswith("show"))
        assert len(text) > 40


def test_only_the_primary_has_them(pair):
    """A secondary does not open the EAL's telemetry at all."""
    assert ask(pair, "/info")["pid"] == pair.primary.pid
    place = f"{hm.RUNTIME}/{pair.prefix}"
    found = [name for name in os.listdir(place) if name.startswith("dpdk_telemetry")]
    assert found == ["dpdk_telemetry.v2"]


def test_without_telemetry(process, prefix):
    """There is nothing to ask, not even DPDK's own commands."""
    primary, secondary = process("primary", eal=["--no-telemetry"]), process("secondary")
    assert secondary.cmd("attach net_null0") == "attached device net_null0"
    found = os.listdir(f"{hm.RUNTIME}/{prefix}")
    assert "mp_socket" in found and not [name for name in found if "telemetry" in name]
    assert "state: stopped" in primary.cmd("show net_null0")
    assert primary.cmd("detach net_null0") == "detached device net_null0"
    assert secondary.quit() == primary.quit() == 0


class Client:
    """One that asks without pause, until it is told to end or the primary has gone."""

    def __init__(self, prefix):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(hm.TIMEOUT)
        self.socket.connect(f"{hm.RUNTIME}/{prefix}/dpdk_telemetry.v2")
        self.hello = json.loads(self.socket.recv(1024))
        self.count = 0
        self.over = threading.Event()

    def ask(self, command):
        self.socket.send(command.encode())
        # Without an answer it has gone.
        answer = self.socket.recv(self.hello["max_output_len"])
        if answer:
            self.count += 1
            return json.loads(answer)
        return None

    def run(self):
        with self.socket:
            while not self.over.is_set():
                for command in ("list", "peers", "events", "show,net_null1", "show,0"):
                    try:
                        answer = self.ask(f"/hotplug_mp/{command}")
                    except (BrokenPipeError, ConnectionResetError):
                        answer = None
                    if answer is None:
                        return
                    assert list(answer) == [f"/hotplug_mp/{command.split(',')[0]}"]


def test_many_clients_beside_operations(group):
    clients = [Client(group.prefix) for _ in range(8)]

    def work(process, device):
        try:
            for _ in range(60):
                for verb in ("attach", "detach"):
                    assert process.cmd(f"{verb} {device}") == f"{verb}ed device {device}"
        finally:
            for client in clients:
                client.over.set()

    hm.together(
        lambda: work(group.secondaries[0], "net_null1"),
        lambda: work(group.secondaries[1], "net_null2"),
        *[client.run for client in clients],
    )
    assert all(client.count for client in clients)
    group.assert_agree([])


def test_clients_when_the_primary_quits(group):
    """It leaves as ever, and they are told nothing that is no JSON."""
    clients = [Client(group.prefix) for _ in range(4)]

    def leave():
        hm.wait_until(lambda: all(client.count > 20 for client in clients), "they are at it")
        for secondary in group.secondaries:
            assert secondary.quit() == 0
        try:
            assert group.primary.quit() == 0
        finally:
            for client in clients:
                client.over.set()

    hm.together(leave, *[client.run for client in clients])
    done = subprocess.run(
        ["dpdk-telemetry.py", "-f", group.prefix],
        input="/hotplug_mp/list\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=hm.TIMEOUT,
    )
    assert done.stdout.startswith("Error connecting to ")


def test_client_that_waits_while_the_primary_leaves(faulty):
    """It is told so. To leave takes a moment, as one that polls a port does not let go of it."""
    primary, poller = faulty.primary, faulty.secondaries[0]
    assert primary.cmd("attach net_ring0") == "attached device net_ring0"
    assert primary.cmd("start net_ring0") == "started device net_ring0"
    assert poller.cmd("forward net_ring0 net_ring0") == "forwarding net_ring0 to net_ring0"
    poller.faults.set("idle", "block")
    poller.faults.wait_met("idle")
    primary.faults.set("attach", "block")
    primary.send("attach net_null0")
    primary.faults.wait_met("attach")
    primary.send("quit")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(hm.TIMEOUT)
        client.connect(f"{hm.RUNTIME}/{faulty.prefix}/dpdk_telemetry.v2")
        assert b"max_output_len" in client.recv(4096)
        client.send(b"/hotplug_mp/show,0")
        primary.faults.clear()
        answer = json.loads(client.recv(4096))["/hotplug_mp/show"]
    assert answer == {"error": "the primary is leaving"} or answer["name"] == "net_ring0"
    assert primary.wait() == 0
