# SPDX-License-Identifier: BSD-3-Clause
"""Start-up failures: one line that says what is wrong and how to mend it."""

import contextlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

import hotplug_mp as hm

NOBODY = 65534
# Some other process may have mounted one too.
OTHER_MOUNTS = f"findmnt -rn -o TARGET -t hugetlbfs | sed '\\#^{hm.HUGEPAGES}$#d'"
NO_MOUNT = "findmnt -rn -o TARGET -t hugetlbfs | xargs -n 1 umount"
# What a machine shows that has hugetlbfs, but no page reserved, in a mount namespace of its own.
NO_PAGES = """
pages=$1; shift
mkdir "$pages"/hugepages-2048kB
for file in nr free resv surplus; do
    echo 0 >"$pages"/hugepages-2048kB/"$file"_hugepages
done
sed -E 's/^(HugePages_[A-Za-z]+:) .*/\\1 0/' /proc/meminfo >"$pages"/meminfo
mount --bind "$pages"/meminfo /proc/meminfo
for dir in /sys/kernel/mm/hugepages /sys/devices/system/node/node*/hugepages; do
    mount --bind "$pages" "$dir"
done
"""


def why(done, status=1):
    """The one line of the program's own, of a start that failed as it should."""
    assert done.returncode == status, done.stderr
    lines = [line for line in done.stderr.split("\n") if line.startswith("dpdk-hotplug_mp: ")]
    assert len(lines) == 1, done.stderr
    assert done.stderr.endswith(f"{lines[0]}\n"), "it is the last thing said"
    assert not re.search("backtrace|PANIC|panic|core dumped|#0", done.stderr)
    return lines[0]


@pytest.fixture
def start(prefix, short_dir):
    """Run the program where a core file would be seen."""

    def start(role, **kwargs):
        done = hm.run(role, kwargs.pop("prefix", prefix), cwd=short_dir, **kwargs)
        assert os.listdir(short_dir) == []
        return done

    return start


@pytest.fixture
def nobody():
    """How to run as a user without rights: arguments of run()."""
    hm.need(shutil.which("setpriv"), "no setpriv; install util-linux")
    with tempfile.TemporaryDirectory(prefix="hmt", dir="/tmp") as path:
        binary = shutil.copy(hm.BINARY, path)
        os.chown(path, NOBODY, NOBODY)
        yield {
            "binary": binary,
            "env": {"XDG_RUNTIME_DIR": path},
            "wrap": ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"],
        }


@pytest.fixture
def after():
    """after(script, arg...): run after a shell script that may change what is mounted."""
    wrap = ["unshare", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*wrap, "true"]).returncode != 0:
        pytest.skip("no mount namespace of one's own is to be had here")
    return lambda script, *args: [*wrap, "sh", "-e", "-c", f'{script}\nexec "$@"', "sh", *args]


def test_no_hugetlbfs(start, after):
    line = why(start("primary", wrap=after(NO_MOUNT)))
    assert "no hugetlbfs is mounted;" in line
    assert "scripts/setup.sh" in line and "--no-huge" in line


def test_no_room_for_the_memory_of_the_group(start, pair):
    """In the address space of one that would join."""
    line = why(start("secondary", prefix=pair.prefix, wrap=["prlimit", "--as=1000000000"]))
    assert "the group's memory cannot be mapped at the addresses it has in the primary" in line
    assert "--base-virtaddr" in line
    pair.assert_agree([])


def test_huge_dir_that_is_none(start):
    line = why(start("primary", eal=["--huge-dir=/proc"]))
    assert "no hugetlbfs is mounted at /proc;" in line


def test_no_hugepages(start, after, tmp_path):
    line = why(start("primary", wrap=after(NO_PAGES, str(tmp_path))))
    assert "no hugepages are free (0 reserved)" in line
    assert "scripts/setup.sh" in line and "--no-huge" in line


def test_no_permission(start, nobody, after, prefix):
    # Other tests make mounts that everyone may use.
    nobody["wrap"] = after(f"{OTHER_MOUNTS} | xargs -rn 1 umount") + nobody["wrap"]
    line = why(start("primary", **nobody))
    assert "no permission to use the hugepages" in line
    assert "run as root" in line and "--huge-dir" in line
    assert hm.sockets(prefix, nobody["env"]["XDG_RUNTIME_DIR"] + "/dpdk") == []


def test_no_permission_to_join(start, nobody, pair):
    nobody["env"]["RUNTIME_DIRECTORY"] = os.path.dirname(hm.RUNTIME)
    for role in ("primary", "secondary", "auto"):
        line = why(start(role, prefix=pair.prefix, **nobody))
        directory = f"{hm.RUNTIME}/{pair.prefix}"
        assert f"cannot use the runtime directory {directory}: Permission denied" in line
        assert "or as root" in line
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    pair.assert_lists([(0, "net_null0")])


def test_user_without_rights_runs_without_hugepages(start, nobody, prefix):
    lines = "attach net_null0\nlist\ndetach net_null0\n"
    done = start("primary", eal=["--no-huge"], input=lines, **nobody)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "attached device net_null0\nlist all etherdev\n0\tnet_null0\ndetached device net_null0\n"
    )
    assert hm.sockets(prefix, nobody["env"]["XDG_RUNTIME_DIR"] + "/dpdk") == []


def test_secondary_without_primary(start, prefix):
    line = why(start("secondary"))
    assert f'no primary runs with the file prefix "{prefix}"' in line
    assert "start the primary first" in line
    assert hm.traces(prefix) == set()


def test_secondary_of_a_primary_that_left(start, prefix):
    assert start("primary").returncode == 0
    assert "no primary runs" in why(start("secondary"))


def test_second_primary(start, pair):
    line = why(start("primary", prefix=pair.prefix))
    assert f'a primary runs already with the file prefix "{pair.prefix}"' in line
    assert f"pid {pair.primary.pid} (dpdk-hotplug_mp)" in line
    assert "--proc-type=auto" in line and "--file-prefix" in line
    for process in pair.members():
        assert process.cmd("attach net_null0") == "attached device net_null0"
        pair.assert_lists([(0, "net_null0")])
        assert process.cmd("detach net_null0") == "detached device net_null0"


@pytest.mark.parametrize("left_by", ["quit", "kill"])
@pytest.mark.parametrize("role", ["primary", "auto"])
def test_new_primary_beside_an_old_secondary(start, pair, role, left_by):
    """The EAL would destroy what the secondary uses; it must live on, and leave well."""
    if left_by == "quit":
        assert pair.primary.quit() == 0
    else:
        pair.primary.kill(signal.SIGKILL)
        assert pair.primary.wait() == -signal.SIGKILL
    (secondary,) = pair.secondaries
    line = why(start(role, prefix=pair.prefix))
    assert "secondaries of an earlier primary still run" in line
    assert f"pid {secondary.pid};" in line
    assert "quit them first" in line and "--file-prefix" in line
    left = f"the primary (pid {pair.primary.pid}) has left; quit this process"
    # It says so unasked; only then is the terminal at rest.
    secondary.child.expect_exact(f"{left}\r\n")
    secondary.child.expect_exact(hm.PROMPT)
    assert secondary.cmd("list") == left
    assert secondary.quit() == 0
    # With that one gone, a new primary starts, and clears a killed one's socket away.
    done = start(role, prefix=pair.prefix, input="attach net_null0\nlist\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "attached device net_null0\nlist all etherdev\n0\tnet_null0\n"


def test_new_primary_names_every_old_secondary(start, group):
    assert group.primary.quit() == 0
    line = why(start("primary", prefix=group.prefix))
    for secondary in group.secondaries:
        assert re.search(rf"\b{secondary.pid}\b", line)


@pytest.mark.parametrize("role", ["primary", "auto", "secondary"])
def test_another_pid_namespace_is_refused(start, pair, role):
    """Its locks bear no pid there; it must not take the group for nobody's."""
    namespace = ("unshare", "--pid", "--fork", "--mount-proc")
    line = why(start(role, prefix=pair.prefix, wrap=namespace))
    assert "another pid namespace" in line and "--file-prefix" in line
    assert pair.secondaries[0].cmd("attach net_null0") == "attached device net_null0"
    pair.assert_lists([(0, "net_null0")])
    assert pair.primary.cmd("peers").endswith("all 2 processes agree: 1 ports")


def test_socket_of_a_killed_secondary_does_not_matter(start, pair):
    (secondary,) = pair.secondaries
    secondary.kill(signal.SIGKILL)
    assert secondary.wait() == -signal.SIGKILL
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    assert pair.primary.quit() == 0
    assert start("primary", prefix=pair.prefix).returncode == 0


@pytest.fixture
def small_dir(short_dir, monkeypatch):
    """A runtime directory with little room, which fill("bytes") or fill("files") takes; fill(None)
    gives it back."""
    run = f"{short_dir}/run"
    os.mkdir(run)
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,nr_inodes=100", "hmt", run]
    if subprocess.run(mount).returncode != 0:
        pytest.skip("nothing can be mounted here")
    monkeypatch.setenv("RUNTIME_DIRECTORY", run)

    def fill(what):
        shutil.rmtree(f"{run}/full", ignore_errors=True)
        if what is None:
            return
        os.mkdir(f"{run}/full")
        with contextlib.suppress(OSError):
            for number in itertools.count():
                with open(f"{run}/full/{number}", "wb", buffering=0) as f:
                    while what == "bytes":
                        f.write(bytes(4096))

    yield fill
    subprocess.run(["umount", run], check=True)


NO_ROOM = re.compile("dpdk-hotplug_mp: no space is left in the runtime directory .+; make room there")


@pytest.mark.parametrize("what", ["bytes", "files"])
def test_no_room_to_join(small_dir, process, prefix, what):
    """Who joins is told; those who run go on, and are joined once there is room."""
    members = [process("primary"), process("secondary")]
    small_dir(what)
    for role in ("secondary", "auto"):
        assert NO_ROOM.fullmatch(why(hm.run(role, prefix)))
    for member in members:
        for name in ("net_null0", "net_ring0"):
            assert member.cmd(f"attach {name}") == f"attached device {name}"
        hm.assert_agree(members, [(0, "net_null0"), (1, "net_ring0")])
        for name in ("net_null0", "net_ring0"):
            assert member.cmd(f"detach {name}") == f"detached device {name}"
        hm.assert_agree(members, [])
    small_dir(None)
    members.append(process("secondary"))
    assert members[2].cmd("attach net_null0") == "attached device net_null0"
    hm.assert_agree(members, [(0, "net_null0")])
    for member in reversed(members):
        assert member.quit() == 0


@pytest.mark.parametrize("room", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("what", ["bytes", "files"])
def test_no_room_for_a_primary(small_dir, prefix, short_dir, what, room):
    """With no room at all, or too little; then with enough."""
    assert hm.run("primary", prefix, input="quit\n").returncode == 0
    shutil.rmtree(f"{short_dir}/run/dpdk")
    spare = f"{short_dir}/run/spare"
    os.mkdir(spare)
    for number in range(room):
        with open(f"{spare}/{number}", "wb") as f:
            f.write(bytes(300 << 10))
    small_dir(what)
    shutil.rmtree(spare)
    line = why(hm.run("primary", prefix))
    assert "No space left on device" in line or NO_ROOM.fullmatch(line)
    small_dir(None)
    done = hm.run("primary", prefix, input="attach net_null0\n")
    assert (done.returncode, done.stdout) == (0, "attached device net_null0\n")


@pytest.mark.parametrize("role", hm.ROLES[:2])
def test_start_beside_a_stopped_one(start, pair, role):
    """The EAL would send it more than its socket holds, and all wait for it to read."""
    stopped = pair.member(role)
    stopped.stop()
    for _ in range(12):
        line = why(start("secondary", prefix=pair.prefix))
        said = f"cannot start beside pid {stopped.pid}, which is stopped; resume or end it"
        assert line == f"dpdk-hotplug_mp: {said}"
    stopped.resume()
    late = pair.add_secondary()
    assert late.cmd("attach net_null0") == "attached device net_null0"
    pair.assert_agree([(0, "net_null0")])


def test_directory_that_vanishes_is_made_again(process, prefix, make_faults):
    """Another process that leaves as the last one removes it."""
    faults = make_faults()
    faults.set("directory", "block")
    one = process("primary", faults=faults, wait=False)
    faults.wait_met("directory")
    os.rmdir(f"{hm.RUNTIME}/{prefix}")
    faults.clear()
    one.wait_prompt()
    assert one.cmd("attach net_null0") == "attached device net_null0"


def test_auto_is_primary_then_secondary(process):
    first, second = process("auto"), process("auto")
    assert first.cmd("attach net_null0") == "attached device net_null0"
    assert second.list() == [(0, "net_null0")]


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


def test_unknown_option_of_the_eal(start):
    done = start("primary", eal=["--frob"])
    assert "unrecognized option '--frob'" in done.stderr
    assert "did not start" in why(done)


@pytest.mark.parametrize("kwargs", [{"eal": ["--help"]}, {"own": ["--help"]}, {"eal": ["-h"]}])
def test_help(start, prefix, kwargs):
    done = start("primary", **kwargs)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: dpdk-hotplug_mp [EAL options] [-- [options]]\n")
    assert "--file-prefix" in done.stdout and "EAL common options" in done.stdout
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


def test_stopped_primary_is_not_joined(start, pair):
    """It could not tell of its devices, and others would wait for it meanwhile."""
    (secondary,) = pair.secondaries
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    pair.primary.stop()
    begin = time.monotonic()
    line = why(start("auto", prefix=pair.prefix))
    stopped = f"pid {pair.primary.pid}, which is stopped; resume or end it"
    assert line == f"dpdk-hotplug_mp: cannot start beside {stopped}"
    assert secondary.cmd("attach net_null1").endswith("is stopped; resume or end it")
    assert time.monotonic() - begin < 2 * hm.SOON
    pair.primary.resume()
    pair.assert_agree([(0, "net_null0")])


def test_one_that_did_not_get_a_device_says_so_at_its_start(pair, make_faults):
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    faults = make_faults()
    faults.set("attach", "refuse")
    late = pair.add_secondary(faults=faults)
    lacks = f"dpdk-hotplug_mp: note: {late} lacks port 0 (net_null0); run sync\n"
    assert lacks in late.log()
    faults.clear()
    assert late.cmd("sync").startswith("synced: all 3 processes agree: 1 ports; mended: ")


@pytest.mark.parametrize("files", [16, 30])
def test_few_descriptors(start, files):
    line = why(start("primary", wrap=["prlimit", f"--nofile={files}"]))
    assert f"at most {files} open files are allowed" in line and "ulimit -n" in line


def test_prefix_too_long_for_the_sockets(start):
    long = "hmt" + "x" * 80
    line = why(start("primary", prefix=long))
    assert "too long for the sockets in it" in line and "shorter --file-prefix" in line
    assert not os.path.exists(f"{hm.RUNTIME}/{long}")


def test_unknown_option_is_not_blamed_on_hugepages(start):
    line = why(start("primary", eal=[f"--huge-dir={hm.HUGEPAGES}/", "--no-such-option"]))
    assert line.endswith("the EAL did not start: Invalid argument; its own messages are above")
