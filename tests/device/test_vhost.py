# SPDX-License-Identifier: BSD-3-Clause
"""The socket of a net_vhost device, and the files that may be in its place."""

import os
import socket

import pytest

from hotplug_mp import Group, VhostBackend

NAME = "net_vhost0"


def devargs(path):
    return f"{NAME},iface={path},queues=1,client=0"


@pytest.fixture(params=["primary", "secondary 1"])
def asker(pair, request):
    """The process that is asked to attach, of a group that must stay without a port."""
    yield pair.member(request.param)
    pair.assert_lists([])


def bind(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    return listener


def test_socket_of_a_killed_process_says_what_to_do(asker, pair, short_dir):
    path = f"{short_dir}/vhost-net"
    bind(path).close()
    answer = asker.cmd(f"attach {devargs(path)}")
    assert answer.startswith(f"failed to attach device {NAME}: ")
    assert path in answer and "left over" in answer and f"rm {path}" in answer
    assert os.path.exists(path), "it is the user's to remove"
    pair.assert_lists([])
    os.unlink(path)
    assert asker.cmd(f"attach {devargs(path)}") == f"attached device {NAME}"
    pair.assert_lists([(0, NAME)])
    assert asker.cmd(f"detach {NAME}") == f"detached device {NAME}"


def test_socket_of_a_killed_backend_says_what_to_do(asker, short_dir):
    path = f"{short_dir}/vhost-net"
    backend = VhostBackend(path)
    backend.process.kill()
    backend.process.wait()
    assert os.path.exists(path)
    answer = asker.cmd(f"attach {devargs(path)}")
    backend.close()
    assert answer.startswith(f"failed to attach device {NAME}: ")
    assert "left over" in answer and f"rm {path}" in answer


def test_socket_somebody_listens_on_is_refused(asker, short_dir):
    path = f"{short_dir}/vhost-net"
    with bind(path) as listener:
        listener.listen(1)
        answer = asker.cmd(f"attach {devargs(path)}")
    assert answer.startswith(f"failed to attach device {NAME}: ")
    assert "listens" in answer and path in answer
    assert "rm " not in answer


def test_regular_file_is_refused_and_kept(asker, short_dir):
    path = f"{short_dir}/vhost#net"  # not where a comment begins
    with open(path, "w", encoding="utf-8") as f:
        f.write("precious")
    answer = asker.cmd(f"attach {devargs(path)}")
    assert answer.startswith(f"failed to attach device {NAME}: ")
    assert path in answer and "no socket" in answer
    with open(path, encoding="utf-8") as f:
        assert f.read() == "precious"


def test_listener_that_accepts_nobody_is_not_waited_for(asker, short_dir):
    path = f"{short_dir}/vhost-net"
    with bind(path) as listener, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as waiting:
        listener.listen(0)
        waiting.connect(path)
        answer = asker.cmd(f"attach {devargs(path)}")
    assert answer.startswith(f"failed to attach device {NAME}: ")
    assert "listens" in answer and path in answer


def test_client_connects_to_a_socket_somebody_listens_on(asker, pair, short_dir):
    path = f"{short_dir}/vhost-net"
    with bind(path) as listener:
        listener.listen(1)
        answer = asker.cmd(f"attach {NAME},iface={path},client=1")
        assert answer == f"attached device {NAME}"
        pair.assert_lists([(0, NAME)])
        assert asker.cmd(f"detach {NAME}") == f"detached device {NAME}"


def test_leftover_relative_socket_is_seen_by_everyone(short_dir):
    """A relative path is the primary's, wherever the one is that asks."""
    group = Group(secondaries=0, cwd=short_dir)
    try:
        group.add_secondary(cwd="/")
        bind(f"{short_dir}/vhost-net").close()
        for process in group.members():
            answer = process.cmd(f"attach {devargs('vhost-net')}")
            assert "left over" in answer and f"rm {short_dir}/vhost-net" in answer
        group.assert_lists([])
    finally:
        group.close()


def test_quit_leaves_no_vhost_socket(pair, short_dir):
    path = f"{short_dir}/vhost-net"
    assert pair.primary.cmd(f"attach {devargs(path)}") == f"attached device {NAME}"
    assert pair.secondaries[0].quit() == 0
    assert pair.primary.quit() == 0
    assert os.listdir(short_dir) == []
