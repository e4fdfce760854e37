# SPDX-License-Identifier: BSD-3-Clause
"""TAB completes lines at the terminal, which can be edited and come back."""

import hotplug_mp as hm
from hotplug_mp.answers import commands, devices

NO_PORT = "failed to show port {}: no such port; list shows those there are"
UP, LEFT, CTRL_C = "\x1b[A", "\x1b[D", "\x03"
tab = hm.Process.tab


def keys(process, text):
    """Press these, then Enter; returns what the line they make prints."""
    process.child.send(f"{text}\r")
    process.child.expect_exact("\r\n")
    return process.rest()


def test_tab_completes_what_is_attached(pair):
    typing = pair.secondaries[0]
    assert tab(typing, "detach ") == ("detach ", [])
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    for command in ("detach", "show"):
        assert tab(typing, f"{command} ") == (f"{command} ", ["net_null0"])
        assert tab(typing, f"{command} n") == (f"{command} net_null0 ", [])
    assert pair.primary.cmd("attach net_ring0") == "attached device net_ring0"
    assert pair.primary.cmd("attach crypto_null0").startswith("attached device crypto_null0")
    there = ["net_null0", "net_ring0", "crypto_null0"]
    for process in pair.members():
        assert tab(process, "detach ") == ("detach ", there)
        assert tab(process, "show net_") == ("show net_", there[:2])
        assert tab(process, "show c") == ("show crypto_null0 ", [])
    assert keys(typing, "detach c\t") == "detached device crypto_null0"
    assert pair.primary.cmd("detach net_null0") == "detached device net_null0"
    assert tab(typing, "show n") == ("show net_ring0 ", [])


def test_tab_completes_what_can_be_attached(pair):
    for process in pair.members():
        pci, virtual = devices(process)
        ready = [address for address, about in pci.items() if about[2] == "ready"]
        line, choices = tab(process, "attach ")
        assert line == "attach "
        assert [name for name in choices if ":" in name] == ready
        assert [name for name in choices if name in virtual] == list(virtual)
        # And one number each that is free.
        rest = set(choices) - set(ready) - set(virtual)
        assert rest == {f"{name}0" for name in virtual}
        assert tab(process, "attach net_nul") == ("attach net_null", [])
    assert pair.primary.cmd("attach net_null0") == "attached device net_null0"
    assert tab(pair.secondaries[0], "attach net_null") == (
        "attach net_null",
        ["net_null", "net_null1"],
    )
    assert keys(pair.secondaries[0], "attach net_nul\t1") == "attached device net_null1"


def test_tab_knows_what_a_foreign_primary_has(testpmd, process):
    ours = process("secondary", eal=["--no-pci"])
    testpmd.cmd("port attach net_null7")
    hm.wait_until(lambda: tab(ours, "show n") == ("show net_null7 ", []), "it is completed")


def test_tab_completes_words(process):
    one = process("primary")
    names = commands(one)
    assert tab(one, "help ") == ("help ", names)
    assert tab(one, "monitor ") == ("monitor ", ["on", "off"])
    for name in names:
        assert tab(one, name)[0].rstrip() == name
    assert tab(one, "nosuch") == ("nosuch", [])
    assert tab(one, "show nosuch") == ("show nosuch", [])


def test_tab_does_not_wait_for_an_operation(faulty):
    primary, typing = faulty.primary, faulty.secondaries[0]
    assert primary.cmd("attach net_null0") == "attached device net_null0"
    primary.faults.set("attach", "block")
    primary.send("attach net_null1")
    primary.faults.wait_met("attach")
    assert tab(typing, "show n") == ("show net_null0 ", [])
    assert "net_ring" in tab(typing, "attach ")[1]
    primary.faults.clear()
    assert primary.answer() == "attached device net_null1"
    faulty.assert_agree([(0, "net_null0"), (1, "net_null1")])


def test_names_that_cannot_be_typed_are_not_completed(pair):
    for name in (b'net_null"a', b"net_null\x01", "net_null\xe9".encode()):
        done = hm.run("secondary", pair.prefix, input=b"attach " + name + b"\n", text=False)
        assert done.stdout == b"attached device " + name + b"\n"
    for process in pair.members():
        assert tab(process, "show ") == ("show ", ['net_null"a'])


def test_lines_are_edited_and_come_back(pair):
    for process in pair.members():
        assert keys(process, f"lst{LEFT}{LEFT}i") == "list all etherdev"
        assert process.cmd("show 0") == NO_PORT.format(0)
        assert keys(process, f"{UP}{UP}") == "list all etherdev"
        # An earlier line can be changed before it is run again.
        assert keys(process, f"{UP}{UP}\x7f9") == NO_PORT.format(9)
