# SPDX-License-Identifier: BSD-3-Clause
"""The plan's own command lines, letter by letter: no file prefix, --proc-type=auto."""

import os

import pytest

import hotplug_mp as hm

# They all have the default file prefix.
pytestmark = pytest.mark.xdist_group("plan_literal")

AF_PACKET = "net_af_packet,iface=ens803f1"
VHOST = "net_vhost0,iface=vhost-net,queues=1,client=0"
BACKEND = "/home/yinan/dpdk/vhost-net"
VIRTIO = (
    f"net_virtio_user0,mac=00:01:02:03:04:05,path={BACKEND},packed_vq=1,mrg_rxbuf=1,in_order=0"
)
PREFIX = "rte"  # the EAL's default


class PlainGroup(hm.Group):
    """Processes that are told nothing but --proc-type=auto: the first is the primary."""

    def start(self, role, **kwargs):
        return hm.Process("auto", None, **kwargs)

    def remove_traces(self):
        hm.remove_traces(PREFIX, but=self.before)

    def __init__(self, **kwargs):
        self.before = hm.traces(PREFIX)
        super().__init__(prefix=PREFIX, **kwargs)


@pytest.fixture
def plain_group(short_dir):
    """A group in an empty working directory, with the EAL's default file prefix."""
    if hm.sockets(PREFIX):
        pytest.skip(f"somebody uses the default file prefix: {hm.sockets(PREFIX)}")
    group = PlainGroup(cwd=short_dir)
    yield group
    group.close()


@pytest.fixture
def af_packet(veth_pair):
    veth_pair("ens803f1")
    return "net_af_packet", AF_PACKET


@pytest.fixture
def vhost():
    return "net_vhost0", VHOST


@pytest.fixture
def virtio():
    """With a backend where the plan has it; directories made for it go again."""
    if os.path.exists(BACKEND):
        pytest.skip(f"this machine has a {BACKEND} of its own")
    parent, missing = os.path.dirname(BACKEND), []
    while not os.path.exists(parent):
        missing.append(parent)
        parent = os.path.dirname(parent)
    for path in reversed(missing):
        os.mkdir(path)
    backend = hm.VhostBackend(BACKEND)
    yield "net_virtio_user0", VIRTIO
    backend.close()
    for path in missing:
        os.rmdir(path)


@pytest.mark.parametrize("attacher", ["primary", "secondary 1"])
def test_attach(af_packet, plain_group, attacher, plan):
    saw = plan("Attach virtual", AF_PACKET, attacher)
    plain_group.assert_lists([])
    answer = saw(plain_group.member(attacher).cmd(f"attach {AF_PACKET}"))
    assert answer == "attached device net_af_packet"
    plain_group.assert_lists([(0, "net_af_packet")])


@pytest.mark.parametrize("detacher", ["primary", "secondary 1"])
@pytest.mark.parametrize("attacher", ["primary", "secondary 1"])
def test_detach(af_packet, plain_group, attacher, detacher, plan):
    saw = plan("Detach virtual", AF_PACKET, attacher, detacher)
    plain_group.assert_lists([])
    answer = plain_group.member(attacher).cmd(f"attach {AF_PACKET}")
    assert answer == "attached device net_af_packet"
    plain_group.assert_lists([(0, "net_af_packet")])
    answer = saw(plain_group.member(detacher).cmd("detach net_af_packet"))
    assert answer == "detached device net_af_packet"
    plain_group.assert_lists([])


@pytest.mark.parametrize(
    "device, case", [("af_packet", "virtual"), ("vhost", "vhost-user"), ("virtio", "virtio-user")]
)
@pytest.mark.parametrize("attacher, detacher", [hm.ROLES[:2], hm.ROLES[1::-1]])
def test_repeat(request, plain_group, device, case, attacher, detacher, plan):
    name, devargs = request.getfixturevalue(device)
    saw = plan(f"Repeat to attach/detach {case}", devargs, attacher, detacher)
    attacher, detacher = plain_group.member(attacher), plain_group.member(detacher)
    plain_group.assert_lists([])
    for _ in range(2):
        assert saw(attacher.cmd(f"attach {devargs}")) == f"attached device {name}"
        plain_group.assert_lists([(0, name)])
        for process in plain_group.members():
            answer = saw(process.cmd(f"attach {devargs}"))
            assert answer == f"failed to attach device {name}: already attached (port 0)"
        plain_group.assert_lists([(0, name)])
        assert saw(detacher.cmd(f"detach {name}")) == f"detached device {name}"
        plain_group.assert_lists([])
        for process in plain_group.members():
            answer = saw(process.cmd(f"detach {name}"))
            assert answer == f"failed to detach device {name}: not attached"
        plain_group.assert_lists([])


def test_auto_makes_one_primary_and_then_secondaries(plain_group):
    primary, *secondaries = plain_group.members()
    assert "Auto-detected process type: PRIMARY" in primary.log()
    for secondary in secondaries:
        assert "Auto-detected process type: SECONDARY" in secondary.log()
