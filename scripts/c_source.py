# SPDX-License-Identifier: BSD-3-Clause
"""What a C file includes, declares and defines, as far as scripts/layout.py needs to know it.

This is no compiler: it relies on how clang-format lays the sources out.
"""

import os
import re

CONTINUED = re.compile(r"(?:[^\n]*\\\n)+[^\n]*")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|import)\w*[ \t]*(["<]?)([^">\n]*)', re.M)
DIRECTIVE = r"^[ \t]*#[^\n]*"
STRING = r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
COMMENT_OR_STRING = re.compile(rf"/\*.*?\*/|//[^\n]*|{STRING}", re.S)
BRACES = r"\{[^{}]*\}"
# What may stand in a declaration beside its type and its name.
ATTRIBUTE = r"\b__attribute__\s*\(\(.*?\)\)|\b__rte_\w+(?:\s*\([^()]*\))?"
STATIC_ASSERT = r"\b(?:_S|s)tatic_assert\s*\([^;]*;"
# The beginning of a declaration of a function, which is no pointer to one; its name may be in ().
FUNCTION = re.compile(
    r"[\w\s*]*(?:[\s*]|\((?=\w+\)\())(?!(?:alignas|_Atomic)\b)(\w+)\)?\s*\((?!\s*\*)"
)
# What may be a declaration of a function inside another one.
INNER = re.compile(
    r"(?<=[;{}])\s*^\t+(?!\s|(?:return|else|do|goto|case|asm|typedef|extern)\b)([^;{}=]*\))(?=;)",
    re.M,
)
# The name that a typedef gives: to a pointer to a function, or to anything else.
TYPE_NAME = re.compile(r"\(\s*\*\s*(\w+)[^()]*\)|(\w+)\s*(?:\((?!\s*\*).*\)|\[.*\])?$", re.S)
# In place of a body in braces; and of a function's, which ends its definition as ; ends others.
BODY, FUNCTION_BODY = "\1", "\2"


def blank(pattern, text, mark=""):
    """Replace each match by the mark; every line keeps its number."""
    return re.sub(pattern, lambda m: mark + "\n" * m[0].count("\n"), text, flags=re.S | re.M)


def without_bodies(text):
    """Replace all that is in pairs of braces."""
    while re.search(BRACES, text):
        text = blank(BRACES, text, BODY)
    return text


def line_at(text, position):
    return text.count("\n", 0, position) + 1


class Source:
    """A .c or .h file. The names in its dictionaries have the lines they stand in."""

    def __init__(self, tree, path):
        self.path = path
        self.folder = os.path.dirname(path)
        #: A .c file and its header are one unit.
        self.unit = os.path.splitext(path)[0]
        with open(os.path.join(tree, path), encoding="utf-8") as f:
            #: The text with continued lines joined; the empty lines after one keep the numbers.
            self.text = CONTINUED.sub(
                lambda m: m[0].replace("\\\n", "") + "\n" * m[0].count("\n"), f.read()
            )
        text = COMMENT_OR_STRING.sub(
            lambda m: " " + "\n" * m[0].count("\n") if m[0].startswith("/") else m[0], self.text
        )
        #: (line, quote, name) of each #include.
        self.includes = [(line_at(text, m.start()), m[1], m[2]) for m in INCLUDE.finditer(text)]
        #: The text without comments, and with empty strings.
        self.code = blank(STRING, text, '""')
        self.words = set(re.findall(r"\w+", self.code))
        self.prototypes, self.functions = {}, {}
        self.externs, self.variables = {}, {}
        #: Macros, and names of enums, structs and types.
        self.others = set(re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", self.code, re.M))
        for body in re.findall(rf"\benum\b[\w\s]*({BRACES})", self.code):
            self.others.update(re.findall(r"\w+", body))
        self.read_declarations()

    def read_declarations(self):
        text = blank(ATTRIBUTE, blank(STATIC_ASSERT, blank(DIRECTIVE, self.code)))
        for m in INNER.finditer(text):
            function = FUNCTION.match(m[1])
            if function:
                self.prototypes[function[1]] = line_at(text, m.start(1))
        text = re.sub(rf"\)(\s*){BODY}", rf")\1{FUNCTION_BODY}", without_bodies(text))
        for m in re.finditer(rf"([^;{FUNCTION_BODY}\s][^;{FUNCTION_BODY}]*)(.)", text):
            self.read_declaration(m[1].rstrip(), m[2] == FUNCTION_BODY, line_at(text, m.start()))

    def read_declaration(self, text, is_definition, line):
        function = FUNCTION.match(text.split("=")[0])
        self.others.update(re.findall(rf"\b(?:struct|union|enum)\s+(\w+)\s*{BODY}", text))
        if text.startswith("typedef"):
            for names in TYPE_NAME.findall(text)[:1]:
                self.others.update(names)
        elif function and is_definition:
            self.functions[function[1]] = line
        elif re.search(r"\bstatic\b", text.split("(")[0]):
            pass
        elif function:
            self.prototypes[function[1]] = line
        else:
            names = re.findall(r"(\w+)\s*(?:\[[^]]*\]\s*)*(?:[,=]|$)", text.split("=")[0] + "=")
            names += re.findall(r"\(\s*\*\s*(\w+)\s*\)\s*\(", text)
            kind = self.externs if text.startswith("extern") else self.variables
            kind.update(dict.fromkeys(names, line))

    def names(self):
        """All that a file which includes this one can use of it."""
        return {*self.others, *self.prototypes, *self.functions, *self.externs}

    def struct_fields(self, name):
        """(line, text) of each field of a struct, without what is in braces inside it."""
        start = re.search(rf"\bstruct {name}\s*\{{", self.code)
        if start is None:
            return
        rest = without_bodies(self.code[start.end() :])
        for m in re.finditer(r"([^;\s][^;]*);", rest[: rest.index("}")]):
            yield line_at(self.code, start.end()) + rest.count("\n", 0, m.start()), m[1]
