# SPDX-License-Identifier: BSD-3-Clause
"""The plan: attach, detach and repeat virtual devices from primary or secondary."""

import struct

import pytest

from hotplug_mp import ROLES, attach_and_detach_twice_each

PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


@pytest.fixture(params=["net_null0", "net_ring0", "net_tap0", "net_pcap0", "net_af_packet"])
def device(request, short_dir):
    """Name and devargs of a virtual device that can be attached here."""
    name = request.param
    if name == "net_af_packet":
        return name, f"{name},iface={request.getfixturevalue('veth')}"
    if name == "net_pcap0":
        with open(f"{short_dir}/rx.pcap", "wb") as f:
            f.write(PCAP_HEADER)
        return name, f"{name},rx_pcap={short_dir}/rx.pcap,tx_pcap={short_dir}/tx.pcap"
    return name, name


@pytest.mark.parametrize("attacher", ROLES)
def test_attach(lent_group, device, attacher, plan):
    group, (name, devargs) = lent_group, device
    saw = plan("Attach virtual", name, attacher)
    group.assert_lists([])
    assert saw(group.member(attacher).cmd(f"attach {devargs}")) == f"attached device {name}"
    group.assert_lists([(0, name)])
    assert group.member(attacher).cmd(f"detach {name}") == f"detached device {name}"


@pytest.mark.parametrize("detacher", ROLES)
@pytest.mark.parametrize("attacher", ROLES)
def test_detach(lent_group, device, attacher, detacher, plan):
    group, (name, devargs) = lent_group, device
    saw = plan("Detach virtual", name, attacher, detacher)
    group.assert_lists([])
    assert group.member(attacher).cmd(f"attach {devargs}") == f"attached device {name}"
    group.assert_lists([(0, name)])
    assert saw(group.member(detacher).cmd(f"detach {name}")) == f"detached device {name}"
    group.assert_lists([])


@pytest.mark.parametrize("detacher", ROLES)
@pytest.mark.parametrize("attacher", ROLES)
def test_repeat(lent_group, device, attacher, detacher, plan):
    group, (name, devargs) = lent_group, device
    saw = plan("Repeat to attach/detach virtual", name, attacher, detacher)
    group.assert_lists([])
    for _ in range(2):
        attach_and_detach_twice_each(group, saw, attacher, detacher, name, devargs)
