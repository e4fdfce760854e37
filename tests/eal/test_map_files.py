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


@pytest.fixture
def huge(tmp_path):
    """A mount of the test's own, with few pages: with --legacy-mem the EAL takes all it can get at
    its start, and gives back later what is more than -m says."""
    options = ["-t", "hugetlbfs", "-o", "pagesize=2M,size=128M", "nodev", str(tmp_path)]
    subprocess.run(["mount", *options], check=True)
    yield str(tmp_path)
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.parametrize("pool", [False, True], ids=["alone", "with a pool"])
@pytest.mark.parametrize("options", ["", "--single-file-segments", "--legacy-mem -m 64", "--no-shconf"])
def test_primary_that_quits(huge, process, options, pool):
    primary = process("primary", eal=["--no-pci", "--huge-dir", huge, *options.split()])
    if pool:
        attach(primary, "net_ring0")
        start(primary, "net_ring0")
    assert os.listdir(huge) != []
    assert primary.quit() == 0
    assert os.listdir(huge) == []


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


def test_files_that_shall_stay(huge, process):
    """On a mount of their own, because each other primary that starts removes what nobody uses."""
    primary = process("primary", eal=["--no-pci", "--huge-unlink=never", "--huge-dir", huge])
    there = sorted(os.listdir(huge))
    assert primary.quit() == 0
    assert sorted(os.listdir(huge)) == there != []
