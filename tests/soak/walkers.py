# SPDX-License-Identifier: BSD-3-Clause
"""The processes of a walk: what they are called, and how a process is put away."""

import contextlib
import os

SECONDARIES = ("s1", "s2", "s3", "s4")
EVERYONE = ("p", *SECONDARIES)
#: An answer takes the EAL's 5 s for a request and 5 s to undo it, twice, and settling at most.
ANSWER_S = 90


class Divergence(Exception):
    """What was seen is not what the model says."""


def put_away(process):
    """End a process, and keep nothing of it."""
    status = process.end()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(process.log_path)
    return status
