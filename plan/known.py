# SPDX-License-Identifier: BSD-3-Clause
"""Failures that are known, and are those of a driver or of DPDK. The texts are doc/limits.rst's."""

import re
import typing


class Limit(typing.NamedTuple):
    """Known by its name where the driver's name begins with `driver`, the case is `case`, and
    `sign` is in what went wrong: patterns all."""

    name: str
    driver: str
    case: str
    sign: str
    text: str


LIMITS = (
    Limit(
        "fanout number",
        r"(net|eth)_af_packet",
        r".*",
        r"PACKET_FANOUT",
        "net_af_packet makes a 16-bit number from the primary's pid and the interface's index, and "
        "the kernel knows its sockets by that number. If two groups on a machine get the same "
        "number, the second attach fails with ``PACKET_FANOUT`` in the answer.",
    ),
    Limit(
        "failsafe in a group",
        r"net_failsafe",
        r".*",
        r"works only in a group of one|ended with status -6",
        "A secondary probes the devices it is made of a second time, and the detach ends the "
        "primary by SIGABRT",
    ),
    Limit(
        "softnic in a group",
        r"net_softnic",
        r".*",
        r"works only in a group of one",
        "A secondary's probe tries to make its shared memory a second time",
    ),
    Limit(
        "devices of vdev_netvsc",
        r"net_vdev_netvsc",
        r".*",
        r"is no driver for a group",
        "It makes devices later, of which no process is told.",
    ),
    Limit(
        "socket of af_xdp",
        r"net_af_xdp",
        r"start|started-rounds",
        r"Failed to create xsk socket"
        r"|^primary: 1 descriptor a round(?:; primary: \S+ KiB of memory of its own a round)?$",
        "A net_af_xdp port can be started once in a primary's life for each queue of its "
        "interface: the driver keeps a socket.",
    ),
    Limit(
        "memory of af_xdp",
        r"net_af_xdp",
        r"rounds",
        r"^the group: 640 bytes of the EAL's heap a round$",
        "With DPDK 22.11 a net_af_xdp of one queue does not give back 640 bytes of the EAL's heap.",
    ),
    Limit(
        "descriptors of tap",
        r"(net|eth)_tap",
        r"started-rounds",
        r"^(?:secondary \d+: \d+ descriptors? a round(?:; )?)+$",
        "net_tap in a secondary gets its queues as descriptors at each start, and never closes "
        "them.",
    ),
    Limit(
        "memory of memif",
        r"net_memif",
        r"rounds|started-rounds",
        r"^primary: 1 descriptor a round; "
        r"the group: (?:27|54)\d{3}(?:\.\d)? bytes of the EAL's heap a round$",
        "A net_memif server that is detached leaves a descriptor and 27 KiB of the EAL's heap "
        "behind in the primary, with a start between twice that memory.",
    ),
    Limit(
        "memory of vmxnet3",
        r"net_vmxnet3",
        r"started-rounds",
        r"^the group: 379\d\d(?:\.\d)? bytes of the EAL's heap a round$",
        "A net_vmxnet3 that was started does not give back 37952 bytes of the EAL's heap when it is "
        "detached.",
    ),
    Limit(
        "memory of bonding",
        r"net_bonding|eth_bond",
        r"rounds",
        r"^the group: 704 bytes of the EAL's heap a round$",
        "net_bonding does not give back 704 bytes of the EAL's heap.",
    ),
    Limit(
        "end of a memif server",
        r"net_memif",
        r"quit",
        r"primary.* left with status -",
        "When a net_memif server is removed, the interrupt thread of DPDK 22.11 keeps looking at "
        "its memory, which is gone. A primary that had a server may die of SIGSEGV when it leaves.",
    ),
    Limit(
        "queues of null",
        r"(net|eth)_null",
        r"started-rounds",
        r"^the group: (?:192|384|448) bytes of the EAL's heap a round$",
        "net_null does not give back 192 bytes for each queue that it had.",
    ),
)


def find(driver, case, why):
    """The Limit that a failure is, or None."""
    for limit in LIMITS:
        if (
            re.match(limit.driver, driver)
            and re.fullmatch(limit.case, case)
            and re.search(limit.sign, why, re.MULTILINE)
        ):
            return limit
    return None
