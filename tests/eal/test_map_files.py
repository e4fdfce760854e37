# SPDX-License-Identifier: BSD-3-Clause
"""What a primary leaves in hugetlbfs: nothing, unless somebody uses it or it shall stay."""

import glob
import os
import subprocess

import pytest

import hotplug_mp as hm
from traffic import attach, start


def files(prefix):
    return sorted(os.path.basename(path) for path in glob.glob(f"{hm.HUGEPAGES}/{prefix}map_*"))


@pytest.mark.parametrize("pool", [False, True], ids=["alone", "with a pool"])
@pytest.mark.parametrize("options", ["", "--single-file-segments", "--legacy-mem -m 64", "--no-shconf"])
def test_primary_that_quits(process, prefix, options, pool):
    primary = process("primary", eal=["--no-pci", *options.split()])
    if pool:
        attach(primary, "net_ring0")
        start(primary, "net_ring0")
    assert files(prefix) != []
    assert primary.quit() == 0
    assert files(prefix) == []


def test_secondary_keeps_what_it_uses(pair):
    primary, secondary = pair.members()
    attach(primary, "net_ring0")
    start(primary, "net_ring0")
    assert secondary.quit() == 0
    assert files(pair.prefix) != []
    left = pair.add_secondary()
    assert primary.quit() == 0
    # It still has its memory there.
    assert files(pair.prefix) != []
    assert left.quit() == 0


def test_files_that_shall_stay(process, prefix, tmp_path):
    """On a mount of their own, because each other primary that starts removes what nobody uses."""
    options = ["-t", "hugetlbfs", "-o", "pagesize=2M", "nodev", str(tmp_path)]
    subprocess.run(["mount", *options], check=True)
    try:
        eal = ["--no-pci", "--huge-unlink=never", "--huge-dir", str(tmp_path)]
        primary = process("primary", eal=eal)
        there = sorted(os.listdir(tmp_path))
        assert primary.quit() == 0
        assert sorted(os.listdir(tmp_path)) == there != []
    finally:
        subprocess.run(["umount", tmp_path], check=True)
