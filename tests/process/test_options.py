# SPDX-License-Identifier: BSD-3-Clause
"""Options of the program and of the EAL: what is wrong is said before anything is touched."""

import os
import re
import shutil
import socket
import tempfile

import pytest

import hotplug_mp as hm
from scripts import ATTACH, ATTACHED, LIST, commands, files
from starts import why
from users import OWNER, as_user

WRONG = {
    'no argument after "--cmd"': ["--cmd"],
    'no argument after "--cmdline-file"': ["--cmd", ATTACH, "--cmdline-file"],
    'unknown option "--frob"': ["--cmd", ATTACH, "--frob"],
    'unknown option "--trace=yes"': ["--trace=yes"],
    'unexpected argument "attach"': ["--keep-going", "attach", "net_null0"],
    'unexpected argument "list"': ["--cmd", ATTACH, LIST],
}


@pytest.mark.parametrize("kwargs", [{"eal": ["stray"]}, {"own": ["stray"]}], ids=["EAL", "own"])
def test_stray_argument(start, kwargs):
    line = why(start("primary", **kwargs), status=2)
    assert 'unexpected argument "stray"; try --help' in line


def test_unknown_option_of_its_own(start, prefix):
    done = start("primary", own=["--frob"])
    assert done.returncode == 2
    assert "--frob" in done.stderr and "--help" in done.stderr
    assert done.stdout == ""
    assert hm.traces(prefix) == set()


def test_wrong_options(prefix):
    for option, value in (
        ("--mbufs", "0"),
        ("--mbufs", "-5"),
        ("--mbufs", "many"),
        ("--poll-core", "-1"),
        ("--poll-core", "first"),
        ("--poll-core", "1000000"),
    ):
        done = hm.run("primary", prefix, own=[option, value])
        assert done.returncode == 2, (option, value)
        assert option in done.stderr.splitlines()[-1]


def test_unknown_option_of_the_eal(start):
    done = start("primary", eal=["--frob"])
    line = why(done)
    assert "did not start" in line and "its own messages are above" in line
    # They name the option.
    assert "--frob" in done.stderr.replace(line, "")


@pytest.mark.parametrize("option", ["--hel", "--frob"])
def test_start_that_the_eal_ends_itself_leaves_nothing(start, prefix, option):
    """It does so after it has shown its help, which may be abbreviated; from 25.11 on, also if it
    does not know an option."""
    start("primary", eal=[option])
    assert hm.traces(prefix) == set()


@pytest.mark.parametrize("kwargs", [{"eal": ["--help"]}, {"own": ["--help"]}, {"eal": ["-h"]}])
def test_help(start, prefix, kwargs):
    done = start("primary", **kwargs)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: dpdk-hotplug_mp [EAL options] [-- [options]]\n")
    # Then follow all options of the EAL.
    own, of_eal = done.stdout.split("does not count.\n")
    for option in ("--proc-type", "--file-prefix"):
        assert option in own and option in of_eal
    assert "--huge-dir" in of_eal
    assert hm.traces(prefix) == set()


@pytest.mark.parametrize("kwargs", [{"eal": ["--version"]}, {"own": ["--version"]}])
def test_version(start, prefix, kwargs):
    done = start("primary", **kwargs)
    assert done.returncode == 0
    assert re.fullmatch(r"dpdk-hotplug_mp \d+\.\d+\.\d+ \(DPDK \S+\)\n", done.stdout)
    assert done.stderr == ""
    assert hm.traces(prefix) == set()


#: With arguments of their own, before the options that say which group is meant.
FIRST = [["-l", "0"], ["-m", "64"], ["-n", "4"], ["--vdev", "net_null9"]]


@pytest.mark.parametrize("first", FIRST, ids=" ".join)
@pytest.mark.parametrize("posix", [False, True])
def test_order_of_the_eal_options_does_not_matter(prefix, process, first, posix):
    env = {"POSIXLY_CORRECT": "1"} if posix else {}
    group = [*first, "--proc-type=auto", f"--file-prefix={prefix}"]
    primary = process(role=None, prefix=None, eal=group, env=env)
    done = hm.run(eal=group, env=env, own=["--cmd", "peers"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("all 2 processes agree: ")
    assert str(primary.pid) in done.stdout
    hm.run("primary", prefix, env=env)  # which is refused
    assert primary.peers()[1].startswith("all 1 processes agree: ")


@pytest.mark.parametrize("first", FIRST, ids=" ".join)
def test_old_secondary_is_safe_whatever_comes_first(pair, first):
    (secondary,) = pair.secondaries
    pair.primary.die()
    done = hm.run(eal=[*first, "--proc-type=auto", f"--file-prefix={pair.prefix}"])
    assert "secondaries of an earlier primary still run" in why(done)
    assert secondary.quit() == 0


@pytest.mark.parametrize("role", ["Secondary", "AUTO"])
def test_role_in_capitals_is_the_same_role(start, pair, role):
    done = start(role, prefix=pair.prefix, own=["--cmd", "peers"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("all 3 processes agree: 0 ports\n")


def test_secondary_in_capitals_needs_a_primary_too(start, prefix):
    assert "no primary runs with the file prefix" in why(start("Secondary", prefix=prefix))


def assert_said_first(done, *words):
    """One line that says this, exit status 2, and no sign of the EAL."""
    (line,) = done.stderr.splitlines()
    assert line.startswith("dpdk-hotplug_mp: ")
    assert [word for word in words if word not in line] == []
    assert (done.stdout, done.returncode) == ("", 2)


@pytest.mark.parametrize("said", WRONG)
def test_wrong_usage_is_said_before_anything_is_touched(pair, prefix, said):
    there = files(pair.prefix)
    assert_said_first(hm.run("secondary", pair.prefix, own=WRONG[said]), said, "--help")
    assert files(pair.prefix) == there
    pair.assert_agree([])
    assert_said_first(hm.run("primary", prefix, own=WRONG[said]), said)
    assert files(prefix) is None


@pytest.fixture(params=["missing", "directory", "dangling", "in a file", "socket", "long", "empty"])
def unreadable(request, tmp_path):
    """A path at which there is no file of commands, and why not."""
    path = tmp_path / "commands"
    if request.param == "missing":
        yield str(path), "No such file or directory"
    elif request.param == "directory":
        path.mkdir()
        yield str(path), "Is a directory"
    elif request.param == "dangling":
        path.symlink_to(tmp_path / "nowhere")
        yield str(path), "No such file or directory"
    elif request.param == "in a file":
        path.write_text(f"{ATTACH}\n", encoding="utf-8")
        yield f"{path}/commands", "Not a directory"
    elif request.param == "socket":
        with tempfile.TemporaryDirectory(prefix="hmt", dir="/tmp") as place:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
                one.bind(f"{place}/socket")
                yield f"{place}/socket", "No such device or address"
    elif request.param == "long":
        yield f"{tmp_path}/{'x' * 256}", "File name too long"
    else:
        yield "", "No such file or directory"


def test_unreadable_file_is_said_before_anything_is_touched(pair, prefix, unreadable):
    path, why = unreadable
    there = files(pair.prefix)
    for own in (["--cmdline-file", path], [*commands(ATTACH), f"--cmdline-file={path}"]):
        done = hm.run("secondary", pair.prefix, own=own)
        assert_said_first(done, f'cannot read the commands in "{path}": {why}')
        assert files(pair.prefix) == there
        pair.assert_agree([])
        assert_said_first(hm.run("primary", prefix, own=own), f'"{path}"')
        assert files(prefix) is None


def test_file_of_somebody_else_is_said_before_anything_is_touched(prefix, short_dir):
    binary = shutil.copy(hm.BINARY, short_dir)
    path = f"{short_dir}/commands"
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(f"{ATTACH}\n")
    os.chmod(short_dir, 0o755)
    os.mkdir(f"{short_dir}/run")
    os.chown(f"{short_dir}/run", OWNER, OWNER)
    done = hm.run(
        "primary",
        prefix,
        eal=["--no-huge"],
        own=["--cmdline-file", path],
        wrap=as_user(OWNER),
        binary=binary,
        env={"XDG_RUNTIME_DIR": f"{short_dir}/run"},
    )
    assert_said_first(done, f'"{path}": Permission denied')
    assert os.listdir(f"{short_dir}/run") == []


def test_nobody_to_join_is_no_success(prefix):
    done = hm.run("secondary", prefix, own=commands(LIST))
    assert (done.stdout, done.returncode) == ("", 1)
    assert "no primary runs" in done.stderr
    assert files(prefix) is None


def test_file_that_fails_while_it_is_read_is_no_success(pair):
    """A file that can be opened; that it cannot be read shows later."""
    own = ["--cmd", ATTACH, "--cmdline-file", "/proc/self/mem"]
    done = hm.run("secondary", pair.prefix, own=own)
    assert (done.stdout, done.returncode) == (ATTACHED, 1)
    assert "cannot read commands: Input/output error" in done.stderr
    pair.assert_agree([(0, "net_null0")])


def test_file_that_fails_while_it_is_read_is_the_last(pair):
    own = ["--cmdline-file", "/proc/self/mem", "--cmd", "list"]
    for keep_going in (False, True):
        done = hm.run("secondary", pair.prefix, own=["--keep-going"] * keep_going + own)
        assert done.returncode == 1
        assert done.stdout == "list all etherdev\n" * keep_going
        assert "cannot read commands: Input/output error" in done.stderr
