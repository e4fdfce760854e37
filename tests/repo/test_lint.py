# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/lint.sh checks of the folders, and that its tools look at every file."""

import glob
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

import hotplug_mp as hm

COMPILERS = ("gcc", "clang")
FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Wcast-qual", "-Werror", "-D_GNU_SOURCE"]
FLAGS += ["-DALLOW_EXPERIMENTAL_API", "-I."]

#: A small program that follows all the rules.
GOOD = {
    "LICENSE": "",
    "README.rst": "A program\n",
    "meson.build": "",
    "main.c": """\
#include "commands.h"

int
main(void)
{
	return commands_run(commands[0]);
}
""",
    "commands.h": "extern const char *commands[];\n\nint commands_run(const char *name);\n",
    "commands.c": """\
#include "commands.h"
#include "console/show.h"

const char *commands[] = {"show"};

int
commands_run(const char *name)
{
	return show_run(name); /* extern: not declared here */
}
""",
    "base/text.h": "/** Is it empty? */\n__rte_pure int text_empty(const char *text);\n",
    "base/text.c": """\
#include "base/text.h"

int
text_empty(const char *text)
{
	return text[0] == '{';
}
""",
    "base/port_set.h": """\
#include <stdint.h>

struct port_set {
	uint64_t bits[2];
};

static inline int
port_set_first(const struct port_set *set)
{
	return set->bits[0] & 1 ? 0 : -1;
}
""",
    "group/writers.h": """\
/* Each field of the shared memory has one file that writes it. */
#ifndef BY_TURN
#define BY_TURN const /* group/turn.c */
#endif
#ifndef BY_PEERS
#define BY_PEERS const /* group/peers.c */
#endif
""",
    "group/shared.h": """\
#pragma once
#include <stdatomic.h>

#include "base/port_set.h"
#include "group/writers.h"

struct turn_record {
	_Atomic int holder;
	char what[104];
};

struct group_shared {
	BY_TURN struct turn_record turn; /* "x;" */
	BY_PEERS struct {
		int a;
		int b;
	} died[4];
	struct group_member {
		BY_PEERS struct port_set ports;
		BY_PEERS _Atomic int
			pid;
	} members[4];
};
""",
    "group/turn.h": """\
#include "group/shared.h"

typedef int (*turn_wait_fn)(const char *text);

void turn_take(struct group_shared *shared, turn_wait_fn wait);
""",
    "group/turn.c": """\
#define BY_TURN

#include "group/shared.h"
#include "group/turn.h"

void
turn_take(struct group_shared *shared, turn_wait_fn wait)
{
	atomic_store(&shared->turn.holder, wait(shared->turn.what));
}
""",
    "group/peers.h": "struct group_shared;\n\nint peers_first(struct group_shared *shared);\n",
    "group/peers.c": """\
#define BY_PEERS

#include "group/peers.h"
#include "group/shared.h"

#define MAY_RACE

MAY_RACE static int died(struct group_shared *shared);

static int
died(struct group_shared *shared)
{
	return ++shared->died[0].a;
}

int
peers_first(struct group_shared *shared)
{
	shared->members[0].ports.bits[0] = 1;
	return port_set_first(&shared->members[0].ports) + died(shared);
}
""",
    "console/show.h": "int show_run(const char *name);\n",
    "console/show.c": """\
#include "base/text.h"
#include "console/show.h"
#include "group/peers.h"

int
show_run(const char *name)
{
	return text_empty(name) ? peers_first(NULL) : 0;
}
""",
    # What is not the program is not looked at.
    "tests/fuzz/fuzz.c": '#include "fuzz.h"\nextern int anything;\n',
    "build-gcc/meson-private/sanitycheckc.c": "extern int anything;\n",
    "doc/design.rst": "\n" * 500,
}


def write(tree, files):
    for path, text in files.items():
        os.makedirs(tree / os.path.dirname(path), exist_ok=True)
        (tree / path).write_text(text, encoding="utf-8")


@pytest.fixture
def tree(tmp_path):
    """The small program, and a copy of the script."""
    write(tmp_path, GOOD)
    (tmp_path / "scripts").mkdir()
    for name in ("layout.py", "c_source.py"):
        shutil.copy(f"{hm.REPO}/scripts/{name}", tmp_path / "scripts")
    return tmp_path


def layout(tree, *args):
    """Exit status and output of the tree's own scripts/layout.py."""
    done = subprocess.run(
        [sys.executable, "-B", str(tree / "scripts/layout.py"), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=hm.TIMEOUT,
    )
    return done.returncode, done.stdout


def edit(tree, path, old, new):
    """Replace a part of a file that has it once; "" stands for the end of the file."""
    text = (tree / path).read_text(encoding="utf-8") if (tree / path).exists() else ""
    assert old == "" or text.count(old) == 1
    write(tree, {path: text.replace(old, new) if old else text + new})


def test_tree_that_follows_the_rules(tree):
    assert layout(tree) == (0, "")


TURN, PEERS, SHARED = "group/turn.c", "group/peers.c", "group/shared.h"
TURN_H, PEERS_H = '#include "group/turn.h"\n', '#include "group/peers.h"\n'
#: What is planted, as edits (path, old, new), and what is said of it.
FAULTS = {
    "a folder includes one above it": (
        [("base/text.c", "", TURN_H + "turn_wait_fn f;\n")],
        "base/text.c:8: base may not include group: group/turn.h\n",
    ),
    "a header does": (
        [("group/peers.h", "", '#include "traffic/pool.h"\n#define PEERS_MAX POOL_MAX\n')]
        + [("traffic/pool.h", "", "#define POOL_MAX 4\n")],
        "group/peers.h:4: group may not include traffic: traffic/pool.h\n",
    ),
    "a folder includes the top level": (
        [("console/show.c", ": 0", ": *commands[0]")]
        + [("console/show.c", '#include "base/text.h"\n', '#include "commands.h"\n')]
        + [("console/show.c", "text_empty(name)", "name")],
        "console/show.c:1: circle of includes: commands -> console/show -> commands\n"
        "console/show.c:1: console may not include the top level: commands.h\n",
    ),
    "an include without its folder": (
        [(PEERS, PEERS_H, '#include "peers.h"\n')],
        f'{PEERS}:3: there is no "peers.h"; write the path from the top\n',
    ),
    "a circle of two": (
        [("base/text.c", "", '#include "base/other.h"\nint x = OTHER;\n')]
        + [("base/other.h", "", '#include "base/text.h"\n#define OTHER text_empty("")\n')],
        "base/text.c:8: circle of includes: base/other -> base/text -> base/other\n",
    ),
    "a circle of three headers": (
        [("base/a.h", "", '#include "base/b.h"\n#define A B\n')]
        + [("base/b.h", "", '#include "base/c.h"\n#define B C\n')]
        + [("base/c.h", "", '#include "base/a.h"\n#define C A\n')],
        "base/c.h:1: circle of includes: base/a -> base/b -> base/c -> base/a\n",
    ),
    "a circle in the table": (
        [("scripts/layout.py", '"base": ""', '"base": "group"')],
        "scripts/layout.py:1: base includes group, which is not below it\n",
    ),
    "a folder that includes itself in the table": (
        [("scripts/layout.py", '"eal": "base"', '"eal": "base eal"')],
        "scripts/layout.py:1: eal includes eal, which is not below it\n",
    ),
    "a folder that is not in the table": (
        [("extra/one.h", "", "#define ONE 1\n")],
        "extra/one.h:1: folder extra is not in the table of scripts/layout.py\n",
    ),
    "a folder in a folder": (
        [("base/more/one.h", "", "#define ONE 1\n")],
        "base/more/one.h:1: a folder of the program has no folders\n",
    ),
    "a prototype in another header": (
        [("base/port_set.h", "", "int\ntext_empty(const char *text);\n")],
        "base/port_set.h:12: text_empty is not defined in base/port_set.c\n",
    ),
    "a prototype with an attribute": (
        [("group/turn.h", "", "__rte_format_printf(1, 2) void turn_say(const char *f, ...);\n")],
        "group/turn.h:6: turn_say is not defined in group/turn.c\n",
    ),
    "a prototype of what is static": (
        [("group/peers.h", "", "int died_often;\nextern int died_late, died_soon[2];\n")]
        + [(PEERS, "", "static int died_late;\nint died_soon[2] = {1, 2};\n")],
        "group/peers.h:5: died_late is not defined in group/peers.c\n",
    ),
    "a variable in another header": (
        [("base/text.h", "", "extern const char *commands[];\n")],
        "base/text.h:3: commands is not defined in base/text.c\n",
    ),
    "a pointer to a function in another header": (
        [("base/text.h", "", "extern void (*text_hook)(int);\n")],
        "base/text.h:3: text_hook is not defined in base/text.c\n",
    ),
    "extern in a .c file": (
        [(TURN, "{\n", "{\n\textern int peers_count;\n\n")],
        f"{TURN}:9: extern in a .c file\n",
    ),
    "a prototype in a .c file": (
        [(TURN, "\nvoid\n", "\nint peers_first(struct group_shared *shared);\n\nvoid\n")],
        f"{TURN}:6: the prototype of peers_first belongs in a header\n",
    ),
    "a second writer": (
        [(PEERS, "#define BY_PEERS\n", "#define BY_PEERS\n#define BY_TURN\n")],
        f"{PEERS}:2: BY_TURN is for group/turn.c to define, as empty\n",
    ),
    "a second writer in a header": (
        [("group/turn.h", '#include "', '#undef BY_PEERS\n#include "')],
        "group/turn.h:1: BY_PEERS is for group/peers.c to define, as empty\n",
    ),
    "a writer after an include": (
        [(TURN, "#define BY_TURN\n\n", ""), (TURN, TURN_H, TURN_H + "#define BY_TURN\n")],
        f"{TURN}:3: BY_TURN is defined after an include\n",
    ),
    "a writer that is not what the table says": (
        [("group/writers.h", "/* group/peers.c */", "/* group/turn.c */")],
        f"{PEERS}:1: BY_PEERS is for group/turn.c to define, as empty\n"
        f"{TURN}:1: BY_PEERS is not defined here, as group/writers.h says\n",
    ),
    "a writer that is nobody": (
        [("group/writers.h", "", "#ifndef BY_X\n#define BY_X const /* group/x.c */\n#endif\n")],
        "group/writers.h:1: there is no group/x.c\n",
    ),
    "a word that is empty for everybody": (
        [("group/writers.h", "", "#define BY_ALL\n")],
        "group/writers.h:8: BY_ALL is for nobody to define, as empty\n",
    ),
    "a field without a writer": (
        [(SHARED, "\tBY_TURN", "\tint left;\n\tBY_TURN")],
        f"{SHARED}:13: no word of group/writers.h says who writes this field\n",
    ),
    "a field of a member without a writer": (
        [(SHARED, "BY_PEERS _Atomic", "_Atomic")],
        f"{SHARED}:20: no word of group/writers.h says who writes this field\n",
    ),
    "a member without a table": (
        [(SHARED, "} members[4];", "} *members;")],
        f"{SHARED}:18: no word of group/writers.h says who writes this field\n",
    ),
    "a cast by way of a number": (
        [(PEERS, "return ++", "*(int *)(uintptr_t)&group_shared->turn = 1;\n\treturn ++")],
        f"{PEERS}:13: this gets around const\n",
    ),
    "a struct overwritten as a whole": (
        [(PEERS, "return ++", "memset(group_shared, 0, sizeof(*group_shared));\n\treturn ++")],
        f"{PEERS}:13: this gets around const\n",
    ),
    "a second writer on two lines": (
        [(PEERS, "#define BY_PEERS\n", "#define BY_PEERS\n#define \\\n\tBY_TURN\n")],
        f"{PEERS}:2: BY_TURN is for group/turn.c to define, as empty\n",
    ),
    "a word on two lines": (
        [(PEERS, "#define BY_PEERS\n", "#define BY_PEERS\n#define BY_\\\nTURN\n")],
        f"{PEERS}:2: BY_TURN is for group/turn.c to define, as empty\n",
    ),
    "const is nothing": (
        [("base/text.h", "", "#define const\n")],
        "base/text.h:3: const is for nobody to define, as empty\n",
    ),
    "an include by a macro": (
        [("base/text.c", "", '#define UP "group/turn.h"\n#include UP\n')],
        'base/text.c:9: an include of neither "..." nor <...>\n',
    ),
    "an include of a folder as a library's": (
        [("base/text.c", "", "#include <group/none.h>\n")],
        'base/text.c:8: <group/none.h> is no header of a library; write "..."\n',
    ),
    "an include of the tests": (
        [("base/text.c", "", "#include <tests/fuzz/fuzz.h>\n")],
        'base/text.c:8: <tests/fuzz/fuzz.h> is no header of a library; write "..."\n',
    ),
    "an include on two lines": (
        [("base/text.c", "", '#include \\\n\t"group/turn.h"\nturn_wait_fn f;\n')],
        "base/text.c:8: base may not include group: group/turn.h\n",
    ),
    "an include twice": (
        [(TURN, TURN_H, TURN_H + "#include <stdio.h>\n" + TURN_H + "#include <stdio.h>\n")],
        f"{TURN}:6: group/turn.h is included twice\n{TURN}:7: stdio.h is included twice\n",
    ),
    "a file in a folder that is no source": (
        [("base/text.inc", "", "int x;\n"), ("base/meson.build", "", "")],
        "base/text.inc:1: a folder of the program has only .c, .h and meson.build\n",
    ),
    "a prototype in a function": (
        [(TURN, "{\n", "{\n\tint peers_first(struct group_shared *shared);\n\n")],
        f"{TURN}:9: the prototype of peers_first belongs in a header\n",
    ),
    "a second prototype in a function": (
        [(TURN, "{\n", "{\n\tint n;\n\tunsigned int a(void);\n\tconst char *(b)(int x);\n")],
        f"{TURN}:10: the prototype of a belongs in a header\n"
        f"{TURN}:11: the prototype of b belongs in a header\n",
    ),
    "a prototype of a name in parentheses": (
        [(TURN, "\nvoid\n", "\nint (peers_first)(struct group_shared *shared);\n\nvoid\n")],
        f"{TURN}:6: the prototype of peers_first belongs in a header\n",
    ),
    "a long source": (
        [("base/text.c", "", "\n" * 394)],
        "base/text.c:401: 401 lines, 400 at most\n",
    ),
    "a long header": (
        [("base/text.h", "", "\n" * 399)],
        "base/text.h:401: 401 lines, 400 at most\n",
    ),
    "a long main.c": ([("main.c", "", "\n" * 144)], "main.c:151: 151 lines, 150 at most\n"),
    "a long README": (
        [("README.rst", "", "x\n" * 200)],
        "README.rst:201: 201 lines, 200 at most\n",
    ),
    "a stray source at the top": (
        [("text.h", "", "")],
        "text.h:1: this file does not belong to the top level\n",
    ),
    "a stray file at the top": (
        [("NOTES", "", "")],
        "NOTES:1: this file does not belong to the top level\n",
    ),
    "an include that is not used": (
        [(TURN, TURN_H, PEERS_H + TURN_H)],
        f"{TURN}:4: nothing of group/peers.h is used here\n",
    ),
    "an include that only a comment uses": (
        [("base/text.c", "", '#include "base/port_set.h" /* port_set */\n"port_set_first";\n')],
        "base/text.c:8: nothing of base/port_set.h is used here\n",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault(tree, fault):
    edits, said = FAULTS[fault]
    for one in edits:
        edit(tree, *one)
    assert layout(tree) == (1, said)


OVERWRITES = [
    "struct group_member *m = group_shared->members; memset(m, 0, sizeof(*m));",
    "const struct group_member *a, *m = 0; memset((void *)a, 0, sizeof(*a));",
    "struct group_member *m; memset(&m[1], 0, sizeof(*m));",
    "struct group_member *m; memmove(m + n[1], m, sizeof(*m));",
    "memset(shared, 0, 4);",
    "memset(shared->members, 0, 4);",
    "memset(group_shared->members, 0, 4);",
    "memset(&group_shared->members[n[x.y]], 0, 4);",
    "memset(&(group_shared->members[1]), 0, 4);",
    "memset(member_at(1), 0, 4);",
    "memset((void *)group_self, 0, 4);",
    "memcpy(\\\n\t\tgroup_self, x, 4);",
    "bzero(group_self, 4);",
    "strlcpy((char *)group_self, x, 4);",
    'snprintf((char *)group_shared, 4, "x");',
]
#: The compiler checks these, and nothing is written by the last ones.
WRITES_TO_FIELDS = [
    "memset(&shared->turn, 0, 4);",
    "strlcpy(group_shared->turn.what, (char *)group_self, 4);",
    "strlcpy(group_shared->members[n[1]].name, x, 4);",
    "struct group_member *m; memset(&m->error, 0, sizeof(*m)); memset(&m[1].error, 0, 4);",
    'snprintf((char *)(m)->name, 4, "%p", group_self);',
    "memset(&seen[m - shared->members], 0, 4);",
    "memset(member_at(1)->name, 0, 4);",
    "member_free(group_self);",
    "memcpy(&copy, group_self, sizeof(copy));",
]


@pytest.mark.parametrize("line", OVERWRITES)
def test_overwrite_of_a_whole_struct(tree, line):
    edit(tree, TURN, "{\n", f"{{\n\t{line}\n")
    assert layout(tree) == (1, f"{TURN}:9: this gets around const\n")


@pytest.mark.parametrize("line", WRITES_TO_FIELDS)
def test_write_to_a_field(tree, line):
    edit(tree, TURN, "{\n", f"{{\n\t{line}\n")
    assert layout(tree) == (0, "")


def test_what_looks_like_a_prototype(tree):
    lines = ["int (*f)(void);", "if (x)", "\t(void)f(x);", "else", "\tf(x);", "return g(x);"]
    lines += ["a = b * f(c);", "typedef void in_t(int);", "f(x);", "x = a +", "\tb * f(c);"]
    edit(tree, TURN, "{\n", "{\n" + "".join(f"\t{line}\n" for line in lines))
    assert layout(tree) == (0, "")


def test_typedefs(tree):
    lines = ["void fn_t(void)", "int list_t[4]", "int (*fns_t[4])(void)", "int f_t(int (*f)(int))"]
    edit(tree, TURN, "\nvoid\n", "".join(f"typedef {line};\n" for line in lines) + "\nvoid\n")
    assert layout(tree) == (0, "")


@pytest.mark.parametrize("path", ["group/writers.h", SHARED])
def test_group_without_its_table_of_writers(tree, path):
    (tree / path).unlink()
    status, said = layout(tree)
    assert status == 1 and f"{path}:1: there is no such file\n" in said


def test_names_that_are_used(tree):
    """Each kind of name that a header can have is a use of it."""
    names = {
        "#define NAME(x) (x)\n": "NAME(1)",
        "enum { FIRST, NAME = 4, LAST };\n": "NAME",
        "enum name {\n\tFIRST,\n\tNAME,\n};\n": "NAME",
        "enum name { FIRST };\n": "sizeof(enum name)",
        "union name {\n\tint x;\n};\n": "sizeof(union name)",
        "typedef int (*name)(void);\n": "sizeof(name)",
        "typedef int name(void (*f)(int));\n": "sizeof(name *)",
        "typedef int name[4];\n": "sizeof(name)",
        "typedef struct {\n\tint x;\n} name;\n": "sizeof(name)",
        "static inline int\nname(void)\n{\n\treturn 1;\n}\n": "name()",
    }
    for n, (header, use) in enumerate(names.items()):
        write(tree, {f"base/h{n}.h": header})
        edit(tree, TURN, TURN_H, f'#include "base/h{n}.h"\n{TURN_H}')
        assert layout(tree) == (1, f"{TURN}:4: nothing of base/h{n}.h is used here\n")
        edit(tree, TURN, "{\n", f"{{\n\tuse({use});\n")
        assert layout(tree) == (0, ""), header
        write(tree, {TURN: GOOD[TURN]})


# The compilers refuse a second writer


def refused(compiler, tree, source):
    """Which lines of this source the compiler does not take."""
    hm.need(shutil.which(compiler), f"no {compiler}; install it")
    dpdk = subprocess.check_output(["pkg-config", "--cflags", "libdpdk"], text=True).split()
    # clang stops after 20 errors, unless it is told to go on.
    every = ["-ferror-limit=0"] if compiler == "clang" else []
    done = subprocess.run(
        [compiler, *FLAGS, *every, *dpdk, "-fsyntax-only", "-x", "c", "-"],
        cwd=tree,
        input=source,
        stderr=subprocess.PIPE,
        text=True,
        timeout=hm.TIMEOUT,
    )
    lines = {int(line) for line in re.findall(r"^<stdin>:(\d+):\d+: error", done.stderr, re.M)}
    assert (done.returncode != 0) == bool(lines), done.stderr
    return lines


@pytest.mark.parametrize("compiler", COMPILERS)
def test_write_by_another_file(tree, compiler):
    for path in (TURN, PEERS):
        assert refused(compiler, tree, GOOD[path]) == set()
    lines = [
        "#include <string.h>",
        '#include "group/shared.h"',
        "int f(struct group_shared *shared);",
        "int f(struct group_shared *shared) {",
        "struct turn_record *record = &shared->turn;",
        "shared->died[0].a = 1;",
        "shared->turn.holder++;",
        "shared->members[1].ports.bits[0] |= 1;",
        "memset(&shared->turn, 0, sizeof(shared->turn));",
        "*(int *)&shared->died[1].b = 1;",
        # gcc's atomic_store() casts const away itself.
        "atomic_store(&shared->members[0].pid, 1);" if compiler == "clang" else "shared = 0;",
        "return record->what[0] + shared->turn.holder + atomic_load(&shared->members[0].pid); }",
    ]
    wrong = {5, 6, 7, 8, 9, 10} | ({11} if compiler == "clang" else set())
    assert refused(compiler, tree, "\n".join(lines) + "\n") == wrong


@pytest.mark.parametrize("compiler", COMPILERS)
def test_write_to_each_shared_field(compiler, tree):
    """Of the program itself."""
    if os.path.exists(f"{hm.REPO}/{SHARED}"):
        tree = hm.REPO
    path = f"{hm.REPO}/scripts/c_source.py"
    spec = importlib.util.spec_from_file_location("c_source", path)
    c_source = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(c_source)
    shared = c_source.Source(tree, SHARED)
    function = "void f(struct group_shared *s, int n)"
    lines = ["#include <string.h>", f'#include "{SHARED}"', f"{function};", function, "{"]
    for struct, where in (("group_shared", "s->"), ("group_member", "s->members[n].")):
        for _, field in shared.struct_fields(struct):
            if field.startswith("BY_"):
                name = re.search(r"(\w+)\s*(\[.*)?$", field)[1]
                lines += [f"memset(&{where}{name}, n, sizeof({where}{name}));"]
    writes = set(range(6, len(lines) + 1))
    assert len(writes) >= 3
    assert refused(compiler, tree, "\n".join([*lines, "}", ""])) == writes


# Every file is looked at


def program_files():
    """The .c files of the program, found without the scripts."""
    paths = glob.glob("**/*.c", root_dir=hm.REPO, recursive=True)
    return sorted(path for path in paths if not re.match(r"(tests|bench|build[^/]*)/", path))


def test_list_has_every_file():
    listed = subprocess.check_output([f"{hm.REPO}/scripts/layout.py", "--list"], text=True)
    assert listed.split() == program_files() != []


def test_list_is_not_empty(tree):
    for path in GOOD:
        if not path.startswith(("tests/", "build")):
            (tree / path).unlink()
    assert layout(tree, "--list") == (1, f"{tree}: there is no source of the program\n")


def test_every_file_is_built():
    build = os.path.dirname(hm.BINARY)
    hm.need(os.path.exists(f"{build}/compile_commands.json"), f"{build} is no build directory")
    with open(f"{build}/compile_commands.json", encoding="utf-8") as f:
        paths = [os.path.join(build, one["file"]) for one in json.load(f)]
    built = {os.path.relpath(path, hm.REPO) for path in paths}
    assert [name for name in program_files() if name not in built] == []


def test_every_file_counts_for_the_fuzzer(tmp_path):
    """And the targets themselves do not, whatever their names are."""
    files = program_files()
    form = "{}COVERED_FUNC: hits: 1 edges: {}/{} name {}/build-fuzz/../{}:12\n"
    lines = [form.format("UN" * (n % 2), n, 2 * n, hm.REPO, name) for n, name in enumerate(files)]
    lines += [form.format("", 7, 7, hm.REPO, f"tests/fuzz/{name}") for name in ("a.c", "turn.c")]
    lines += ["COVERED_FUNC: hits: 1 edges: 7/7 name /usr/include/dpdk/rte_ring.h:12\n"]
    (tmp_path / "log").write_text("".join(lines), encoding="utf-8")
    with open(f"{hm.REPO}/scripts/fuzz.sh", encoding="utf-8") as f:
        edges = re.search(r"^edges\(\)\n\{.*?^\}\n", f.read(), re.M | re.S)[0]
    said = subprocess.check_output(["sh", "-c", f"log=$1\n{edges}\nedges", "sh", tmp_path / "log"])
    count = sum(range(len(files)))
    assert said.decode() == f"{count} of {2 * count} edges"


def test_every_file_counts_for_the_coverage():
    """gcovr matches what it leaves out with the beginning of a path."""
    with open(f"{hm.REPO}/scripts/coverage.sh", encoding="utf-8") as f:
        left_out = re.findall(r"--exclude '(.*?)'", f.read())
    assert len(left_out) == 3
    for name in program_files():
        assert not any(re.match(pattern, name) for pattern in left_out), name


def test_clang_tidy_looks_at_headers_in_folders(tmp_path):
    hm.need(shutil.which("clang-tidy"), "no clang-tidy; install it")
    shutil.copy(f"{hm.REPO}/.clang-tidy", tmp_path)
    header = "#ifndef PLANTED_H\n#define PLANTED_H\n#define TWICE(x) x * 2\n#endif\n"
    write(tmp_path, {"group/planted.h": header})
    write(tmp_path, {"group/turn.c": '#include "group/planted.h"\nint nothing;\n'})
    (tmp_path / "build").mkdir()
    command = {"directory": str(tmp_path / "build"), "file": "../group/turn.c"}
    command["command"] = "clang -I.. -c ../group/turn.c"
    write(tmp_path, {"build/compile_commands.json": json.dumps([command])})
    done = subprocess.run(
        ["clang-tidy", "--quiet", "-p", "build", "group/turn.c"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=hm.TIMEOUT,
    )
    assert done.returncode != 0
    assert "/group/planted.h:3:20: error: " in done.stdout
    assert "bugprone-macro-parentheses" in done.stdout
