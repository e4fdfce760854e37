# SPDX-License-Identifier: BSD-3-Clause
"""What a guest boots: Debian's kernel, unpacked and not installed, and a small initramfs.

What is downloaded and built is kept in a cache, by the kernel's version."""

import glob
import lzma
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "dpdk-hotplug_mp"
)
BUSYBOX = "/bin/busybox"
APPLETS = "sh mount umount insmod mkdir poweroff switch_root".split()
#: To mount the host's root, and to hear from the guest.
BOOT_MODULES = "9p 9pnet_virtio virtio_pci overlay virtio_console".split()
DOWNLOAD_TIMEOUT = 900


class Unavailable(Exception):
    """Why there can be no guest on this machine."""


def output(*command, timeout=600, **kwargs):
    """What a command prints; Unavailable with its errors if it fails."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=timeout,
            check=True,
            **kwargs,
        )
    except FileNotFoundError:
        raise Unavailable(f"no {command[0]}; run scripts/setup.sh --test") from None
    except subprocess.SubprocessError as error:
        raise Unavailable(f"{' '.join(command)}: {getattr(error, 'stderr', error)}") from None
    return done.stdout


def depends(package):
    """The packages a package depends on, by name."""
    lines = output("apt-cache", "depends", "--important", package).splitlines()
    return [line.split()[-1] for line in lines if "Depends: " in line]


def unpack(package, root):
    """Get a Debian package and unpack it below root."""
    with tempfile.TemporaryDirectory(prefix="hmvm-") as place:
        output(
            *("apt-get", "-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"),
            *("download", package),
            cwd=place,
            timeout=DOWNLOAD_TIMEOUT,
        )
        output("dpkg-deb", "-x", *glob.glob(f"{place}/*.deb"), root)


class Kernel:
    """Debian's kernel and its modules, igb_uio among them where it can be built."""

    def __init__(self):
        image = [p for p in depends("linux-image-amd64") if p.startswith("linux-image-")]
        if not image:
            raise Unavailable("no package linux-image-amd64; run apt-get update")
        self.release = image[0].removeprefix("linux-image-")
        shown = output("apt-cache", "show", "--no-all-versions", image[0]).splitlines()
        version = next(line.split()[1] for line in shown if line.startswith("Version: "))
        self.root = os.path.join(CACHE, f"{self.release}_{version}")
        if not os.path.isdir(self.root):
            self.make(image[0])

    def make(self, package):
        """Fill the cache; it is there as a whole or not at all."""
        os.makedirs(CACHE, exist_ok=True)
        place = tempfile.mkdtemp(dir=CACHE)
        try:
            # It may be the whole, or depend on packages with the kernel and with its modules.
            parts = [part for part in depends(package) if part.endswith(self.release)]
            for part in (package, *parts):
                unpack(part, place)
            # The modules are there on every release, and where the tools look for them.
            if not os.path.exists(f"{place}/lib"):
                os.symlink("usr/lib", f"{place}/lib")
            try:
                self.build_igb_uio(place)
            except Unavailable as why:
                with open(f"{place}/igb_uio.failed", "w", encoding="utf-8") as f:
                    f.write(f"{why}\n")
            output("depmod", "-b", place, self.release)
            os.rename(place, self.root)
        except BaseException:
            shutil.rmtree(place)
            raise

    def build_igb_uio(self, root):
        """Build the igb_uio of Debian's dpdk-kmods-dkms against the kernel's headers."""
        with tempfile.TemporaryDirectory(prefix="hmvm-") as place:
            headers = f"linux-headers-{self.release}"
            for package in (headers, "dpdk-kmods-dkms", *depends(headers)):
                unpack(package, place)
            makefile = f"{place}/usr/src/{headers}/Makefile"
            with open(makefile, "r+", encoding="utf-8") as f:
                # It names the headers' other half where it would be if it were installed.
                text = f.read().replace("/usr/src/", f"{place}/usr/src/")
                f.seek(0)
                f.write(text)
            source = glob.glob(f"{place}/usr/src/dpdk-kmods-*")[0]
            # Types for BPF are of no use here, and would need pahole.
            options = (f"M={source}", "CONFIG_DEBUG_INFO_BTF_MODULES=")
            output("make", "-C", os.path.dirname(makefile), *options, "modules")
            extra = f"{root}/lib/modules/{self.release}/extra"
            os.mkdir(extra)
            shutil.copy(f"{source}/igb_uio.ko", extra)

    def image(self):
        places = f"boot/vmlinuz-{self.release}", f"lib/modules/{self.release}/vmlinuz"
        paths = [f"{self.root}/{place}" for place in places]
        return next(filter(os.path.exists, paths))

    def module_files(self, modules):
        """The files of modules and of those they need, in the order to load them in; none of those
        that are built into the kernel."""
        files = {}
        for module in modules:
            shown = output(
                *("modprobe", "-d", self.root, "-S", self.release, "--show-depends", module)
            )
            words = [line.split() for line in shown.splitlines()]
            files.update((path, None) for how, path, *_ in words if how == "insmod")
        return list(files)

    def make_initramfs(self, path):
        """Write an initramfs with init, busybox and the modules init loads."""
        if not os.path.exists(BUSYBOX):
            raise Unavailable(f"no {BUSYBOX}; run scripts/setup.sh --test")
        with tempfile.TemporaryDirectory(prefix="hmvm-") as place:
            for name in ("bin", "modules", "proc"):
                os.mkdir(f"{place}/{name}")
            shutil.copy(f"{HERE}/init", f"{place}/init")
            os.chmod(f"{place}/init", 0o755)
            shutil.copy(BUSYBOX, f"{place}/bin")
            for applet in APPLETS:
                os.symlink("busybox", f"{place}/bin/{applet}")
            with open(f"{place}/modules/order", "w", encoding="utf-8") as order:
                for module in self.module_files(BOOT_MODULES):
                    name = os.path.basename(module).removesuffix(".xz")
                    with open(module, "rb") as f:
                        # busybox cannot load one that is compressed.
                        data = lzma.decompress(f.read()) if module.endswith(".xz") else f.read()
                    with open(f"{place}/modules/{name}", "wb") as f:
                        f.write(data)
                    order.write(f"{name}\n")
            names = [os.path.join(at, n) for at, ds, fs in os.walk(place) for n in ds + fs]
            with open(path, "wb") as f:
                subprocess.run(
                    [BUSYBOX, "cpio", "-o", "-H", "newc"],
                    input="\n".join(os.path.relpath(name, place) for name in names).encode(),
                    stdout=f,
                    stderr=subprocess.DEVNULL,
                    cwd=place,
                    check=True,
                    timeout=600,
                )


def main():
    """Get the kernel of a guest, for which the tests may have no network later."""
    print(f"guest: Linux {Kernel().release}")


if __name__ == "__main__":
    main()
