# SPDX-License-Identifier: BSD-3-Clause
"""The devices and processes of the model."""

import dataclasses

from expected import bare


@dataclasses.dataclass(frozen=True)
class Kind:
    """A device the walk may attach."""

    devargs: str
    driver: str
    #: Has it an ethernet port, and can a secondary poll that?
    port: bool = True
    secondary_polls: bool = True

    @property
    def name(self):
        return bare(self.devargs)


def kinds(interface, tap):
    """All of them by name. net_af_packet is on the interface there is, net_tap makes its own. A
    net_null receives nothing, so that a forward from it costs no more than waiting."""
    return {
        kind.name: kind
        for kind in (
            Kind("net_null0,no-rx=1", "net_null"),
            Kind("net_null1,no-rx=1", "net_null"),
            Kind("net_ring0", "net_ring"),
            Kind(f"net_tap0,iface={tap}", "net_tap"),
            Kind(f"net_af_packet0,iface={interface}", "net_af_packet", secondary_polls=False),
            Kind("crypto_null0", "crypto_null", port=False),
        )
    }


@dataclasses.dataclass
class Device:
    """A device that is attached; port is None if it has none."""

    port: int | None
    started: bool = False
    configured: bool = False
    lock: tuple | None = None  # who, and why


#: What a process is that cannot run, and what to do.
HALTS = {
    "stopped": "stopped; resume or end it",
    "frozen": "frozen by its control group; thaw or end it",
}


@dataclasses.dataclass
class Member:
    """A process that runs."""

    pid: int
    role: str
    #: What others call it if it cannot run: "stopped" or "frozen", else empty.
    halted: str = ""
    #: It may open hardly any more descriptors than it has open.
    few: bool = False
    #: It had none left when a peer sent it some: it hears no peer any more.
    deaf: bool = False

    def __str__(self):
        return f"pid {self.pid} ({self.role})"

    def halt(self):
        """What others say of it if it cannot run."""
        return f"{self} is {HALTS[self.halted]}"
