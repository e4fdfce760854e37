# SPDX-License-Identifier: BSD-3-Clause
"""A driver that refuses a device without a word: what may be wrong with the devargs."""

import re

import pytest

import hotplug_mp as hm

#: Devargs, and what is said of them.
WRONG = {
    "net_af_packet0": "net_af_packet needs the parameter iface",
    "net_vhost0": "net_vhost needs the parameter iface",
    "net_af_packet0,ifac=lo": 'net_af_packet lists no parameter "ifac", but: iface=',
    "net_null0,size=64,extra=64": 'net_null lists no parameter "extra", but: size=',
    # The driver lists "phy_mac=<int>infinite_rx=<0|1>", with nothing in between.
    "net_pcap0,infinite_rx=0,iface=lo,mac=1": 'net_pcap lists no parameter "mac", but: rx_pcap=',
    "vdev:net_null0,extra=64": 'net_null lists no parameter "extra", but: size=',
}


@pytest.mark.parametrize("devargs", WRONG)
def test_parameter_that_is_unknown_or_missing(lent_group, devargs):
    name = devargs.split(",")[0].removeprefix("vdev:")
    for process in lent_group.members():
        answer = process.cmd(f"attach {devargs}")
        start = f"failed to attach device {name}: {lent_group.primary}: its driver has logged no reason; "
        assert answer.startswith(start + WRONG[devargs]), answer
    lent_group.assert_agree([])


@pytest.mark.parametrize("driver, longest", [("net_ring", 17), ("eth_ring", 17), ("net_softnic", 18)])
def test_name_that_is_too_long(process, driver, longest):
    """The longest one that is said to do is taken."""
    # Not all drivers are loaded in the tests; this one attaches nothing beside a secondary.
    primary = process("primary", eal=["-d", "librte_net_softnic.so"])
    name = driver.ljust(longest, "x")
    assert primary.cmd(f"attach {name}") == f"attached device {name}"
    assert primary.cmd(f"detach {name}") == f"detached device {name}"
    answer = primary.cmd(f"attach {name}x")
    said = rf"the name has {longest + 1} characters, and net_\w+ takes at most {longest}"
    assert re.fullmatch(f"failed to attach device {name}x: .*; {said}", answer), answer
    assert primary.list() == []


def test_driver_that_gives_its_reason_is_believed(lent_pair):
    """Whatever else may be wrong."""
    answer = lent_pair.primary.cmd("attach net_virtio_user0,bogus=1")
    assert "virtio_user" in answer and "lists no parameter" not in answer
