# SPDX-License-Identifier: BSD-3-Clause
"""A process with another DPDK than its group's: refused in one line, and it harms nobody."""

import os
import re

import pytest

import hotplug_mp as hm
from starts import why

#: A root with another DPDK, and the program in it: scripts/releases.sh names them.
ROOT = os.environ.get("HM_OTHER_ROOT")
OTHER = os.environ.get("HM_OTHER_BINARY")
#: A start in that root, among the processes, sockets and hugepages of this machine.
ENTER = """
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
for place in proc sys dev run; do mount --rbind "/$place" "$root/$place"; done
exec chroot "$root" "$@"
"""
WRAP = ["unshare", "--mount", "sh", "-euc", ENTER, "sh", str(ROOT)]
TOLD = re.compile(
    r'dpdk-hotplug_mp: the primary with the file prefix "\S+" runs DPDK (\S+), and this process '
    "DPDK (\\S+); start one that is built for the same DPDK, or choose another --file-prefix"
)
VERSION = re.compile(r"\(DPDK (\S+)\)\n")
#: Offset in the EAL's file "config" of the version: year, month, minor number, candidate.
OFFSET = 4


def own_version(**kwargs):
    return VERSION.search(hm.run(eal=["--version"], **kwargs).stdout)[1]


def assert_works(group):
    group.assert_agree([])
    for process in group.members():
        assert process.cmd("attach net_null0") == "attached device net_null0"
        group.assert_agree([(0, "net_null0")])
        assert process.cmd("detach net_null0") == "detached device net_null0"


@pytest.mark.parametrize("role", ["secondary", "auto"])
@pytest.mark.parametrize(
    "version, text", [(b"\x63\x04\x0c\x1a", "26.12.4"), (b"\x02\x00\x07\x1a", "26.07.0-rc2")]
)
def test_another_dpdk_is_refused(pair, start, role, version, text):
    """The primary's version lies in the memory that the EAL shares."""
    with open(f"{hm.RUNTIME}/{pair.prefix}/config", "r+b", buffering=0) as config:
        own = os.pread(config.fileno(), 4, OFFSET)
        os.pwrite(config.fileno(), version, OFFSET)
        try:
            line = why(start(role, prefix=pair.prefix))
        finally:
            os.pwrite(config.fileno(), own, OFFSET)
    assert TOLD.fullmatch(line).groups() == (text, own_version())
    assert_works(pair)


@pytest.mark.skipif(ROOT is None, reason="scripts/releases.sh runs it, with another DPDK")
@pytest.mark.parametrize("role", ["secondary", "auto"])
@pytest.mark.parametrize("first", ["own", "other"])
def test_real_one_is_refused(role, first, start):
    own, other = {}, {"wrap": WRAP, "binary": OTHER}
    if first == "other":
        own, other = other, own
    group = hm.Group(secondaries=1, **own)
    try:
        line = why(start(role, prefix=group.prefix, **other))
        assert TOLD.fullmatch(line).groups() == (own_version(**own), own_version(**other))
        assert_works(group)
    finally:
        group.close()
