# SPDX-License-Identifier: BSD-3-Clause
"""A start finds directories and files of other users where its own should be."""

import os
import shutil
import stat
import subprocess

import pytest

import hotplug_mp as hm
from starts import why
from users import MEND, OWNER, STRANGER, as_user, shell

NO_HUGE = ["--no-huge"]


@pytest.fixture
def common(place):
    """A directory as /tmp is."""
    path = f"{place}/common"
    os.mkdir(path)
    os.chmod(path, 0o1777)
    return path


@pytest.fixture
def start(place, common):
    """Start a primary of the owner's whose files go there, to its end."""

    def start(prefix="hmt", uid=OWNER, base=common, **kwargs):
        # This comes before $XDG_RUNTIME_DIR, for root and others.
        env = {"RUNTIME_DIRECTORY": base}
        kwargs.setdefault("eal", NO_HUGE)
        return hm.run(
            "primary",
            prefix,
            input="list\n",
            wrap=as_user(uid),
            binary=f"{place}/program",
            env=env,
            **kwargs,
        )

    return start


#: By whom, what, and what is said of it; {} is the directory that is like /tmp.
FOUND = {
    "dpdk of a stranger": (
        STRANGER,
        "mkdir dpdk; chmod 777 dpdk",
        "{}/dpdk belongs to another user (uid 12345)",
    ),
    "dpdk of a stranger, with all that is wanted": (
        STRANGER,
        "umask 0; mkdir -p dpdk/hmt; touch dpdk/hmt/hotplug_mp_group dpdk/hmt/config",
        "{}/dpdk belongs to another user (uid 12345)",
    ),
    "dpdk that leads elsewhere": (
        STRANGER,
        "mkdir theirs; chmod 777 theirs; ln -s theirs dpdk",
        "{}/dpdk is a symbolic link",
    ),
    "dpdk that leads nowhere": (STRANGER, "ln -s nowhere dpdk", "{}/dpdk is a symbolic link"),
    "dpdk that is a file": (OWNER, "touch dpdk", "{}/dpdk is no directory"),
    "dpdk others can write to": (
        OWNER,
        "mkdir dpdk; chmod 777 dpdk",
        "other users can write to {}/dpdk (mode 0777)",
    ),
    "group of a stranger": (
        STRANGER,
        "umask 0; mkdir -p dpdk/hmt",
        "{}/dpdk/hmt belongs to another user (uid 12345)",
    ),
    "group that leads elsewhere": (
        STRANGER,
        "mkdir theirs; chmod 777 theirs; ln -s ../theirs dpdk/hmt",
        "{}/dpdk/hmt is a symbolic link",
    ),
    # Whoever can read a directory can lock it, and the EAL waits for that lock.
    "group others can read": (
        OWNER,
        "mkdir -m 755 dpdk/hmt",
        "{}/dpdk/hmt is open to other users (mode 0755)",
    ),
    "file that leads elsewhere": (
        OWNER,
        "mkdir -m 700 dpdk/hmt; ln -s ../../kept dpdk/hmt/hotplug_mp_group",
        "cannot open {}/dpdk/hmt/hotplug_mp_group: it is a symbolic link",
    ),
    "file others can read": (
        OWNER,
        "mkdir -m 700 dpdk/hmt; umask 022; touch dpdk/hmt/hotplug_mp_group",
        "{}/dpdk/hmt/hotplug_mp_group is open to other users (mode 0644)",
    ),
    "file that is a pipe": (
        OWNER,
        "mkdir -m 700 dpdk/hmt; mkfifo -m 600 dpdk/hmt/hotplug_mp_group",
        "{}/dpdk/hmt/hotplug_mp_group is no regular file",
    ),
}


def tree(path):
    """All below it: owner, mode, content."""
    found = {}
    for place, dirs, files in os.walk(path):
        for name in dirs + files:
            one = os.path.join(place, name)
            info = os.lstat(one)
            text = None
            if stat.S_ISREG(info.st_mode):
                with open(one, encoding="utf-8") as f:
                    text = f.read()
            found[one] = (info.st_uid, info.st_mode, text)
    return found


@pytest.mark.parametrize("found", FOUND)
def test_what_is_not_the_owners_alone_is_refused(start, common, place, found):
    """In one line, with nothing touched; and what it tells to do helps."""
    uid, script, text = FOUND[found]
    if "dpdk/hmt" in script and "mkdir -p" not in script or found == "group of a stranger":
        # As an administrator may have made it for all users.
        os.mkdir(f"{common}/dpdk")
        os.chmod(f"{common}/dpdk", 0o1777)
    shell(OWNER, "echo mine >kept; chmod 600 kept", common)
    shell(uid, script, common)
    before = tree(common)
    line = why(start())
    assert text.format(common) in line
    if "cannot open" not in line and "hotplug_mp_group" not in line:
        assert line.endswith(MEND)
    assert tree(common) == before
    own = f"{place}/own"
    os.mkdir(own)
    os.chown(own, OWNER, OWNER)
    done = start(base=own)
    assert (done.returncode, done.stdout) == (0, "list all etherdev\n"), done.stderr


def test_file_of_a_stranger_is_refused(start, common):
    """It gets into a directory of the owner's by root's hand alone; even so."""
    shell(OWNER, "mkdir -m 700 dpdk dpdk/hmt; : >dpdk/hmt/hotplug_mp_group", common)
    path = f"{common}/dpdk/hmt/hotplug_mp_group"
    os.chmod(path, 0o666)
    os.chown(path, STRANGER, STRANGER)
    assert f"{path} belongs to another user (uid {STRANGER})" in why(start())
    os.chown(path, OWNER, OWNER)
    os.chmod(path, 0o600)
    assert start().returncode == 0


def test_directory_others_can_write_to_is_refused(start, place):
    """Without the sticky bit others can exchange what is in it."""
    base = f"{place}/open"
    os.mkdir(base)
    os.chmod(base, 0o777)
    assert f"other users can write to {base} (mode 0777); {MEND}" in why(start(base=base))
    assert os.listdir(base) == []
    os.chmod(base, 0o1777)
    assert start(base=base).returncode == 0


def test_root_does_not_use_a_users_directory(start, common):
    shell(OWNER, "mkdir -m 700 dpdk", common)
    line = why(start(uid=0))
    assert f"{common}/dpdk belongs to another user (uid {OWNER}); {MEND}" in line
    assert start().returncode == 0


@pytest.mark.parametrize("first", ["stranger", "nobody"])
def test_default_place_of_a_user(place, first):
    """It is /tmp/dpdk, here with a /tmp of one's own: whoever makes it first has it."""
    wrap = ["unshare", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*wrap, "true"]).returncode != 0:
        pytest.skip("no mount namespace of one's own is to be had here")
    script = """
        mkdir "$1"/tmp
        mount -t tmpfs -o mode=1777 nodev "$1"/tmp
        cp "$1"/program "$1"/tmp
        mount --bind "$1"/tmp /tmp
        [ "$2" = nobody ] || setpriv --reuid=12345 --regid=12345 --clear-groups mkdir /tmp/dpdk
        shift 2
        exec "$@"
    """
    env = {name: value for name, value in os.environ.items() if "RUNTIME" not in name}
    done = subprocess.run(
        [*wrap, "sh", "-ec", script, "sh", place, first, *as_user(OWNER), "env", "-C", "/tmp"]
        + hm.command_line("primary", "hmt", eal=NO_HUGE, binary="/tmp/program"),
        env=env,
        input="list\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=hm.TIMEOUT,
    )
    if first == "nobody":
        assert (done.returncode, done.stdout) == (0, "list all etherdev\n"), done.stderr
        return
    assert why(done).endswith(
        "cannot use the runtime directory /tmp/dpdk/hmt: "
        f"/tmp/dpdk belongs to another user (uid {STRANGER}); {MEND}"
    )
