# SPDX-License-Identifier: BSD-3-Clause
"""Secondaries are told which virtual devices there are: once, and nobody misses one."""

import contextlib
import os
import re
import shutil
import subprocess

import pytest

import hotplug_mp as hm
from messages import VDEV, VDEV_REQUEST, Asker, sends

DEVICES = ["net_null0", "net_null1", "net_null2"]
PORTS = list(enumerate(DEVICES))
#: What the primary says, once, when it does as DPDK does.
GIVEN_UP = "from now on all processes are told of all virtual devices at each scan, as DPDK does: "
#: With this, the EAL logs each message.
LOGGED = ["--log-level=lib.eal:debug"]


def attach(process, *devices):
    for device in devices:
        assert process.cmd(f"attach {device}") == f"attached device {device}"


def detach(process, device):
    assert process.cmd(f"detach {device}") == f"detached device {device}"


@pytest.fixture
def primary(process, make_faults):
    """A primary alone, with some devices."""
    primary = process("primary", faults=make_faults())
    attach(primary, *DEVICES)
    return primary


@pytest.fixture
def asker(prefix, primary):
    """Make processes that ask, asker(); each has asked once."""
    with contextlib.ExitStack() as stack:

        def make():
            one = Asker(prefix)
            stack.callback(one.close)
            # Whoever has not asked before is told of all.
            assert one.names() == [name for _, name in primary.list()]
            return one

        yield make


def test_messages_are_those_of_dpdk(process, make_faults):
    """The same processes ask the same in a group where DPDK answers."""
    told = []
    for own in ([], ["--plain-scans"]):
        prefix = hm.new_prefix()
        primary = process("primary", prefix=prefix, own=own)
        attach(primary, *DEVICES)
        asker = Asker(prefix)
        first = asker.ask()
        attach(primary, "net_null3")
        told.append((first, asker.ask()))
        asker.close()
        assert primary.quit() == 0
        hm.remove_traces(prefix)
    (ours, (new, answer)), (dpdks, then) = told
    assert ours == dpdks and len(ours) == len(DEVICES) + 1
    assert [new, answer] == then[-2:] and len(then) == len(DEVICES) + 2


def test_who_asks_once_more_is_told_of_all(asker):
    one, other = asker(), asker()
    # What the other one had told was sent to both, if both are there.
    with one.shown():
        other.names()
    assert one.names() == DEVICES
    assert one.names() == DEVICES


def test_new_device_is_told_of_once(primary, asker):
    one, other = asker(), asker()
    attach(primary, "net_null3")
    with other.shown():
        assert one.names() == ["net_null3"]
    assert other.names() == ["net_null3"]
    # One that comes back is new, too.
    detach(primary, "net_null1")
    attach(primary, "net_null1")
    with other.shown():
        assert one.names() == ["net_null1"]
    assert other.names() == ["net_null1"]


def test_device_comes_back_while_all_are_told(primary, asker):
    one, other = asker(), asker()
    attach(primary, "net_null3")
    primary.faults.set("tell", "block")
    with one.shown(), other.shown():
        one.send()
        primary.faults.wait_met("tell")
    detach(primary, "net_null1")
    attach(primary, "net_null1")
    with one.shown(), other.shown():
        primary.faults.clear()
        assert [told.name for told in one.receive()[:-1]] == ["net_null3"]
        other.send()
        names = [told.name for told in other.receive()[:-1]]
    assert sorted(names) == sorted([*DEVICES, "net_null3", "net_null3"])


def test_all_are_told_again_if_that_failed(primary, asker):
    one, other = asker(), asker()
    for device in ("net_null3", "net_null4"):
        attach(primary, device)
        primary.faults.set("tell", "refuse")
        assert one.names() == []
        primary.faults.clear()
        all_of_them = [name for _, name in primary.list()]
        assert other.names() == all_of_them
    # The other one, too, when it is DPDK that cannot tell them.
    primary.faults.set("tell", "refuse")
    assert other.names() == []
    primary.faults.clear()
    assert one.names() == all_of_them


def test_more_devices_than_are_remembered(prefix, process):
    """Those that no driver takes stay on the bus of the primary."""
    bad = [f"net_pcap{number},rx_pcap=/nonexistent" for number in range(300)]
    primary = process("primary", own=["--keep-going", "--interactive"] + [
        word for devargs in bad for word in ("--cmd", f"attach {devargs}")])
    attach(primary, "net_null0")
    one, other = Asker(prefix), Asker(prefix)
    first = one.names()
    assert len(first) == 301 and first[-1] == "net_null0"
    other.names()
    assert one.names() == first
    assert GIVEN_UP not in primary.log()
    one.close()
    other.close()


def test_more_askers_than_are_remembered(asker):
    first, second, third, *_ = [asker() for _ in range(130)]
    assert third.names() == []
    assert first.names() == second.names() == DEVICES


def test_socket_that_is_full_is_waited_for(primary, asker):
    attach(primary, *[f"net_null{number}" for number in range(3, 16)])
    one, other = asker(), asker()
    with one.shown(), other.shown():
        other.send()
        hm.wait_until(lambda: sends(primary.pid), "the primary has no room")
        one.send()
        told = hm.together(one.receive, other.receive)
    all_of_them = [name for _, name in primary.list()]
    assert [[message.name for message in messages[:-1]] for messages in told] == [all_of_them] * 2


def messages(group):
    """How many each process has got that are about virtual devices."""
    return [len(re.findall(r"\bmsg: bus_vdev_mp", one.log())) for one in group.members()]


@pytest.fixture
def logged():
    """Make a group that logs messages, with some devices: logged(option...)."""
    with contextlib.ExitStack() as stack:

        def make(*own):
            group = hm.Group(eal=LOGGED, own=own)
            stack.callback(group.close)
            attach(group.primary, *DEVICES)
            return group

        yield make


def assert_messages(group, expected):
    """Each secondary gets so many when a device is attached, which is detached in the end; each of
    two asks the primary once."""
    before = messages(group)
    attach(group.primary, "net_ring0")

    def got():
        return [after - one for after, one in zip(messages(group), before)]

    hm.wait_equal(got, [2, expected, expected])
    detach(group.primary, "net_ring0")


def test_messages_are_linear(logged):
    """The new device, and an answer."""
    assert_messages(logged(), 2)


#: All devices for each of those that ask, and an answer.
DPDKS = 2 * (len(DEVICES) + 1) + 1


def test_option_turns_it_off(logged):
    assert_messages(logged("--plain-scans"), DPDKS)


@pytest.mark.parametrize(
    "params, fds, answered",
    [
        (VDEV.pack(VDEV_REQUEST, 0, b"")[:-1], [], True),
        (VDEV.pack(VDEV_REQUEST, 0, b""), [0], True),
        (VDEV.pack(7, 0, b""), [], False),
    ],
    ids=["length", "descriptors", "type"],
)
def test_message_of_another_form(logged, params, fds, answered):
    """DPDK answers from then on, also this if it does, and nothing fails."""
    group = logged()
    asker = Asker(group.prefix)
    nb_asked, *nb_told = messages(group)
    with asker.shown():
        for _ in range(2):
            asker.send(params, fds)
            assert not answered or len(asker.receive()) == len(DEVICES) + 1
    assert asker.names() == DEVICES
    asker.close()
    told = len(DEVICES) * (3 if answered else 1)
    hm.wait_equal(lambda: messages(group), [nb_asked + 3, *[nb + told for nb in nb_told]])
    assert_messages(group, DPDKS)
    said = f"{GIVEN_UP}a message about them has an unknown form"
    assert group.primary.log().count(said) == 1
    with group.one_more():
        group.assert_agree(PORTS)


@pytest.mark.parametrize("asker", hm.ROLES[:2])
def test_dpdk_answers_when_somebody_did_not_get_a_device(faulty, asker):
    attach(faulty.primary, *DEVICES)
    asker, hidden = faulty.member(asker), faulty.secondaries[1]
    said = f"{GIVEN_UP}a process did not get a device"
    for _ in range(2):
        answer = faulty.cmd_unseen(asker, "attach net_ring0", "probe", hidden)
        assert f"{hidden} did not get it" in answer
        assert faulty.primary.log().count(said) == 1
    attach(asker, "net_ring0")
    faulty.assert_agree([*PORTS, (3, "net_ring0")])


@pytest.fixture
def foreign(faulty, make_faults):
    """A dpdk-proc-info that has its socket, and is about to look for virtual devices."""
    hm.need(shutil.which("dpdk-proc-info"), "no dpdk-proc-info; install dpdk")
    attach(faulty.primary, *DEVICES)
    faults = make_faults()
    faults.set("scan", "block")
    with start_foreign(faulty, env={**os.environ, **faults.env}) as process:
        faults.wait_met("scan")
        yield process, faults
        process.kill()


def start_foreign(group, **kwargs):
    return subprocess.Popen(
        ["dpdk-proc-info", f"--file-prefix={group.prefix}", "--", "--show-port", "-p", "7"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        **kwargs,
    )


def shows(process):
    """The devices of the ports that it shows, up to its end."""
    said, _ = process.communicate(timeout=hm.TIMEOUT)
    assert process.returncode == 0
    return re.findall(r"driver net_null device (\S+)", said)


def test_foreign_one_that_was_told_too_early(faulty, foreign):
    """It has lost what came before it could take it."""
    process, faults = foreign
    with start_foreign(faulty) as other:
        assert shows(other) == DEVICES
    faults.clear()
    assert shows(process) == DEVICES
    faulty.assert_agree(PORTS)


def test_foreign_one_dies_while_it_is_told(faulty, foreign):
    process, faults = foreign
    faulty.primary.faults.set("tell", "block")
    faults.clear()
    faulty.primary.faults.wait_met("tell")
    process.kill()
    process.wait()
    faulty.primary.faults.clear()
    attach(faulty.secondaries[0], "net_ring0")
    faulty.assert_agree([*PORTS, (3, "net_ring0")])


@pytest.mark.parametrize("number", [0, 1])
def test_secondary_dies_while_all_are_told(faulty, number):
    """The one that asked first, and the other one."""
    attach(faulty.primary, *DEVICES)
    faulty.primary.faults.set("tell", "block")
    faulty.primary.send("attach net_ring0")
    faulty.primary.faults.wait_met("tell")
    faulty.secondaries.pop(number).die()
    faulty.primary.faults.clear()
    answer = faulty.primary.answer().split("\n")[-1]
    assert answer == "attached device net_ring0"
    faulty.assert_agree([*PORTS, (3, "net_ring0")])
    with faulty.one_more():
        faulty.assert_agree([*PORTS, (3, "net_ring0")])


@pytest.mark.long
def test_sync_brings_what_was_lost_since_all_were_told(faulty):
    """A secondary has detached a device. One that was asked after it does not answer, so that is
    undone, but it is not found then."""
    asked = [entry.path for entry in os.scandir(f"{hm.RUNTIME}/{faulty.prefix}")]
    asked = [path for path in asked if path in faulty.sockets()]
    lost, late = sorted(
        faulty.secondaries,
        key=lambda one: [f"_{one.pid}_" in path for path in asked].index(True),
    )
    attach(faulty.primary, *DEVICES)
    with faulty.one_more():
        late.faults.set("release", "block")
        faulty.primary.send("detach net_null0")
        late.faults.wait_met("release")
        hm.wait_equal(lost.list, PORTS[1:])
        (path,) = [path for path in asked if f"_{lost.pid}_" in path]
        hidden = f"{os.path.dirname(path)}/hidden"
        os.rename(path, hidden)
        answer = faulty.primary.answer()
        assert "did not answer in time" in answer
        late.faults.clear()
        os.rename(hidden, path)
        hm.wait_equal(late.list, PORTS)
        assert lost.list() == PORTS[1:]
        assert faulty.primary.cmd("sync").startswith("synced: ")
        faulty.assert_agree(PORTS)
