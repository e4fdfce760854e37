# SPDX-License-Identifier: BSD-3-Clause
"""The plan's own command lines, letter by letter: no file prefix, --proc-type=auto."""

import os

import pytest

import hotplug_mp as hm
from plan.devices import Device

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
    return AF_PACKET


@pytest.fixture
def vhost():
    return VHOST


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
    yield VIRTIO
    backend.close()
    for path in missing:
        os.rmdir(path)


PRIMARY, SECONDARY, _ = hm.ROLES
BOTH = [(PRIMARY, SECONDARY), (SECONDARY, PRIMARY)]


@pytest.mark.parametrize(
    "device, case, attacher, detacher",
    [
        *[("af_packet", "attach", who, "-") for who in (PRIMARY, SECONDARY)],
        *[("af_packet", "detach", *both) for both in (*BOTH, [PRIMARY] * 2, [SECONDARY] * 2)],
        *[(name, "repeat", *both) for name in ("af_packet", "vhost", "virtio") for both in BOTH],
    ],
)
def test_case(request, plain_group, device, case, attacher, detacher, plan):
    devargs = request.getfixturevalue(device)
    plan(case, plain_group, Device(devargs), attacher, detacher, label=devargs)


def test_auto_makes_one_primary_and_then_secondaries(plain_group):
    primary, *secondaries = plain_group.members()
    assert "Auto-detected process type: PRIMARY" in primary.log()
    for secondary in secondaries:
        assert "Auto-detected process type: SECONDARY" in secondary.log()
