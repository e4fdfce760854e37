#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Check the rules of the folders: who includes whom, what is declared where, who writes what.

usage: scripts/layout.py [--list] [TREE]    TREE is this repository by default
  --list  print the program's .c files, one a line, and check nothing
"""

import os
import re
import sys

from c_source import Source, line_at

# Each folder and those it may include, from the bottom up; the top level may include them all.
FOLDERS = {
    "base": "",
    "eal": "base",
    "group": "base eal",
    "device": "base eal",
    "traffic": "base eal group",
    "operations": "base eal group device traffic",
    "inspect": "base eal group device traffic operations",
    "console": "base eal group device traffic operations inspect",
    "process": "base eal group device traffic operations",
}
NOT_THE_PROGRAM = ("bench", "doc", "plan", "scripts", "tests")
TOP_FILES = """main.c commands.c commands.h meson.build meson_options.txt pytest.ini README.rst
    LICENSE""".split()
# Most lines of a file; one that is not named here and is no source has no limit.
MAX_LINES = {"main.c": 150, "README.rst": 200, ".c": 400, ".h": 400}

SHARED, WRITERS = "group/shared.h", "group/writers.h"
# How WRITERS names the one file that writes a group of fields.
WRITER = re.compile(r"#ifndef (BY_\w+)\n#define \1 const /\* (\S+\.c) \*/\n#endif\n")
WORD = re.compile(r"^[ \t]*#[ \t]*(define|undef)[ \t]+(BY_\w+|const\b)(.*)", re.M)
# What writes to const fields unseen by the compiler: a cast by way of a number, and to OVERWRITE
# something WHOLE, or what a POINTER of the file points to. MAY_CLEAR do so where no process looks.
BY_NUMBER = re.compile(r"\*\s*\)\s*\(uintptr_t\).*(?:group_|member)")
OVERWRITE = re.compile(
    r"\b(?:(?:rte_)?(?:mem(?:p?cpy|ccpy|move|set)|st[rp]\w*(?:cpy|cat))\w*|\w*bzero|v?sn?printf)"
    r"\s*\(((?:[^(),]|\((?:[^()]|\([^()]*\))*\))*),"
)
POINTER = re.compile(r"\bstruct\s+group_(?:shared|member)\s*(\*[^;=,(){}]*(?:,\s*\*+\w+)*)")
WHOLE = r"\b(?:group_shared|group_self|members|member_\w+\([^()]*\){})(?!\w|\)*\s*(?:->|\.))"
MAY_CLEAR = ("group/members.c", "group/file.c")

problems = set()


def problem(path, line, text):
    problems.add((path, line, text))


def files_of(tree):
    """All files but those that a build makes, or git keeps."""
    found = []
    for place, folders, names in os.walk(tree):
        found += [os.path.relpath(os.path.join(place, name), tree) for name in names]
        made = r"__pycache__$|\.git$" + (r"|build" if place == tree else "")
        folders[:] = [name for name in folders if not re.match(made, name)]
    return sorted(found)


def is_program(path):
    top = path.split("/")[0]
    return path.endswith((".c", ".h")) and top not in NOT_THE_PROGRAM and not top.startswith(".")


def check_table():
    for n, (folder, included) in enumerate(FOLDERS.items()):
        for other in set(included.split()) - set(list(FOLDERS)[:n]):
            problem("scripts/layout.py", 1, f"{folder} includes {other}, which is not below it")


def check_places(tree, files):
    for path in files:
        top, _, rest = path.partition("/")
        if top.startswith("."):
            continue
        if not rest and top not in TOP_FILES:
            problem(path, 1, "this file does not belong to the top level")
        elif rest and top not in (*FOLDERS, *NOT_THE_PROGRAM):
            problem(path, 1, f"folder {top} is not in the table of scripts/layout.py")
        elif is_program(path) and "/" in rest:
            problem(path, 1, "a folder of the program has no folders")
        elif rest and top in FOLDERS and not is_program(path) and rest != "meson.build":
            problem(path, 1, "a folder of the program has only .c, .h and meson.build")
        limit = MAX_LINES.get(path) or (is_program(path) and MAX_LINES[path[-2:]])
        if limit:
            with open(os.path.join(tree, path), "rb") as f:
                count = f.read().count(b"\n")
            if count > limit:
                problem(path, count, f"{count} lines, {limit} at most")


def check_includes(source, sources):
    allowed = [source.folder, *FOLDERS.get(source.folder, "").split()]
    # -I. finds the tree in <...> too, as does a path from the root.
    seen, ours = set(), (*FOLDERS, *NOT_THE_PROGRAM, "", ".", "..")
    for line, quote, name in source.includes:
        other = sources.get(name)
        if not quote:
            problem(source.path, line, 'an include of neither "..." nor <...>')
        if name in seen:
            problem(source.path, line, f"{name} is included twice")
        seen.add(name)
        if quote == "<" and (other or name.split("/")[0] in ours):
            problem(source.path, line, f'<{name}> is no header of a library; write "..."')
        if other is None:
            if quote == '"':
                problem(source.path, line, f'there is no "{name}"; write the path from the top')
            continue
        if source.folder and other.folder not in allowed:
            below = other.folder or "the top level"
            problem(source.path, line, f"{source.folder} may not include {below}: {name}")
        if other.unit != source.unit and not other.names() & source.words:
            problem(source.path, line, f"nothing of {name} is used here")


def check_circles(sources):
    needs = {}
    for source in sources.values():
        for line, _, name in source.includes:
            if name in sources and sources[name].unit != source.unit:
                needs.setdefault(source.unit, {})[sources[name].unit] = (source.path, line)
    done = set()

    def visit(unit, way):
        if unit in way:
            circle = [*way[way.index(unit) :], unit]
            problem(*needs[way[-1]][unit], f"circle of includes: {' -> '.join(circle)}")
        elif unit not in done:
            for other in needs.get(unit, ()):
                visit(other, [*way, unit])
            done.add(unit)

    for unit in needs:
        visit(unit, [])


def check_declarations(source, sources):
    if source.path.endswith(".c"):
        for m in re.finditer(r"\bextern\b", source.code):
            problem(source.path, line_at(source.code, m.start()), "extern in a .c file")
        for name, line in source.prototypes.items():
            problem(source.path, line, f"the prototype of {name} belongs in a header")
        return
    body = sources.get(f"{source.unit}.c", source)
    for name, line in {**source.prototypes, **source.externs}.items():
        if name not in {*body.functions, *body.variables, *source.functions}:
            problem(source.path, line, f"{name} is not defined in {source.unit}.c")


def check_const(source):
    """Nothing is written behind the compiler's back."""
    pointers = re.findall(r"\w+(?=\s*(?:,|$))", ",".join(POINTER.findall(source.code)))
    whole = re.compile(WHOLE.format("".join(f"|{name}" for name in pointers)))
    for m in (*BY_NUMBER.finditer(source.code), *OVERWRITE.finditer(source.code)):
        if m.re is BY_NUMBER or whole.search(re.sub(r"\[(?:[^][]|\[[^][]*\])*\]", "", m[1])):
            problem(source.path, line_at(source.code, m.start()), "this gets around const")


def check_writers(sources):
    """Each word of WRITERS makes fields const, but in the one file that defines it as empty."""
    for path in (SHARED, WRITERS):
        if path not in sources:
            problem(path, 1, "there is no such file")
            return
    writers = dict(WRITER.findall(sources[WRITERS].text))
    for source in sources.values():
        emptied = set()
        for m in WORD.finditer(source.code):
            line, word, owner = line_at(source.code, m.start()), m[2], writers.get(m[2], "nobody")
            if source.path == owner and m[1] == "define" and not m[3].strip():
                emptied.add(word)
                if any(line > at for at, _, _ in source.includes):
                    problem(source.path, line, f"{word} is defined after an include")
            elif source.path != WRITERS or word not in writers:
                problem(source.path, line, f"{word} is for {owner} to define, as empty")
        for word in {word for word, owner in writers.items() if owner == source.path} - emptied:
            problem(source.path, 1, f"{word} is not defined here, as {WRITERS} says")
        if source.path not in MAY_CLEAR:
            check_const(source)
    for owner in set(writers.values()) - set(sources):
        problem(WRITERS, 1, f"there is no {owner}")
    for struct in ("group_shared", "group_member"):
        for line, field in sources[SHARED].struct_fields(struct):
            nested = re.match(r"struct group_member\b[^*]*\[", field)
            if field.split()[0] not in writers and not nested:
                problem(SHARED, line, f"no word of {WRITERS} says who writes this field")


def main():
    args = sys.argv[1:]
    only_list = args[:1] == ["--list"]
    (tree,) = args[only_list:] or [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    files = files_of(tree)
    program = [path for path in files if is_program(path)]
    if not program:
        sys.exit(f"{tree}: there is no source of the program")
    if only_list:
        print("\n".join(path for path in program if path.endswith(".c")))
        return
    sources = {path: Source(tree, path) for path in program}
    check_table()
    check_places(tree, files)
    check_circles(sources)
    for source in sources.values():
        check_includes(source, sources)
        check_declarations(source, sources)
    if any(path.startswith("group/") for path in sources):
        check_writers(sources)
    for path, line, text in sorted(problems):
        print(f"{path}:{line}: {text}")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
