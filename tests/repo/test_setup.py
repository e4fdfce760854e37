# SPDX-License-Identifier: BSD-3-Clause
"""scripts/setup.sh installs every tool that a script or a test uses."""

import ast
import glob
import os
import re
import shlex
import shutil
import subprocess

import pytest

import hotplug_mp as hm

SYSTEM = "/usr/bin:/usr/sbin:/bin:/sbin"
SETUP = f"{hm.REPO}/scripts/setup.sh"
#: Words after which a command begins.
BEFORE = set("; & && || | ( { ! then do else elif if while until exec nice command part must check".split())
#: Functions of our own that run a command.
RUN = {"run", "output", "which", "call", "mount", "Popen", "check_output", "spawn"}


def packages(option):
    """What setup.sh installs with this option."""
    with open(SETUP, encoding="utf-8") as f:
        lists = dict(re.findall(r'^(packages\w*)="(.*?)"', f.read(), re.MULTILINE | re.DOTALL))
    return set((lists["packages"] + " " + lists.get(f"packages_{option}", "")).split())


def query(*args):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE, text=True).stdout


def closure(names):
    """These packages, what they depend on, what every Debian has, and apt, without which setup.sh
    says that it is for Debian."""
    found = query(
        *("apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests"),
        *("--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances", "--installed"),
        *sorted(names),
    )
    everywhere = query("dpkg-query", "-W", "-f", "${Package} ${Essential} ${Priority}\\n")
    return {"apt", *re.findall(r"^([\w.+-]+)", found, re.MULTILINE)} | {
        line.split()[0]
        for line in everywhere.splitlines()
        if line.split()[1] == "yes" or line.split()[-1] == "required"
    }


def packages_of(tools):
    """{tool: its package}"""
    paths = {tool: os.path.realpath(shutil.which(tool, path=SYSTEM)) for tool in tools}
    # Where /bin is /usr/bin, dpkg knows one of the two.
    names = {name for path in paths.values() for name in (path, path.removeprefix("/usr"))}
    found = subprocess.run(
        ["dpkg-query", "-S", *sorted(names)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout
    owner = {line.rpartition(": ")[2]: re.split("[:,]", line)[0] for line in found.splitlines()}
    return {
        tool: owner.get(path) or owner.get(path.removeprefix("/usr"), f"none has {path}")
        for tool, path in paths.items()
    }


def words_of_shell(path):
    """Words of a shell script where a command begins."""
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"(?m)(^|\s)#.*$", "", f.read()).replace("\\\n", " ")
    # A substitution is a command of its own, also within quotes; so is a script in quotes.
    parts = [*re.findall(r"\$\(([^()]*)\)", text), *re.findall(r"'([^']*)'", text)]
    for part in [re.sub('="[^"]*"', "=x", text), *parts]:
        for line in part.split("\n"):
            lexer = shlex.shlex(line, posix=False, punctuation_chars=True)
            lexer.quotes, lexer.whitespace_split = "", True
            begins = True
            for word in lexer:
                if begins and re.fullmatch(r"\w+=\S*", word):
                    continue
                if begins:
                    yield word
                begins = word in BEFORE


def words_of_python(path):
    """Strings that a call of Python runs as a command."""
    with open(path, encoding="utf-8") as f:
        tree = ast.parse(f.read())
    for node in ast.walk(tree):
        first = None
        if isinstance(node, (ast.List, ast.Tuple)) and node.elts:
            first = node.elts[0]
        elif isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            first = node.args[0] if name in RUN else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def tools(*patterns):
    found = set()
    for pattern in patterns:
        for path in glob.glob(f"{hm.REPO}/{pattern}", recursive=True):
            words = words_of_python if path.endswith(".py") else words_of_shell
            found |= {word for word in words(path) if re.fullmatch(r"[a-z][\w.-]*", word)}
    return {tool for tool in found if shutil.which(tool, path=SYSTEM)}


@pytest.mark.parametrize(
    "option, patterns, expected",
    [
        ("", ["scripts/setup.sh", "scripts/plan.sh", "plan/*.py"], "findmnt"),
        ("demo", ["scripts/setup.sh", "scripts/demo.sh", "scripts/demo.py"], "tmux"),
        (
            "test",
            ["scripts/*.sh", "scripts/*.py", "tests/**/*.py", "tests/**/*.sh", "bench/*.py"],
            "shellcheck",
        ),
    ],
    ids=["setup", "demo", "test"],
)
def test_every_tool_is_installed(option, patterns, expected):
    used = packages_of(tools(*patterns))
    print(used)
    assert expected in used
    installed = closure(packages(option))
    assert {tool: package for tool, package in used.items() if package not in installed} == {}


def test_enough_hugepages_are_reserved():
    """As many as the tests take, or they would stop at once after a set-up."""
    with open(SETUP, encoding="utf-8") as f:
        numbers = dict(re.findall(r"^(pages_\w+)=(\d+)", f.read(), re.MULTILINE))
    assert 2 * int(numbers["pages_few"]) >= hm.HUGEPAGES_MIB
