# SPDX-License-Identifier: BSD-3-Clause
"""The plan: repeat to attach/detach vhost-user."""

import os

import pytest

from hotplug_mp import ROLES, attach_and_detach_twice_each

NAME = "net_vhost0"


def devargs(path):
    return f"{NAME},iface={path},queues=1,client=0"


@pytest.mark.parametrize("detacher", ROLES)
@pytest.mark.parametrize("attacher", ROLES)
def test_repeat(group, attacher, detacher, short_dir, plan):
    path = f"{short_dir}/vhost-net"
    saw = plan("Repeat to attach/detach vhost-user", NAME, attacher, detacher)
    group.assert_lists([])
    for _ in range(2):
        attach_and_detach_twice_each(group, saw, attacher, detacher, NAME, devargs(path))
        assert not os.path.exists(path)
