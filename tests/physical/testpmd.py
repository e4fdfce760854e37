# SPDX-License-Identifier: BSD-3-Clause
"""A dpdk-testpmd that has a real network card."""

import re
import shutil

import pexpect

import hotplug_mp as hm

PROMPT = "testpmd> "


class Testpmd:
    """It is the primary of a group of ours."""

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
