# SPDX-License-Identifier: BSD-3-Clause
"""When another process refuses, its reason appears at the terminal that asked."""

import pytest

import hotplug_mp as hm

FAILED = "failed to attach device net_null0: "


def said_by(process, device, answer):
    """What this process is said to have given as its reason: a line of its log, as it is there."""
    begin = f"failed to attach device {device}: {process}: "
    assert answer.startswith(begin)
    said = answer[len(begin) :]
    assert process.log().split("\n").count(said) == 1
    return said


@pytest.mark.parametrize("asker", hm.ROLES)
@pytest.mark.parametrize(
    "devargs, reason",
    [
        ("net_virtio_user0,path=/tmp/hmt_no_backend", "No such file or directory"),
        ("net_af_packet,iface=hmt_no_iface", "No such device"),
        ("net_pcap0", "queues provided"),
    ],
    ids=["virtio-user", "af_packet", "pcap"],
)
def test_of_the_primary(group, asker, devargs, reason):
    """The drivers' own words, whatever they are in a release, and they still are in the log of the
    process that wrote them."""
    before = len(group.primary.log())
    answer, seconds = group.member(asker).timed(f"attach {devargs}")
    said = said_by(group.primary, devargs.split(",")[0], answer)
    assert said.endswith(reason)
    assert seconds < hm.SOON
    # The first that the driver has written: what follows is not the cause.
    assert group.primary.log()[before:].startswith(f"{said}\n")
    for secondary in group.secondaries:
        assert said not in secondary.log()
    group.assert_agree([])


@pytest.mark.parametrize("refuser", hm.ROLES)
@pytest.mark.parametrize("asker", hm.ROLES)
def test_of_whoever_refuses(faulty, asker, refuser):
    asker, refuser = faulty.member(asker), faulty.member(refuser)
    for reason in ("no room for it here", "no room for it here either"):
        refuser.faults.set("attach", f"refuse {reason}")
        assert asker.cmd("attach net_null0") == f"{FAILED}{refuser}: {reason}"
        assert refuser.log().count(f"{reason}\n") == 1
        for process in faulty.members():
            assert process is refuser or reason not in process.log()
        faulty.assert_agree([])
    refuser.faults.clear()
    assert asker.cmd("attach net_null0") == "attached device net_null0"
    faulty.assert_agree([(0, "net_null0")])


def test_the_one_that_came_first_is_the_cause(faulty):
    """Two refuse, one after the other as the EAL asks them; the second is then no news."""
    primary, secondaries = faulty.primary, faulty.secondaries
    for process in secondaries:
        process.faults.set("attach", "block")
    primary.send("attach net_null0")
    hm.wait_until(lambda: any(p.faults.met("attach") for p in secondaries), "one is asked")
    first, second = sorted(secondaries, key=lambda p: not p.faults.met("attach"))
    second.faults.set("attach", "refuse me too")
    first.faults.set("attach", "refuse first of all")
    assert primary.answer() == f"{FAILED}{first}: first of all"
    assert "me too\n" in second.log()
    faulty.assert_agree([])


@pytest.mark.parametrize("asker", hm.ROLES[:2])
def test_what_is_logged_between_operations_is_no_reason(faulty, asker):
    """Nor is what was logged in an earlier one, which failed for another reason."""
    asker, refuser = faulty.member(asker), faulty.secondaries[1]
    refuser.faults.set("attach", "refuse for a reason of its own")
    assert asker.cmd("attach net_null0") == f"{FAILED}{refuser}: for a reason of its own"
    refuser.faults.clear()
    answer = asker.cmd("attach net_pcap0")
    assert "pmd_pcap" in said_by(faulty.primary, "net_pcap0", answer)
    # Refused by the program itself, which needs nobody's log.
    assert asker.cmd("detach net_null0") == "failed to detach device net_null0: not attached"
    faulty.assert_agree([])


@pytest.mark.parametrize("asker", hm.ROLES)
def test_long_reason_with_control_characters_is_one_clean_line(faulty, asker):
    """It goes to another's terminal, so it must do no harm there; the log has all of it."""
    asker, refuser = faulty.member(asker), faulty.secondaries[0]
    reason = "\x1b[2J\ttoo " + "long " * 100
    refuser.faults.set("attach", f"refuse {reason}")
    asker.send("attach net_null0")
    asker.child.expect_exact("\r\n")
    asker.child.expect_exact(hm.PROMPT)
    answer = asker.child.before.replace("\r\n", "")
    assert answer.startswith(f"{FAILED}{refuser}:  [2J too long long ")
    assert answer.isprintable()
    assert refuser.log().count(reason.rstrip()) == 1
    faulty.assert_agree([])
