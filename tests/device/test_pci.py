# SPDX-License-Identifier: BSD-3-Clause
"""What `devices` says of cards that this machine does not have. The program sees directories of
the test's instead of the kernel's."""

import os

import pytest

#: Runs a program where directories of the test's stand in for those of the kernel.
INSTEAD = """
mount --bind "$1/devices" /sys/bus/pci/devices
mount --bind "$1/module" /sys/module
shift
exec "$@"
"""

#: A card: vendor and device.
IGB = ("8086", "1521")
ICE = ("8086", "1593")
E1000E = ("8086", "10D3")
MLX5 = ("15B3", "1017")
NFP = ("19EE", "4000")
CN10K = ("177D", "A063")
NOBODYS = ("8086", "FFFF")
#: The libraries of their drivers.
LIBRARIES = [f"librte_net_{name}.so" for name in ("e1000", "ice", "mlx5", "nfp", "cnxk")]

MODULES = ("mlx5_core", "mlx5_ib", "ib_uverbs")

#: Card, the kernel driver it is bound to, and its state.
ANY_MODE = [
    (IGB, "igb", "kernel"),
    (ICE, "ice", "kernel"),
    (ICE, "vfio", "kernel"),
    (E1000E, "uio", "kernel"),
    (E1000E, "pci", "kernel"),
    (E1000E, None, "unbound"),
    (NOBODYS, "vfio-pci", "no driver"),
    # Its driver works beside the kernel's.
    (MLX5, "mlx5_core", "ready"),
    (MLX5, "mlx4_core", "kernel"),
    (MLX5, "vfio-pci", "kernel"),
    # This machine has no vfio.
    (ICE, "vfio-pci", "vfio too late"),
    (NFP, "vfio-pci", "vfio too late"),
]
VA = [*ANY_MODE, (IGB, "igb_uio", "needs IOVA PA"), (E1000E, "uio_pci_generic", "needs IOVA PA")]
PA = [
    *ANY_MODE,
    (IGB, "igb_uio", "ready"),
    (E1000E, "uio_pci_generic", "ready"),
    (CN10K, "vfio-pci", "needs IOVA VA"),
]


def card_make(path, vendor, device, driver):
    path.mkdir(parents=True)
    ids = f"v0000{vendor}d0000{device}sv00000000sd00000000"
    files = {
        "modalias": f"pci:{ids}bc02sc00i00",
        "vendor": f"0x{vendor}",
        "device": f"0x{device}",
        "subsystem_vendor": "0x0000",
        "subsystem_device": "0x0000",
        "class": "0x020000",
        "resource": "0x0 0x0 0x0\n" * 6,
    }
    for name, text in files.items():
        (path / name).write_text(f"{text}\n")
    if driver is not None:
        os.symlink(f"../../../drivers/{driver}", path / "driver")


@pytest.fixture
def look(process, tmp_path):
    """look(cards, modules, eal): a process that sees these cards and loaded modules, and the lines
    of its `devices`: [address, kernel driver, driver, state]."""

    def get(cards, modules=MODULES, eal=()):
        (tmp_path / "module").mkdir()
        for name in modules:
            (tmp_path / "module" / name).mkdir()
        for n, (ids, driver, *_) in enumerate(cards):
            card_make(tmp_path / "devices" / f"0000:88:{n:02x}.0", *ids, driver)
        wrap = ("unshare", "--mount", "sh", "-euc", INSTEAD, "sh", str(tmp_path))
        libraries = [word for name in LIBRARIES for word in ("-d", name)]
        one = process(eal=[*libraries, *eal], wrap=wrap)
        lines = one.cmd("devices").split("\n")
        return one, [line.split(maxsplit=3) for line in lines if line.startswith("0000:88")]

    return get


@pytest.mark.parametrize("mode, cards", [("va", VA), ("pa", PA)])
def test_state_of_a_card(look, mode, cards):
    """And TAB offers those that are ready."""
    process, seen = look(cards, eal=[f"--iova-mode={mode}"])
    assert [(line[1], line[3]) for line in seen] == [
        (driver or "-", state) for _, driver, state in cards
    ]
    assert offered(process) == [line[0] for line in seen if line[3] == "ready"]


def offered(process):
    """The made-up cards that TAB offers after attach."""
    _, choices = process.tab("attach ")
    return [name for name in choices if name.startswith("0000:88")]


def test_card_beside_the_kernel_needs_all_its_modules(look):
    _, seen = look([(MLX5, "mlx5_core")], modules=["mlx5_core", "ib_uverbs"])
    assert seen[0][3] == "kernel"


def test_no_card_can_be_attached_with_no_pci(look):
    process, seen = look([(MLX5, "mlx5_core")], eal=["--no-pci"])
    assert seen[0][3] == "--no-pci"
    answer = process.cmd("attach 0000:88:00.0")
    assert answer.endswith(
        ": this process was started with --no-pci; restart the processes of the group without"
    )
