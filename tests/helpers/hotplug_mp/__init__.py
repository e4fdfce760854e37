# SPDX-License-Identifier: BSD-3-Clause
"""Run dpdk-hotplug_mp. A chapter says `import hotplug_mp as hm` and finds all of it here."""

from hotplug_mp.answers import Counts, Peer, Stats
from hotplug_mp.apart import (
    HUGEPAGES_MIB,
    TooLittle,
    few_drivers,
    own_hugepages,
    own_mounts,
    own_network,
)
from hotplug_mp.dpdk_tools import Testpmd, VhostBackend, telemetry
from hotplug_mp.environment import (
    BINARY,
    EAL_OPTIONS,
    FAST_BUILD,
    GUEST_TESTS,
    HUGEPAGES,
    IN_GUEST,
    REPO,
    RUNTIME,
    SANITIZED,
    SOON,
    THOROUGH,
    TIMEOUT,
    need,
    rounds,
)
from hotplug_mp.faults import Faults
from hotplug_mp.freezer import Freezer
from hotplug_mp.group import ROLES, Group, assert_agree
from hotplug_mp.interfaces import veth_add
from hotplug_mp.kernel import (
    is_dead,
    sleeps,
    spins,
    state,
    stop,
    system_call,
    unread,
    waits_for_answer,
    waits_for_lock,
)
from hotplug_mp.process import Process
from hotplug_mp.program import BY_FORCE, command_line, run, running
from hotplug_mp.runtime import new_prefix, remove_traces, sockets, traces
from hotplug_mp.waiting import together, wait_equal, wait_until
from plan.process import ESCAPE_CODE, PROMPT
