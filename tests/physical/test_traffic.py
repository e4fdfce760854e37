# SPDX-License-Identifier: BSD-3-Clause
"""A port that has been started and has carried packets can be detached and attached again."""

import re
import shutil

import pexpect
import pytest

import hotplug_mp as hm

DRIVER = "vfio-pci"
PROMPT = "testpmd> "
pytestmark = pytest.mark.usefixtures("at_home")


class Testpmd:
    """A dpdk-testpmd that is the primary of a group of ours."""

    __test__ = False

    def __init__(self, prefix, bdf):
        hm.need(shutil.which("dpdk-testpmd"), "no dpdk-testpmd; install dpdk")
        self.child = pexpect.spawn(
            "dpdk-testpmd",
            [f"--file-prefix={prefix}", "-a", bdf, "--", "-i", "--total-num-mbufs=2048"],
            timeout=hm.TIMEOUT,
            dimensions=(50, 200),
            encoding="utf-8",
            codec_errors="replace",
        )
        self.child.delaybeforesend = None
        self.child.expect_exact(PROMPT)

    def cmd(self, line):
        self.child.send(f"{line}\r")
        self.child.expect_exact("\r\n")
        self.child.expect_exact(PROMPT)
        return self.child.before

    def sent(self):
        """Packets port 0 has sent."""
        return int(re.search(r"TX-packets: (\d+)", self.cmd("show port stats 0"))[1])

    def ports(self):
        return re.findall(r"(?m)^(\d+)\s+\S+:\S+", self.cmd("show port summary all"))

    def close(self):
        self.child.send("quit\r")
        self.child.expect_exact(pexpect.EOF)
        self.child.close()
        assert (self.child.exitstatus, self.child.signalstatus) == (0, None)


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
