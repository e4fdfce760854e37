# SPDX-License-Identifier: BSD-3-Clause
"""What a sanitizer has found in the processes of a test. They write it to files, so that it is not
lost among other output, nor with a process that is killed."""

import glob
import os
import re
import subprocess

#: Folder the processes write their findings to, if they are built with a sanitizer.
FOLDER = os.environ.get("HM_FINDINGS")
if FOLDER and "PYTEST_XDIST_WORKER" in os.environ:
    # Each worker of pytest-xdist has one of its own.
    of_all, FOLDER = FOLDER, os.path.join(FOLDER, os.environ["PYTEST_XDIST_WORKER"])
    os.mkdir(FOLDER)
    os.chmod(FOLDER, 0o1777)
    for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
        os.environ[name] = os.environ.get(name, "").replace(f"={of_all}/", f"={FOLDER}/")

FRAME = re.compile(r"^ +#\d+ .*\((\S+?)\+(0x[0-9a-f]+)\)", re.MULTILINE)
ACCESS = re.compile(r"^  (?:Previous )?(?:atomic )?(?:read|write) of size ", re.MULTILINE | re.I)


def owner(stack):
    """The object whose code did it: the first one that is not the sanitizer or the C library."""
    for path, _ in FRAME.findall(stack):
        name = os.path.basename(path)
        if not re.match(r"lib(tsan|c)\.so", name):
            return name
    return ""


def is_of_dpdk(report):
    """A race with DPDK, whose own locks the thread sanitizer cannot see, as it is not built with
    it: what DPDK has made or freed in one thread is used, as it should be, in another."""
    accesses = ACCESS.split(report)[1:]
    owners = [owner(access.split("\n\n")[0]) for access in accesses[:2]]
    # Without a name where the sanitizer remembers too little.
    return len(owners) == 2 and any(not one or one.startswith("librte_") for one in owners)


def is_cut_off(report):
    """Of a process that was killed while it wrote this; nothing can be told from it."""
    return report.startswith("WARNING: ThreadSanitizer") and "\nSUMMARY: " not in report


def symbolized(report):
    """With the functions and lines of our own frames, which the process had no time for."""

    def line(match):
        path, address = match.groups()
        if os.path.basename(path).startswith("lib"):
            return match[0]
        found = subprocess.run(
            ["addr2line", "-f", "-p", "-e", path, address], stdout=subprocess.PIPE, text=True
        )
        return f"{match[0]} {found.stdout.strip()}"

    return FRAME.sub(line, report)


def collect():
    """What has been found since the last call; the files are removed."""
    reports = []
    for path in glob.glob(f"{FOLDER}/*") if FOLDER else ():
        with open(path, encoding="utf-8", errors="replace") as f:
            text = f.read()
        os.unlink(path)
        for report in re.split(r"^={10,}\n", text, flags=re.MULTILINE):
            if re.search(r"^(WARNING|.*ERROR|.*runtime error)", report, re.MULTILINE):
                if not is_of_dpdk(report) and not is_cut_off(report):
                    reports.append(symbolized(report))
    return reports
