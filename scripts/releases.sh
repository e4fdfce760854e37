#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Build the program on other releases of Debian, with gcc and with clang, warnings being errors, and
# run the tests there. Each release is a root in HM_ROOTS (/var/cache/hotplug_mp-roots), which is
# kept for the next time. The tests see neither the processes, the network interfaces, the mounts
# nor the runtime directory of this machine; the kernel and its hugepages are this machine's.
#
# usage: scripts/releases.sh [RELEASE]... [-- pytest's arguments]    as root
#   RELEASE  12, 13, or the name of a release or suite at the mirror; by default 13 and testing
set -eu
cd "$(dirname "$0")/.."
. scripts/roots.sh

# Where the sources are in a root. The tests write there.
home=/root/hotplug_mp

suite()
{
    case $1 in
    12) echo bookworm ;;
    13) echo trixie ;;
    *) echo "$1" ;;
    esac
}

# usage: in_root ROOT NETWORK COMMAND   NETWORK: "network" for this machine's
# Run a command of sh among the sources in a root.
in_root()
{
    apart=
    [ "$2" = network ] || apart="--net --ipc --uts"
    # shellcheck disable=SC2016,SC2086 # the inner shell's; one word an option
    unshare --mount --pid $apart --fork --kill-child sh -euc '
        root=$1
        mount --make-rprivate /
        mount --bind "$root" "$root"
        mount -t proc proc "$root/proc"
        mount -t sysfs sysfs "$root/sys"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs -o mode=1777 tmp "$root/tmp"
        mount -t tmpfs -o mode=755 run "$root/run"
        cp /etc/resolv.conf "$root/etc"
        ip link set lo up
        exec chroot "$root" env -i TERM=dumb LC_ALL=C.UTF-8 HOME=/root HM_STRICT=1 \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            sh -euc "cd $2; $3"
    ' sh "$1" "$home" "$3" </dev/null
}

# The sources as they are here, without what git ignores.
copy_sources()
{
    rm -rf --one-file-system "${1:?}$home"
    mkdir -p "$1$home"
    git ls-files -z --cached --others --exclude-standard |
        tar --create --null --files-from=- --ignore-failed-read | tar --extract -C "$1$home"
}

# What the tests were run with.
versions='
printf "DPDK %s, gcc %s, clang %s, Linux %s" "$(pkgconf --modversion libdpdk)" \
    "$(gcc -dumpfullversion)" "$(clang -dumpversion)" "$(uname -r)"'

build='
for compiler in gcc clang; do
    CC=$compiler meson setup --werror build-$compiler >/dev/null
    ninja -C build-$compiler --quiet
done
ln -s build-gcc build'

# shellcheck disable=SC2016 # the inner shell's
tests='status=0
/usr/bin/python3 -m pytest -p no:cacheprovider -n $((2 * $(nproc))) --dist loadgroup -rs "$@" || status=$?
exit $status'

release()
{
    name=$1
    shift
    begin=$(date +%s)
    root_make "$name" "$(suite "$name")" ca-certificates || return
    root=$roots/$name
    copy_sources "$root"
    in_root "$root" network "scripts/setup.sh --test; cd tests/helpers; /usr/bin/python3 -m vm.image" ||
        return
    in_root "$root" apart "$build" || return
    echo "releases: $name: $(in_root "$root" apart "$versions")"
    quoted=
    for word; do
        quoted="$quoted '$(printf %s "$word" | sed "s/'/'\\\\''/g")'"
    done
    in_root "$root" apart "set -- $quoted; $tests" || return
    echo "releases: $name: took $(($(date +%s) - begin)) s"
}

usage()
{
    echo "usage: scripts/releases.sh [RELEASE]... [-- pytest's arguments]" >&2
    exit 2
}

names=
while [ $# -gt 0 ]; do
    case $1 in
    --)
        shift
        break
        ;;
    -*) usage ;;
    *) names="$names $1" ;;
    esac
    shift
done
[ "$(id -u)" -eq 0 ] || { echo "releases: must run as root" >&2; exit 2; }
failed=
for name in ${names:-13 testing}; do
    echo "releases: $name"
    (set +e; release "$name" "$@") || failed="$failed $name"
done
[ -z "$failed" ] || { echo "releases: failed:$failed" >&2; exit 1; }
