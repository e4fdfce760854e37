# SPDX-License-Identifier: BSD-3-Clause
"""What `meson install` puts where, and what `meson dist` packs."""

import glob
import json
import os
import re
import shutil
import subprocess
import tarfile

import pexpect
import pytest

import hotplug_mp as hm

# They share a build.
pytestmark = pytest.mark.xdist_group("packaging")

SHELL_PROMPT = "hm-shell:"
OWN_OPTION = re.compile(r"^  (--[a-z-]+)", re.MULTILINE)
NAME = "dpdk-hotplug_mp"
PLAN = f"{NAME}-plan"


def run(*command, **kwargs):
    """What a command printed, of one that succeeds."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        **kwargs,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def own_options():
    """The program's own options as its help shows them, without the EAL's."""
    own, _, _ = hm.run(own=["--help"]).stdout.partition("\nEAL ")
    lines = [line for line in own.splitlines() if " EAL: " not in line]
    return sorted(OWN_OPTION.findall("\n".join(lines)))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """These sources, as they are now, in a repository of their own."""
    hm.need(shutil.which("git") and shutil.which("meson"), "no git or no meson; install them")
    tree = tmp_path_factory.mktemp("dist") / "tree"
    leave = shutil.ignore_patterns("build*", ".git", "__pycache__", ".pytest_cache")
    shutil.copytree(hm.REPO, tree, ignore=leave)
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    run("git", "init", "-q", cwd=tree)
    run("git", "add", "-A", cwd=tree)
    run("git", *who, "commit", "-q", "-m", "all", cwd=tree)
    return tree


@pytest.fixture(scope="module")
def tarball(tree):
    """What `meson dist -C build` packs."""
    run("meson", "setup", "build", cwd=tree)
    said = run("meson", "dist", "-C", "build", "--formats=gztar", "--no-tests", cwd=tree)
    (name,) = re.findall(r"Created \S*/(\S+\.tar\.gz)", said)
    return tree / "build/meson-dist" / name


@pytest.fixture(scope="module")
def unpacked(tarball, tmp_path_factory):
    """The tarball's sources, built in "build"."""
    place = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(tarball) as files:
        files.extractall(place)
    (sources,) = place.iterdir()
    # With the directories anybody gets who asks for none.
    run("meson", "setup", *hm.FAST_BUILD, "build", cwd=sources)
    run("ninja", "-C", "build", cwd=sources)
    return sources


@pytest.fixture(scope="module")
def installed(unpacked, tmp_path_factory):
    """Where `meson install` has put everything."""
    root = tmp_path_factory.mktemp("root")
    run("meson", "install", "-C", "build", "--destdir", str(root), cwd=unpacked)
    return root / "usr/local"


@pytest.fixture(scope="module")
def page(installed):
    """Path of the manual page."""
    hm.need(shutil.which("rst2man"), "no rst2man; install python3-docutils")
    return str(installed / "share/man/man1" / f"{NAME}.1")


@pytest.fixture(scope="module")
def plan_page(page):
    """Path of the manual page of the test plan."""
    return f"{page[:-2]}-plan.1"


@pytest.fixture(scope="module")
def page_text(page):
    """The manual page as it is shown, words apart by one blank."""
    hm.need(shutil.which("man"), "no man; install man-db")
    env = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "MAN_KEEP_FORMATTING": ""}
    text = run("man", "--no-hyphenation", "--no-justification", "-l", page, env=env)
    return " ".join(text.split())


def test_everything_is_installed(installed):
    files = {
        os.path.relpath(os.path.join(place, name), installed)
        for place, _, names in os.walk(installed)
        for name in names
    }
    plan = {f"share/{NAME}/{path}" for path in glob.glob("plan/*.py", root_dir=hm.REPO)}
    assert files == {
        f"bin/{NAME}",
        f"bin/{PLAN}",
        *plan,
        f"share/man/man1/{NAME}.1",
        f"share/man/man1/{PLAN}.1",
        f"share/bash-completion/completions/{NAME}",
    }
    assert run(str(installed / "bin" / NAME), "--version").startswith(f"{NAME} ")


def test_installed_plan_runs_the_installed_program(installed, tmp_path):
    """Wherever one is; a file there that is called like a part of it is not run."""
    (tmp_path / "plan.py").write_text("raise SystemExit(3)\n")
    report = tmp_path / "report.json"
    command = [str(installed / "bin" / PLAN), "net_null0", "--case", "attach", "--report", str(report)]
    assert "2 passed" in run(*command, cwd=tmp_path)
    with open(report, encoding="utf-8") as f:
        assert json.load(f)["facts"]["Program"] == str(installed / "bin" / NAME)


def test_completion_goes_where_bash_completion_looks_for_it(tmp_path):
    hm.need(shutil.which("pkg-config"), "no pkg-config; install it")
    ask = ["pkg-config", "--variable=completionsdir", "bash-completion"]
    place = subprocess.run(ask, stdout=subprocess.PIPE, text=True).stdout.strip()
    hm.need(place, "no bash-completion; install it")
    run("meson", "setup", "--prefix=/usr", str(tmp_path), hm.REPO)
    assert f"{place}/{NAME}" in run("meson", "introspect", "--installed", str(tmp_path))


# The manual page


@pytest.mark.parametrize("names", [("commands", "failures", "limits"), ("plan",)])
def test_page_is_made_without_a_warning(tmp_path, names):
    hm.need(shutil.which("rst2man"), "no rst2man; install python3-docutils")
    version = hm.run(own=["--version"]).stdout.split()[1]
    documents = [f"{hm.REPO}/doc/{name}.rst" for name in names]
    text = run("python3", f"{hm.REPO}/scripts/man.py", version, *documents)
    page = tmp_path / "page.rst"
    page.write_text(text, encoding="utf-8")
    run("rst2man", "--strict", str(page), "/dev/null")


@pytest.mark.parametrize("path", ["README.rst", *glob.glob("doc/*.rst", root_dir=hm.REPO)])
def test_document_is_made_without_a_warning(path):
    hm.need(shutil.which("rst2html"), "no rst2html; install python3-docutils")
    run("rst2html", "--strict", f"{hm.REPO}/{path}", "/dev/null")


def test_page_is_rendered_without_a_warning(page):
    hm.need(shutil.which("man"), "no man; install man-db")
    for width in ("80", "132"):
        done = subprocess.run(
            ["man", "--warnings", "-l", page],
            env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": width},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=hm.TIMEOUT,
        )
        assert (done.stderr, done.returncode) == ("", 0)


def test_apropos_finds_the_pages(page, plan_page):
    hm.need(shutil.which("lexgrog"), "no lexgrog; install man-db")
    assert f'"{NAME} - console for a group of DPDK processes"' in run("lexgrog", page)
    assert f'"{PLAN} - test of hotplug for any DPDK driver"' in run("lexgrog", plan_page)


def test_page_of_the_plan_has_every_option(plan_page):
    with open(plan_page, encoding="utf-8") as f:
        text = re.sub(r"\\f[A-Z]", " ", f.read()).replace("\\-", "-")
    listed = run(f"{hm.REPO}/scripts/plan.sh", "--help")
    options = re.findall(r"^  (--[a-z]+)", listed, re.M)
    assert len(options) >= 10
    for option in options:
        assert re.search(rf"{option}(?![\w-])", text), f"{option} is missing"


def test_page_has_its_version(page, page_text):
    version = re.fullmatch(rf"{NAME} (\S+) .*\n", hm.run(own=["--version"]).stdout)[1]
    with open(page, encoding="utf-8") as f:
        assert f'"{version}"' in next(line for line in f if line.startswith(".TH"))
    # docutils writes the name in capitals, or leaves it as it is.
    assert page_text.lower().startswith(f"{NAME}(1)")
    assert "None" not in page_text[:200]


def test_page_has_every_option(page_text):
    assert own_options() == sorted(set(own_options()))
    for option in own_options():
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", page_text), f"{option} is missing"


def test_page_has_every_command(prefix, page, page_text):
    commands = hm.run("primary", prefix, input="help\n").stdout.splitlines()
    assert len(commands) >= 7
    with open(page, encoding="utf-8") as f:
        headings = " ".join(line for line in f if line.startswith(".SS "))
    for command in commands:
        assert " ".join(command.split()) in page_text
        word = command.split()[0]
        assert re.search(rf"\b{word}\b", headings), f"no heading of {word}"


def test_page_is_the_documents_own_text(page_text):
    """Every paragraph of the commands, and nothing that only says where to look elsewhere."""
    with open(f"{hm.REPO}/doc/commands.rst", encoding="utf-8") as f:
        document = f.read()
    text = re.search(r"\nCommands\n=+\n(.*?)\n\S[^\n]*\n=+\n", document, re.DOTALL)[1]
    paragraphs = [p for p in text.split("\n\n") if re.match(r"\n?[A-Z]", p) and "\n--" not in p]
    assert len(paragraphs) >= 8
    for paragraph in paragraphs:
        shown = " ".join(paragraph.replace("``", "").split()).removesuffix("::").strip()
        assert shown.rstrip(":") in page_text
    assert "`" not in page_text.replace("``", ""), "markup is left over"


@pytest.fixture
def path_without_docutils(tmp_path):
    """A PATH with every program of this machine but rst2man."""
    place = tmp_path / "bin"
    place.mkdir()
    for directory in reversed(os.environ["PATH"].split(":")):
        for name in os.listdir(directory) if os.path.isdir(directory) else []:
            if not name.startswith("rst2man"):
                (place / name).unlink(missing_ok=True)
                (place / name).symlink_to(os.path.join(directory, name))
    return str(place)


@pytest.mark.parametrize("man", ["auto", "disabled", "enabled"])
def test_without_docutils_there_is_no_page_and_all_the_rest(tmp_path, path_without_docutils, man):
    env = {**os.environ, "PATH": path_without_docutils}
    setup = ["meson", "setup", *hm.FAST_BUILD, f"-Dman={man}", str(tmp_path / "build"), hm.REPO]
    if man == "enabled":
        done = subprocess.run(setup, env=env, stdout=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode != 0 and "rst2man" in done.stdout
        return
    run(*setup, env=env)
    installed = run("meson", "introspect", "--installed", str(tmp_path / "build"))
    assert f"bin/{NAME}" in installed and f"completions/{NAME}" in installed
    assert "man1" not in installed


# bash completion


class Shell:
    """An interactive bash that has the program installed, to press TAB at."""

    def __init__(self, installed, cwd, before):
        self.child = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile", "-i"],
            cwd=str(cwd),
            env={
                "PATH": f"{installed}/bin:{os.environ['PATH']}",
                "HOME": str(cwd),
                "PS1": SHELL_PROMPT,
                "TERM": "dumb",
                "INPUTRC": "/dev/null",
                "LC_ALL": "C.UTF-8",
                "XDG_DATA_DIRS": f"{installed}/share",
            },
            encoding="utf-8",
            timeout=hm.TIMEOUT,
            dimensions=(50, 200),
        )
        self.child.delaybeforesend = None
        self.child.expect_exact(SHELL_PROMPT)
        for line in ("bind 'set bell-style none'", before):
            self.child.send(f"{line}\r")
            self.child.expect_exact("\r\n")
            self.child.expect_exact(SHELL_PROMPT)

    def completed(self, typed):
        """What the line has become, with one TAB, when the shell runs it as words to print."""
        self.child.send(f"{typed}\t\x01printf '<%s>' \x05\r")
        self.child.expect(r"\r\n((?:<[^>]*>)+)" + SHELL_PROMPT)
        return re.findall("<([^>]*)>", self.child.match[1])[1:]

    def choices(self, typed):
        """What is listed when TAB is pressed twice."""
        self.child.send(f"{typed}\t\t")
        self.child.expect(r"\r\n((?:[^\r\n]+\r\n)+)" + SHELL_PROMPT)
        found = self.child.match[1].split()
        self.child.send("\x15\r")
        self.child.expect_exact("\r\n")
        self.child.expect_exact(SHELL_PROMPT)
        return sorted(found)

    def close(self):
        self.child.close(force=True)


@pytest.fixture(params=["sourced", "bash-completion"])
def shell(request, installed, tmp_path):
    """Its completion read by hand, or found by bash-completion when it is needed."""
    hm.need(shutil.which("bash"), "no bash; install it")
    loader = "/usr/share/bash-completion/bash_completion"
    if request.param == "sourced":
        loader = f"{installed}/share/bash-completion/completions/{NAME}"
    hm.need(os.path.exists(loader), "no bash-completion; install it")
    for name in ("commands of mine", "commands-2"):
        (tmp_path / name).touch()
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "inside").touch()
    shell = Shell(installed, tmp_path, f"source {loader}")
    yield shell
    shell.close()


@pytest.mark.parametrize(
    "typed, words",
    [
        ("-- --cmdl", ["--", "--cmdline-file"]),
        ("-- --int", ["--", "--interactive"]),
        ("--proc-type=auto -- --keep", ["--proc-type=auto", "--", "--keep-going"]),
        ("-- --cmd list --tr", ["--", "--cmd", "list", "--trace"]),
        ("-- --cmdline-file comm", ["--", "--cmdline-file", "commands"]),
        ("-- --cmdline-file commands-", ["--", "--cmdline-file", "commands-2"]),
        ("-- --cmdline-file=commands-", ["--", "--cmdline-file=commands-2"]),
        ("-- --cmdline-file commands\\ o", ["--", "--cmdline-file", "commands of mine"]),
        ("-- --cmdline-file dir", ["--", "--cmdline-file", "directory/"]),
        ("-- --cmdline-file directory/", ["--", "--cmdline-file", "directory/inside"]),
        ("-- --trace --cmdline-file nosuch", ["--", "--trace", "--cmdline-file", "nosuch"]),
        ("-- --cmd --tr", ["--", "--cmd", "--tr"]),
        ("-- --mbufs --tr", ["--", "--mbufs", "--tr"]),
        ("--vers", ["--version"]),
        ("--tr", ["--tr"]),
    ],
)
def test_tab_completes(shell, typed, words):
    assert shell.completed(f"{NAME} {typed}") == words


def test_tab_shows_the_programs_own_options(shell):
    assert shell.choices(f"{NAME} -- --") == own_options()


def test_tab_shows_files_of_commands(shell):
    assert " ".join(shell.choices(f"{NAME} -- --cmdline-file ")) == " ".join(
        sorted("commands of mine commands-2 directory/".split())
    )


# The tarball


def test_everything_is_packed(tree, tarball):
    with tarfile.open(tarball) as files:
        packed = {member.name.partition("/")[2] for member in files if member.isfile()}
    assert packed == set(run("git", "ls-files", cwd=tree).splitlines())


def test_what_was_packed_passes_its_tests(unpacked):
    hm.need(shutil.which("pytest-3"), "no pytest-3; install python3-pytest")
    said = run("meson", "test", "-C", "build", cwd=unpacked, env={**os.environ, "HM_STRICT": "1"})
    assert re.search(r"\bOk: +[1-9]", said) and re.search(r"\bFail: +0\b", said), said
