# SPDX-License-Identifier: BSD-3-Clause
"""Messages between processes as the EAL of this machine reads them, to send what no EAL would."""

import array
import collections
import contextlib
import functools
import itertools
import os
import socket
import struct
import subprocess
import tempfile

import hotplug_mp as hm

REQUEST = 1
#: What secondaries ask which virtual devices there are by, as DPDK's vdev bus lays it out: a type, a
#: number, and the name of a device.
VDEV_ACTION = b"bus_vdev_mp"
VDEV = struct.Struct("ii64s")
VDEV_REQUEST, VDEV_DEVICE, VDEV_ANSWER = 1, 2, 3
#: A datagram of the EAL's: a kind and struct rte_mp_msg, as long as these without the descriptors.
PROGRAM = """
#include <stddef.h>
#include <stdio.h>
#include <rte_eal.h>
struct datagram { int kind; struct rte_mp_msg msg; };
int main(void)
{
    printf("%zu ", offsetof(struct datagram, msg.name));
    printf("%zu ", offsetof(struct datagram, msg.len_param));
    printf("%zu ", offsetof(struct datagram, msg.num_fds));
    printf("%zu ", offsetof(struct datagram, msg.param));
    printf("%zu ", sizeof(struct datagram) - sizeof(((struct rte_mp_msg *)NULL)->fds));
    return 0;
}
"""


@functools.cache
def offsets():
    """Of name, length of the parameters, number of descriptors, and parameters; and the size."""
    ask = ["pkg-config", "--cflags", "libdpdk"]
    flags = subprocess.run(ask, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    with tempfile.TemporaryDirectory(prefix="hmt") as place:
        program = f"{place}/layout"
        subprocess.run(
            ["cc", *flags, "-x", "c", "-", "-o", program], input=PROGRAM, check=True, text=True
        )
        done = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True)
    return list(map(int, done.stdout.split()))


def datagram(name, kind=0, params=b"", length=None, fds=0):
    """A message; length and fds are what it says of its parameters and descriptors."""
    at_name, at_length, at_fds, at_params, size = offsets()
    message = bytearray(size)
    struct.pack_into("i", message, 0, kind)
    struct.pack_into("64s", message, at_name, name)
    struct.pack_into("ii", message, at_length, len(params) if length is None else length, fds)
    assert at_fds == at_length + 4
    struct.pack_into("256s", message, at_params, params)
    return bytes(message)


def send(path, message, fds=(), sender=None):
    """Send it to the socket at that path, with these descriptors."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    with contextlib.ExitStack() as stack:
        if sender is None:
            sender = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        sender.sendmsg([message], rights, 0, path)


def thread_says(pid, file):
    """What that file in /proc says of the EAL's thread for messages in that process, if it runs."""
    for task in os.listdir(f"/proc/{pid}/task"):
        # A thread may end at this moment.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as f:
                name = f.read().strip()
            # The second is its name from DPDK 23.11 on.
            if name in ("rte_mp_handle", "dpdk-mp-msg"):
                with open(f"/proc/{pid}/task/{task}/{file}", encoding="utf-8") as f:
                    return f.read()
    return None


def listens(pid):
    """Does the EAL's thread for messages run in that process?"""
    return thread_says(pid, "comm") is not None


#: The system call sendmsg(2), as /proc has it.
SENDMSG = "46"


def sends(pid):
    """Does that thread wait until it can send?"""
    return (thread_says(pid, "syscall") or "").split()[:1] == [SENDMSG]


#: What a primary says of its virtual devices. kind is the EAL's: 0 is a message, 2 an answer.
Told = collections.namedtuple("Told", ("kind", "action", "length", "fds", "type", "number", "name"))


class Asker:
    """A socket among those of a group's secondaries, that asks the primary for its virtual devices.
    It is there for the primary only while it asks, because nobody would answer other messages."""

    numbers = itertools.count(1)

    def __init__(self, prefix):
        directory = f"{hm.RUNTIME}/{prefix}"
        number = next(self.numbers)
        self.path = f"{directory}/mp_socket_{os.getpid()}_{number:x}"
        self.hidden = f"{directory}/asker_{number:x}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(hm.TIMEOUT)
        self.primary = f"{directory}/mp_socket"
        os.rename(self.path, self.hidden)

    @contextlib.contextmanager
    def shown(self):
        os.rename(self.hidden, self.path)
        yield
        os.rename(self.path, self.hidden)

    def receive(self):
        """What it has been told up to an answer."""
        at_name, at_length, at_fds, at_params, size = offsets()
        told = []
        while not told or told[-1].kind != 2:
            datagram_ = self.socket.recv(2 * size)
            assert len(datagram_) == size
            (kind,) = struct.unpack_from("i", datagram_, 0)
            action = datagram_[at_name:].split(b"\0", 1)[0]
            (length,) = struct.unpack_from("i", datagram_, at_length)
            (fds,) = struct.unpack_from("i", datagram_, at_fds)
            type_, number, name = VDEV.unpack_from(datagram_, at_params)
            name = name.split(b"\0")[0].decode() if type_ == VDEV_DEVICE else None
            told.append(Told(kind, action, length, fds, type_, number, name))
        return told

    def send(self, params=VDEV.pack(VDEV_REQUEST, 0, b""), fds=()):
        message = datagram(VDEV_ACTION, kind=REQUEST, params=params, fds=len(fds))
        send(self.primary, message, fds, self.socket)

    def ask(self):
        """Ask; what it has been told, also before this."""
        with self.shown():
            self.send()
            return self.receive()

    def names(self):
        """Ask; the devices that it has been told of."""
        *told, answer = self.ask()
        assert answer.type == VDEV_ANSWER
        return [one.name for one in told]

    def close(self):
        self.socket.close()
        os.unlink(self.hidden)
