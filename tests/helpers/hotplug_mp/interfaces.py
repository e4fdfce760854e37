# SPDX-License-Identifier: BSD-3-Clause
"""Network interfaces of the tests."""

import subprocess

from hotplug_mp.environment import TIMEOUT


def veth_add(name, peer, *options):
    """Make a veth pair, both ends up; options as of ip-link(8)."""
    subprocess.run(
        ["ip", "link", "add", name, *options, "type", "veth", "peer", "name", peer],
        check=True,
        timeout=TIMEOUT,
    )
    for end in (name, peer):
        subprocess.run(["ip", "link", "set", end, "up"], check=True, timeout=TIMEOUT)
