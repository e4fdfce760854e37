# SPDX-License-Identifier: BSD-3-Clause
"""An answer is true in every process when it is printed, even if a peer refuses, is slow, or fails
to remove a port."""

import re

import pytest

import hotplug_mp as hm

DEVICE = "net_null0"
PORT = [(0, DEVICE)]
SLOW = "sleep 7"


@pytest.mark.parametrize("refuser", hm.ROLES)
@pytest.mark.parametrize("asker", hm.ROLES)
def test_refused_attach_is_gone_everywhere(faulty, asker, refuser):
    asker, refuser = faulty.member(asker), faulty.member(refuser)
    refuser.faults.set("attach", "refuse")
    for _ in range(2):
        answer = asker.cmd(f"attach {DEVICE}")
        assert answer.startswith(f"failed to attach device {DEVICE}: ")
        assert "still attached" not in answer
        faulty.assert_agree([])
    assert refuser.faults.met("attach")
    refuser.faults.clear()
    assert asker.cmd(f"attach {DEVICE}") == f"attached device {DEVICE}"
    faulty.assert_agree(PORT)


@pytest.mark.parametrize("asker", hm.ROLES[:2])
def test_refuses_and_keeps_what_it_was_told_to_undo(faulty, asker):
    """One refuses, and another cannot take its own part back: the answer names it."""
    refuser, keeper = faulty.secondaries[1], faulty.add_secondary()
    refuser.faults.set("attach", "refuse")
    keeper.faults.set("release", "refuse")
    answer = faulty.member(asker).cmd(f"attach {DEVICE}").split("\n")[-1]
    assert answer.startswith(f"failed to attach device {DEVICE}: {refuser}: ")
    assert answer.endswith(f"; still attached in {keeper}; run sync")
    for process in faulty.members():
        assert process.list() == (PORT if process is keeper else [])
        assert process.peers()[1] == f"{keeper} alone has port 0 ({DEVICE})"


@pytest.mark.parametrize("asker", hm.ROLES)
@pytest.mark.parametrize("keeper", hm.ROLES)
def test_detach_that_left_a_port_behind_is_no_success(faulty, asker, keeper):
    asker, keeper = faulty.member(asker), faulty.member(keeper)
    assert faulty.primary.cmd(f"attach {DEVICE}") == f"attached device {DEVICE}"
    faulty.assert_agree(PORT)
    keeper.faults.set("release", "refuse")
    answer = asker.cmd(f"detach {DEVICE}")
    assert keeper.faults.met("release")
    assert answer.startswith(f"failed to detach device {DEVICE}: {keeper} still has it")
    assert "run sync" in answer and "restart" in answer
    # The others are held against the primary.
    differ = [f"{keeper} alone has port 0 ({DEVICE})"]
    if keeper is faulty.primary:
        differ = [f"{other} lacks port 0 ({DEVICE})" for other in faulty.secondaries]
    for process in faulty.members():
        assert process.list() == (PORT if process is keeper else [])
        assert sorted(process.peers()[1].split("; ")) == sorted(differ)
        if process is not keeper and keeper is not faulty.primary:
            assert process.cmd(f"detach {DEVICE}") == (
                f"failed to detach device {DEVICE}: not attached in this process, "
                f"but in {keeper}; run sync"
            )
    if keeper is not faulty.primary:
        assert keeper.cmd(f"detach {DEVICE}") == (
            f"failed to detach device {DEVICE}: its device is gone, but this process still has a "
            "port of it; run sync"
        )
    if keeper is not faulty.primary:
        # What it says helps: to restart that process.
        assert keeper.quit() == 0
        faulty.add_secondary()
        faulty.assert_agree([])


@pytest.mark.parametrize(
    "asker, slow",
    [
        ("primary", "secondary 1"),
        ("secondary 1", "primary"),
        ("secondary 1", "secondary 1"),
        ("secondary 2", "secondary 1"),
    ],
)
def test_slow_attach(faulty, asker, slow):
    """7 s, when the EAL waits for 5 s at most; nothing said after it is false."""
    asker, slow = faulty.member(asker), faulty.member(slow)
    slow.faults.set("attach", SLOW)
    asker.send(f"attach {DEVICE}")
    slow.faults.wait_met("attach")
    answer = asker.answer().split("\n")[-1]
    lists = {process.pid: process.list() for process in faulty.members()}
    slow.faults.clear()
    if answer == f"attached device {DEVICE}":
        assert lists == {pid: PORT for pid in lists}
        faulty.assert_agree(PORT)
    else:
        said = f"failed to attach device {DEVICE}: {slow} did not answer in time; "
        assert answer in (
            f"{said}it is attached nowhere",
            f"{said}still attached in {slow}; run sync",
        )
        still = "still" in answer
        assert lists == {pid: PORT if still and pid == slow.pid else [] for pid in lists}
        if still:
            assert asker.cmd("sync").startswith("synced: ")
        faulty.assert_agree([])
        assert asker.cmd(f"attach {DEVICE}") == f"attached device {DEVICE}"
        faulty.assert_agree(PORT)


def test_nothing_is_undone_beside_one_that_may_still_be_at_it(faulty):
    """The primary has done it, and is stopped before it says so. To ask it to remove the device
    would have it do so when it runs again, whatever it has said before."""
    primary, asker = faulty.primary, faulty.secondaries[0]
    primary.faults.set("reply", "block")
    asker.send(f"attach {DEVICE}")
    primary.faults.wait_met("reply")
    primary.stop()
    asker.faults.set("remove", "refuse")
    # The EAL waits 5 s for its answer, come what may.
    answer = asker.answer().split("\n")[-1]
    said = f"{primary} did not answer: it is stopped; resume or end it; still attached in "
    assert answer.startswith(f"failed to attach device {DEVICE}: {said}")
    assert not asker.faults.met("remove")
    primary.faults.clear()
    primary.resume()
    faulty.assert_agree(PORT)
    asker.faults.clear()
    assert asker.cmd(f"detach {DEVICE}") == f"detached device {DEVICE}"
    faulty.assert_agree([])


@pytest.mark.parametrize("asker, slow", [("secondary 2", "secondary 1")])
def test_slow_detach(faulty, asker, slow):
    asker, slow = faulty.member(asker), faulty.member(slow)
    assert faulty.primary.cmd(f"attach {DEVICE}") == f"attached device {DEVICE}"
    slow.faults.set("release", SLOW)
    asker.send(f"detach {DEVICE}")
    slow.faults.wait_met("release")
    answer = asker.answer().split("\n")[-1]
    lists = {process.pid: process.list() for process in faulty.members()}
    slow.faults.clear()
    if answer == f"detached device {DEVICE}":
        assert lists == {pid: [] for pid in lists}
        faulty.assert_agree([])
    else:
        assert re.fullmatch(
            f"failed to detach device {DEVICE}: {re.escape(str(slow))} did not answer in time; "
            "it is still attached everywhere",
            answer,
        )
        assert lists == {pid: PORT for pid in lists}
        faulty.assert_agree(PORT)
        assert asker.cmd(f"detach {DEVICE}") == f"detached device {DEVICE}"
        faulty.assert_agree([])


@pytest.mark.parametrize("asker", hm.ROLES[:2])
def test_peer_the_eal_does_not_find(faulty, asker):
    """The EAL takes no notice of it; the views do."""
    asker, hidden = faulty.member(asker), faulty.secondaries[1]
    answer = faulty.cmd_unseen(asker, f"attach {DEVICE}", "probe", hidden)
    assert answer.startswith(f"failed to attach device {DEVICE}: ")
    assert f"{hidden} did not get it" in answer and "still attached" not in answer
    faulty.assert_agree([])
    assert asker.cmd(f"attach {DEVICE}") == f"attached device {DEVICE}"
    faulty.assert_agree(PORT)
    answer = faulty.cmd_unseen(asker, f"detach {DEVICE}", "remove", hidden)
    assert answer.startswith(f"failed to detach device {DEVICE}: {hidden} still has it")
    for process in faulty.members():
        assert process.list() == (PORT if process is hidden else [])
        assert process.peers()[1] == f"{hidden} alone has port 0 ({DEVICE})"
