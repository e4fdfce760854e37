# SPDX-License-Identifier: BSD-3-Clause
"""Commands from the command line, from files and pipes: order, failure, --trace, --interactive."""

import os
import signal
import socket

import pytest

import hotplug_mp as hm
from scripts import (
    ATTACH,
    ATTACHED,
    DETACH,
    DETACHED,
    LIST,
    NO_PORTS,
    ONE_PORT,
    commands,
    files,
    open_for_reader,
    shell,
    started,
)

REFUSED_LONG = "line refused, nothing was run: it is longer than 511 bytes\n"


# In order, from anywhere


def test_commands_and_files_run_in_the_order_given(pair, script):
    done = hm.run(
        "secondary",
        pair.prefix,
        own=["--cmd", LIST, "--cmdline-file", script(f"{ATTACH}\n{LIST}\n", "first")]
        + ["--cmd", "attach net_ring0", "--cmdline-file", script(f"{LIST}\n", "second")]
        + ["--cmd", DETACH, "--cmd", LIST],
    )
    assert done.stdout == (
        f"{NO_PORTS}{ATTACHED}{ONE_PORT}attached device net_ring0\n{ONE_PORT}1\tnet_ring0\n"
        f"{DETACHED}{NO_PORTS}1\tnet_ring0\n"
    )
    assert done.returncode == 0
    pair.assert_agree([(1, "net_ring0")])


def test_lines_run_without_prompt_and_without_echo(pair, run_lines):
    done = run_lines("secondary", pair.prefix, [ATTACH, LIST, DETACH, LIST])
    assert done.stdout == ATTACHED + ONE_PORT + DETACHED + NO_PORTS
    assert done.returncode == 0
    pair.assert_agree([])


@pytest.mark.parametrize("role", ["primary", "auto"])
def test_a_group_of_one_runs_a_script(prefix, run_lines, role):
    done = run_lines(role, prefix, [ATTACH, LIST])
    assert (done.stdout, done.returncode) == (ATTACHED + ONE_PORT, 0)


@pytest.mark.parametrize("line", [ATTACH, "frob"])
def test_there_is_no_prompt_at_a_terminal_either(process, prefix, line):
    """Output on a terminal, and a terminal to read from that nobody is asked at."""
    one = process("primary", own=["--cmd", line], wait=False)
    one.child.send("attach net_ring0\r")
    assert one.wait() == (0 if line == ATTACH else 1)
    shown = one.transcript.getvalue()
    assert hm.PROMPT not in shown
    assert "attached device net_ring0" not in shown
    assert one.terminal() == one.found


@pytest.mark.parametrize(
    "text, printed",
    [
        pytest.param("# attach net_ring0\n#\n\n \n\t# x\nlist # x\n", NO_PORTS, id="comments"),
        pytest.param("\n\n\n", "", id="blank lines"),
        pytest.param("", "", id="empty"),
        pytest.param(f"{ATTACH}\r\n\r\n# x\r\n{LIST}\r\n", ATTACHED + ONE_PORT, id="CRLF"),
        pytest.param(f"{ATTACH}\n{LIST}", ATTACHED + ONE_PORT, id="last line without newline"),
        pytest.param(f"{LIST}\r\n{LIST}\r", NO_PORTS * 2, id="CRLF, last line without LF"),
        pytest.param(f"\t{ATTACH}  \n  {LIST}\n", ATTACHED + ONE_PORT, id="indented"),
        pytest.param(f"{ATTACH:511}\n{LIST:>511}\n", ATTACHED + ONE_PORT, id="longest lines"),
        pytest.param(
            "attach net_nullé\n", "attached device net_nullé\n", id="characters beyond ASCII"
        ),
    ],
)
def test_file_as_an_editor_writes_it(prefix, script, text, printed):
    done = hm.run("primary", prefix, own=["--cmdline-file", script(text)])
    assert (done.stdout, done.returncode) == (printed, 0)


@pytest.mark.parametrize(
    "text, printed",
    [
        (ATTACH.ljust(512), REFUSED_LONG),
        ("x" * 511 + ATTACH, REFUSED_LONG),
        ("x" * 4096 + ATTACH, REFUSED_LONG),
        ("attach net_null0\0x", "line refused, nothing was run: it has a null byte"),
        ("attach net_null0\rlist", "line refused, nothing was run: it has a null byte"),
    ],
    ids=["512 bytes", "510 bytes before", "a page before", "null byte", "carriage return"],
)
def test_bad_line_of_a_file_is_refused_whole(pair, script, text, printed):
    for end in ("", "\n", f"\n{ATTACH}\n"):
        done = hm.run("secondary", pair.prefix, own=["--cmdline-file", script(text + end)])
        assert done.stdout.startswith(printed)
        assert done.stdout.count("\n") == 1, "nothing after it was run"
        assert done.returncode == 1
        pair.assert_agree([])


def test_overlong_command_is_refused_whole(pair):
    done = hm.run("secondary", pair.prefix, own=commands(ATTACH.ljust(512), LIST))
    assert (done.stdout, done.returncode) == (REFUSED_LONG, 1)
    pair.assert_agree([])


def test_commands_come_from_a_shells_substitution(pair):
    done = shell(pair.prefix, f"PROGRAM -- --cmdline-file <(echo {ATTACH}; echo {LIST})")
    assert (done.stdout, done.returncode) == (ATTACHED + ONE_PORT, 0)
    done = shell(pair.prefix, f"echo {DETACH} | PROGRAM -- --cmdline-file /dev/stdin --cmd list")
    assert (done.stdout, done.returncode) == (DETACHED + NO_PORTS, 0)
    pair.assert_agree([])


def test_standard_input_is_left_alone_if_there_are_commands(pair):
    done = shell(pair.prefix, f"(PROGRAM -- --cmd list; cat) <<<'{ATTACH}'")
    assert done.stdout == f"{NO_PORTS}{ATTACH}\n"
    pair.assert_agree([])


@pytest.mark.parametrize("own", [[], ["--keep-going"], ["--interactive"]])
def test_quit_ends_everything(pair, script, own):
    path = script(f"{ATTACH}\nquit\nattach net_ring0\n")
    own = [*own, "--cmdline-file", path, "--cmd", "attach net_ring1"]
    done = hm.run("secondary", pair.prefix, own=own, input="attach net_ring2\n")
    assert (done.stdout, done.returncode) == (ATTACHED, 0)
    pair.assert_agree([(0, "net_null0")])


# The one that fails


FAILURES = {
    "frob": "unknown command frob; help lists the commands\n",
    "detach net_null7": "failed to detach device net_null7: not attached\n",
    "attach nosuch0": None,
    "attach": "failed to attach device: missing argument; usage: attach <devargs>\n",
    "list all": 'list takes no argument, got "all"\n',
    "help frob": 'no help on "frob": there is no such command\n',
}


@pytest.mark.parametrize("failing", FAILURES)
def test_the_first_command_that_fails_is_the_last(pair, run_lines, failing):
    done = run_lines("secondary", pair.prefix, [ATTACH, failing, DETACH, LIST])
    lines = done.stdout.splitlines(keepends=True)
    assert lines[0] == ATTACHED
    assert len(lines) == 2 and lines[1] == FAILURES[failing] or failing == "attach nosuch0"
    assert done.returncode == 1
    pair.assert_agree([(0, "net_null0")])


def test_a_failure_in_a_file_leaves_what_comes_after_that_file_too(pair, script):
    own = ["--cmdline-file", script(f"{ATTACH}\n{ATTACH}\n{DETACH}\n"), "--cmd", DETACH]
    done = hm.run("secondary", pair.prefix, own=own)
    already = "failed to attach device net_null0: already attached (port 0)\n"
    assert (done.stdout, done.returncode) == (ATTACHED + already, 1)
    pair.assert_agree([(0, "net_null0")])


def test_keep_going_runs_them_all_and_still_says_that_one_failed(pair, run_lines):
    lines = ["frob", ATTACH, ATTACH, LIST]
    done = run_lines("secondary", pair.prefix, lines, own=["--keep-going"])
    already = "failed to attach device net_null0: already attached (port 0)\n"
    assert done.stdout == FAILURES["frob"] + ATTACHED + already + ONE_PORT
    assert done.returncode == 1
    pair.assert_agree([(0, "net_null0")])


def test_keep_going_goes_on_with_the_next_file(pair, script):
    own = ["--keep-going", "--cmdline-file", script("frob\n"), "--cmd", ATTACH]
    done = hm.run("secondary", pair.prefix, own=own)
    assert (done.stdout, done.returncode) == (FAILURES["frob"] + ATTACHED, 1)
    pair.assert_agree([(0, "net_null0")])


def test_keep_going_does_not_outlast_quit(pair, script):
    own = ["--keep-going", "--cmdline-file", script(f"frob\nquit\n{ATTACH}\n"), "--cmd", ATTACH]
    done = hm.run("secondary", pair.prefix, own=own)
    assert (done.stdout, done.returncode) == (FAILURES["frob"], 1)
    pair.assert_agree([])


# --trace


def test_trace_shows_what_the_prompt_would(process, prefix, run_lines):
    lines = [ATTACH, "frob", LIST, "attach", "help list", f"{DETACH} # now", LIST]
    typed = process("primary")
    for line in lines:
        typed.cmd(line)
    assert typed.quit() == 0
    shown = hm.ESCAPE_CODE.sub("", typed.transcript.getvalue()).replace("\r", "")
    traced = run_lines("primary", prefix, lines, own=["--trace", "--keep-going"])
    assert traced.stdout + f"{hm.PROMPT}quit\n" == shown
    assert traced.returncode == 1


def test_trace_shows_no_comments_and_blank_lines(prefix, script):
    own = ["--trace", "--cmdline-file", script(f"# x\n\n \t# y\n  {LIST}\n")]
    done = hm.run("primary", prefix, own=own)
    assert done.stdout == f"{hm.PROMPT}  {LIST}\n{NO_PORTS}"


def test_trace_shows_a_command_before_it_is_run(prefix, short_dir):
    """One that takes long: its backend never answers."""
    path = f"{short_dir}/vhost-net"
    line = f"attach net_virtio_user0,path={path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(hm.TIMEOUT)
        with started("primary", prefix, own=["--trace", "--cmd", line]) as one:
            backend, _ = listener.accept()
            with backend:
                assert one.stdout.readline() == f"{hm.PROMPT}{line}\n"
                assert one.poll() is None
                one.terminate()
                assert one.wait(hm.TIMEOUT) == 128 + signal.SIGTERM


# --interactive


def test_interactive_goes_on_to_the_prompt(pair, script):
    own = ["--cmd", ATTACH, "--interactive", "--cmdline-file", script(f"{LIST}\n")]
    one = pair.add_secondary(own=own)
    shown = hm.ESCAPE_CODE.sub("", one.transcript.getvalue()).replace("\r", "")
    assert shown == ATTACHED + ONE_PORT + hm.PROMPT, "no echo before the prompt"
    assert one.cmd("attach net_ring0") == "attached device net_ring0"
    pair.assert_agree([(0, "net_null0"), (1, "net_ring0")])
    assert one.cmd("frob").startswith("unknown command")
    assert one.quit() == 0, "what is typed does not count"
    assert one.terminal() == one.found


def test_interactive_goes_on_to_the_prompt_after_a_failure(process):
    process("primary")
    one = process("secondary", own=["--interactive", *commands("frob", ATTACH)])
    assert "unknown command frob" in one.transcript.getvalue()
    assert one.list() == [], "what comes after the failure is left out"
    assert one.cmd(ATTACH) == ATTACHED.strip()
    assert one.quit() == 1


def test_interactive_goes_on_with_a_pipe(pair):
    own = ["--interactive", "--trace", *commands(ATTACH)]
    done = hm.run("secondary", pair.prefix, own=own, input=f"{LIST}\n{DETACH}\n")
    assert done.stdout == (
        f"{hm.PROMPT}{ATTACH}\n{ATTACHED}{hm.PROMPT}{LIST}\n{ONE_PORT}"
        f"{hm.PROMPT}{DETACH}\n{DETACHED}"
    )
    assert done.returncode == 0
    pair.assert_agree([])


# Signals


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_a_script_that_waits(pair, tmp_path, signo):
    fifo = str(tmp_path / "fifo")
    os.mkfifo(fifo)
    there = files(pair.prefix)
    own = ["--keep-going", "--cmdline-file", fifo, "--cmd", "attach net_ring0"]
    with started("secondary", pair.prefix, own=own) as one, open_for_reader(fifo) as commands_to:
        commands_to.write(f"{ATTACH}\n{DETACH}")
        commands_to.flush()
        assert one.stdout.readline() == ATTACHED
        one.send_signal(signo)
        assert one.wait(hm.TIMEOUT) == 128 + signo
        assert one.stdout.read() == "", "neither the half line nor what comes after it was run"
    assert files(pair.prefix) == there
    pair.assert_agree([(0, "net_null0")])


@pytest.mark.parametrize("own", [[], ["--interactive"]])
def test_signal_in_the_middle_of_a_script_leaves_the_rest_unrun(pair, script, own):
    path = script(f"{ATTACH}\n{DETACH}\n" * 50000)
    there = files(pair.prefix)
    with started("secondary", pair.prefix, own=[*own, "--cmdline-file", path]) as one:
        assert one.stdout.readline() == ATTACHED
        one.terminate()
        lines = one.stdout.read().count("\n")
        assert one.wait(hm.TIMEOUT) == 128 + signal.SIGTERM
    assert lines < 99999
    assert files(pair.prefix) == there
    pair.assert_agree([(0, "net_null0")] if lines % 2 == 0 else [])
