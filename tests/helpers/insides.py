# SPDX-License-Identifier: BSD-3-Clause
"""Look into the file of a group, and write there."""

import shutil
import subprocess

import hotplug_mp as hm

#: The byte of a group's file that the process of the first slot locks.
SLOT = 16


def run_c(source, directory, *args):
    """Build a program that knows the layout of the group's file; returns what it prints."""
    hm.need(shutil.which("cc") and shutil.which("pkg-config"), "no C compiler; install gcc")
    build = 'cc -D_GNU_SOURCE -DALLOW_EXPERIMENTAL_API -I"$1" $(pkg-config --cflags libdpdk)'
    program = str(directory / "program")
    subprocess.run(
        ["sh", "-c", f'{build} -x c - -o "$2" $(pkg-config --libs libdpdk)', "sh", hm.REPO, program],
        input=source,
        text=True,
        check=True,
        timeout=hm.TIMEOUT,
    )
    return subprocess.check_output([program, *args], text=True, timeout=hm.TIMEOUT)


def offset(field, directory):
    """Where a field of struct group_shared lies in the file."""
    source = f"""
#include <stdio.h>
#include "group/shared.h"
int main(void) {{ return printf("%zu", offsetof(struct group_shared, {field})) < 0; }}
"""
    return int(run_c(source, directory))


def shared(prefix):
    """The file of a group, to read and write."""
    return open(f"{hm.RUNTIME}/{prefix}/hotplug_mp_group", "r+b", buffering=0)
