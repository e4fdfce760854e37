# SPDX-License-Identifier: BSD-3-Clause
"""Why a start of the program failed, in its own words."""

import re


def why(done, status=1):
    """The one line that the program itself says when its start fails as it should."""
    assert done.returncode == status, done.stderr
    lines = [line for line in done.stderr.split("\n") if line.startswith("dpdk-hotplug_mp: ")]
    assert len(lines) == 1, done.stderr
    assert done.stderr.endswith(f"{lines[0]}\n"), "it is the last thing said"
    assert not re.search("backtrace|PANIC|panic|core dumped|#0", done.stderr)
    return lines[0]
