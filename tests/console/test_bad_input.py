# SPDX-License-Identifier: BSD-3-Clause
"""A wrong line, typed or from a pipe, is refused with a reason of its own, and nothing is run."""

import os
import re
import stat

import pytest

import hotplug_mp as hm

LINE_MAX = 511
NO_NAME = "has no device name; expected [bus:]name[,arguments]"
NO_BUS = (
    ': no bus knows "{0}": it is no PCI address and begins with the name of no virtual driver '
    "that is loaded"
)
LONG_NAME = "net_null" + "0" * 56


def wrong(verb, rest, answer):
    return pytest.param(f"{verb} {rest}", f"failed to {verb} device{answer}", id=f"{verb} {rest}")


BOTH = [
    ("", ": missing argument; usage: {usage}"),
    ("   ", ": missing argument; usage: {usage}"),
    ("# net_null0", ": missing argument; usage: {usage}"),
    ("a b", " a b: expected one word, got 2; devargs have no blanks"),
    ("a b  c", " a b  c: expected one word, got 3; devargs have no blanks"),
    ('""', ' "": empty word; usage: {usage}'),
    ("''", " '': empty word; usage: {usage}"),
    (",copy=1", f' ,copy=1: ",copy=1" {NO_NAME}'),
    (":", f' :: ":" {NO_NAME}'),
    ("vdev:", f' vdev:: "vdev:" {NO_NAME}'),
    ("vdev:,copy=1", f' vdev:,copy=1: "vdev:,copy=1" {NO_NAME}'),
    ("nosuch0", " nosuch0" + NO_BUS.format("nosuch0")),
    ("nosuch0,a=1", " nosuch0,a=1" + NO_BUS.format("nosuch0")),
    ("bus", " bus" + NO_BUS.format("bus")),
    ("class,a=1", " class,a=1" + NO_BUS.format("class")),
    ("nosuch:net_null0", " nosuch:net_null0" + NO_BUS.format("nosuch:net_null0")),
    (LONG_NAME, f" {LONG_NAME}: device name of 64 bytes; it can have at most 63"),
]
USAGE = {"attach": "attach <devargs>", "detach": "detach <device>"}


@pytest.mark.parametrize(
    "line, answer",
    [
        wrong(verb, rest, answer.replace("{usage}", USAGE[verb]))
        for verb in USAGE
        for rest, answer in BOTH
    ]
    + [
        wrong("attach", "0000:99:00.0", " 0000:99:00.0: no such device on the PCI bus"),
        wrong("detach", "0000:99:00.0", " 0000:99:00.0: not attached"),
        wrong("detach", "net_null7", " net_null7: not attached"),
        wrong("detach", "vdev:net_null7,copy=1", " net_null7: not attached"),
    ],
)
def test_bad_device_gets_its_own_reason(lent_pair, line, answer):
    for process in lent_pair.members():
        assert process.cmd(line) == answer
        lent_pair.assert_lists([])


@pytest.mark.parametrize(
    "line, answer",
    [
        ("frob", "unknown command frob; help lists the commands"),
        ("frob net_null0", "unknown command frob; help lists the commands"),
        ("LIST", "unknown command LIST; help lists the commands"),
        ("lis", "unknown command lis; help lists the commands"),
        ("attachnet_null0", "unknown command attachnet_null0; help lists the commands"),
        ("list x", 'list takes no argument, got "x"'),
        ("list x y", 'list takes no argument, got "x y"'),
        ("quit now", 'quit takes no argument, got "now"'),
        ("help frob", 'no help on "frob": there is no such command'),
        ("help attach detach", 'no help on "attach detach": there is no such command'),
        ("", ""),
        ("   ", ""),
        ("# attach net_null0", ""),
    ],
)
def test_bad_command_gets_its_own_reason(lent_pair, line, answer):
    for process in lent_pair.members():
        assert process.cmd(line) == answer
        lent_pair.assert_lists([])


@pytest.mark.parametrize("role", ["primary", "secondary 1"])
def test_devargs_the_channel_would_cut_are_not_sent(role):
    group = hm.Group(secondaries=1, eal=["--log-level=lib.eal:debug"])
    asker = group.member(role)
    message = "eal_dev_mp_request"
    try:
        for start in ("net_null0,", "vdev:net_null0,"):
            for length in (128, 129, 400):
                devargs = start + "a" * (length - len(start))
                for verb in ("attach", "detach"):
                    assert asker.cmd(f"{verb} {devargs}") == (
                        f"failed to {verb} device {devargs}: devargs of {length} bytes; "
                        "the EAL's multi-process channel carries at most 127"
                    )
        group.assert_lists([])
        assert not [p.pid for p in group.members() if message in p.log()]
        # 127 bytes are sent, and refused by the driver for what they say.
        answer = asker.cmd(f"attach {'net_null0,':a<127}")
        assert answer.startswith("failed to attach device net_null0: ")
        assert "bytes" not in answer
        group.assert_lists([])
        assert asker.cmd("attach net_null0,copy=1") == "attached device net_null0"
        assert [p.pid for p in group.members() if message in p.log()] != []
    finally:
        group.close()


def test_longest_devargs_arrive_whole(lent_pair, short_dir):
    """127 bytes, to the last one: the primary makes the socket that a secondary has asked for."""
    devargs = f"net_vhost0,queues=1,iface={short_dir}/"
    devargs += "x" * (127 - len(devargs))
    for process in lent_pair.members():
        assert process.cmd(f"attach {devargs}") == "attached device net_vhost0"
        assert process.cmd("start net_vhost0") == "started device net_vhost0"
        assert stat.S_ISSOCK(os.stat(devargs.partition("iface=")[2]).st_mode)
        assert process.cmd("detach net_vhost0") == "detached device net_vhost0"


def test_longest_name_attaches(lent_pair):
    """63 bytes, with and without the name of its bus before it."""
    name = LONG_NAME[:63]
    for process in lent_pair.members():
        for typed in (name, f"vdev:{name}", f"vdev:{name},copy=1"):
            assert process.cmd(f"attach {typed}") == f"attached device {name}"
            lent_pair.assert_lists([(0, name)])
            assert process.cmd(f"detach {typed}") == f"detached device {name}"
            lent_pair.assert_lists([])


@pytest.mark.parametrize("typed", ["net_null0", "vdev:net_null0", "vdev:net_null0,copy=1"])
def test_detach_takes_names_and_devargs(lent_pair, typed):
    for process in lent_pair.members():
        assert process.cmd("attach vdev:net_null0,copy=0") == "attached device net_null0"
        lent_pair.assert_lists([(0, "net_null0")])
        assert process.cmd(f"detach {typed}") == "detached device net_null0"
        lent_pair.assert_lists([])


@pytest.mark.parametrize("word", ["attach", "detach", "list", "help", "quit"])
def test_help_explains_each_command(lent_pair, word):
    for process in lent_pair.members():
        overview = process.cmd("help")
        assert len([line for line in overview.split("\n") if line.split()[0] == word]) == 1
        first, *details = process.cmd(f"help {word}").split("\n")
        assert first.split()[0] == word
        assert details and all(line.startswith("    ") for line in details)


def too_long_lines():
    """Lines that would attach if they were cut after a buffer's length, or before it."""
    for length in (512, 513, 1024, 4096, 4097, 5000):
        yield "attach net_null0".ljust(length)
        yield "attach net_null0 #".ljust(length, "x")
        yield "attach net_null0".rjust(length)
    for cut in (510, 511, 512, 513, 1024, 4095, 4096, 4097):
        yield "x" * cut + "attach net_null0"


REFUSED_LONG = f"line refused, nothing was run: it is longer than {LINE_MAX} bytes"


def test_too_long_line_at_the_terminal_is_refused_whole(lent_pair):
    for process in lent_pair.members():
        for line in too_long_lines():
            assert process.cmd(line) == REFUSED_LONG, f"{len(line)} bytes"
        lent_pair.assert_lists([])


def test_too_long_line_in_a_pipe_is_refused_whole(prefix):
    lines = list(too_long_lines())
    piped = "".join(f"{line}\nlist\n" for line in lines)
    done = hm.run("primary", prefix, own=("--keep-going",), input=piped)
    assert done.stdout == f"{REFUSED_LONG}\nlist all etherdev\n" * len(lines)
    assert done.returncode == 1


def test_too_long_last_line_without_newline_is_refused(prefix):
    done = hm.run("primary", prefix, input="x" * 512 + "attach net_null0")
    assert (done.stdout, done.returncode) == (f"{REFUSED_LONG}\n", 1)


def test_longest_line_is_run_at_the_terminal(lent_pair):
    for process in lent_pair.members():
        assert process.cmd("attach net_null0".ljust(LINE_MAX)) == "attached device net_null0"
        lent_pair.assert_lists([(0, "net_null0")])
        assert process.cmd("detach net_null0".rjust(LINE_MAX)) == "detached device net_null0"
        lent_pair.assert_lists([])


def test_longest_line_is_run_in_a_pipe(prefix):
    done = hm.run("primary", prefix, input="attach net_null0".ljust(LINE_MAX) + "\nlist\n")
    assert done.stdout == "attached device net_null0\nlist all etherdev\n0\tnet_null0\n"


def test_non_ascii_at_the_terminal_is_refused_whole(lent_pair):
    for process in lent_pair.members():
        for line in ("attach net_nullé0", "éattach net_null0", "attach net_null0é", "list €"):
            answer = process.cmd(line)
            assert answer.startswith("line refused, nothing was run: ") and "ASCII" in answer
            lent_pair.assert_lists([])


def test_line_given_up_with_control_c_does_not_spoil_the_next(lent_pair):
    for process in lent_pair.members():
        process.child.send("attach net_nullé0\x03")
        process.child.expect_exact(hm.PROMPT)
        assert process.cmd("attach net_null0") == "attached device net_null0"
        assert process.cmd("detach net_null0") == "detached device net_null0"


@pytest.mark.parametrize(
    "piped, printed",
    [
        pytest.param(
            b"attach net_\0null0\nlist\0\n\0attach net_null0\nlist\n",
            b"line refused, nothing was run: it has a null byte or a carriage return\n" * 3
            + b"list all etherdev\n",
            id="null byte",
        ),
        pytest.param(
            b"attach net_null0\0x",
            b"line refused, nothing was run: it has a null byte or a carriage return\n",
            id="null byte in the last line without newline",
        ),
        pytest.param(
            b"attach net_null0\nlist",
            b"attached device net_null0\nlist all etherdev\n0\tnet_null0\n",
            id="last line without newline",
        ),
        pytest.param(
            b"attach net_null0\r\nlist\r\ndetach net_null0\r\nlist\r\n",
            b"attached device net_null0\nlist all etherdev\n0\tnet_null0\n"
            b"detached device net_null0\nlist all etherdev\n",
            id="CRLF",
        ),
        pytest.param(
            b"# attach net_null0\n\n  \n \t# x\nlist # of nothing\nattach net_null0 # x\nlist\n",
            b"list all etherdev\nattached device net_null0\nlist all etherdev\n0\tnet_null0\n",
            id="comments",
        ),
        pytest.param(
            b"attach net_vhost0,iface=/tmp/a#b\nlist\n",
            b"attached device net_vhost0\nlist all etherdev\n0\tnet_vhost0\n",
            id="number sign in a path",
        ),
        pytest.param(
            "attach net_nullé\nlist\n".encode(),
            "attached device net_nullé\nlist all etherdev\n0\tnet_nullé\n".encode(),
            id="non-ASCII",
        ),
        pytest.param(
            b"attach\tnet_null0\t\n  list  \n",
            b"attached device net_null0\nlist all etherdev\n0\tnet_null0\n",
            id="tabs and blanks",
        ),
        pytest.param(b"list\nquit\nattach net_null0\n", b"list all etherdev\n", id="after quit"),
        pytest.param(
            b"frob\nattach\nlist\n",
            b"unknown command frob; help lists the commands\n"
            b"failed to attach device: missing argument; usage: attach <devargs>\n"
            b"list all etherdev\n",
            id="errors do not end it, if it is to keep going",
        ),
        pytest.param(
            b"attach net_null0\rdetach net_null0\nlist\n",
            b"line refused, nothing was run: it has a null byte or a carriage return\n"
            b"list all etherdev\n",
            id="carriage return inside",
        ),
        pytest.param(
            b"attach net_null0\x1b[2J\nlist\n",
            b"attached device net_null0\x1b[2J\nlist all etherdev\n0\tnet_null0?[2J\n",
            id="what a terminal would obey",
        ),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_pipe(prefix, piped, printed):
    done = hm.run("primary", prefix, own=("--keep-going",), text=False, input=piped)
    status = 1 if re.search(b"refused|unknown|failed", printed) else 0
    assert (done.stdout, done.returncode) == (printed, status)
