# SPDX-License-Identifier: BSD-3-Clause
"""doc/security.rst names tests that exist."""

import glob
import os
import re

import hotplug_mp as hm

#: The chapters that test nothing but what the document says.
CHAPTERS = (
    "eal/test_mounts.py",
    "eal/test_private.py",
    "eal/test_strangers.py",
    "group/test_malicious_peers.py",
)


def test_document_names_tests_that_exist():
    """And it names all tests of its own chapters."""
    with open(f"{hm.REPO}/doc/security.rst", encoding="utf-8") as f:
        named = set(re.findall(r"\btest_[a-z0-9_]+\b(?!\.py)", f.read()))
    existing, own = set(), set()
    for path in glob.glob(f"{hm.REPO}/tests/**/test_*.py", recursive=True):
        with open(path, encoding="utf-8") as f:
            tests = set(re.findall(r"^def (test_\w+)", f.read(), re.MULTILINE))
        existing |= tests
        own |= tests if os.path.relpath(path, f"{hm.REPO}/tests") in CHAPTERS else set()
    assert named - existing == set()
    assert own and own - named == set()
