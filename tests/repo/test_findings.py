# SPDX-License-Identifier: BSD-3-Clause
"""A sanitizer's finding fails a test: each sanitizer finds the fault that is planted here."""

import os
import shutil
import subprocess

import pytest

import findings
import hotplug_mp as hm

OVERFLOW = """
#include <stdlib.h>
int main(int argc, char **argv)
{
    char *bytes = malloc(argc);
    (void)argv;
    bytes[argc] = 1;
    return bytes[argc];
}
"""
#: In a function that DPDK calls, as it does with those of all commands.
LEAK = """
#include <string.h>
int rte_kvargs_process(const void *args, const char *key,
    int (*f)(const char *, const char *, void *), void *arg);
void *rte_kvargs_parse(const char *args, const char *const keys[]);
void rte_kvargs_free(void *args);
static int keep(const char *key, const char *value, void *arg)
{
    (void)key;
    *(char **)arg = strdup(value);
    return 0;
}
int main(void)
{
    char *lost = NULL;
    void *args = rte_kvargs_parse("key=value", NULL);
    int ret = rte_kvargs_process(args, "key", keep, &lost);
    rte_kvargs_free(args);
    lost = NULL;
    return ret != 0 || lost != NULL;
}
"""
SHIFT = """
int main(int argc, char **argv)
{
    (void)argv;
    return (1 << (argc + 31)) == 5;
}
"""
RACE = """
#include <pthread.h>
static int shared;
static void *add(void *arg)
{
    shared++;
    return arg;
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, add, NULL);
    /* Two accesses in the same moment may be missed. */
    while (*(volatile int *)&shared == 0)
        ;
    return pthread_join(thread, NULL);
}
"""


@pytest.mark.parametrize(
    "kind, options, code, told",
    [
        ("address", "ASAN_OPTIONS", OVERFLOW, "heap-buffer-overflow"),
        ("address", "ASAN_OPTIONS", LEAK, "Direct leak of 6 byte(s)"),
        ("undefined", "UBSAN_OPTIONS", SHIFT, "shift exponent 32"),
        ("thread", "TSAN_OPTIONS", RACE, "data race"),
    ],
    ids=("overflow", "leak", "shift", "race"),
)
def test_what_is_planted_is_found(tmp_path, monkeypatch, kind, options, code, told):
    """Where the tests run with that sanitizer, it is set up as for the program."""
    hm.need(shutil.which("gcc"), "no gcc; install it")
    env = dict(os.environ)
    if findings.FOLDER is None or findings.FOLDER not in env.get(options, ""):
        monkeypatch.setattr(findings, "FOLDER", str(tmp_path / "found"))
        (tmp_path / "found").mkdir()
        env[options] = f"log_path={tmp_path}/found/log"
    (tmp_path / "planted.c").write_text(code)
    planted = str(tmp_path / "planted")
    env.setdefault("LSAN_OPTIONS", f"suppressions={hm.REPO}/tests/helpers/leaks.supp")
    build = ["gcc", f"-fsanitize={kind}", "-O0", "-g", f"{planted}.c", "-o", planted]
    build += ["-lpthread", "-lrte_kvargs"]
    subprocess.run(build, check=True, timeout=hm.TIMEOUT)
    subprocess.run([planted], env=env, stderr=subprocess.DEVNULL, timeout=hm.TIMEOUT)
    found = findings.collect()
    assert len(found) == 1 and told in found[0], found
    assert findings.collect() == [], "once told, it does not fail the next test"
