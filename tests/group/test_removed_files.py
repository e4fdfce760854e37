# SPDX-License-Identifier: BSD-3-Clause
"""Files of a group that runs are removed, by a cleaner of old files or by hand: they are kept from
that if they can be, and if not, every process says what has happened."""

import glob
import os
import re
import shutil
import subprocess
import time

import pytest

import hotplug_mp as hm
from messages import datagram, listens, send
from starts import why

PORT = [(0, "net_null0")]
ANEW = "quit all processes of the group and start anew"
NO_JOIN = f"no process can join any more; {ANEW}"


@pytest.fixture
def run_dir(short_dir, monkeypatch):
    """A runtime directory that nobody else has."""
    run = f"{short_dir}/run"
    os.mkdir(run)
    monkeypatch.setenv("RUNTIME_DIRECTORY", run)
    return run


@pytest.fixture
def members(process):
    """A primary and two secondaries."""
    return [process("primary"), process("secondary"), process("secondary")]


@pytest.fixture
def where(prefix):
    return f"{hm.RUNTIME}/{prefix}"


def clean(tmp_path, line):
    """Run systemd-tmpfiles with this line of a configuration."""
    hm.need(shutil.which("systemd-tmpfiles"), "no systemd-tmpfiles; install systemd")
    config = tmp_path / "clean.conf"
    config.write_text(f"{line}\n", encoding="utf-8")
    subprocess.run(["systemd-tmpfiles", "--clean", str(config)], check=True, timeout=hm.TIMEOUT)


def assert_works(members):
    """An attach and a detach from each, as ever."""
    for member in members:
        assert member.cmd("attach net_null0") == "attached device net_null0"
        hm.assert_agree(members, PORT)
        assert member.cmd("detach net_null0") == "detached device net_null0"
        hm.assert_agree(members, [])


def assert_all_quit(members):
    for member in reversed(members):
        assert member.quit() == 0


def test_systemd_tmpfiles_leaves_a_group_alone(run_dir, members, prefix, tmp_path):
    """However old its files are; with none of its processes left they go."""
    here = f"{run_dir}/dpdk/{prefix}"
    files = sorted(os.listdir(here))
    other = f"{run_dir}/other"
    open(other, "w", encoding="utf-8").close()
    clean(tmp_path, f"d {run_dir} 0700 - - 0")
    assert not os.path.exists(other), "it does clean"
    assert sorted(os.listdir(here)) == files
    assert_works(members)
    assert_all_quit(members)
    clean(tmp_path, f"d {run_dir} 0700 - - 0")
    assert not os.path.exists(here)


def test_times_of_files_are_kept_young(members, where):
    """For cleaners that look at nothing else."""
    assert hm.sockets(os.path.basename(where))
    names = os.listdir(where)
    assert {"config", "hotplug_mp_group", "mp_socket", "hugepage_info"} < set(names)
    for name in names:
        os.utime(f"{where}/{name}", (0, 0))

    def young():
        times = [os.lstat(f"{where}/{name}") for name in names]
        now = time.time()
        return all(now - st.st_mtime < 60 and now - st.st_atime < 60 for st in times)

    hm.wait_until(young, "the times are renewed")
    assert_works(members)


def news_of_all(members, notice):
    for member in members:
        member.news(notice, timeout=hm.SOON)


def assert_says_so(members, notice):
    """When it is asked."""
    for member in members:
        assert member.cmd("sync").startswith(f"note: {notice}\nsynced: ")
        assert member.cmd("peers").startswith(f"note: {notice}\n")


def cannot_join(start, name, where, users, roles=("primary", "auto", "secondary")):
    """Whoever starts is told what has been removed, and who uses it."""
    for role in roles:
        line = why(start(role))
        said = re.fullmatch(
            rf"dpdk-hotplug_mp: {re.escape(name)} has been removed from {where} while pid (\d+) "
            r"\(dpdk-hotplug_mp\) uses it; quit all processes with the file prefix \"\S+\", then "
            "start anew, or choose another --file-prefix",
            line,
        )
        assert said, line
        assert int(said[1]) in [user.pid for user in users]


@pytest.mark.parametrize(
    "name, roles",
    [
        ("config", ("primary", "auto", "secondary")),
        ("hotplug_mp_group", ("auto", "secondary")),
        ("fbarray_memzone", ("auto", "secondary")),
        ("hugepage_info", ("auto", "secondary")),
    ],
)
def test_file_that_is_needed_to_join(start, members, where, name, roles):
    """The group goes on, one at a time as before, and nobody joins or takes it for none."""
    os.unlink(f"{where}/{name}")
    notice = f"{name} has been removed from {where}: {NO_JOIN}"
    news_of_all(members, notice)
    assert_says_so(members, notice)
    cannot_join(start, name, where, members, roles)
    if "primary" not in roles:
        assert "a primary runs already" in why(start("primary"))

    def pairs(member, device):
        return [member.cmd(f"{verb} {device}") for verb in ("attach", "detach") * 5]

    answers = hm.together(
        *[lambda m=m, n=n: pairs(m, f"net_null{n}") for n, m in enumerate(members)]
    )
    for number, answer in enumerate(answers):
        device = f"device net_null{number}"
        assert answer == [f"attached {device}", f"detached {device}"] * 5
    for member in members:
        assert member.list() == []
        assert member.transcript.getvalue().count(notice) == 3, "by itself once, and asked twice"
    assert_all_quit(members)
    # Nothing is in the way of a new group then.
    assert start("auto", input="attach net_null0\n").stdout == "attached device net_null0\n"


@pytest.mark.parametrize("typed_at", [0, 1])
def test_attach_of_a_net_tap_after_config_has_gone(process, where, typed_at):
    """Its driver opens that file in a secondary to see whether the primary lives. Nobody is told
    that the primary is missing, nor of a warning that the primary has logged before."""
    members = [process("primary"), process("secondary")]
    devargs = f"net_tap0,iface=hmr{members[0].pid}"
    os.unlink(f"{where}/config")
    assert members[typed_at].cmd(f"attach {devargs}") == (
        f"failed to attach device net_tap0: {members[1]}: its driver takes the primary for "
        f"missing, because config has been removed from {where}; {ANEW}"
    )
    hm.assert_agree(members, [])
    # Without a secondary nobody asks.
    assert members[1].quit() == 0
    assert members[0].cmd(f"attach {devargs}") == "attached device net_tap0"
    assert members[0].quit() == 0


def test_config_of_a_group_with_mounts_of_its_own(start, process, where):
    """The same directory, but not in the same mount namespace."""
    primary = process("primary", wrap=["unshare", "--mount"])
    os.unlink(f"{where}/config")
    cannot_join(start, "config", where, [primary])


def test_primary_of_another_program_after_config_has_gone(start, testpmd, prefix, where):
    os.unlink(f"{where}/config")
    for role in ("primary", "auto", "secondary"):
        line = why(start(role))
        said = f"config has been removed from {where} while pid {testpmd.pid} (dpdk-testpmd) uses"
        assert line.startswith(f"dpdk-hotplug_mp: {said} it; quit all processes")
    assert "Port 0 is attached" in testpmd.cmd("port attach net_null0")


def test_group_file_under_another_program(start, testpmd, process, where):
    """Its primary does not have it; the secondaries do."""
    ours = [process("secondary", eal=["--no-pci"]) for _ in range(2)]
    os.unlink(f"{where}/hotplug_mp_group")
    news_of_all(ours, f"hotplug_mp_group has been removed from {where}: {NO_JOIN}")
    cannot_join(start, "hotplug_mp_group", where, ours, ("auto", "secondary"))
    assert ours[0].cmd("attach net_null0") == "attached device net_null0"
    hm.assert_agree(ours, PORT)
    assert testpmd.process.poll() is None


def test_files_of_hugepages(start, pair):
    """The EAL of one who joins would make new ones, with other memory, and crash the primary."""
    for path in glob.glob(f"{hm.HUGEPAGES}/{pair.prefix}map_*"):
        os.unlink(path)
    for role in ("auto", "secondary"):
        line = why(start(role, prefix=pair.prefix))
        assert line.startswith(f"dpdk-hotplug_mp: {hm.HUGEPAGES}/{pair.prefix}map_")
        assert f" has been removed while pid {pair.primary.pid} (dpdk-hotplug_mp) uses it" in line
    assert_works(pair.members())
    assert_all_quit(pair.members())


def test_socket_of_the_primary(start, members, where):
    """No request reaches it: nobody tries."""
    primary = members[0]
    os.unlink(f"{where}/mp_socket")
    notice = f"mp_socket has been removed from {where}: no request reaches the primary; {ANEW}"
    news_of_all(members, notice)
    reason = f"{primary} cannot be reached: its socket has been removed from {where}; {ANEW}"
    for member in members:
        answer, seconds = member.timed("attach net_null0")
        assert answer == f"failed to attach device net_null0: {reason}"
        assert seconds < hm.SOON
        assert member.cmd("peers").startswith(f"note: {notice}\n")
        assert re.search(rf"^. {primary.pid} .* cut-off +-$", member.cmd("peers"), re.MULTILINE)
        assert member.list() == []
    cannot_join(start, "mp_socket", where, [primary], ("auto", "secondary"))
    assert_all_quit(members)


def test_socket_of_the_primary_that_is_alone(pair):
    """It needs none."""
    assert pair.secondaries[0].quit() == 0
    os.unlink(f"{hm.RUNTIME}/{pair.prefix}/mp_socket")
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    assert pair.primary.cmd("detach net_null0") == "detached device net_null0"


def test_socket_of_a_secondary(start, members, where, prefix):
    """An attach would pass it by: it is named, and can be restarted."""
    primary, lost, other = members
    (path,) = [path for path in hm.sockets(prefix) if f"mp_socket_{lost.pid}_" in path]
    os.unlink(path)
    lost.news(
        f"the socket of this process has been removed from {where}: no request reaches it; quit it "
        "and start anew",
        timeout=hm.SOON,
    )
    reason = f"{lost} cannot be reached: its socket has been removed from {where}; quit it and "
    for member in members:
        answer, seconds = member.timed("attach net_null0")
        assert answer == f"failed to attach device net_null0: {reason}start anew"
        assert seconds < hm.SOON
        assert re.search(rf"^. {lost.pid} .* cut-off +-$", member.cmd("peers"), re.MULTILINE)
        assert member.list() == []

    def told():
        """Also who monitors the group."""
        (events,) = hm.telemetry(prefix, "/hotplug_mp/events")
        return [e["pid"] for e in events.values() if e["event"] == "is cut off"] == [lost.pid]

    hm.wait_until(told, "an event")
    assert lost.quit() == 0
    assert_works([primary, other])


def test_attach_just_after_a_socket_was_removed(members, where, prefix):
    """Before anybody has noticed: it is refused all the same."""
    for path in hm.sockets(prefix):
        if f"mp_socket_{members[1].pid}_" in path:
            os.unlink(path)
    answer = members[2].cmd("attach net_null0")
    assert f"{members[1]} cannot be reached: its socket has been removed from {where}" in answer
    assert members[1].quit() == 0
    assert_works([members[0], members[2]])


def test_whole_directory(start, members, where, prefix):
    shutil.rmtree(where)
    primary, *secondaries = members
    primary.news(
        f"mp_socket has been removed from {where}: no request reaches the primary; {ANEW}",
        timeout=hm.SOON,
    )
    for secondary in secondaries:
        secondary.news(
            f"the socket of this process has been removed from {where}: no request reaches it; "
            "quit it and start anew",
            timeout=hm.SOON,
        )
    for member in members:
        answer = member.cmd("attach net_null0")
        assert f"cannot be reached: its socket has been removed from {where}" in answer
    for role in ("primary", "auto", "secondary"):
        line = why(start(role))
        assert re.match(rf"dpdk-hotplug_mp: \S+ has been removed from {where} while pid \d+ ", line)
    assert_all_quit(members)
    assert start("auto", input="attach net_null0\n").stdout == "attached device net_null0\n"


def test_loss_of_the_primary_after_config_has_gone(start, members, where):
    """That it has left does not depend on a path, nor that it lives."""
    primary, *secondaries = members
    os.unlink(f"{where}/config")
    notice = f"config has been removed from {where}: {NO_JOIN}"
    news_of_all(members, notice)
    for secondary in secondaries:
        assert secondary.list() == []
        assert "has left" not in secondary.transcript.getvalue()
    primary.die()
    news_of_all(secondaries, f"the primary (pid {primary.pid}) has left; quit this process")
    cannot_join(start, "config", where, secondaries)
    for secondary in secondaries:
        assert secondary.quit() == 0
    assert start("auto", input="attach net_null0\n").returncode == 0


def test_files_that_go_in_good_order_are_no_news(members):
    """Others leave, also the primary: nobody says that something has been removed."""
    primary, one, two = members
    assert one.quit() == 0
    assert_works([primary, two])
    assert primary.quit() == 0
    two.news(f"the primary (pid {primary.pid}) has left; quit this process", timeout=hm.SOON)
    # For longer than it would take.
    end = time.monotonic() + 2
    while time.monotonic() < end:
        two.cmd("list")
    assert "has been removed" not in two.transcript.getvalue()
    assert two.quit() == 0


@pytest.mark.parametrize("what", ["its socket", "its thread"])
def test_old_secondary_without_a_socket_is_seen_by_a_new_primary(start, pair, what):
    """A deaf one has removed its own socket."""
    secondary = pair.secondaries[0]
    (path,) = [path for path in hm.sockets(pair.prefix) if f"mp_socket_{secondary.pid}_" in path]
    if what == "its socket":
        os.unlink(path)
    else:
        send(path, datagram(b"nosuch")[:-1])
        hm.wait_until(lambda: not listens(secondary.pid), "its thread ends")
        hm.wait_until(lambda: not os.path.exists(path), "it removes its socket")
    pair.primary.die()
    for role in ("primary", "auto"):
        line = why(start(role, prefix=pair.prefix))
        said = f'secondaries of an earlier primary still run with the file prefix "{pair.prefix}"'
        assert line.startswith(f"dpdk-hotplug_mp: {said}: pid {secondary.pid}; quit them first")
    assert secondary.quit() == 0
    assert start("primary", prefix=pair.prefix).returncode == 0
