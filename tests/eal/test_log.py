# SPDX-License-Identifier: BSD-3-Clause
"""The EAL's log goes where the EAL's options say, from first to last, and reasons come of it."""

import functools
import os
import re
import socket
import threading

import pytest

import hotplug_mp as hm

# In a mount namespace of one's own: a system log and a journal that are sockets in a directory. All
# else that a process needs of /dev and /run stays as it is.
LOGGERS = """
place=$1 journal=$2; shift 2
mkdir -p "$place/dev" "$place/run" /run/dpdk
mount -t tmpfs -o mode=755 hmt "$place/dev"
for file in null zero full random urandom tty ptmx; do
    : >"$place/dev/$file"
    mount --bind "/dev/$file" "$place/dev/$file"
done
for dir in hugepages pts shm; do
    mkdir "$place/dev/$dir"
    mount --rbind "/dev/$dir" "$place/dev/$dir"
done
ln -s "$place/syslog" "$place/dev/log"
mount -t tmpfs -o mode=755 hmt "$place/run"
for dir in /run/*/; do
    mkdir "$place$dir"
    [ "$dir" = /run/systemd/ ] || mount --rbind "$dir" "$place$dir"
done
mkdir -p "$place/run/systemd/journal"
ln -s "$place/journal" "$place/run/systemd/journal/socket"
mount --rbind "$place/run" /run
mount --rbind "$place/dev" /dev
[ -z "$journal" ] || export JOURNAL_STREAM="$(stat -L -c %d:%i "/proc/$$/fd/2")"
"""
#: Each byte that is freed gets another value, so that nobody can still use it.
FILL = "glibc.malloc.perturb=165"
STAMPS = [f"--log-timestamp{format}" for format in ("", "=ctime", "=delta", "=iso", "=reltime")]
COLOURS = "--log-color=always"
#: Names of the ways to log, and the EAL's options for them.
WAYS = {
    "stderr": [],
    **{option: [option] for option in STAMPS},
    COLOURS: [COLOURS],
    "both": ["--log-timestamp", COLOURS],
    "syslog": ["--syslog=local3"],
    "journal": [],
}
#: Facility local3, an error.
PRIORITY = 19 * 8 + 3


class Logger:
    """A socket that others log to."""

    def __init__(self, path):
        self.messages = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        # Who logs waits while the socket is full.
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while message := self.socket.recv(65536):
            self.messages.append(message.decode())

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


@functools.lru_cache
def eal_help():
    return hm.run(own=["--help"]).stdout


class Way:
    """One of WAYS, and how a process that logs in this way is run."""

    def __init__(self, name, place, after):
        self.name = name
        self.place = place
        self.after = after
        for option in WAYS[name]:
            option, _, _ = option.partition("=")
            if option not in eal_help():
                pytest.skip(f"this release of DPDK has no {option}")
        if name == "journal" and "--log-timestamp" not in eal_help():
            pytest.skip("this release of DPDK, older than --log-timestamp, knows no journal")
        self.journal = Logger(f"{place}/journal")
        self.syslog = Logger(f"{place}/syslog")

    def kwargs(self):
        return {
            "eal": ["--no-pci", *WAYS[self.name]],
            "wrap": self.after(LOGGERS, self.place, "journal" if self.name == "journal" else ""),
            "env": {"GLIBC_TUNABLES": FILL},
        }

    def on_stderr(self, process, text):
        """The lines of this text on standard error."""
        text = re.escape(text)
        stamp, begin, end = "", "", ""
        if self.name in STAMPS or self.name == "both":
            stamp = r"\[[^]]*\d[^]]*\] "
        if self.name in (COLOURS, "both"):
            stamp = stamp and rf"\x1b\[[\d;]+m{stamp}\x1b\[0m"
            begin, end = r"(?:\x1b\[0m)?", r"(?=\x1b\[0m)"
            text = text.replace(":", r":\x1b\[0m\x1b\[[\d;]+m", 1)
            stamp += r"\x1b\[[\d;]+m"
        if self.name == "syslog":
            # The C library may write it, as it sends it.
            stamp = rf"(?:\S+\[{process.pid}\]: )?"
        return re.findall(rf"^{begin}{stamp}{text}\n{end}", process.log(), re.MULTILINE)

    def lines(self, process):
        """All that has been logged."""
        if self.name == "journal":
            return self.journal.messages
        return self.syslog.messages if self.name == "syslog" else process.log().split("\n")

    def logged(self, process, text):
        """How often the process has logged that error, in each place where it should."""
        if self.name == "journal":
            sent = [message.split("\n") for message in self.journal.messages]
            return [sum(f"MESSAGE={text}" in m and "PRIORITY=3" in m for m in sent)]
        assert self.journal.messages == []
        lines = len(self.on_stderr(process, text))
        if self.name != "syslog":
            return [lines]
        form = rf"<{PRIORITY}>.* \S+\[{process.pid}\]: {re.escape(text)}\n?"
        return [lines, sum(re.fullmatch(form, m) is not None for m in self.syslog.messages)]

    def close(self):
        self.syslog.close()
        self.journal.close()


@pytest.fixture(params=WAYS)
def way(request, short_dir, after):
    way = Way(request.param, short_dir, after)
    yield way
    way.close()


@pytest.fixture
def logging(way, make_faults):
    """A primary and a secondary that log in this way."""
    group = hm.Group(secondaries=1, make_faults=make_faults, **way.kwargs())
    yield group
    group.close()


def assert_logged(way, process, text, times=1):
    hm.wait_until(lambda: min(way.logged(process, text)) >= times, f"{text} is logged")
    assert set(way.logged(process, text)) == {times}


@pytest.mark.parametrize("refuser", hm.ROLES[:2])
def test_reason_is_logged_and_shown(way, logging, refuser):
    """In each process, at each time; and what is shown has neither colours nor a time stamp."""
    refuser = logging.member(refuser)
    for reason in ("no room: none here", "no room", "[of its own] kind: nor here"):
        refuser.faults.set("attach", f"refuse first: {reason}")
        for asker in logging.members():
            answer = asker.cmd("attach net_null0")
            assert answer == f"failed to attach device net_null0: {refuser}: first: {reason}"
        assert_logged(way, refuser, f"first: {reason}", times=2)
    refuser.faults.clear()
    assert logging.primary.cmd("attach net_null0") == "attached device net_null0"
    logging.assert_agree([(0, "net_null0")])


@pytest.mark.parametrize("role", hm.ROLES[:2])
def test_what_is_logged_while_a_process_leaves(way, logging, role):
    process = logging.member(role)
    assert process.cmd("attach net_null0") == "attached device net_null0"
    assert process.cmd("start net_null0") == "started device net_null0"
    process.faults.set("stop", "refuse while: it stops its ports")
    process.faults.set("memory", "refuse while: the EAL cleans up")
    assert process.quit() == 0
    assert process.faults.met("memory")
    # Once for each of the EAL's tables.
    hm.wait_until(lambda: all(way.logged(process, "while: the EAL cleans up")), "it is logged")
    if role == "primary":
        assert_logged(way, process, "while: it stops its ports")


def test_what_is_asked_in_silence_is_logged_nowhere(way, logging):
    """The EAL logs an error when it is asked whether a port is started, and for devices of a bus
    that cannot list them."""
    process = logging.primary
    assert process.cmd("attach net_null0") == "attached device net_null0"
    process.faults.set("start", "refuse before that")
    process.cmd("start net_null0")
    assert "net_null0" in process.cmd("show net_null0")
    assert "net_ring" in process.cmd("devices")
    process.faults.set("start", "refuse after that")
    process.cmd("start net_null0")
    assert_logged(way, process, "after that")
    lines = way.lines(process)
    (before,) = [i for i, line in enumerate(lines) if "before that" in line]
    assert "after that" in lines[before + 1]


@pytest.mark.parametrize("where", ["a terminal", "a file"])
def test_colours_are_for_terminals(process, where):
    if "--log-color" not in eal_help():
        pytest.skip("this release of DPDK has no --log-color")
    wrap = ["sh", "-c", 'exec "$@" 2>&1', "sh"] if where == "a terminal" else ()
    one = process("primary", eal=["--no-pci", "--log-color=auto"], wrap=wrap)
    log = one.transcript.getvalue() + one.log()
    assert ("\x1b[33mEAL:\x1b[0m" in log) == (where == "a terminal")
    assert "EAL:" in log


def test_log_that_does_not_come_through_is_told(prefix, tmp_path):
    """As with a DPDK that looks for its stream without the dynamic linker."""
    told = "dpdk-hotplug_mp: cannot see what this DPDK logs; an answer may lack the reason that the "
    told += "log of the process that refused has\n"
    with open(hm.BINARY, "rb") as f:
        program = f.read()
    other = tmp_path / "program"
    # The name that the dynamic linker knows it by.
    other.write_bytes(program.replace(b"\0rte_log_get_stream\0", b"\0rte_log_get_strean\0"))
    other.chmod(0o755)
    assert told not in hm.run("primary", prefix).stderr
    assert told in hm.run("primary", prefix, binary=str(other)).stderr
