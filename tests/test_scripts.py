# SPDX-License-Identifier: BSD-3-Clause
"""Commands from the command line, from files and pipes; one-shots against a group that runs."""

import contextlib
import fcntl
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading

import pytest

import hotplug_mp as hm

ATTACH, DETACH, LIST = "attach net_null0", "detach net_null0", "list"
ATTACHED, DETACHED = "attached device net_null0\n", "detached device net_null0\n"
NO_PORTS, ONE_PORT = "list all etherdev\n", "list all etherdev\n0\tnet_null0\n"
REFUSED_LONG = "line refused, nothing was run: it is longer than 511 bytes\n"
NOBODY = 65534
# What DPDK 22.11 loses in a secondary with each virtual device that comes and goes, in kB; see
# doc/limits.rst.
EAL_LOSES = 0.176

def commands(*lines):
    """One --cmd a line."""
    return [word for line in lines for word in ("--cmd", line)]


@pytest.fixture
def script(tmp_path):
    """Write a file of commands, script(text); returns its path."""

    def write(text, name="script"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


@pytest.fixture(params=["--cmd", "--cmdline-file", "pipe"])
def run_lines(request, script):
    """Give the program lines in each of the three ways, run_lines(role, prefix, lines, own=())."""

    def run(role, prefix, lines, own=()):
        if request.param == "--cmd":
            return hm.run(role, prefix, own=[*own, *commands(*lines)])
        text = "".join(f"{line}\n" for line in lines)
        if request.param == "--cmdline-file":
            return hm.run(role, prefix, own=[*own, "--cmdline-file", script(text)])
        return hm.run(role, prefix, own=own, input=text)

    return run


def shell(prefix, line, role="secondary", **kwargs):
    """Have bash run a line in which PROGRAM stands for the program in this group."""
    program = shlex.join(hm.command_line(role, prefix))
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.replace("PROGRAM", program)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=hm.TIMEOUT,
        **kwargs,
    )


def files(prefix, runtime=hm.RUNTIME):
    """What lies in the runtime directory of a group, None if there is no such directory."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(os.listdir(f"{runtime}/{prefix}"))
    return None


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_kb(pid):
    """What a process has of its own, without the pages of files it has come by."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon:"))


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


# What cannot be run


@contextlib.contextmanager
def started(role, prefix, limit=hm.TIMEOUT, **kwargs):
    """The program, started; not waited for, but killed after that many seconds."""
    one = subprocess.Popen(
        hm.command_line(role, prefix, own=kwargs.pop("own", ())),
        **{
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.DEVNULL,
            "text": True,
            **kwargs,
        },
    )
    timer = threading.Timer(limit, one.kill)
    timer.start()
    try:
        yield one
    finally:
        timer.cancel()
        one.kill()
        one.wait()
        for stream in (one.stdin, one.stdout):
            if stream:
                stream.close()


WRONG = {
    'no argument after "--cmd"': ["--cmd"],
    'no argument after "--cmdline-file"': ["--cmd", ATTACH, "--cmdline-file"],
    'unknown option "--frob"': ["--cmd", ATTACH, "--frob"],
    'unknown option "--trace=yes"': ["--trace=yes"],
    'unexpected argument "attach"': ["--keep-going", "attach", "net_null0"],
    'unexpected argument "list"': ["--cmd", ATTACH, LIST],
}


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
    hm.need(shutil.which("setpriv"), "no setpriv; install util-linux")
    binary = shutil.copy(hm.BINARY, short_dir)
    path = f"{short_dir}/commands"
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(f"{ATTACH}\n")
    os.chmod(short_dir, 0o755)
    os.mkdir(f"{short_dir}/run")
    os.chown(f"{short_dir}/run", NOBODY, NOBODY)
    done = hm.run(
        "primary",
        prefix,
        eal=["--no-huge"],
        own=["--cmdline-file", path],
        wrap=["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"],
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


# Output that cannot be written


def lost(why, line):
    text = f"dpdk-hotplug_mp: cannot write to standard output: {why}"
    return f'{text}; the answer to "{line}" is lost\n' if line else f"{text}\n"


def without_reader():
    """The end to write to of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full():
    return os.open("/dev/full", os.O_WRONLY)


def run_into(output, prefix, own=(), given="", **kwargs):
    """Run a secondary with this for its standard output, to its end."""
    try:
        return subprocess.run(
            hm.command_line("secondary", prefix, own=own),
            input=given,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            timeout=hm.TIMEOUT,
            **kwargs,
        )
    finally:
        os.close(output)


@pytest.mark.parametrize("way", ["--cmd", "--cmdline-file", "pipe"])
@pytest.mark.parametrize(
    "output, why", [(full, "No space left on device"), (without_reader, "Broken pipe")]
)
def test_answer_that_cannot_be_written_is_a_failure(pair, script, way, output, why):
    """It is the last, as any that fails; what it did stays done."""
    lines = [ATTACH, DETACH]
    own, text = commands(*lines), "".join(f"{line}\n" for line in lines)
    if way == "--cmdline-file":
        own = ["--cmdline-file", script(text)]
    done = run_into(output(), pair.prefix, own=() if way == "pipe" else own, given=text)
    assert done.returncode == 1
    assert lost(why, ATTACH) in done.stderr
    pair.assert_agree([(0, "net_null0")])


def test_lost_answers_are_told_once_if_it_keeps_going(pair):
    own = ["--keep-going", "--trace", *commands(ATTACH, LIST, "# x", DETACH)]
    done = run_into(full(), pair.prefix, own=own)
    assert done.returncode == 1
    assert done.stderr.count("cannot write") == 1
    assert lost("No space left on device", ATTACH) in done.stderr
    pair.assert_agree([])


def test_command_without_an_answer_loses_none(pair):
    own = commands("# x", "quit")
    assert run_into(full(), pair.prefix, own=own).returncode == 0


def test_closed_output_is_no_success(pair):
    done = run_into(full(), pair.prefix, own=commands(LIST), preexec_fn=lambda: os.close(1))
    assert done.returncode == 1
    assert lost("Bad file descriptor", LIST) in done.stderr


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_options_show_and_cannot_be_written(option):
    with open("/dev/full", "w", encoding="utf-8") as out:
        done = subprocess.run(
            [hm.BINARY, option], stdout=out, stderr=subprocess.PIPE, text=True, timeout=hm.TIMEOUT
        )
    assert (done.returncode, done.stderr) == (1, lost("No space left on device", None))


def test_feed_that_cannot_be_written_ends(pair):
    """From its own joining on there is something to write. That nobody reads is a good end."""
    done = run_into(full(), pair.prefix, own=["--monitor"])
    assert done.returncode == 1
    assert lost("No space left on device", None) in done.stderr
    done = run_into(without_reader(), pair.prefix, own=["--monitor"])
    assert (done.returncode, "cannot write" in done.stderr) == (0, False)


def test_what_is_typed_does_not_count_even_if_its_answer_is_lost(process):
    one = process("primary", wrap=["sh", "-c", 'exec "$@" >/dev/full', "sh"], wait=False)
    hm.wait_until(lambda: not one.terminal()[3] & termios.ICANON, "the terminal is in raw mode")
    one.child.send("list\rquit\r")
    assert one.wait() == 0
    assert "cannot write to standard output: No space left on device" in one.log()


def test_full_pipe_that_does_not_block_is_waited_for(pair):
    """Some programs set O_NONBLOCK on what they share with others; nothing is lost by it."""
    reader, writer = os.pipe2(os.O_NONBLOCK)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    lines = "help attach\n" * 20
    with open(reader, "rb", buffering=0) as answers:
        script = subprocess.Popen(
            hm.command_line("secondary", pair.prefix),
            stdin=subprocess.PIPE,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(writer)
        script.stdin.write(lines + "attach net_null0\n")
        script.stdin.close()
        full = lambda: struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"    "))[0] > 3000
        hm.wait_until(full, "the pipe is full")
        assert pair.primary.list() == [], "it is waited for the reader"
        os.set_blocking(reader, True)
        out = answers.read()
        while chunk := answers.read():
            out += chunk
        assert script.wait(hm.TIMEOUT) == 0, script.stderr.read()
        script.stderr.close()
    assert out.decode().endswith("attached device net_null0\n")
    assert out.count(b"attach <devargs>") >= 20
    pair.assert_agree([(0, "net_null0")])


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


# One-shots


@pytest.fixture(params=["net_null0", "net_tap0"])
def device(request):
    hm.need(os.path.exists("/dev/net/tun"), "no /dev/net/tun; modprobe tun")
    return request.param


def one_shot(prefix, *lines, eal=()):
    return hm.run("secondary", prefix, eal=eal, own=commands(*lines))


def test_one_shot_leaves_nothing_but_the_device(pair, device):
    there, ports = files(pair.prefix), [(0, device)]
    for shot, left in ((f"attach {device}", ports), (f"detach {device}", [])):
        done = one_shot(pair.prefix, shot)
        assert (done.stdout, done.returncode) == (f"{shot.replace(' ', 'ed device ')}\n", 0)
        assert files(pair.prefix) == there
        pair.assert_agree(left)
        for process in pair.members():
            assert set(process.peers()[0]) == {p.pid for p in pair.members()}


def test_one_shots_leave_no_descriptors_and_nothing_at_the_prompts(pair):
    # Each keeps a file open for each of the others it has looked at.
    pair.assert_agree([])
    counts = [descriptors(p.pid) for p in pair.members()]
    seen = [p.transcript.getvalue() for p in pair.members()]
    for line in (ATTACH, LIST, "peers", "sync", DETACH) * 2:
        assert one_shot(pair.prefix, line).returncode == 0
    hm.wait_until(
        lambda: [descriptors(p.pid) for p in pair.members()] == counts,
        "what was open because of the one-shots is closed",
    )
    assert [p.transcript.getvalue() for p in pair.members()] == seen
    pair.assert_agree([])


def test_one_shot_under_testpmd_leaves_nothing_but_the_device(testpmd, device):
    there = files(testpmd.prefix)
    assert "hotplug_mp_group" not in there
    one_shot(testpmd.prefix, LIST, eal=["--no-pci"])
    count = descriptors(testpmd.pid)
    for shot, left in ((f"attach {device}", [device]), (f"detach {device}", [])):
        done = one_shot(testpmd.prefix, shot, eal=["--no-pci"])
        assert (done.stdout, done.returncode) == (f"{shot.replace(' ', 'ed device ')}\n", 0)
        assert files(testpmd.prefix) == there
        table = testpmd.cmd("show device info all")
        assert re.findall(r"Device name: (\S+)", table) == left
        assert testpmd.cmd("show port summary all").count(device) == len(left)
    assert descriptors(testpmd.pid) == count


def test_one_shot_under_testpmd_beside_ours(testpmd, process):
    ours = process("secondary", eal=["--no-pci"])
    done = one_shot(testpmd.prefix, ATTACH, LIST, "peers", eal=["--no-pci"])
    assert done.stdout.startswith(ATTACHED + ONE_PORT)
    assert re.search(rf"{testpmd.pid} +primary +dpdk-testpmd +foreign", done.stdout)
    assert re.search(rf"{ours.pid} +secondary +dpdk-hotplug_mp +ok +0\n", done.stdout)
    assert ours.list() == [(0, "net_null0")]
    assert "net_null0" in testpmd.cmd("show device info all")


def test_failed_one_shot_leaves_nothing(pair):
    there = files(pair.prefix)
    for line in ("attach net_pcap0", "attach nosuch0", DETACH, "frob"):
        done = one_shot(pair.prefix, line)
        assert done.returncode == 1
        assert done.stdout.count("\n") == 1, "its reason, and nothing of the EAL's"
        assert files(pair.prefix) == there
        pair.assert_agree([])


def test_many_one_shots_at_once_take_turns(pair):
    names = [f"net_null{i}" for i in range(6)]
    there = files(pair.prefix)
    done = hm.together(*[lambda n=name: one_shot(pair.prefix, f"attach {n}") for name in names])
    assert [d.stdout for d in done] == [f"attached device {name}\n" for name in names]
    assert [d.returncode for d in done] == [0] * len(names)
    assert files(pair.prefix) == there
    ports = pair.primary.list()
    assert sorted(name for _, name in ports) == names
    pair.assert_agree(ports)


def test_what_is_waited_for_is_no_result(faulty, tmp_path):
    """Whoever reads the results finds nothing among them that only a slow moment has put there."""
    faulty.primary.faults.set("attach", "block")
    log = tmp_path / "log"
    with open(log, "w", encoding="utf-8") as f:
        script = subprocess.Popen(
            hm.command_line("secondary", faulty.prefix),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=f,
            text=True,
        )
    script.stdin.write("list\n")
    script.stdin.flush()
    assert script.stdout.readline() == "list all etherdev\n"
    faulty.primary.send("attach net_null0")
    faulty.primary.faults.wait_met("attach")
    script.stdin.write("attach net_null1\n")
    script.stdin.flush()
    told = f"dpdk-hotplug_mp: waiting for {faulty.primary}: attach net_null0\n"
    hm.wait_until(lambda: told in log.read_text(), "it says whom it waits for")
    faulty.primary.faults.clear("attach")
    assert faulty.primary.answer() == ATTACHED.strip()
    out, _ = script.communicate(timeout=hm.TIMEOUT)
    assert (out, script.returncode) == ("attached device net_null1\n", 0)


def test_awk_gets_results_and_no_chatter(pair):
    for i in range(3):
        assert pair.primary.cmd(f"attach net_null{i}") == f"attached device net_null{i}"
    done = shell(pair.prefix, "PROGRAM -- --cmd list 2>/dev/null | awk 'NR > 1 {print $2, NF}'")
    assert (done.stdout, done.returncode) == ("net_null0 2\nnet_null1 2\nnet_null2 2\n", 0)
    done = shell(
        pair.prefix, "PROGRAM -- --cmd peers 2>/dev/null | awk '/primary/ {print $1, $(NF - 1)}'"
    )
    assert (done.stdout, done.returncode) == (f"{pair.primary.pid} ok\n", 0)


def test_chatter_goes_to_standard_error(pair, run_lines):
    done = run_lines("secondary", pair.prefix, ["attach net_pcap0"])
    assert "EAL: " in done.stderr and "EAL: " not in done.stdout
    assert done.stdout.startswith("failed to attach device net_pcap0: ")
    assert done.stdout.count("\n") == 1
    pair.assert_agree([])


def test_status_is_what_a_shell_script_can_use(pair):
    line = f"PROGRAM -- --cmd '{ATTACH}' && PROGRAM -- --cmd '{ATTACH}' || PROGRAM -- --cmd list"
    done = shell(pair.prefix, f"({line}) 2>/dev/null")
    already = "failed to attach device net_null0: already attached (port 0)\n"
    assert (done.stdout, done.returncode) == (ATTACHED + already + ONE_PORT, 0)
    pair.assert_agree([(0, "net_null0")])


# Signals


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_a_script_that_waits(pair, tmp_path, signo):
    fifo = str(tmp_path / "fifo")
    os.mkfifo(fifo)
    there = files(pair.prefix)
    own = ["--keep-going", "--cmdline-file", fifo, "--cmd", "attach net_ring0"]
    with started("secondary", pair.prefix, own=own) as one, open(fifo, "w") as commands_to:
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


# Ten thousand commands


def test_ten_thousand_commands_cost_no_memory_and_no_descriptors(pair, tmp_path):
    """In none of the processes; the pipe lets one look between the commands."""
    fifo, path = str(tmp_path / "fifo"), tmp_path / "out"
    os.mkfifo(fifo)
    block = [ATTACH, LIST, ATTACH, "peers", "sync", "attach net_pcap0", DETACH, DETACH]
    block += ["frob", LIST]
    own = ["--keep-going", "--cmdline-file", fifo]
    with open(path, "w", encoding="utf-8") as out:
        with started("secondary", pair.prefix, own=own, limit=120, stdout=out) as one:
            pids = [pair.primary.pid, pair.secondaries[0].pid, one.pid]
            seen = []
            with open(fifo, "w", encoding="utf-8") as commands_to:
                for number in (100, 900):
                    commands_to.write("".join(f"{line}\n" for line in block * number))
                    commands_to.write(f"help after{number}\n")
                    commands_to.flush()
                    mark = f'no help on "after{number}"'
                    hm.wait_until(lambda m=mark: m in path.read_text(), mark, 120)
                    seen.append([(descriptors(pid), memory_kb(pid)) for pid in pids])
            assert one.wait(hm.TIMEOUT) == 1
    text = path.read_text()
    assert text.count(ATTACHED) == text.count(DETACHED) == 1000
    assert text.count("failed to attach device net_pcap0") == text.count("frob") == 1000
    pair.assert_agree([])
    for pid, (fds, kb), (fds_after, kb_after) in zip(pids, *seen):
        assert fds_after == fds, f"descriptors of {pid}"
        lost = 0 if pid == pair.primary.pid else 900 * EAL_LOSES
        assert kb_after - kb - lost <= 64, f"memory of {pid}"
