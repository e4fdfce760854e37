# SPDX-License-Identifier: BSD-3-Clause
"""Network interfaces and network namespaces of the tests."""

import ctypes
import subprocess

from hotplug_mp.environment import TIMEOUT

#: For unshare(2), from linux/sched.h.
CLONE_NEWNET = 0x40000000


def own_network():
    """Move this thread, and all that it starts from here on, to a network namespace of its own.

    All names are free there. Besides, net_af_packet numbers its fanout group in the kernel by 16
    bits of pid and interface: the primaries of two tests that run at the same time could come to
    the same number, and the kernel would refuse the second attach.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace")


def veth_add(name, peer, *options):
    """Make a veth pair, both ends up; options as of ip-link(8)."""
    subprocess.run(
        ["ip", "link", "add", name, *options, "type", "veth", "peer", "name", peer],
        check=True,
        timeout=TIMEOUT,
    )
    for end in (name, peer):
        subprocess.run(["ip", "link", "set", end, "up"], check=True, timeout=TIMEOUT)
