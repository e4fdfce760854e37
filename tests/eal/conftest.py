# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures: what belongs to a user without rights, and other mounts than the machine has."""

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


@pytest.fixture
def after():
    """after(script, arg...): run after a shell script that may change what is mounted."""
    wrap = ["unshare", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*wrap, "true"]).returncode != 0:
        pytest.skip("no mount namespace of one's own is to be had here")
    return lambda script, *args: [*wrap, "sh", "-e", "-c", f'{script}\nexec "$@"', "sh", *args]
