# SPDX-License-Identifier: BSD-3-Clause
"""What the README and the documents show is what happens."""

import contextlib
import fnmatch
import importlib.util
import json
import os
import re
import signal
import subprocess
import threading

import pytest

import hotplug_mp as hm
from users import OWNER

DOCUMENTS = [
    "README.rst",
    *sorted(f"doc/{name}" for name in os.listdir(f"{hm.REPO}/doc") if name.endswith(".rst")),
]
README_LINES = 200  # at most
TRANSCRIPT = re.compile(r"(primary|secondary|shell|monitor) +\| ?(.*)")
PIDS = {"primary": "7541", "secondary": "7545"}  # as the documents call them

# What differs from run to run; all else is as shown.
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")
VARYING = {
    "TIME": TIME,
    "DURATION ms": re.compile(r"\b\d+\.\d{3} ms"),
    # The last number of a line of `stats`.
    r"\1 PAUSE": re.compile(r"^(\d+ \S+ \d+( \d+){6}) \d+$"),
    "MAC": re.compile(r"\b(?:[0-9A-F]{2}:){5}[0-9A-F]{2}\b"),
}
# The name of a driver's log, with which its messages begin in newer releases.
LOG_NAME = re.compile(r"\b[A-Z_]+: (?=\w+\(\): )")
# A line of `devices` about one of a machine's cards.
PCI_LINE = re.compile(
    r"[0-9a-f]{4,}(:[0-9a-f]{2}){2}\.\d \S+ \S+ (attached|ready|kernel|unbound|no driver"
    r"|in use|needs IOVA [PV]A|group in use|vfio too late|--no-pci|taken back)"
)

# Commands that are not run here, and the script that runs them.
ELSEWHERE = {
    "dpdk-dumpcap -P -i 0 -w /tmp/0.pcap": "tests/helpers/fixtures/dpdk_tools.py",
    "dpdk-pdump -- --pdump 'port=0,queue=*,rx-dev=/tmp/0.pcap,tx-dev=/tmp/0.pcap'": (
        "tests/helpers/fixtures/dpdk_tools.py"
    ),
    "scripts/test.sh": ".ci/run",
    "scripts/test.sh --all": ".ci/run",
    "scripts/releases.sh": "scripts/test.sh",
    "scripts/arm64.sh": "scripts/test.sh",
    "meson setup build": "scripts/demo.sh",
    "ninja -C build": "scripts/demo.sh",
    "meson compile -C build lint": "scripts/lint.sh",
    "meson dist -C build": "tests/repo/test_packaging.py",
    "scripts/layout.py": "scripts/lint.sh",
    "scripts/bench.sh": "tests/repo/test_bench.py",
    "scripts/setup.sh": "scripts/test.sh",
    "scripts/sanitize.sh address": "scripts/test.sh",
    "scripts/sanitize.sh thread": "scripts/test.sh",
    "scripts/fuzz.sh 60": "tests/repo/test_fuzz.py",
    "scripts/arm64.sh": "scripts/test.sh",
    "/usr/bin/python3 tests/soak/run.py --minutes 60 --seed 1 --report": "tests/soak/test_soak.py",
}


def read(path):
    with open(os.path.join(hm.REPO, path), encoding="utf-8") as f:
        return f.read()


def literal_blocks(path):
    """The literal blocks of a document, each a list of lines without their indent."""
    blocks, block, inside = [], [], False
    for line in [*read(path).split("\n"), "end"]:
        if inside and (line.startswith("    ") or not line):
            block.append(line[4:])
            continue
        if inside and any(block):
            blocks.append([text for text in block if text])
        inside, block = line.endswith("::") and not line.startswith(".. "), []
    return blocks


def one(text):
    """Text with all blanks alike: documents show a tab as blanks, pids have any width."""
    return " ".join(text.split())


def alike(text):
    """one(), with a word for each thing that varies."""
    text = LOG_NAME.sub("", one(text))
    for word, pattern in VARYING.items():
        text = pattern.sub(word, text)
    return text


def fits(lines, shown):
    """Are these the lines of a document? There `...` is any number of them, and those about
    cards are about another machine's."""
    lines = [alike(line) for line in lines if line.strip()]
    shown = [alike(line) for line in shown]
    assert any(map(PCI_LINE.fullmatch, shown)) == any("kernel driver" in line for line in shown)
    shown = [line for line in shown if not PCI_LINE.fullmatch(line)]
    pattern = "".join(r"(.*\n)*" if line == "..." else re.escape(f"{line}\n") for line in shown)
    text = "".join(f"{line}\n" for line in lines if not PCI_LINE.fullmatch(line))
    return re.fullmatch(pattern, text) is not None


def ours(command, prefix):
    """A shell command of a document, for this build and this group."""
    command = re.sub(r" (--file-prefix=|-f )\S+", "", command)
    command = re.sub(r"\bdpdk-telemetry\.py\b", f"dpdk-telemetry.py -f {prefix}", command)
    return command.replace("build/dpdk-hotplug_mp", f"{hm.BINARY} --file-prefix={prefix}")


def is_transcript(block):
    return TRANSCRIPT.match(block[0]) is not None


def is_shell(block):
    return block[0][:2] in ("# ", "$ ")


def transcripts():
    """Path, and blocks of [speaker, text]; text that is indented more goes on with the line before.
    """
    for path in DOCUMENTS:
        for block in filter(is_transcript, literal_blocks(path)):
            lines = []
            for line in block:
                match = TRANSCRIPT.match(line)
                if match:
                    lines.append(list(match.groups()))
                else:
                    lines[-1][1] += f" {line.strip()}"
            name = one(f"{path} {lines[0][0]} {lines[0][1]}".replace("example>", ""))
            yield pytest.param(path, lines, id=name)


def shell_commands(*paths):
    """The shell's lines: [(command, what it prints)]; # is root's prompt, $ a user's."""
    for block in [block for path in paths or DOCUMENTS for block in literal_blocks(path)]:
        if not is_shell(block):
            continue
        commands, going_on = [], False
        for line in block:
            if going_on:
                commands[-1][0] += f" {line.strip()}"
            elif line[:2] in ("# ", "$ "):
                commands.append([line, []])
            else:
                commands[-1][1].append(line)
            going_on = line.endswith("\\")
            if going_on:
                commands[-1][0] = commands[-1][0][:-1].rstrip()
        yield from commands


def commands_of(start, *paths):
    """The commands that start with this, without the prompt, each once."""
    found = [line[2:] for line, _ in shell_commands(*paths) if line[2:].startswith(start)]
    assert found, f"no document shows {start}"
    return list(dict.fromkeys(found))


class Feed:
    """A pipeline that ends in what the group's events are to be seen by."""

    def __init__(self, group, line, cwd):
        known = set(group.primary.peers()[0])
        self.lines = []
        self.process = subprocess.Popen(
            ["bash", "-c", ours(line, group.prefix)],
            cwd=cwd,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        hm.wait_until(lambda: set(group.primary.peers()[0]) - known, "it joins")

    def read(self):
        self.lines.extend(self.process.stdout)

    def close(self):
        """As by Ctrl-C."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.reader.join(hm.TIMEOUT)
        self.process.wait(hm.TIMEOUT)
        self.process.stdout.close()


class Session:
    """A primary and a secondary that say what a transcript says they do."""

    def __init__(self, group, cwd):
        self.group = group
        self.cwd = cwd
        self.members = {"primary": group.primary, "secondary": group.secondaries[0]}
        self.feed = None

    def real(self, text):
        for role, pid in PIDS.items():
            text = re.sub(rf"\b{pid}\b", str(self.members[role].pid), text)
        return own_interfaces(text)

    def shell(self, line, expected):
        assert line.startswith("# ")
        line = ours(self.real(line[2:]), self.group.prefix)
        done = subprocess.run(
            line, shell=True, check=True, stdout=subprocess.PIPE, text=True, timeout=hm.TIMEOUT
        )
        seen = [json.loads(alike(text)) for text in done.stdout.splitlines() if text.strip()]
        assert seen == [json.loads(alike(self.real(text))) for text in expected]

    def monitor(self, line, expected):
        """Started once; from then on it shows what there is to see."""
        if line.startswith("# "):
            self.feed = Feed(self.group, line[2:], self.cwd)
        else:
            expected = [line, *expected]
        shown = [self.real(text) for text in expected]
        hm.wait_until(lambda: len(self.feed.lines) >= len(shown), shown)
        assert fits(self.feed.lines, shown)
        self.feed.lines.clear()

    def news(self, speaker, lines):
        """What is printed without having been asked for."""
        for text in lines:
            pattern = re.escape(alike(self.real(text)))
            for word, varies in VARYING.items():
                pattern = pattern.replace(re.escape(word), varies.pattern)
            self.members[speaker].child.expect(f"{pattern}\r\n")
        self.members[speaker].child.expect_exact(hm.PROMPT)

    def ask(self, speaker, line, expected):
        process = self.members[speaker]
        line, expected = own_interfaces(line), [self.real(text) for text in expected]
        if line == "quit":
            process.send(line)
            assert process.wait() == 0
            shown = hm.ESCAPE_CODE.sub("", process.child.before).split("\n")
            assert fits([text for text in shown if text.strip()][1:], expected)
            return
        seen = process.cmd(line).split("\n")
        if line in ("peers", "stats"):
            # What it shows follows what the processes do at a small distance.
            hm.wait_until(lambda: fits(process.cmd(line).split("\n"), expected), expected)
        else:
            assert fits(seen, expected), seen

    def close(self):
        if self.feed:
            self.feed.close()


def own_interfaces(text):
    """The text with names of interfaces that no other test has at the same time."""
    return re.sub(r"\bhm([01])\b", rf"hmt{os.getpid()}d\1", text)


@contextlib.contextmanager
def shown_veth(path):
    """The interfaces that the document makes."""
    lines = [own_interfaces(line) for line in commands_of("ip link", path)]
    name = lines[0].split()[3]
    for line in lines:
        subprocess.run(line, shell=True, check=True, timeout=hm.TIMEOUT)
    yield
    subprocess.run(["ip", "link", "del", name], check=True, timeout=hm.TIMEOUT)


def steps(lines):
    """[(speaker, lines)]: what is typed and what that prints, or what is printed unasked."""
    found = []
    for speaker, text in lines:
        typed = text.startswith((hm.PROMPT, "# "))
        if not typed and found and found[-1][0] == speaker:
            # An event is no answer.
            typed = TIME.match(text) and found[-1][1][0].startswith(hm.PROMPT)
        if typed or not found or found[-1][0] != speaker:
            found.append((speaker, []))
        found[-1][1].append(text)
    return found


@pytest.mark.parametrize("path, lines", transcripts())
def test_transcript(pair, short_dir, path, lines):
    with contextlib.ExitStack() as stack:
        if "iface=hm0" in str(lines):
            stack.enter_context(shown_veth(path))
        session = Session(pair, short_dir)
        stack.callback(session.close)
        for speaker, (text, *following) in steps(lines):
            if speaker == "shell":
                session.shell(text, following)
            elif speaker == "monitor":
                session.monitor(text, following)
            elif text.startswith(hm.PROMPT):
                session.ask(speaker, text[len(hm.PROMPT) :], following)
            else:
                session.news(speaker, [text, *following])


def test_transcripts_cover_every_command(pair):
    shown = {
        text[len(hm.PROMPT) :].split()[0]
        for block in transcripts()
        for _, text in block.values[1]
        if text.startswith(hm.PROMPT)
    }
    assert shown == {line.split()[0] for line in pair.primary.cmd("help").split("\n")}


def test_readme_is_short():
    """Everything else has a document of its own."""
    assert len(read("README.rst").splitlines()) <= README_LINES


def test_readme_lists_every_command(pair):
    listed = re.findall(r"^``(\w+)(.*?)``  ", read("README.rst"), re.MULTILINE)
    helped = [line.split(maxsplit=1) for line in pair.primary.cmd("help").split("\n")]
    assert [word for word, _ in listed] == [word for word, _ in helped]
    for (_, arguments), (_, text) in zip(listed, helped):
        assert one(text).startswith(arguments.strip())


@pytest.mark.parametrize("path", DOCUMENTS)
def test_links_lead_to_files(path):
    for target in re.findall(r"<([^<>\s]+\.rst)>`_", read(path)):
        target = os.path.join(hm.REPO, os.path.dirname(path), target)
        assert os.path.exists(target), target


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_literal_block_is_an_example(path):
    """Or what the program prints unasked; only the architecture has a drawing."""
    patterns = formats()
    for block in literal_blocks(path):
        if is_transcript(block) or is_shell(block) or path == "doc/architecture.rst":
            continue
        for line in re.sub(r"\n +", " ", "\n".join(block)).split("\n"):
            assert printable(line, patterns), line


def test_every_shell_command_is_run():
    for line, _ in shell_commands():
        command = line[2:]
        if command in ELSEWHERE:
            # A script of ours may run there with other arguments.
            script = re.search(r"[a-z_]+\.(?:sh|py)\b", command)
            assert (script[0] if script else command) in read(ELSEWHERE[command])
            continue
        assert re.match(
            r"(apt-get install|(set -o pipefail; )?build/|printf .* \| build/|ip link|meson install|mkdir|mount)"
            r"|/usr/bin/python3 -m pytest tests/physical --pci "  # as the guest does, but for --pci
            r"|scripts/demo\.sh$"
            r"|scripts/plan\.sh ",  # tests/plan/test_tool.py, and in the guest test_plan_command.py
            command,
        ), f"nobody runs {command}"


def started_as_shown():
    return [
        pytest.param(line[2:], output, id=f"{path} {line[2:]}")
        for path in DOCUMENTS
        for line, output in shell_commands(path)
        if line.startswith("# ") and "build/dpdk-hotplug_mp" in line
    ]


@pytest.mark.parametrize("command, output", started_as_shown())
def test_program_starts_as_shown(prefix, short_dir, command, output):
    """In an empty directory, and with no group but its own."""
    with contextlib.ExitStack() as stack:
        if "--proc-type=secondary" in command:
            primary = hm.Process("primary", prefix)
            stack.callback(primary.close)
        done = subprocess.run(
            ["bash", "-c", ours(command, prefix)],
            cwd=short_dir,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=hm.TIMEOUT,
        )
    assert done.returncode == 0, done.stderr
    assert fits(done.stdout.splitlines(), output), done.stdout


@pytest.fixture
def user_mount(nobody):
    """The mount that a document makes, for another user and at another place."""
    shown = commands_of("mkdir")[0].split()[-1]
    place = f"{nobody['env']['XDG_RUNTIME_DIR']}/huge"

    def mine(command):
        return command.replace(shown, place).replace("=1000", f"={OWNER}")

    for command in (commands_of("mkdir")[0], commands_of("mount")[0]):
        subprocess.run(mine(command), shell=True, check=True, timeout=hm.TIMEOUT)
    yield mine
    subprocess.run(["umount", place], check=True, timeout=hm.TIMEOUT)


def user_commands(option):
    found = [line[2:] for line, _ in shell_commands() if line.startswith("$ ") and option in line]
    assert len(found) == 1
    return found[0]


def test_user_without_rights_has_a_group(nobody, user_mount, prefix):
    words = user_mount(user_commands("--huge-dir")).split()
    assert words[:2] == ["build/dpdk-hotplug_mp", "--proc-type=auto"]
    started = []
    try:
        for _ in range(2):
            started.append(hm.Process("auto", prefix, eal=words[2:], **nobody))
        primary, secondary = started
        assert secondary.cmd("attach net_null0") == "attached device net_null0"
        assert primary.list() == secondary.list() == [(0, "net_null0")]
        for refused in ("net_af_packet,iface=lo", "net_tap0"):
            assert secondary.cmd(f"attach {refused}").startswith("failed to attach device ")
        assert primary.cmd("detach net_null0") == "detached device net_null0"
        assert primary.list() == secondary.list() == []
    finally:
        statuses = [process.close() for process in reversed(started)]
    assert statuses == [0, 0]
    assert hm.sockets(prefix, nobody["env"]["XDG_RUNTIME_DIR"] + "/dpdk") == []


def test_user_without_rights_and_hugepages(nobody, prefix):
    words = user_commands("--no-huge").split()
    done = hm.run(None, prefix, eal=words[1:], input="attach net_null0\n", **nobody)
    assert (done.returncode, done.stdout) == (0, "attached device net_null0\n"), done.stderr


def test_install(tmp_path):
    (command,) = commands_of("meson install")
    env = {**os.environ, "DESTDIR": str(tmp_path)}
    subprocess.run(command, shell=True, cwd=hm.REPO, env=env, check=True, timeout=hm.TIMEOUT)
    assert os.access(tmp_path / "usr/local/bin/dpdk-hotplug_mp", os.X_OK)


def test_packages():
    """By hand as setup.sh does it."""
    (command,) = commands_of("apt-get install")
    packages = re.search(r'^packages="([^"]*)"', read("scripts/setup.sh"), re.MULTILINE)
    assert command.split()[2:] == packages[1].split()


def test_demo_without_a_terminal(tmp_path):
    """Where the hugepages are seen at two places, as in a root that has /dev of another."""
    (command,) = commands_of("scripts/demo.sh")
    twice = f"mount --bind {hm.HUGEPAGES} {tmp_path}; exec {command}"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", twice],
        cwd=hm.REPO,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=hm.TIMEOUT,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("demo: every step showed what it should\n")


def formats():
    """What the program can print, as patterns."""
    found = {r"pid \d+ \((?:primary|secondary)\): \w+\(\): .+"}  # and what a driver has logged
    names = subprocess.check_output([f"{hm.REPO}/scripts/layout.py", "--list"], text=True).split()
    sources = [re.sub(r"/\*.*?\*/", "", read(name), flags=re.DOTALL) for name in names]
    named = dict(re.findall(r'^#define ([A-Z_]+) (".*")$', "\n".join(sources), re.MULTILINE))
    for source in sources:
        # A text may end with one that has a name.
        source = re.sub(r'(?<=") ([A-Z_]+)\b', lambda m: f" {named.get(m[1], m[1])}", source)
        for literal in re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*', source):
            text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literal))
            # It may follow the program's name.
            text = text.replace("\\n", "").replace('\\"', '"').removeprefix(": ").strip()
            words = re.sub(r"%[-0-9.*]*[lzh]*[a-z]", "%", text)
            kinds = re.findall(r"%[-0-9.*]*[lzh]*([a-z])", text) + [""]
            if len(re.findall("[a-z]", words)) >= 4 and words != "device % %":
                # What begins with a semicolon is added to something else.
                start = "(.+)" if words.startswith(";") else ""
                groups = ["" if not k else r"(\d+)" if k in "du" else "(.+)" for k in kinds]
                parts = map(re.escape, words.split("%"))
                found.add(start + "".join(part + group for part, group in zip(parts, groups)))
    # What came of a command is put together by answer_device().
    for done in re.findall(r'answer_device\("\w+", "(\w+)"', "".join(sources)):
        found.add(rf"{done} device \S+")
    assert r"attached device \S+" in found
    # Who differs, from pieces.
    assert '"alone has" : "lacks"' in "".join(sources)
    found.add(r"pid \d+ \((?:primary|secondary)\) (?:alone has|lacks) port \d+ \(.+\)")
    found.add(r"device \S+ (.+)")
    found.add(r"pid \d+ \((?:primary|secondary)\): its driver has logged no reason; (.+)")
    # What a driver has logged.
    assert '"cannot %s port %u: %s: %s"' in "".join(sources)
    found.add(r"cannot \w+ port \d+: pid \d+ \((?:primary|secondary)\): VHOST_CONFIG: .+")
    # Who cannot run, and why.
    assert '"%s is %s"' in "".join(sources)
    found.add("(.+) is (.+)")
    return found


def printable(text, patterns):
    """Can the program print this? Then it must be able to print, too, what stands for a %s."""
    if " " not in text or re.fullmatch(r"pid \d+( \((primary|secondary)\))?|[\d ]+", text):
        return True
    if re.fullmatch(r"(pid \d+ \((primary|secondary)\): )?(attach|detach)( --force)? [a-z0-9_]+", text):
        return True
    matches = (re.fullmatch(pattern, text) for pattern in patterns)
    return any(
        all(printable(part, patterns) for part in match.groups()) for match in matches if match
    )


def failure_table():
    """What the table says is printed."""
    table = read("doc/failures.rst").partition(".. list-table::")[2]
    for row in table.split("   * - ")[2:]:
        for quoted in re.findall(r"``(.*?)``", row, re.DOTALL):
            quoted = one(quoted).replace("NAME,...", "NAME").replace("NAME", "net_null0")
            if " " in quoted:
                yield quoted


@pytest.mark.parametrize("text", failure_table())
def test_table_of_failures_has_what_the_program_prints(text):
    if text.startswith("did not answer"):
        text = f"pid 7545 (secondary) {text}"
    what = r"(?:attach|detach|start|stop) device \S+|forward \S+ to \S+"
    match = re.fullmatch(rf"failed to (?:{what}): (.*)", text)
    assert printable(match[1] if match else text, formats())


def help_text(*command):
    done = subprocess.run(
        command, cwd=hm.REPO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout


def test_options_exist():
    known = help_text(hm.BINARY, "--help") + read("scripts/test.sh")
    known += read("tests/physical/conftest.py") + read("tests/soak/run.py") + read("commands.c")
    known += read("tests/helpers/fixtures/dpdk_tools.py")
    known += read("plan/options.py")
    tools = ("meson setup", "meson install", "dpdk-hugepages.py", "grep", "unshare")
    for tool in map(str.split, tools):
        known += help_text(*tool, "--help")
    text = "".join(map(read, DOCUMENTS))
    for option in sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))):
        assert re.search(rf"{option}\b(?!-)", known), f"there is no {option}"


TOP = "top level"


def mapped():
    """What doc/architecture.rst lists: {folder: names}."""
    text = read("doc/architecture.rst")
    text = text[text.index("\nWhere things are\n") : text.index("\nThe life of an attach\n")]
    parts = re.split(r"^(\w+/|At the top)\n-+\n", text, flags=re.MULTILINE)
    names = [set(re.findall(r"^``([^`]+)``  ", part, re.MULTILINE)) for part in parts[2::2]]
    folders = [TOP if title == "At the top" else title[:-1] for title in parts[1::2]]
    return dict(zip(folders, names))


def files_in(folder):
    """Names of all files below a folder, without what a run leaves there."""
    return {
        name
        for path, _, names in os.walk(os.path.join(hm.REPO, folder))
        if "__pycache__" not in path
        for name in names
    }


def sources_in(folder):
    """The sources of the program right there; one name is for a file and its header."""
    names = os.listdir(os.path.join(hm.REPO, folder))
    return {os.path.splitext(name)[0] for name in names if name.endswith((".c", ".h"))}


@pytest.mark.parametrize("folder", mapped())
def test_map_has_every_file(folder):
    listed = mapped()[folder]
    if folder == TOP:
        others = {name for name in listed if "." in name and name != "main.c"}
        assert [name for name in others if not os.path.exists(f"{hm.REPO}/{name}")] == []
        assert {os.path.splitext(name)[0] for name in listed - others} == sources_in(".") != set()
    elif folder in ("scripts", "bench", "plan"):
        assert listed == files_in(folder)
    elif folder == "tests":
        here = files_in(folder) | set(os.listdir(f"{hm.REPO}/tests"))
        assert [name for name in listed if not fnmatch.filter(here, name)] == []
    else:
        assert listed == sources_in(folder) != set()


def rule():
    """{folder: those it may include}, as scripts/layout.py checks it."""
    spec = importlib.util.spec_from_file_location("layout", f"{hm.REPO}/scripts/layout.py")
    layout = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(f"{hm.REPO}/scripts")
        spec.loader.exec_module(layout)
    return {folder: set(below.split()) for folder, below in layout.FOLDERS.items()}


def test_map_has_every_folder():
    assert set(mapped()) == {TOP, "scripts", "bench", "plan", "tests", *rule()}


def test_rule_is_the_one_that_is_checked():
    text = read("doc/architecture.rst").partition("\nWhere to find\n")[0]
    rows = re.findall(r"^``(\w+)/``  .*  (?:``([a-z ]+)``|nothing)$", text, re.MULTILINE)
    assert {folder: set(below.split()) for folder, below in rows} == rule()
    assert [folder for folder, _ in rows] == list(rule())[::-1]


#: What a document names and the repository does not have, because it comes from elsewhere.
OTHERS = {"dpdk-hugepages.py", "dpdk-telemetry.py", "dpdk-devbind.py", "dpdk-pmdinfo.py"}


def repository():
    """Paths of all files, without what a build or a run makes."""
    for path, folders, names in os.walk(hm.REPO):
        made = r"__pycache__$|\.git$" + (r"|build" if path == hm.REPO else "")
        folders[:] = [name for name in folders if not re.match(made, name)]
        yield from (os.path.relpath(os.path.join(path, name), hm.REPO) for name in names)


def named_files(path):
    """The files that a document names, in double backticks."""
    for text in re.findall(r"``(.+?)``", read(path), re.DOTALL):
        # With a * there may be any number of them, with a < it is no file's name.
        yield from re.findall(r"(?<![\w./*<>-])[\w./-]+\.(?:c|h|py|sh)\b(?![\w.*<])", text)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_files_that_are_named_exist(path):
    """By their path from the top; a test or script also by its name alone."""
    files = set(repository())
    names = {os.path.basename(name) for name in files if not name.endswith((".c", ".h"))}
    alone = names | files_in("bench") | files_in("plan") | files_in("scripts") | files_in("tests") | OTHERS
    known = files | alone | {f"{name}.c" for name in mapped()[TOP]}
    missing = {name for name in named_files(path) if name not in known}
    # A pair that the rule takes as its example.
    missing -= {"turn.c", "turn.h"} if path == "doc/architecture.rst" else set()
    assert missing == set()


def test_named_files_are_found():
    """Or the test above would pass by looking at nothing."""
    found = {name for path in DOCUMENTS for name in named_files(path)}
    assert {"operations/attach.c", "group/shared.h", "scripts/test.sh", "test_turns.py"} <= found


@pytest.mark.parametrize("path", DOCUMENTS)
def test_words_that_are_named_with_a_file_are_there(path):
    """``function()``, ``WORD`` in ``file.c``: the file defines the function, and has the word."""
    word = r"``\w+(?:\(\))?``"
    for words, file in re.findall(
        rf"((?:{word}, )*{word}) in ``([\w/]+\.(?:c|h|py))``", one(read(path))
    ):
        for name, function in re.findall(r"``(\w+)(\(\))?``", words):
            pattern = rf"^{name}\(" if function else rf"\b{name}\b"
            assert re.search(pattern, read(file), re.MULTILINE), (name, file)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_tests_that_are_named_exist(path):
    """A test, or a chapter of them."""
    chapters = [name for name in repository() if re.match(r"tests/.*/test_\w+\.py$", name)]
    known = {os.path.basename(name)[:-3] for name in chapters}
    for name in chapters:
        known |= set(re.findall(r"^def (test_\w+)", read(name), re.MULTILINE))
    assert set(re.findall(r"``(test_\w+)(?:\.py)?``", read(path))) <= known


def test_chapters_that_the_sanitizers_leave_out_are_told():
    script = read("scripts/sanitize.sh")
    left_out = re.search(r"^chapters=\$\(all_chapters_but (.*?)\)$", script, re.M | re.S)[1]
    folders = {name for name in left_out.replace("\\\n", "").split() if name.endswith("/")}
    chapters = set(re.findall(r"\w+/(test_\w+)\.py", left_out))
    text = read("doc/coverage.rst").partition("\nWhat the sanitizers leave out\n")[2]
    assert folders == {"physical/", "soak/"} and "tests/physical" in text
    rows = re.findall(r"^   \* - (``test.*?)^     - ", text, re.M | re.S)
    assert set(re.findall(r"``(\w+)``", "".join(rows))) == chapters | {"test_soak"}
