# SPDX-License-Identifier: BSD-3-Clause
"""What doc/security.rst says: strangers, who are other users without rights, and malicious peers.

Where a stranger is refused something, the same is done by the owner as well, and works.
"""

import contextlib
import glob
import json
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import time

import pytest

import hotplug_mp as hm

OWNER = 65534
STRANGER = 12345
PYTHON = "/usr/bin/python3"
NO_HUGE = ["--no-huge"]
MEND = "mend that, or set $RUNTIME_DIRECTORY to a directory of your own"

# What can be done to a path or a pid; prints "ok" or the name of the error for each.
ACT = """
import errno, fcntl, os, socket, sys
def connect(kind, path):
    with socket.socket(socket.AF_UNIX, kind) as s:
        s.connect(path)
def make(path):
    os.mkdir(path + "/made")
    os.rmdir(path + "/made")
acts = {
    "read": lambda path: os.read(os.open(path, os.O_RDONLY), 1),
    "write": lambda path: os.open(path, os.O_WRONLY),
    # A byte that nobody of the group looks at.
    "lock": lambda path: fcntl.lockf(os.open(path, os.O_RDWR), fcntl.LOCK_EX, 1, 8),
    "list": os.listdir,
    "make": make,
    "lock dir": lambda path: fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX),
    "datagram": lambda path: connect(socket.SOCK_DGRAM, path),
    "telemetry": lambda path: connect(socket.SOCK_SEQPACKET, path),
    "signal": lambda pid: os.kill(int(pid), 0),
}
for act, on in zip(sys.argv[1::2], sys.argv[2::2]):
    try:
        acts[act](on)
        print("ok")
    except OSError as e:
        print(errno.errorcode[e.errno])
"""


def as_user(uid):
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]


def acts(uid, tried):
    """What that user gets for each of [(what, on)]: {(what, on): "ok", "EACCES", ...}."""
    done = subprocess.run(
        [*as_user(uid), PYTHON, "-I", "-c", ACT, *[str(word) for one in tried for word in one]],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=hm.TIMEOUT,
    )
    return dict(zip(tried, done.stdout.split(), strict=True))


def act(uid, what, on):
    return acts(uid, [(what, on)])[what, on]


def shell(uid, script, cwd):
    subprocess.run(
        [*as_user(uid), "sh", "-ec", script], cwd=cwd, check=True, timeout=hm.TIMEOUT
    )


def why(done, status=1):
    """The one line of the program's own, of a start that was refused."""
    assert done.returncode == status, done.stderr
    lines = [line for line in done.stderr.split("\n") if line.startswith("dpdk-hotplug_mp: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture(autouse=True)
def setpriv():
    hm.need(shutil.which("setpriv"), "no setpriv; install util-linux")
    hm.need(os.access(PYTHON, os.X_OK), f"no {PYTHON}; install python3")


@pytest.fixture
def place():
    """A directory everybody can look into, with a copy of the program everybody can run."""
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
    """A group of root's, and one of a user who has a mount, as in doc/commands.rst."""
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


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


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


# Directories and files of another user, found at the start.


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


# Hugepages.


@contextlib.contextmanager
def locked_by(uid, path):
    """Another process of that user has locked the directory; gives its pid."""
    script = (
        "import fcntl, os, sys\n"
        "fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)\n"
        "print(flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [*as_user(uid), PYTHON, "-I", "-c", script, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"\n"
        yield process.pid
        process.stdin.close()
        assert process.wait(hm.TIMEOUT) == 0


def on_mount(huge, place, runtime):
    """How to run as the owner with that mount: arguments of Process()."""
    return {
        "prefix": "hmt",
        "eal": [f"--huge-dir={huge}", "-m", "8"],
        "wrap": as_user(OWNER),
        "env": {"RUNTIME_DIRECTORY": runtime},
        "binary": f"{place}/program",
    }


def test_stranger_who_locks_the_mount_is_named(place, mount, short_dir):
    """Who can read it can lock it, and the EAL waits; one who starts can see that and leave."""
    huge = mount(0o755)
    os.chown(short_dir, OWNER, OWNER)
    kwargs = on_mount(huge, place, short_dir)
    with locked_by(STRANGER, huge) as pid:
        waiting = hm.Process("primary", wait=False, **kwargs)
        told = f"dpdk-hotplug_mp: waiting for pid {pid}, which has locked {huge}\n"
        hm.wait_until(lambda: told in waiting.log(), "it says whom it waits for")
        waiting.kill(signal.SIGINT)
        assert waiting.wait(hm.SOON) == 128 + signal.SIGINT
        assert waiting.log().count("waiting for") == 2, "once more when it gives up"
        waiting.close()
        waiting = hm.Process("primary", wait=False, **kwargs)
        hm.wait_until(lambda: told in waiting.log(), "it says whom it waits for")
    # With the lock gone it goes on.
    waiting.wait_prompt()
    assert waiting.cmd("attach net_null0") == "attached device net_null0"
    assert waiting.close() == 0
    # The mount in doc/commands.rst is nobody else's.
    os.chmod(huge, 0o700)
    assert act(STRANGER, "lock dir", huge) == "EACCES"
    assert act(OWNER, "lock dir", huge) == "ok"


def test_stranger_who_locks_the_mount_later(place, mount, short_dir):
    """A primary that needs more memory waits for it, inside of the EAL; the others are told."""
    huge = mount(0o755)
    os.chown(short_dir, OWNER, OWNER)
    group = hm.Group(secondaries=1, **on_mount(huge, place, short_dir))
    try:
        primary, secondary = group.members()
        assert primary.cmd("attach net_ring0") == "attached device net_ring0"
        with locked_by(STRANGER, huge):
            # What needs none goes on.
            assert secondary.cmd("attach net_null0") == "attached device net_null0"
            primary.send("start net_ring0")
            hm.wait_until(
                lambda: secondary.cmd("peers").startswith("note: an operation is under way"),
                "the primary begins",
            )
            secondary.send("detach net_null0")
            secondary.child.expect_exact(f"waiting for {primary}: start net_ring0\r\n")
        assert primary.answer() == "started device net_ring0"
        assert secondary.rest() == "detached device net_null0"
        group.assert_agree([(0, "net_ring0")])
    finally:
        group.close()


def test_stranger_on_a_mount_for_all(place, mount, short_dir):
    """They can take names and pages there, and have no part in the group's memory."""
    huge = mount(0o1777)
    os.chown(huge, 0, 0)
    os.chown(short_dir, OWNER, OWNER)
    assert act(STRANGER, "make", huge) == "ok"
    shell(STRANGER, "umask 0; for i in 0 1 2 3 4 5 6 7; do : >hmtmap_$i; done", huge)
    process = hm.Process("primary", **on_mount(huge, place, short_dir))
    try:
        used = [path for path in glob.glob(f"{huge}/hmtmap_*") if os.stat(path).st_size > 0]
        assert used
        assert {(os.stat(path).st_uid, mode(path)) for path in used} == {(OWNER, 0o600)}
        assert {act(STRANGER, "write", path) for path in used} == {"EACCES"}
        assert process.cmd("attach net_null0") == "attached device net_null0"
    finally:
        assert process.close() == 0
    os.chmod(huge, 0o700)
    assert act(STRANGER, "make", huge) == "EACCES"


# A malicious peer: it has the group's rights.


def datagram(name, kind=0, params=b"", length=None, fds=0):
    """An mp message, as the EAL reads it: type, name, length of parameters, descriptors."""
    length = len(params) if length is None else length
    return struct.pack("i64sii256s", kind, name, length, fds, params)


def request(op=0, port=0, rx=0, tx=0):
    """What a secondary asks its primary for to start a port."""
    return struct.pack("<QHHHxx", op, port, rx, tx)


REQUEST = 1
JUNK = (
    datagram(b"nosuch"),
    datagram(b"x" * 64),
    datagram(b"\xff\x00%s%n"),
    datagram(b"nosuch", 2),
    datagram(b"nosuch", -1),
    datagram(b"hotplug_mp_ports", REQUEST),
    datagram(b"hotplug_mp_ports", REQUEST, request() + b"x"),
    datagram(b"hotplug_mp_ports", REQUEST, request(port=0xFFFF, rx=1, tx=1)),
    datagram(b"hotplug_mp_ports", REQUEST, request(rx=17, tx=1)),
    datagram(b"hotplug_mp_ports", REQUEST, request(rx=1, tx=0xFFFF)),
    # What could be done, but is for no operation under way.
    datagram(b"hotplug_mp_ports", REQUEST, request(op=1 << 40, rx=1, tx=1)),
)


def test_junk_in_the_mp_sockets(pair):
    """Messages of the right size that mean nothing: each is refused, and operations go on."""
    assert pair.primary.cmd("attach net_ring0") == "attached device net_ring0"
    over = threading.Event()
    sent = dict.fromkeys(hm.sockets(pair.prefix), 0)

    def flood():
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.setblocking(False)
            while not over.is_set():
                for path in sent:
                    for junk in JUNK:
                        with contextlib.suppress(BlockingIOError):
                            s.sendto(junk, path)
                            sent[path] += 1
                over.wait(0.001)

    flooder = threading.Thread(target=flood)
    flooder.start()
    try:
        for _ in range(10):
            for process in pair.members():
                assert process.cmd("attach net_null0") == "attached device net_null0"
                assert process.cmd("detach net_null0") == "detached device net_null0"
    finally:
        over.set()
        flooder.join()
    print(f"sent: {sent}")
    assert min(sent.values()) >= len(JUNK)
    log = pair.primary.log()
    assert "Cannot find action: nosuch" in log
    assert "Fail to handle message: hotplug_mp_ports" in log
    assert "state: stopped" in pair.primary.cmd("show net_ring0")
    for process in pair.members():
        assert process.cmd("start net_ring0") == "started device net_ring0"
        assert process.cmd("stop net_ring0") == "stopped device net_ring0"
    pair.assert_agree([(0, "net_ring0")])


def test_message_of_the_wrong_size_makes_deaf(pair):
    """The EAL ends its thread for messages. It counts as hung, and can be replaced."""
    (deaf,) = pair.secondaries
    (path,) = glob.glob(f"{hm.RUNTIME}/{pair.prefix}/mp_socket_*")

    def listens():
        for task in glob.glob(f"/proc/{deaf.pid}/task/*/comm"):
            # One that ends just now listens no more.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(task) as f:
                if "mp_handle" in f.read():
                    return True
        return False

    assert listens()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(b"x", path)
    hm.wait_until(lambda: not listens(), "its thread ends")
    assert "truncated msg" in deaf.log()
    hm.wait_until(
        lambda: pair.primary.peers()[0][deaf.pid].state == "hung", "its peers see that it is"
    )
    for process, reason in (
        (pair.primary, f"{deaf} is hung: it has served no request for "),
        (deaf, "this process has lost the EAL's thread for messages; quit and restart it"),
    ):
        answer, seconds = process.timed("attach net_null0")
        assert answer.startswith(f"failed to attach device net_null0: {reason}")
        assert seconds < hm.SOON
    pair.assert_lists([])
    assert deaf.quit() == 0
    pair.add_secondary()
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    pair.assert_agree([(0, "net_null0")])


def test_peer_that_keeps_the_turn_is_named(pair, prefix):
    """Any process with the group's rights can lock the file's first byte, and not let go."""
    script = (
        "import fcntl, os, sys\n"
        "fcntl.lockf(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX, 1)\n"
        "print(flush=True)\n"
        "sys.stdin.read()\n"
    )
    path = f"{hm.RUNTIME}/{pair.prefix}/hotplug_mp_group"
    primary, secondary = pair.members()
    with subprocess.Popen(
        [PYTHON, "-I", "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"\n"
        for process in pair.members():
            process.send("attach net_null0")
            process.child.expect_exact(f"waiting for pid {holder.pid}\r\n")
            # To look takes no turn.
        starting = hm.Process("secondary", pair.prefix, wait=False)
        told = f"dpdk-hotplug_mp: waiting for pid {holder.pid}\n"
        hm.wait_until(lambda: told in starting.log(), "one that starts says so too")
        starting.kill(signal.SIGINT)
        assert starting.wait(hm.SOON) == 128 + signal.SIGINT
        starting.close()
        # So can one leave who waits.
        secondary.kill(signal.SIGINT)
        assert secondary.wait(hm.SOON) == 128 + signal.SIGINT
        assert f"gave up waiting for pid {holder.pid}" in secondary.child.before
        holder.stdin.close()
        assert holder.wait(hm.TIMEOUT) == 0
    assert primary.rest() == "attached device net_null0"
    pair.assert_agree([(0, "net_null0")])


#: Where in the group's file the marks lie that operations and pollers wait for.
MARKS = """
#include <stdio.h>
#include "group_shared.h"
int main(void)
{
	for (unsigned int i = 0; i < GROUP_MAX_MEMBERS; i++)
		printf("%zu %zu\\n", offsetof(struct group_shared, members) +
			i * sizeof(struct group_member) + offsetof(struct group_member, serving),
			sizeof(group_shared->members[0].serving));
	for (unsigned int i = 0; i < RTE_MAX_ETHPORTS; i++)
		printf("%zu %zu\\n", offsetof(struct group_shared, withdraw.closing) +
			i * sizeof(group_shared->withdraw.closing[0]),
			sizeof(group_shared->withdraw.closing[0]));
}
"""


#: A reader of port 0 that never reports, at the last place of all, where nobody is.
STRAY = """
#include <fcntl.h>
#include <sys/mman.h>
#include "group_shared.h"
#include <rte_rcu_qsbr.h>
int main(int argc, char **argv)
{
	int fd = open(argv[argc - 1], O_RDWR);
	struct group_shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, 0);
	struct rte_rcu_qsbr *readers = (struct rte_rcu_qsbr *)shared->withdraw.rcu[0];
	return shared == MAP_FAILED ||
		rte_rcu_qsbr_thread_register(readers, readers->max_threads - 1) != 0 ||
		(rte_rcu_qsbr_thread_online(readers, readers->max_threads - 1), 0);
}
"""


def run_c(source, directory, *args):
    """Build a program that knows the layout of the group's file; returns what it prints."""
    hm.need(shutil.which("cc") and shutil.which("pkg-config"), "no C compiler; install gcc")
    build = 'cc -D_GNU_SOURCE -DALLOW_EXPERIMENTAL_API -I"$1" $(pkg-config --cflags libdpdk)'
    program = str(directory / "program")
    subprocess.run(
        ["sh", "-c", f'{build} -x c - -o "$2" $(pkg-config --libs libdpdk)', "sh", hm.REPO, program],
        input=source,
        text=True,
        check=True,
        timeout=hm.TIMEOUT,
    )
    return subprocess.check_output([program, *args], text=True, timeout=hm.TIMEOUT)


def test_reader_where_nobody_is_holds_up_nothing(pair, tmp_path):
    """Stop and detach wait for those who poll, not for a mark of none of them."""
    primary, secondary = pair.members()
    for asker, stopper in ((primary, secondary), (secondary, primary)):
        assert asker.cmd("attach net_ring0") == "attached device net_ring0"
        assert asker.cmd("start net_ring0") == "started device net_ring0"
        run_c(STRAY, tmp_path, f"{hm.RUNTIME}/{pair.prefix}/hotplug_mp_group")
        assert stopper.cmd("stop net_ring0") == "stopped device net_ring0"
        run_c(STRAY, tmp_path, f"{hm.RUNTIME}/{pair.prefix}/hotplug_mp_group")
        assert stopper.cmd("detach net_ring0") == "detached device net_ring0"
    pair.assert_agree([])


def test_peer_that_marks_everything_as_busy(pair, tmp_path):
    """The marks are put right, and the group goes on by itself."""
    marks = run_c(MARKS, tmp_path)
    primary, secondary = pair.members()
    assert primary.cmd("attach net_ring0") == "attached device net_ring0"
    assert secondary.cmd("start net_ring0") == "started device net_ring0"
    with open(f"{hm.RUNTIME}/{pair.prefix}/hotplug_mp_group", "r+b", buffering=0) as f:
        for line in marks.splitlines():
            at, size = map(int, line.split())
            f.seek(at)
            f.write(b"\x5a" * size)
    for process in (secondary, primary):
        assert process.cmd("attach net_null1") == "attached device net_null1"
        sent = "sent through net_ring0 (10 packets of 60 bytes)"
        hm.wait_until(lambda p=process: p.cmd("send net_ring0 10") == sent, "it can be polled")
        assert process.cmd("detach net_null1") == "detached device net_null1"
    assert secondary.cmd("forward net_ring0 net_ring0").startswith("forwarding ")
    hm.wait_equal(lambda: primary.stats().counts["net_ring0", secondary.pid].gaps, 0)
    pair.assert_agree([(0, "net_ring0")])


def test_telemetry_client_that_sends_junk(pair):
    path = f"{hm.RUNTIME}/{pair.prefix}/dpdk_telemetry.v2"
    junk = [b"\0", b",", b"/", b"/,,,", b"\xff" * 900, b"/hotplug_mp/show," + b"A" * 900]
    junk += [b"/hotplug_mp/show,%s%n%s", b"/hotplug_mp/show,-1", b"/hotplug_mp/show,4294967296"]
    junk += [b"/hotplug_mp/list," + b"\n" * 100, b"attach net_null0", b"x" * 5000, b"/" * 1023]
    for _ in range(3):
        for one in junk:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
                # Not with a time limit: then it would not wait where many want to be served.
                s.connect(path)
                s.settimeout(hm.TIMEOUT)
                json.loads(s.recv(1024))
                s.send(one)
                s.recv(20000)
        # Nor does one harm that does not wait for its answer.
        for _ in range(5):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
                s.connect(path)
                s.send(b"/hotplug_mp/peers")
    assert hm.telemetry(pair.prefix, "/hotplug_mp/list") == [{}]
    pair.assert_agree([])
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    assert hm.telemetry(pair.prefix, "/hotplug_mp/list") == [{"0": "net_null0"}]


def test_document_names_tests_that_exist():
    """And all of those here."""
    with open(f"{hm.REPO}/doc/security.rst", encoding="utf-8") as f:
        named = set(re.findall(r"\btest_[a-z0-9_]+\b(?!\.py)", f.read()))
    existing, here = set(), set()
    for path in glob.glob(f"{hm.REPO}/tests/**/test_*.py", recursive=True):
        with open(path, encoding="utf-8") as f:
            tests = set(re.findall(r"^def (test_\w+)", f.read(), re.MULTILINE))
        existing |= tests
        here |= tests if path == os.path.abspath(__file__) else set()
    assert named - existing == set()
    assert here - named == {"test_document_names_tests_that_exist"}
