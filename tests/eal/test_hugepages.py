# SPDX-License-Identifier: BSD-3-Clause
"""Starts without hugepages: one line says what is wrong and how to mend it."""

import pytest

import hotplug_mp as hm
from starts import why

# Some other process may have mounted one too.
OTHER_MOUNTS = f"findmnt -rn -o TARGET -t hugetlbfs | sed '\\#^{hm.HUGEPAGES}$#d'"
NO_MOUNT = "findmnt -rn -o TARGET -t hugetlbfs | xargs -n 1 umount"
# What a machine shows that has hugetlbfs, but no page reserved, in a mount namespace of its own.
NO_PAGES = """
pages=$1; shift
mkdir "$pages"/hugepages-2048kB
for file in nr free resv surplus; do
    echo 0 >"$pages"/hugepages-2048kB/"$file"_hugepages
done
sed -E 's/^(HugePages_[A-Za-z]+:) .*/\\1 0/' /proc/meminfo >"$pages"/meminfo
mount --bind "$pages"/meminfo /proc/meminfo
for dir in /sys/kernel/mm/hugepages /sys/devices/system/node/node*/hugepages; do
    mount --bind "$pages" "$dir"
done
"""


def test_no_hugetlbfs(start, after):
    line = why(start("primary", wrap=after(NO_MOUNT)))
    assert "no hugetlbfs is mounted;" in line
    assert "scripts/setup.sh" in line and "--no-huge" in line


def test_no_room_for_the_memory_of_the_group(start, pair):
    """In the address space of one that would join."""
    line = why(start("secondary", prefix=pair.prefix, wrap=["prlimit", "--as=1000000000"]))
    assert "at most 976562 KiB are allowed for address space, which is too little" in line
    pair.assert_agree([])


def test_huge_dir_that_is_none(start):
    line = why(start("primary", eal=["--huge-dir=/proc"]))
    assert "no hugetlbfs is mounted at /proc;" in line


@pytest.mark.parametrize("eal", [[], ["--no-huge"]], ids=("with", "without"))
def test_group_without_hugepages_cannot_be_joined(start, process, prefix, eal):
    process("primary", eal=["--no-huge"])
    line = why(start("secondary", prefix=prefix, eal=eal))
    assert "a process without hugepages (--no-huge) can neither join a group nor be joined" in line
    assert "start the primary, and this one, with hugepages" in line


def test_no_hugepages(start, after, tmp_path):
    line = why(start("primary", wrap=after(NO_PAGES, str(tmp_path))))
    assert "no hugepages are free (0 reserved)" in line
    assert "scripts/setup.sh" in line and "--no-huge" in line


def test_no_permission(start, nobody, after, prefix):
    # Other tests make mounts that everyone may use.
    nobody["wrap"] = after(f"{OTHER_MOUNTS} | xargs -rn 1 umount") + nobody["wrap"]
    line = why(start("primary", **nobody))
    assert "no permission to use the hugepages" in line
    assert "run as root" in line and "--huge-dir" in line
    assert hm.sockets(prefix, nobody["env"]["XDG_RUNTIME_DIR"] + "/dpdk") == []


def test_user_without_rights_runs_without_hugepages(start, nobody, prefix):
    lines = "attach net_null0\nlist\ndetach net_null0\n"
    done = start("primary", eal=["--no-huge"], input=lines, **nobody)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "attached device net_null0\nlist all etherdev\n0\tnet_null0\ndetached device net_null0\n"
    )
    assert hm.sockets(prefix, nobody["env"]["XDG_RUNTIME_DIR"] + "/dpdk") == []


def test_unknown_option_is_not_blamed_on_hugepages(start):
    line = why(start("primary", eal=[f"--huge-dir={hm.HUGEPAGES}/", "--no-such-option"]))
    assert line.endswith("the EAL did not start: Invalid argument; its own messages are above")
