#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Prepare a Debian machine to build and run dpdk-hotplug_mp. What is in place
# already stays as it is, so this can be run as often as one likes.
#
# usage: scripts/setup.sh [--demo | --test]    as root
set -eu

pages=/sys/kernel/mm/hugepages/hugepages-2048kB
pages_few=256  # below this many free ones (512 MiB) there are too few,
pages_want=512 # and this many (1 GiB) are made free
huge_dir=/dev/hugepages

packages="gcc libc6-dev meson ninja-build pkgconf libdpdk-dev libjansson-dev dpdk
    dpdk-dev iproute2 kmod mount python3 python3-pexpect"
packages_demo="tmux"
packages_test="python3-pytest python3-pytest-xdist python3-docutils clang
    clang-format libclang-rt-dev llvm clang-tidy cppcheck codespell shellcheck tmux make pciutils
    qemu-system-x86 busybox-static
    git man-db bash bash-completion gcovr procps strace mmdebstrap systemd"

say()
{
    echo "setup: $*"
}

die()
{
    echo "setup: $*" >&2
    exit 1
}

install_packages()
{
    missing=
    for package in $packages; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
        [ "$status" = installed ] || missing="$missing $package"
    done
    if [ -z "$missing" ]; then
        say "packages: already there"
        return
    fi
    say "packages: installing$missing"
    # A new machine has no package lists, an old one may have lists of packages that are gone.
    # shellcheck disable=SC2086 # one word a package
    if ! apt-cache show $missing >/dev/null 2>&1 ||
        ! apt_get install --no-install-recommends $missing; then
        say "packages: getting new package lists first"
        apt_get update
        apt_get install --no-install-recommends $missing
    fi
}

apt_get()
{
    # A machine that has just started may be busy with its own upgrades: wait for them.
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" \
        </dev/null >/dev/null
}

# Those that nobody has, nor has set aside for a mount of its own.
free_hugepages()
{
    echo $(($(cat $pages/free_hugepages) - $(cat $pages/resv_hugepages)))
}

reserve_hugepages()
{
    [ -d $pages ] || die "hugepages: this kernel has none of 2 MiB"
    free=$(free_hugepages)
    if [ "$free" -ge $pages_few ]; then
        say "hugepages: already there, $free of 2 MiB are free"
        return
    fi
    reserved=$(cat $pages/nr_hugepages)
    say "hugepages: $free of 2 MiB are free, reserving $((pages_want - free)) more"
    if ! echo $((reserved + pages_want - free)) >$pages/nr_hugepages; then
        die "hugepages: cannot write $pages/nr_hugepages; in a container, reserve them on the host"
    fi
    free=$(free_hugepages)
    if [ "$free" -lt $pages_few ]; then
        echo "$reserved" >$pages/nr_hugepages
        die "hugepages: only $free of 2 MiB could be made free, $pages_few are needed;" \
            "free some memory, or boot with hugepages=$pages_want on the kernel's command line"
    fi
}

mount_hugetlbfs()
{
    if mounted=$(findmnt -rnf -o TARGET -t hugetlbfs -O pagesize=2M); then
        say "hugetlbfs: already there, at $mounted"
        return
    fi
    # A mount for pages of another size is somebody's; it is not to be covered.
    ! mountpoint -q $huge_dir ||
        die "hugetlbfs: $huge_dir is in use and not for pages of 2 MiB; mount one that is:" \
            "mount -t hugetlbfs -o pagesize=2M nodev DIRECTORY"
    say "hugetlbfs: mounting it at $huge_dir"
    mkdir -p $huge_dir
    # Whoever can read it can lock it, and every primary would wait for that.
    mount -t hugetlbfs -o pagesize=2M,mode=0700 nodev $huge_dir
}

load_tun()
{
    if [ -c /dev/net/tun ]; then
        say "tun: already there"
        return
    fi
    say "tun: loading the module"
    modprobe tun || die "tun: no module, so /dev/net/tun is missing and net_tap cannot be tested"
}

tests=no
case "$#:${1-}" in
0:) ;;
1:--demo) packages="$packages $packages_demo" ;;
1:--test) packages="$packages $packages_test" tests=yes ;;
*)
    echo "usage: scripts/setup.sh [--demo | --test]" >&2
    exit 2
    ;;
esac
[ "$(id -u)" -eq 0 ] || die "must run as root, to install packages and reserve hugepages"
command -v apt-get >/dev/null || die "packages: no apt-get here; this script is for Debian"
install_packages
reserve_hugepages
mount_hugetlbfs
[ $tests = no ] || load_tun
