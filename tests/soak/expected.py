# SPDX-License-Identifier: BSD-3-Clause
"""Answers that are known to the letter or as a pattern, and whether one is what was said."""

import re

MAX_DEVARGS = 127
ANY = re.compile(".+")
#: A driver's reason, which is told with the process it was logged in.
OWN_WORDS = re.compile(r"pid [0-9]+ \((primary|secondary)\): .+")
HUNG = re.compile("is hung: it has served no request for [0-9]+ ms; end it, or try again later")
UNHEARD = re.compile("the primary .+ did not answer within 5 s, and may do it still; show tells")
DEAF = "this process has lost the EAL's thread for messages; quit and restart it"


def bare(devargs):
    """The name in devargs."""
    return devargs.removeprefix("vdev:").split(",")[0]


def prefixed(text, reason):
    """A reason that is a text or a pattern, behind a text."""
    if isinstance(reason, re.Pattern):
        return re.compile(re.escape(text) + reason.pattern)
    return text + reason


def matches(wanted, said):
    """Is this what was said?"""
    if isinstance(wanted, re.Pattern):
        return wanted.fullmatch(said) is not None
    return wanted == said
