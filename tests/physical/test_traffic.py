# SPDX-License-Identifier: BSD-3-Clause
"""A port that has been started and has carried packets can be detached and attached again."""

import pytest

import hotplug_mp as hm
from testpmd import Testpmd

DRIVER = "vfio-pci"
pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
def testpmd(nic, prefix):
    nic.bind(DRIVER)
    testpmd = Testpmd(prefix, nic.bdf)
    yield testpmd
    testpmd.close()


def test_port_that_carried_packets(testpmd, process, nic):
    secondaries = [process("secondary"), process("secondary")]
    testpmd.cmd("set fwd txonly")
    testpmd.cmd("start")
    hm.wait_until(testpmd.sent, "packets are sent")
    testpmd.cmd("stop")
    if nic.home == "vmxnet3":
        # This driver gives no port back that is started.
        answer = secondaries[0].cmd(f"detach {nic.bdf}")
        assert answer.startswith(f"failed to detach device {nic.bdf}: ")
        assert answer.endswith("; it is still attached everywhere")
        assert testpmd.ports() == ["0"]
        testpmd.cmd("port stop 0")
    for _ in range(2):
        for one, other in (secondaries, secondaries[::-1]):
            assert testpmd.ports() == ["0"]
            assert one.list() == other.list() == [(0, nic.bdf)]
            assert one.cmd(f"detach {nic.bdf}") == f"detached device {nic.bdf}"
            assert one.list() == other.list() == []
            assert testpmd.ports() == []
            assert other.cmd(f"attach {nic.bdf}") == f"attached device {nic.bdf}"
