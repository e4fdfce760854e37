# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures: what belongs to a user without rights."""

import os
import shutil
import subprocess
import tempfile

import pytest

import hotplug_mp as hm
from users import OWNER, PYTHON


@pytest.fixture
def place():
    """A directory everybody can look into, with a copy of the program everybody can run."""
    hm.need(os.access(PYTHON, os.X_OK), f"no {PYTHON}; install python3")
    with tempfile.TemporaryDirectory(prefix="hmt", dir="/tmp") as path:
        os.chmod(path, 0o755)
        shutil.copy(hm.BINARY, f"{path}/program")
        yield path


@pytest.fixture
def mount(place):
    """mount(mode): a hugetlbfs mount of the owner's."""
    made = []

    def make(mode):
        path = tempfile.mkdtemp(dir=place)
        options = f"uid={OWNER},gid={OWNER},mode={mode:04o},pagesize=2M"
        subprocess.run(["mount", "-t", "hugetlbfs", "-o", options, "nodev", path], check=True)
        made.append(path)
        return path

    yield make
    for path in made:
        subprocess.run(["umount", path], check=True)
