# SPDX-License-Identifier: BSD-3-Clause
"""A QEMU guest with an IOMMU and network cards, on the host's own root.

To look around in it: cd tests/helpers; /usr/bin/python3 -m vm.machine 'COMMAND'"""

import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from vm import image
from vm.ports import Monitor

QEMU = "qemu-system-x86_64"
#: Emulated it is slow enough: with half a processor, the EAL's time would be over now and then. With
#: much more before others these stand still for longer than they are allowed to.
FIRST = ("nice", "-n", "-10")
#: The guest, which sees the files of this machine as QEMU does, chooses among all drivers itself.
ALL_DRIVERS = """
for place in /usr/lib/*/dpdk/pmds-*; do
    ! mountpoint -q "$place" || umount "$place"
done
exec "$@"
"""
APART = ("unshare", "--mount", "sh", "-euc", ALL_DRIVERS, "sh")
MEMORY_MB = 2560
#: Emulated, the instructions that fill and copy memory go byte by byte. A kernel that finds a
#: processor without their fast form goes by eight bytes.
PROCESSOR = "max,-erms,-fsrm"
#: No message but errors, no delay at a panic; what costs an emulated processor much and has nothing
#: to do with cards: hardening, memory that is zeroed before its use, each process elsewhere (so that
#: its code is translated anew), and a clock that can be read only through the kernel, which Linux
#: takes when it finds the processor's counter late once. Nor is the timer's interrupt tried out at
#: the start: on a busy machine it comes too late for Linux 7.2, which panics.
KERNEL_OPTIONS = (
    "console=ttyS0 quiet panic=-1 mitigations=off nokaslr norandmaps init_on_alloc=0 tsc=reliable"
    " no_timer_check intel_iommu=on iommu=pt"
)
HUGEPAGES = 320
#: For QEMU itself to start.
ACCEPT_TIMEOUT = 60
#: For QEMU's monitor to answer.
KICK_TIMEOUT = 5
#: For a kernel under KVM to show that it runs; without KVM it goes on, only slower.
PROBE_TIMEOUT = 10

VIRTIO = "virtio-net-pci,iommu_platform=on,disable-legacy=on"
#: Cards on the root bus and, where there is a port, behind it: they can be unplugged.
#: name: (QEMU's device, its place, root port)
NICS = {
    "e1000e": ("e1000e", "04.0", None),
    "virtio": (VIRTIO, "05.0", None),
    "vmxnet3": ("vmxnet3", "06.0", None),
    # Two functions without ACS between them: one IOMMU group.
    "twin": (f"{VIRTIO},multifunction=on", "07.0", None),
    "other-twin": (VIRTIO, "07.1", None),
    "hot-e1000e": ("e1000e", "00.0", 1),
    "hot-virtio": (VIRTIO, "00.0", 2),
    "igb": ("igb", "00.0", 3),
    # The card that has the functions (SR-IOV).
    "igb-parent": ("igb", "00.0", 4),
}
FIRST_ROOT_PORT = 0x10
#: In a guest this variable names the cards that its QEMU does not have, with commas.
ABSENT = "HM_ABSENT"


def nic_bdf(name):
    """Where the guest sees a card: the firmware numbers the ports' buses in their order."""
    _, place, port = NICS[name]
    return f"0000:{port or 0:02x}:{place}"


def nic_device(name):
    """A card as QEMU's -device and device_add take it."""
    device, place, port = NICS[name]
    bus = f"port{port}" if port else "pcie.0"
    return f"{device},id={name},netdev=wire-{name},bus={bus},addr={place}"


@functools.cache
def absent():
    """The names of the cards that QEMU does not have: before 8.0 it has no igb."""
    if ABSENT in os.environ:
        return os.environ[ABSENT].split(",")
    known = image.output(QEMU, "-device", "help")
    return [name for name, (device, *_) in NICS.items() if f'"{device.split(",")[0]}"' not in known]


def base_arguments(kernel, accel, initramfs, console, boot_options):
    return [
        *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-machine", "q35,kernel-irqchip=split", "-accel", accel, "-cpu", PROCESSOR),
        *("-smp", "2", "-m", str(MEMORY_MB)),
        *("-device", "intel-iommu,intremap=on,caching-mode=on"),
        *("-kernel", kernel.image(), "-initrd", initramfs, "-serial", f"file:{console}"),
        *("-append", f"{KERNEL_OPTIONS} {boot_options}"),
    ]


def accelerator(kernel, place):
    """KVM where a kernel really comes up under it, which opening /dev/kvm does not tell."""
    software = "tcg,thread=multi"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return software
    console, mark = f"{place}/probe", "the processor runs"
    arguments = base_arguments(
        kernel, "kvm", f"{place}/initramfs", console, f'HM_PROBE="{mark}"'
    )
    try:
        subprocess.run(
            [QEMU, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PROBE_TIMEOUT,
            check=True,
        )
        with open(console, encoding="utf-8", errors="replace") as f:
            return "kvm" if mark in f.read() else software
    except (subprocess.SubprocessError, OSError):
        return software


class Guest:
    """Boots at once and runs a command of sh, which finds `files` in $HM_JOB; what it writes
    to its port "reports" can be read from the socket `reports`."""

    def __init__(self, command, files=()):
        if shutil.which(QEMU) is None:
            raise image.Unavailable(f"no {QEMU}; run scripts/setup.sh --test")
        self.process = self.reports = None
        self.place = tempfile.mkdtemp(prefix="hmvm-", dir="/tmp")
        try:
            self.boot({"command": command, **dict(files)})
        except BaseException:
            self.close()
            raise

    def boot(self, files):
        place, kernel = self.place, image.Kernel()
        for name, text in files.items():
            with open(f"{place}/{name}", "w", encoding="utf-8") as f:
                f.write(text)
        kernel.make_initramfs(f"{place}/initramfs")
        self.accel = accelerator(kernel, place)
        self.release = kernel.release
        self.console = f"{place}/console"
        arguments = base_arguments(
            kernel,
            self.accel,
            f"{place}/initramfs",
            self.console,
            f"hugepages={HUGEPAGES} HM_JOB={place} HM_HERE={image.HERE}"
            f" HM_CACHE={kernel.root} HM_RELEASE={kernel.release}",
        )
        arguments += [
            "-fsdev",
            "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap",
            *("-device", "virtio-9p-pci,fsdev=host,mount_tag=host,addr=2"),
            *("-device", "virtio-serial-pci,addr=3"),
            *("-chardev", f"socket,id=reports,path={place}/reports"),
            *("-device", "virtserialport,chardev=reports,name=reports"),
            # QEMU's monitor, and a port of the guest's that leads to it.
            *("-chardev", f"socket,id=qmp,path={place}/qmp,server=on,wait=off"),
            *("-mon", "chardev=qmp,mode=control"),
            *("-chardev", f"socket,id=monitor,path={place}/qmp"),
            *("-device", "virtserialport,chardev=monitor,name=monitor"),
            # Another one, for us.
            *("-chardev", f"socket,id=ours,path={place}/ours,server=on,wait=off"),
            *("-mon", "chardev=ours,mode=control"),
        ]
        for port in sorted({port for _, _, port in NICS.values() if port}):
            arguments += ["-device", f"pcie-root-port,id=port{port},chassis={port}"]
            arguments[-1] += f",bus=pcie.0,addr={FIRST_ROOT_PORT + port:#x}"
        for name in NICS:
            if name in absent():
                continue
            # All cards hang on one hub, so that what one sends another receives.
            arguments += ["-netdev", f"hubport,id=wire-{name},hubid=0"]
            arguments += ["-device", nic_device(name)]
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{place}/reports")
            listener.listen(1)
            listener.settimeout(ACCEPT_TIMEOUT)
            with open(f"{place}/qemu", "wb") as errors:
                self.process = subprocess.Popen(
                    [*APART, *FIRST, QEMU, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                )
            try:
                self.reports = listener.accept()[0]
            except TimeoutError:
                raise image.Unavailable(f"QEMU does not start: {self.said()}") from None

    def said(self):
        """What the guest's console and QEMU showed."""
        text = ""
        for name in ("qemu", "console"):
            try:
                with open(f"{self.place}/{name}", encoding="utf-8", errors="replace") as f:
                    text += f.read()
            except FileNotFoundError:
                pass
        return text

    def kick(self):
        """Stop its processors and let them go on at once: one that sleeps, although its timer's time
        has come, may see to that then. AssertionError or OSError if QEMU does not answer."""
        with socket.socket(socket.AF_UNIX) as ours:
            ours.connect(f"{self.place}/ours")
            monitor = Monitor(ours.fileno(), KICK_TIMEOUT)
            monitor.command("stop")
            monitor.command("cont")

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        if self.reports is not None:
            self.reports.close()
        shutil.rmtree(self.place)


def main():
    command = sys.argv[1] if len(sys.argv) > 1 else "lspci; ls /sys/kernel/iommu_groups"
    started = time.monotonic()
    guest = Guest(f"cd {os.getcwd()}; {command}")
    try:
        guest.process.wait()
        print(guest.said())
        print(f"took {time.monotonic() - started:.1f} s with {guest.accel}")
    finally:
        guest.close()


if __name__ == "__main__":
    main()
