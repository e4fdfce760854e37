# SPDX-License-Identifier: BSD-3-Clause
"""The plan: repeat to attach/detach virtio-user, against a real vhost backend."""

import pytest

from hotplug_mp import VhostBackend
from plan.devices import Device
from plan_report import ways

# They share a backend.
pytestmark = pytest.mark.xdist_group("virtio_user")

NAME = "net_virtio_user0"


def devargs(path):
    return f"{NAME},mac=00:01:02:03:04:05,path={path},packed_vq=1,mrg_rxbuf=1,in_order=0"


@pytest.mark.parametrize("attacher, detacher", ways("repeat"))
def test_repeat(lent_group, vhost_backend, attacher, detacher, plan):
    plan("repeat", lent_group, Device(devargs(vhost_backend)), attacher, detacher)


@pytest.mark.parametrize("attacher", ["primary", "secondary 1"])
def test_attach_works_once_the_backend_is_there(pair, attacher, short_dir):
    path = f"{short_dir}/vhost-net"
    process = pair.member(attacher)
    answer = process.cmd(f"attach {devargs(path)}")
    assert answer.startswith(f"failed to attach device {NAME}: ")
    pair.assert_lists([])
    backend = VhostBackend(path)
    try:
        assert process.cmd(f"attach {devargs(path)}") == f"attached device {NAME}"
        pair.assert_lists([(0, NAME)])
        assert process.cmd(f"detach {NAME}") == f"detached device {NAME}"
        pair.assert_lists([])
    finally:
        backend.close()
