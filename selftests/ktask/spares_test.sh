#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The memory of tasks that are gone: it is kept for the next ones, and given back when
# it is not needed. With the parameter "spares", which kernels that look for errors have
# off by default.

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=ktap.sh
. "$(dirname "$0")/ktap.sh"

bench=/sys/kernel/debug/ktask_bench
group=$(stat -c %g /dev/ktask 2>/dev/null)

# More than the CPUs keep for themselves. All tasks of the bench are there at once.
tasks=5000
few=1000
seconds=5
[ -z "${KTASK_QUICK:-}" ] || seconds=1

# load [PARAMETER...]
load() {
	modprobe ktask "$@"
	[ -z "$group" ] || chgrp "$group" /dev/ktask
}

# Loads ktask with spares, and the bench; the test ends with ktask as it was.
setup() {
	[ "$(id -u)" -eq 0 ] || skip "only root may load modules"
	modinfo ktask_bench >/dev/null 2>&1 || skip "there is no ktask_bench"
	[ -r /proc/slabinfo ] || skip "there is no /proc/slabinfo"
	for holder in /sys/module/ktask/holders/*; do
		[ ! -e "$holder" ] || skip "${holder##*/} uses the module"
	done
	trap undo EXIT
	rmmod ktask
	load spares=1
	modprobe ktask_bench
}

undo() {
	[ ! -e /sys/module/ktask_bench ] || rmmod ktask_bench
	[ ! -e /sys/module/ktask ] || rmmod ktask
	load
}

need_prompt_frees() {
	! grep -q ' kasan_quarantine_put$' /proc/kallsyms ||
		skip "KASAN keeps what has been freed for a while"
}

# many SUBJECT: as many tasks, twice
many() {
	echo "batch_join 1 $tasks $1" >"$bench/run"
}

# Memory of tasks that the allocator has given.
given() {
	awk '$1 ~ /^ktask-/ { n += $2 } END { print n + 0 }' /proc/slabinfo
}

test_kept_and_given_back() {
	setup
	many ktask
	n=$(given)
	echo "kept: $n"
	[ "$n" -gt "$few" ]
	# In twenty seconds, if the machine is quick.
	until [ "$(given)" -lt "$few" ]; do sleep 0.5; done
}

test_given_back_when_memory_is_short() {
	need_prompt_frees
	setup
	many ktask_set
	[ "$(given)" -gt "$few" ]
	echo 2 >/proc/sys/vm/drop_caches
	n=$(given)
	echo "left: $n"
	[ "$n" -lt "$few" ]
}

# While it is used, and by many.
test_shrunk_at_work() {
	setup
	for _ in 1 2 3; do
		for subject in ktask ktask_join_all ktask_set; do
			many "$subject" &
			while kill -0 $! 2>/dev/null; do
				echo 2 >/proc/sys/vm/drop_caches
			done
			wait $!
		done
	done
}

test_unload_with_spares() {
	setup
	many ktask
	rmmod ktask_bench
	rmmod ktask
	[ "$(given)" -eq 0 ]
}

test_none_are_kept() {
	need_prompt_frees
	setup
	rmmod ktask_bench
	rmmod ktask
	load spares=0
	modprobe ktask_bench
	many ktask
	n=$(given)
	echo "left: $n"
	[ "$n" -lt "$few" ]
}

# What attacks tasks of all kinds, on memory that is used again at once.
test_torture() {
	setup
	modinfo ktask_torture >/dev/null 2>&1 || skip "ktask_torture is not built"
	modprobe ktask_torture seed=4 seconds="$seconds"
	cat /sys/kernel/debug/ktask_torture/verdict >said
	cat said
	grep -q '^ktask_torture: SUCCESS ops=[1-9]' said
	until rmmod ktask_torture 2>err; do
		in_use err
	done
}

# shellcheck disable=SC2046 # a word each
run_tests $(sed -n 's/^test_\([a-z0-9_]*\)() {$/\1/p' "$0")
