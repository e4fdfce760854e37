#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Build the program on other releases of Debian, with gcc and with clang, warnings being errors, and
# run the tests there. Each release is a root of its own (scripts/roots.sh). The tests see neither
# the processes, the network interfaces, the mounts nor the runtime directory of this machine; the
# kernel and its hugepages are this machine's. Then a program of each release tries to join a group
# of this machine's, and the other way round.
#
# usage: scripts/releases.sh [--prepare | --prepared] [RELEASE]... [-- pytest's arguments]    as root
#   --prepare   make the roots with all they need, and no more
#   --prepared  that has been done
#   RELEASE     12, 13, or the name of a suite at the mirror; by default 13 and testing
#   If HM_RESULTS is a directory, how the tests ended is kept there.
set -eu
cd "$(dirname "$0")/.."
. scripts/roots.sh

place=/root/hotplug_mp # where the sources are in a root, and are written to

usage()
{
    echo "usage: scripts/releases.sh [--prepare | --prepared] [RELEASE]..." \
        "[-- pytest's arguments]" >&2
    exit 2
}

suite()
{
    case $1 in
    12) echo bookworm ;;
    13) echo trixie ;;
    *) echo "$1" ;;
    esac
}

# What follows runs in a root.

set_up()
{
    rm -rf "$place"
    mkdir -p "$place"
    tar -x -C "$place"
    cd "$place"
    # A new root has none of its packages yet.
    scripts/demo.sh
    rm -rf build
    scripts/setup.sh --test
    cd tests/helpers
    /usr/bin/python3 -m vm.image
}

build()
{
    cd "$place"
    for compiler in gcc clang; do
        CC=$compiler meson setup --werror "build-$compiler" >build.log || {
            cat build.log
            return 1
        }
        ninja -C "build-$compiler" --quiet
    done
    ln -s build-gcc build
    echo "releases: Debian $(cat /etc/debian_version), DPDK $(pkgconf --modversion libdpdk)," \
        "gcc $(gcc -dumpfullversion), clang $(clang -dumpversion), Linux $(uname -r)"
}

tests()
{
    cd "$place"
    HM_STRICT=1 HM_CHAPTERS=$place/chapters.json /usr/bin/python3 -m pytest -p no:cacheprovider -n "$((2 * $(nproc)))" \
        --dist loadgroup -rs "$@"
}

# And this on the machine.

# A process of that release and a group of this machine's, and the other way round.
mixed()
{
    HM_OTHER_ROOT=$roots/$1 HM_OTHER_BINARY=$place/build/dpdk-hotplug_mp HM_STRICT=1 \
        /usr/bin/python3 -m pytest -p no:cacheprovider -q tests/group/test_versions.py
}

prepare()
{
    name=$1
    root_make "$name" "$(suite "$name")" ca-certificates
    # The sources as they are, without what git ignores.
    git ls-files -z --cached --others --exclude-standard --deduplicate |
        tar -c --null --files-from=- --ignore-failed-read |
        root_run "$name" /src/scripts/releases.sh --in set_up
}

# usage: release RELEASE [pytest's arguments]
release()
{
    name=$1
    shift
    root_run_apart "$name" /src/scripts/releases.sh --in build </dev/null
    root_run_apart "$name" /src/scripts/releases.sh --in tests "$@" </dev/null
    [ -z "${HM_RESULTS-}" ] || cp "$roots/$name$place/chapters.json" "$HM_RESULTS/$name.json"
    mixed "$name" </dev/null
}

case ${1-} in
--in)
    shift
    "$@"
    exit
    ;;
--one)
    shift
    begin=$(date +%s) steps=$1
    shift
    [ "$steps" = --prepared ] || prepare "$1"
    [ "$steps" = --prepare ] || release "$@"
    echo "releases: $1: took $(($(date +%s) - begin)) s"
    exit
    ;;
esac
steps=all names=
case ${1-} in
--prepare | --prepared)
    steps=$1
    shift
    ;;
esac
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
    -*) usage ;;
    *) names="$names $1" ;;
    esac
    shift
done
[ $# -eq 0 ] || shift
failed=
for name in ${names:-13 testing}; do
    echo "releases: $name"
    # A shell of its own, because one that is asked for its status goes on after a failure.
    scripts/releases.sh --one "$steps" "$name" "$@" || failed="$failed $name"
done
if [ -n "$failed" ]; then
    echo "releases: failed:$failed" >&2
    exit 1
fi
