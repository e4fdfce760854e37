# SPDX-License-Identifier: BSD-3-Clause
"""One process refuses a device: then nobody keeps it."""

import pytest


@pytest.fixture
def refusing(make_faults):
    """What a secondary needs to refuse every port."""
    faults = make_faults()
    faults.set("attach", "refuse not wanted here")
    return faults


@pytest.mark.parametrize("device", ["net_null0", "net_ring0", "net_af_packet"])
@pytest.mark.parametrize("asker", ["primary", "secondary 1", "secondary 2"])
def test_everyone_is_rolled_back(request, pair, refusing, asker, device):
    """Secondary 2 is the one that refuses."""
    devargs = device
    if device == "net_af_packet":
        devargs = f"{device},iface={request.getfixturevalue('veth')}"
    refuser = pair.add_secondary(faults=refusing)
    for _ in range(2):
        answer = pair.member(asker).cmd(f"attach {devargs}")
        assert answer.startswith(f"failed to attach device {device}: ")
        assert "already" not in answer
        pair.assert_lists([])
        for process in pair.members():
            assert process.cmd(f"detach {device}") == (
                f"failed to detach device {device}: not attached"
            )
    assert "not wanted here\n" in refuser.log()
    assert refuser.quit() == 0
    for process in pair.members():
        assert process.cmd(f"attach {devargs}") == f"attached device {device}"
        pair.assert_lists([(0, device)])
        assert process.cmd(f"detach {device}") == f"detached device {device}"
        pair.assert_lists([])


def test_ports_that_were_there_stay(pair, refusing):
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    refuser = pair.add_secondary(faults=refusing)
    assert pair.primary.cmd("attach net_null1").startswith("failed to attach device net_null1: ")
    ports = [(0, "net_null0")]
    assert pair.primary.list() == pair.secondaries[0].list() == ports
    assert refuser.quit() == 0
    assert pair.primary.cmd("detach net_null0") == "detached device net_null0"
    pair.assert_lists([])
