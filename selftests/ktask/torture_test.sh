#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A short run of selftests/torture, with seeds that are the same each time: what
# it finds in so little time shall be found again. The soak script there is for
# long ones.

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=ktap.sh
. "$(dirname "$0")/ktap.sh"

verdict=/sys/kernel/debug/ktask_torture/verdict
seconds=6
rounds=300
loads=12
# A kernel with all checks on is several times slower.
if [ -e /sys/kernel/debug/kmemleak ] || [ -e /sys/kernel/debug/kcsan ]; then
	rounds=100 loads=4
fi
[ -z "${KTASK_QUICK:-}" ] || seconds=2 rounds=50 loads=2

need_module() {
	[ "$(id -u)" -eq 0 ] || skip "only root may load modules"
	modinfo ktask_torture >out 2>&1 || skip "ktask_torture is not built"
}

# Refused while a task pins it, which the last does for a moment after its end.
unload() {
	until rmmod "$1" 2>err; do
		in_use err
	done
}

# torture PARAMETER...: reading the verdict waits for it
torture() {
	# Tasks of low priority have to wait where all is busy; what does not end in
	# a minute is found by the module itself.
	echo 60000 >/sys/module/ktask/parameters/stall_ms
	modprobe ktask_torture "$@"
	cat "$verdict" >said
	cat said
	grep -q '^ktask_torture: SUCCESS ops=[1-9]' said
	unload ktask_torture
	echo 10000 >/sys/module/ktask/parameters/stall_ms
}

test_torture() {
	need_module
	torture seed=1 seconds="$seconds"
}

test_torture_while_cpus_come_and_go() {
	need_module
	[ -e /sys/devices/system/cpu/cpu1/online ] ||
		skip "there is no CPU that can go off line"
	torture seed=2 seconds="$seconds" hotplug=50
	lacks /sys/devices/system/cpu/cpu1/online 0
}

test_cancel_races() {
	need_module
	torture suite=cancel seed=3 rounds="$rounds"
}

test_cancel_by_module_unload() {
	need_module
	n=0
	while [ "$n" -lt "$loads" ]; do
		n=$((n + 1))
		modprobe ktask_torture_unload seed="$n"
		unload ktask_torture_unload
	done
	# It counts when it goes.
	dmesg >log
	lacks log "tasks started"
}

# shellcheck disable=SC2046 # a word each
run_tests $(sed -n 's/^test_\([a-z0-9_]*\)() {$/\1/p' "$0")
