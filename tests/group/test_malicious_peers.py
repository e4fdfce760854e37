# SPDX-License-Identifier: BSD-3-Clause
"""What a malicious peer, which has the group's rights, can do; doc/security.rst."""

import contextlib
import glob
import json
import signal
import socket
import struct
import subprocess
import threading

import hotplug_mp as hm
from insides import run_c
from messages import REQUEST, datagram, listens, send
from users import PYTHON


def request(op=0, port=0, rx=0, tx=0):
    """What a secondary asks its primary for to start a port."""
    return struct.pack("<QHHHxx", op, port, rx, tx)


def junk():
    """Messages of the right size that mean nothing."""
    yield datagram(b"nosuch")
    yield datagram(b"x" * 64)
    yield datagram(b"\xff\x00%s%n")
    yield datagram(b"nosuch", 2)
    yield datagram(b"nosuch", -1)
    for params in (
        b"",
        request() + b"x",
        request(port=0xFFFF, rx=1, tx=1),
        request(rx=17, tx=1),
        request(rx=1, tx=0xFFFF),
        # What could be done, but is for no operation under way.
        request(op=1 << 40, rx=1, tx=1),
    ):
        yield datagram(b"hotplug_mp_ports", REQUEST, params)


def test_junk_in_the_mp_sockets(pair):
    """Each message is refused, and operations go on."""
    messages = list(junk())
    assert pair.primary.cmd("attach net_ring0") == "attached device net_ring0"
    over = threading.Event()
    sent = dict.fromkeys(hm.sockets(pair.prefix), 0)

    def flood():
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.setblocking(False)
            while not over.is_set():
                for path in sent:
                    for message in messages:
                        with contextlib.suppress(BlockingIOError):
                            s.sendto(message, path)
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
    assert min(sent.values()) >= len(messages)
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

    assert listens(deaf.pid)
    send(path, b"x")
    hm.wait_until(lambda: not listens(deaf.pid), "its thread ends")
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
    with hm.running(
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
#include "group/shared.h"
int main(void)
{
	for (unsigned int i = 0; i < GROUP_MAX_MEMBERS; i++)
		printf("%zu %zu\\n", offsetof(struct group_shared, members) +
			i * sizeof(struct group_member) + offsetof(struct group_member, serving),
			sizeof(((struct group_member *)NULL)->serving));
	for (unsigned int i = 0; i < RTE_MAX_ETHPORTS; i++)
		printf("%zu %zu\\n", offsetof(struct group_shared, withdrawn.closing) +
			i * sizeof(((struct group_shared *)NULL)->withdrawn.closing[0]),
			sizeof(((struct group_shared *)NULL)->withdrawn.closing[0]));
}
"""
#: A reader of port 0 that never reports, at the last place of all, where nobody is.
STRAY = """
#define BY_WITHDRAW
#include <fcntl.h>
#include <sys/mman.h>
#include "group/shared.h"
#include <rte_rcu_qsbr.h>
int main(int argc, char **argv)
{
	int fd = open(argv[argc - 1], O_RDWR);
	struct group_shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, 0);
	struct rte_rcu_qsbr *readers = (struct rte_rcu_qsbr *)shared->withdrawn.rcu[0];
	return shared == MAP_FAILED ||
		rte_rcu_qsbr_thread_register(readers, readers->max_threads - 1) != 0 ||
		(rte_rcu_qsbr_thread_online(readers, readers->max_threads - 1), 0);
}
"""


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
