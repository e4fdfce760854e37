#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a one-shot adds to the EAL's own cost: `-- --cmd 'attach net_null0'` as a secondary,
against a program that starts the EAL as a secondary and leaves. In turns; medians.

usage: bench/one_shot.py [ROUNDS]    as root, after the build"""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests"))
import hotplug_mp as hm  # noqa: E402

BARE = """
#include <rte_eal.h>
int main(int argc, char **argv)
{
    return rte_eal_init(argc, argv) < 0 || rte_eal_cleanup() < 0;
}
"""


def build(folder):
    """The program that does nothing else than what every secondary has to."""
    source, binary = os.path.join(folder, "bare.c"), os.path.join(folder, "bare")
    with open(source, "w", encoding="ascii") as f:
        f.write(BARE)
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "libdpdk"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    subprocess.run(["cc", source, *flags.stdout.split(), "-o", binary], check=True)
    return binary


def timed(prefix, binary, own=()):
    begin = time.monotonic()
    done = hm.run("secondary", prefix, binary=binary, own=own)
    if done.returncode != 0:
        sys.exit(f"{binary} failed: {done.stdout}{done.stderr}")
    return 1000 * (time.monotonic() - begin)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    took = {"bare": [], "one-shot": []}
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(hm.Group()) as group:
        bare = build(folder)
        for _ in range(rounds):
            took["bare"].append(timed(group.prefix, bare))
            took["one-shot"].append(
                timed(group.prefix, hm.BINARY, ("--cmd", "attach net_null0"))
            )
            if group.primary.cmd("detach net_null0") != "detached device net_null0":
                sys.exit("the one-shot left something behind")
    for name, times in took.items():
        print(f"{name:10}{statistics.median(times):8.1f} ms, median of {rounds}")
    ratio = statistics.median(took["one-shot"]) / statistics.median(took["bare"])
    print(f"ratio {ratio:.2f}; to be at most 1.20")


if __name__ == "__main__":
    main()
