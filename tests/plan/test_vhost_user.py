# SPDX-License-Identifier: BSD-3-Clause
"""The plan: repeat to attach/detach vhost-user."""

import os

import pytest

from plan.devices import Device
from plan_report import ways


@pytest.mark.parametrize("attacher, detacher", ways("repeat"))
def test_repeat(lent_group, attacher, detacher, short_dir, plan):
    path = f"{short_dir}/vhost-net"
    device = Device(f"net_vhost0,iface={path},queues=1,client=0")
    plan("repeat", lent_group, device, attacher, detacher)
    assert not os.path.exists(path)
