# SPDX-License-Identifier: BSD-3-Clause
"""Users without rights: an owner of a group, and a stranger who tries to get at it."""

import os
import shutil
import stat
import subprocess

import hotplug_mp as hm

OWNER = 65534
STRANGER = 12345
PYTHON = "/usr/bin/python3"
#: What the program tells the user to do about a directory of somebody else.
MEND = "mend that, or set $RUNTIME_DIRECTORY to a directory of your own"
#: Tries what a user may do to a path or a pid; prints "ok" or the name of the error for each.
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
    """The words that run a command as that user."""
    hm.need(shutil.which("setpriv"), "no setpriv; install util-linux")
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


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)
