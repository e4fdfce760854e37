# SPDX-License-Identifier: BSD-3-Clause
"""lock, unlock: a locked device cannot be detached until its holder unlocks it or ends."""

import signal

import pytest

import hotplug_mp as hm

PORT = [(0, "net_null0")]
REASON = "firmware update until noon"


def lock(process, name="net_null0", reason=REASON):
    assert process.cmd(f"lock {name} {reason}".strip()) == f"locked device {name}"


def unlock(process, name="net_null0"):
    assert process.cmd(f"unlock {name}") == f"unlocked device {name}"


def named(holder, asker):
    return "this process" if holder is asker else str(holder)


def shown(process, name):
    return dict(line.split(": ", 1) for line in process.cmd(f"show {name}").split("\n"))


def assert_locked(group, holder, reason=f": {REASON}"):
    """Nobody detaches it; each is told by whom it is locked, and why."""
    for process in group.members():
        who = f"{named(holder, process)}{reason}"
        assert process.cmd("detach net_null0") == (
            f"failed to detach device net_null0: locked by {who}"
        )
        assert process.cmd("detach vdev:net_null0,copy=1") == (
            f"failed to detach device net_null0: locked by {who}"
        )
        assert process.cmd("lock net_null0 me too") == (
            f"failed to lock device net_null0: already locked by {who}"
        )
        if process is not holder:
            assert process.cmd("unlock net_null0") == (
                f"failed to unlock device net_null0: locked by {who}; "
                "unlock it there, or end that process"
            )
    group.assert_agree(PORT)


def assert_free(group, asker):
    """It is as any other device."""
    for process in group.members():
        assert shown(process, "net_null0")["locked"] == "no"
        answer = process.cmd("unlock net_null0")
        assert answer == "failed to unlock device net_null0: not locked"
    assert asker.cmd("detach net_null0") == "detached device net_null0"
    group.assert_agree([])


@pytest.mark.parametrize("holder", hm.ROLES)
def test_locked_device_is_detached_by_nobody(attached, holder):
    holder = attached.member(holder)
    lock(holder)
    assert_locked(attached, holder)
    for process in attached.members():
        assert REASON in shown(process, "net_null0")["locked"]
    unlock(holder)
    assert_free(attached, attached.secondaries[1])


def test_lock_without_a_reason(attached):
    lock(attached.primary, reason="")
    assert_locked(attached, attached.primary, reason="")
    unlock(attached.primary)
    assert_free(attached, attached.primary)


@pytest.mark.parametrize("how", ["quit", "SIGTERM", "SIGKILL", "SIGKILL while stopped"])
def test_lock_goes_with_its_holder(attached, how):
    holder, other = attached.secondaries
    lock(holder)
    assert_locked(attached, holder)
    if how == "quit":
        assert holder.quit() == 0
    elif how == "SIGTERM":
        holder.kill(signal.SIGTERM)
        assert holder.wait() == 128 + signal.SIGTERM
    else:
        if "stopped" in how:
            holder.stop()
        holder.die()
    assert_free(attached, other)


def test_lock_goes_with_its_holder_whoever_has_the_place_then(attached):
    """A process that joins gets the slot of the dead one, but not its locks."""
    holder = attached.secondaries[0]
    lock(holder)
    holder.die()
    joined = attached.add_secondary()
    assert_free(attached, joined)


def test_locks_are_there_for_one_who_joins_later(attached):
    lock(attached.primary)
    attached.add_secondary()
    assert_locked(attached, attached.primary)


def test_other_devices_come_and_go_beside_a_lock(attached):
    lock(attached.secondaries[0])
    for process in attached.members():
        assert process.cmd("attach net_null1") == "attached device net_null1"
        assert process.cmd("detach net_null1") == "detached device net_null1"
    attached.assert_agree(PORT)
    unlock(attached.secondaries[0])
    assert_free(attached, attached.primary)


def test_lock_says_why_not(attached):
    for process in attached.members():
        for verb, reason in (("lock", "not attached"), ("unlock", "not locked")):
            answer = process.cmd(f"{verb} net_null9")
            assert answer == f"failed to {verb} device net_null9: {reason}"
        answer = process.cmd(f"lock net_null0 {'x' * 96}")
        reason = "a reason of 96 bytes; it can have at most 95"
        assert answer == f"failed to lock device net_null0: {reason}"
        assert shown(process, "net_null0")["locked"] == "no"
    lock(attached.primary, reason="x" * 95)
    assert_locked(attached, attached.primary, reason=f": {'x' * 95}")


def test_most_locks_of_a_process(attached):
    """16 each; another process has its own."""
    primary, other = attached.primary, attached.secondaries[0]
    names = [f"net_null{number}" for number in range(17)]
    for name in names[1:]:
        assert primary.cmd(f"attach {name}") == f"attached device {name}"
    for name in names[:16]:
        lock(primary, name)
    answer = primary.cmd("lock net_null16")
    reason = "this process has locked 16 devices already; unlock one first"
    assert answer == f"failed to lock device net_null16: {reason}"
    lock(other, "net_null16")
    unlock(primary, "net_null3")
    assert other.cmd("detach net_null3") == "detached device net_null3"
    unlock(other, "net_null16")
    lock(primary, "net_null16")
    for name in names:
        if name != "net_null3":
            answer = other.cmd(f"detach {name}")
            assert answer == f"failed to detach device {name}: locked by {primary}: {REASON}"


def test_lock_and_detach_at_once(attached):
    """Either it is locked and stays, or it has gone and is not locked."""
    one, other = attached.secondaries
    for _ in range(20):
        locked, detached = hm.together(
            lambda: one.cmd("lock net_null0"), lambda: other.cmd("detach net_null0")
        )
        if locked == "locked device net_null0":
            assert detached == f"failed to detach device net_null0: locked by {one}"
            attached.assert_lists(PORT)
            unlock(one)
        else:
            assert locked == "failed to lock device net_null0: not attached"
            assert detached == "detached device net_null0"
            attached.assert_lists([])
            assert other.cmd("attach net_null0") == "attached device net_null0"
    attached.assert_agree(PORT)


def test_locked_device_goes_on_forwarding(attached):
    """The refusal comes before anybody who polls it is told."""
    primary, (poller, other) = attached.primary, attached.secondaries
    assert primary.cmd("start net_null0") == "started device net_null0"
    forwarding = "forwarding net_null0 to net_null0"
    assert poller.cmd("forward net_null0 net_null0") == forwarding
    lock(primary)
    answer = other.cmd("detach net_null0")
    assert answer == f"failed to detach device net_null0: locked by {primary}: {REASON}"
    assert shown(other, "net_null0")["state"] == "started"
    before = other.stats().counts[("net_null0", poller.pid)].rx_packets
    hm.wait_until(
        lambda: other.stats().counts[("net_null0", poller.pid)].rx_packets > before + 1000,
        "it forwards on",
    )
    assert poller.cmd("forward off") == "forwarding is off"
    unlock(primary)
    assert_free(attached, other)


def test_lock_in_a_script_ends_with_it(pair):
    """One that is run for a command keeps no lock."""
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    done = hm.run(
        "secondary", pair.prefix, own=["--cmd", "lock net_null0 once", "--cmd", "detach net_null0"]
    )
    assert done.returncode == 1
    assert done.stdout == (
        "locked device net_null0\n"
        "failed to detach device net_null0: locked by this process: once\n"
    )
    assert_free(pair, pair.secondaries[0])
