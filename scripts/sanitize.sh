#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Run the tests with the program built with a sanitizer of gcc's; what that finds
# fails the test it is found in.
#
# usage: scripts/sanitize.sh address|thread [pytest's arguments]    as root
#   Without arguments for pytest it runs the chapters that have something to show.
#   address  memory that is used wrongly or never freed, and undefined behaviour; and count which
#            lines are run, for scripts/coverage.sh
#   thread   data that two threads of a process use at the same time
set -eu
cd "$(dirname "$0")/.."
# A shell that a signal ends does nothing at its exit.
trap 'exit 1' HUP INT TERM

# The chapters of all folders, but for those that are named, and those of a folder that is named.
all_chapters_but()
{
    for file in tests/*/test_*.py; do
        folder=${file#tests/}
        case " $* " in
        *" $file "* | *" ${folder%/*}/ "*) ;;
        *) echo "$file" ;;
        esac
    done
}

# This is run once more where the place of the drivers can be changed without anybody noticing.
case ${1-} in
address | thread)
    # The EAL takes no driver from below a directory that anybody may write to.
    drivers=$(mktemp -d /run/drivers-XXXXXX)
    trap 'rmdir "$drivers"' EXIT
    unshare -m scripts/sanitize.sh --in "$drivers" "$@"
    exit
    ;;
--in) ;;
*)
    echo "usage: scripts/sanitize.sh address|thread [pytest's arguments]" >&2
    exit 2
    ;;
esac
drivers=$2 kind=$3
shift 3
findings=$(mktemp -d)
trap 'rm -rf "$findings"' EXIT
# Processes of a user without rights write there, too.
chmod 1777 "$findings"
# A test that cannot run is one that has failed.
export HM_STRICT=1
export HM_FINDINGS="$findings" HM_BINARY="$PWD/build-$kind/dpdk-hotplug_mp"
# Where what is built, or where it lies, matters; those with programs of their own; those that
# do with other devices what others do with net_null; and where limits matter, which a sanitizer needs
# higher.
chapters=$(all_chapters_but physical/ soak/ \
    tests/repo/test_bench.py tests/repo/test_fuzz.py tests/repo/test_lint.py \
    tests/repo/test_packaging.py tests/repo/test_readme.py tests/repo/test_security.py \
    tests/repo/test_variants.py tests/group/test_malicious_peers.py \
    tests/eal/test_mounts.py tests/eal/test_private.py tests/eal/test_strangers.py \
    tests/plan/test_plan_literal.py tests/plan/test_virtio_user.py tests/plan/test_virtual.py \
    tests/plan/test_tool.py tests/plan/test_tool_finds.py \
    tests/device/test_drivers.py tests/traffic/test_real_traffic.py \
    tests/process/test_parents.py)
# A sanitizer itself takes memory, time, and files that not everyone may write.
without="no_permission or no_room_for_the_memory or somebody_else or many_one_shots"
without="$without or one_too_many or ten_thousand or another_layout"
# With as long as it has to leave, the EAL's 5 s free it before it is ended by force.
without="$without or (attach_blocks and secondary) or takes_no_time_along"
case $kind in
address)
    options="-Db_sanitize=address,undefined -Db_coverage=true"
    # A user without rights cannot add to the counts, and is not to complain.
    export GCOV_ERROR_FILE=/dev/null
    # A net_bonding that is in use cannot be detached, and is not freed at the exit.
    without="$without or net_bonding0 or looks_at_itself"
    # Without /proc it cannot look for what is not freed, and says so after the program's last line.
    without="$without or proc_of_another_namespace"
    # The EAL's own address is in the sanitizer's part of the address space.
    export HM_EAL_OPTIONS=--base-virtaddr=0x200000000000
    export ASAN_OPTIONS="log_path=$findings/asan verify_asan_link_order=0"
    export LSAN_OPTIONS="suppressions=$PWD/tests/helpers/leaks.supp print_suppressions=0 exitcode=0"
    export UBSAN_OPTIONS="log_path=$findings/ubsan print_stacktrace=1"
    ;;
thread)
    # It takes ten times as long for a packet, or what telemetry writes, and holds a signal back
    # from a thread that waits.
    without="$without or many_pairs or odd_names or when_the_primary_quits or false_alarm"
    without="$without or waits_while_the_primary_leaves or until_a_signal"
    # A hugepage that is freed is hundreds of thousands of accesses for it. The EAL's 5 s are over
    # before such a process, or the pool of dpdk-pdump, has had its time.
    without="$without or (goes_on and asks) or dpdk-pdump"
    # It keeps the file open that it writes its reports to, and ends a process that has no
    # descriptor.
    without="$without or leave_no_descriptors or out_of_descriptors"
    options="-Db_sanitize=thread"
    # To look up names takes longer than a process has to leave; the tests do it.
    export TSAN_OPTIONS="log_path=$findings/tsan exitcode=0 symbolize=0 atexit_sleep_ms=0"
    # The EAL ends a thread of its own that nobody waits for. A start that dies of SIGBUS removes
    # its files in the handler: it is the thread's own doing, not in the middle of an allocation.
    export TSAN_OPTIONS="$TSAN_OPTIONS report_thread_leaks=0 report_signal_unsafe=0 history_size=7"
    ;;
esac
# DPDK's inline locks in C, which the thread sanitizer understands; and more time to leave, as the
# other one looks at all memory then.
export CPPFLAGS="-DRTE_FORCE_INTRINSICS -DFORCE_AFTER_MS=10000"
options="$options -Db_lundef=false"
if [ ! -f "build-$kind/build.ninja" ]; then
    # shellcheck disable=SC2086 # one word an option
    log=$(CC=gcc meson setup $options "build-$kind" 2>&1) || {
        printf '%s\n' "$log"
        exit 1
    }
fi
ninja -C "build-$kind" --quiet
find "build-$kind" -name '*.gcda' -delete
. tests/helpers/few_drivers.sh
few_drivers "$drivers" crypto_null net_af_packet net_bond net_failsafe net_memif net_null net_pcap \
    net_ring net_tap net_vhost net_virtio
if [ $# -gt 0 ]; then
    /usr/bin/python3 -m pytest -p no:cacheprovider "$@"
    exit
fi
# shellcheck disable=SC2086 # one word a chapter
/usr/bin/python3 -m pytest -p no:cacheprovider -n "$((3 * $(nproc)))" --dist loadgroup \
    $chapters ${without:+-k "not ($without)"}
[ "$kind" != address ] || scripts/coverage.sh
