# SPDX-License-Identifier: BSD-3-Clause
"""What a stranger, another user without rights, can do to a group that runs; doc/security.rst.

What the group refuses to a stranger, the owner does in the same test, and it works.
"""

import glob
import os
import stat
import subprocess
import time

import pytest

import hotplug_mp as hm
from starts import why
from users import MEND, OWNER, STRANGER, act, acts, as_user, mode


class Owned:
    """A group of a user, made under a umask that leaves everything open."""

    def __init__(self, uid, runtime, huge, **kwargs):
        self.uid = uid
        self.huge = huge
        self.group = hm.Group(
            secondaries=1,
            wrap=[*as_user(uid), "sh", "-c", 'umask 000; exec "$@"', "sh"],
            **kwargs,
        )
        self.dir = f"{runtime}/{self.group.prefix}"
        self.kwargs = kwargs

    def files(self):
        """Its regular files, those with its memory included."""
        maps = glob.glob(f"{self.huge}/{self.group.prefix}map_*")
        files = [path for path in glob.glob(f"{self.dir}/*") if os.path.isfile(path)]
        assert f"{self.dir}/config" in files and f"{self.dir}/hotplug_mp_group" in files and maps
        return files + maps

    def works(self):
        """Everything goes on, and nobody is waited for."""
        begin = time.monotonic()
        for process in self.group.members():
            assert process.cmd("attach net_null0") == "attached device net_null0"
            assert process.cmd("detach net_null0") == "detached device net_null0"
        assert time.monotonic() - begin < hm.SOON
        self.group.assert_agree([])


@pytest.fixture(params=["root", "user"])
def owned(request, place, mount):
    """A group of root's, and one of a user who has a mount, as in the README."""
    if request.param == "root":
        owned = Owned(0, hm.RUNTIME, hm.HUGEPAGES)
    else:
        huge = mount(0o700)
        run = f"{place}/run"
        os.mkdir(run)
        os.chown(run, OWNER, OWNER)
        owned = Owned(
            OWNER,
            f"{run}/dpdk",
            huge,
            binary=f"{place}/program",
            eal=[f"--huge-dir={huge}", "-m", "16"],
            env={"XDG_RUNTIME_DIR": run},
        )
    yield owned
    owned.group.close()


def test_files_are_the_owners_under_any_umask(owned):
    """Sockets are as the umask leaves them: it is the directory that keeps them."""
    files = owned.files()
    assert {path: mode(path) for path in files} == {path: 0o600 for path in files}
    assert mode(owned.dir) == mode(os.path.dirname(owned.dir)) == 0o700
    assert {os.lstat(path).st_uid for path in [owned.dir, *files]} == {owned.uid}
    sockets = [path for path in glob.glob(f"{owned.dir}/*") if path not in files]
    assert len(sockets) == 3 and {mode(path) for path in sockets} == {0o777}


@pytest.mark.parametrize("umask, expected", [("077", 0o700), ("022", 0o755)])
def test_socket_of_net_vhost_is_as_the_umask_says(process, short_dir, umask, expected):
    path = f"{short_dir}/vhost"
    primary = process("primary", wrap=["sh", "-c", f'umask {umask}; exec "$@"', "sh"])
    assert primary.cmd(f"attach net_vhost0,iface={path}") == "attached device net_vhost0"
    assert primary.cmd("start net_vhost0") == "started device net_vhost0"
    assert stat.S_ISSOCK(os.stat(path).st_mode) and mode(path) == expected
    assert primary.cmd("detach net_vhost0") == "detached device net_vhost0"


def test_stranger_gets_at_nothing(owned):
    """Neither files, nor memory, nor sockets, nor locks, though every name is known."""
    tried = [(what, path) for path in owned.files() for what in ("read", "write")]
    tried += [("lock", f"{owned.dir}/hotplug_mp_group")]
    tried += [(what, owned.dir) for what in ("list", "make", "lock dir")]
    tried += [("datagram", path) for path in glob.glob(f"{owned.dir}/mp_socket*")]
    tried += [("telemetry", f"{owned.dir}/dpdk_telemetry.v2")]
    assert len({what for what, _ in tried}) == 8
    assert acts(STRANGER, tried) == dict.fromkeys(tried, "EACCES")
    assert acts(owned.uid, tried) == dict.fromkeys(tried, "ok")
    owned.works()


def test_stranger_cannot_signal_or_look_into_members(owned):
    for process in owned.group.members():
        proc = f"/proc/{process.pid}"
        refused = {
            ("signal", process.pid): "EPERM",
            ("write", f"{proc}/mem"): "EACCES",
            ("read", f"{proc}/environ"): "EACCES",
            ("list", f"{proc}/fd"): "EACCES",
        }
        assert acts(STRANGER, list(refused)) == refused
        assert acts(owned.uid, list(refused)) == dict.fromkeys(refused, "ok")
    owned.works()


def test_stranger_sees_who_runs(owned):
    """As everywhere: pids, names and command lines are public."""
    pid = owned.group.primary.pid
    for name in ("comm", "cmdline", "stat"):
        assert act(STRANGER, "read", f"/proc/{pid}/{name}") == "ok"
    seen = subprocess.run(
        [*as_user(STRANGER), "cat", f"/proc/{pid}/cmdline"], stdout=subprocess.PIPE, check=True
    )
    assert f"--file-prefix={owned.group.prefix}".encode() in seen.stdout


@pytest.mark.parametrize("role", ["primary", "secondary", "auto"])
def test_stranger_cannot_join(owned, place, role):
    runtime = os.path.dirname(os.path.dirname(owned.dir))
    done = hm.run(
        role,
        owned.group.prefix,
        eal=owned.kwargs.get("eal", ()),
        wrap=as_user(STRANGER),
        binary=f"{place}/program",
        env={"RUNTIME_DIRECTORY": runtime},
    )
    line = why(done)
    assert f"cannot use the runtime directory {owned.dir}: " in line
    if owned.uid == 0:
        assert "Permission denied; run as the user who started the primary, or as root" in line
    else:
        assert f"{runtime} belongs to another user (uid {OWNER}); {MEND}" in line
    owned.works()
    owned.group.add_secondary()
    owned.works()
