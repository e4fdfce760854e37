# SPDX-License-Identifier: BSD-3-Clause
"""Messages between processes as the EAL of this machine reads them, to send what no EAL would."""

import array
import contextlib
import functools
import os
import socket
import struct
import subprocess
import tempfile

REQUEST = 1
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


def send(path, message, fds=()):
    """Send it to the socket at that path, with these descriptors."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendmsg([message], rights, 0, path)


def listens(pid):
    """Does the EAL's thread for messages run in that process?"""
    names = []
    for task in os.listdir(f"/proc/{pid}/task"):
        # A thread may end at this moment.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as f:
                names.append(f.read().strip())
    # The second is its name from DPDK 23.11 on.
    return "rte_mp_handle" in names or "dpdk-mp-msg" in names
