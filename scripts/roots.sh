# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# To be sourced. Roots of Debian releases, to build or test in. A root is kept in the directory
# HM_ROOTS for the next time.

[ "$(id -u)" -eq 0 ] || {
    echo "${0##*/}: must run as root, to make and enter a root of another release" >&2
    exit 2
}
roots=${HM_ROOTS:-/var/cache/hotplug_mp-roots}

# The mirror from which this machine gets Debian's packages, as far as its package lists tell.
root_mirror()
{
    # shellcheck disable=SC2016 # apt-get fills them in
    apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        sed -n 's/^Debian main //p' | head -n 1
}

# usage: root_make NAME SUITE PACKAGES [OPTION OF MMDEBSTRAP]...
# Make $roots/NAME, the root of the release SUITE with these packages, unless it is there.
root_make()
{
    mkdir -p "$roots"
    # Another run may be making it. That run has another root at the same time, never this one.
    (flock 9 && root_make_locked "$@") 9>"$roots/$1.lock"
}

root_make_locked()
{
    root=$roots/$1 made="$*"
    # If the root is of other packages or another release, it is made again.
    if [ "$(cat "$root.made" 2>/dev/null)" = "$made" ] && [ -d "$root" ]; then
        return
    fi
    suite=$2 packages=$3
    shift 3
    mirror=$(root_mirror)
    # A new machine has no package lists.
    if [ -z "$mirror" ]; then
        DEBIAN_FRONTEND=noninteractive apt-get -qq update </dev/null >/dev/null
        mirror=$(root_mirror)
    fi
    if [ -z "$mirror" ]; then
        echo "roots: the apt sources of this machine name no mirror of Debian" >&2
        return 1
    fi
    command -v mmdebstrap >/dev/null ||
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends \
            mmdebstrap </dev/null >/dev/null || return
    # It gets its name when it is whole: nobody takes one for whole that was left half made.
    rm -rf --one-file-system "$root" "$root.made" "$root.new"
    # The mirror may be a copy of long ago.
    if ! mmdebstrap --mode=root --variant=apt --include="$packages" \
        --aptopt='Acquire::Check-Valid-Until "false"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        "$@" "$suite" "$root.new" "$mirror" >"$root.log" 2>&1; then
        cat "$root.log" >&2
        rm -rf --one-file-system "$root.new"
        return 1
    fi
    mv "$root.new" "$root" && printf '%s\n' "$made" >"$root.made"
}

# usage: root_run NAME COMMAND [ARGUMENT]...
# Run a command in a root. These sources are at /src there, and cannot be written. Its processes, its
# mounts, and its files in /tmp and /run end with it.
root_run()
{
    root_enter "" "$@"
}

# The same with network interfaces of its own, and without this machine's.
root_run_apart()
{
    root_enter --net "$@"
}

root_enter()
{
    namespaces="--mount --pid --ipc --uts $1" root=$roots/$2
    shift 2
    # The network of this machine is of no use without its name servers.
    cp /etc/resolv.conf "$root/etc"
    # shellcheck disable=SC2016,SC2086 # the inner shell's; one word an option
    unshare $namespaces --fork --kill-child sh -euc '
        root=$1 sources=$2
        shift 2
        ip link set lo up
        mount --bind "$root" "$root"
        mkdir -p "$root/src"
        mount --bind "$sources" "$root/src"
        mount -o remount,ro,bind "$root/src"
        mount -t proc proc "$root/proc"
        mount -t sysfs sysfs "$root/sys"
        mount -t tmpfs -o mode=1777 tmp "$root/tmp"
        mount -t tmpfs -o mode=755 run "$root/run"
        mount --rbind /dev "$root/dev"
        exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root "$@"
    ' sh "$root" "$PWD" "$@"
}
