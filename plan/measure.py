# SPDX-License-Identifier: BSD-3-Clause
"""What processes have: descriptors, threads, memory of their own and hugepages. And what they
share, by DPDK's telemetry: the EAL's heap, its memzones, and mbufs that are in no pool."""

import contextlib
import json
import os
import re
import socket
import threading

#: What grows by less than this in a round, on average, is no leak: memory of a process comes by
#: pages, and goes up and down.
LEAST = {
    "descriptors": 0.2,
    "threads": 0.2,
    "KiB of memory of its own": 4,
    "KiB of hugepages": 100,
    "bytes of the EAL's heap": 16,
    "memzones": 0.2,
    "mbufs": 0.2,
}
FEWEST_ROUNDS = 4
#: Memory of its own a process takes as it goes, for a while: how many rounds tell more than that.
OWN = "KiB of memory of its own"
OWN_ROUNDS = 12
SHARED = "the group"


def field(path, name):
    """A number of kB of a file in /proc."""
    with open(path, encoding="ascii", errors="replace") as f:
        return sum(int(kb) for kb in re.findall(rf"^{name}:\s+(\d+) kB", f.read(), re.MULTILINE))


def of_process(pid):
    return {
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": len(os.listdir(f"/proc/{pid}/task")),
        "KiB of memory of its own": field(f"/proc/{pid}/status", "RssAnon"),
        "KiB of hugepages": field(f"/proc/{pid}/smaps_rollup", r"\w+_Hugetlb"),
    }


def ask(path, *commands):
    """What the primary answers at its telemetry socket, a value a command."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(10)
        s.connect(path)
        size = json.loads(s.recv(4096))["max_output_len"]
        answers = []
        for command in commands:
            s.send(command.encode())
            (value,) = json.loads(s.recv(size)).values()
            answers.append(value)
    return answers


def of_group(path):
    """What its processes share; nothing without a telemetry socket, or of what it does not know."""
    found = {}
    with contextlib.suppress(OSError, ValueError):
        heaps, zones, pools = ask(path, "/eal/heap_list", "/eal/memzone_list", "/mempool/list")
        infos = ask(path, *(f"/eal/heap_info,{heap}" for heap in heaps or ()))
        found["bytes of the EAL's heap"] = sum(info["Alloc_size"] for info in infos if info)
        found["memzones"] = len(zones or ())
        infos = ask(path, *(f"/mempool/info,{pool}" for pool in pools or ()))
        there = ("common_pool_count", "total_cache_count")
        found["mbufs"] = sum(
            info["size"] - sum(info.get(name, 0) for name in there) for info in infos if info
        )
    return found


def look(group):
    """{(who, what): how many} of all processes of a group."""
    seen = {}
    for role, process in group.by_role().items():
        seen.update({(role, what): n for what, n in of_process(process.pid).items()})
    shared = of_group(f"{group.directory()}/dpdk_telemetry.v2")
    seen.update({(SHARED, what): n for what, n in shared.items()})
    return seen


def look_again(group, before):
    """The same. What has grown may be on its way back, so that is looked at again, for a while."""
    seen = look(group)
    for _ in range(3):
        if all(seen[key] <= before.get(key, 0) for key in seen):
            break
        threading.Event().wait(0.03)
        now = look(group)
        seen = {key: min(n, seen.get(key, n)) for key, n in now.items()}
    return seen


def leaks(looks):
    """Of looks, one after each round: {(who, what): how many a round leaves behind}. The first
    quarter of the rounds does not count, because much is made when it is needed first; nor does the
    first half, of a process's own memory."""
    found = {}
    for key in looks[-1]:
        own = key[1] == OWN
        if own and len(looks) < OWN_ROUNDS:
            continue
        first = len(looks) // (2 if own else 4)
        rounds = len(looks) - 1 - first
        series = [look[key] for look in looks[first:] if key in look]
        if len(series) <= rounds:
            continue
        steps = sum(after > before for before, after in zip(series, series[1:]))
        each = (series[-1] - series[0]) / rounds
        # A single step is no leak, but one in some rounds is.
        if each >= LEAST[key[1]] and steps >= max(2, rounds // (2 if own else 5)):
            found[key] = each
    return found


def sentence(key, each):
    """As "secondary 1: 2 descriptors a round"."""
    who, what = key
    number = f"{each:.1f}".removesuffix(".0")
    if number == "1":
        what = re.sub(r"^(\w+)s\b", r"\1", what)
    return f"{who}: {number} {what} a round"


def version(path):
    """Which DPDK a group runs, as "22.11.11"."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(10)
        s.connect(path)
        return json.loads(s.recv(4096))["version"].removeprefix("DPDK ")
