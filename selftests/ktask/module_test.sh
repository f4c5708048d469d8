#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading the module. Ends with it loaded, as it began.

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=ktap.sh
. "$(dirname "$0")/ktap.sh"

group=$(stat -c %g /dev/ktask 2>/dev/null)

loaded() {
	[ -d /sys/module/ktask ]
}

load() {
	modprobe ktask
	# Where no udev does it.
	[ ! -e /dev/ktask ] || [ -z "$group" ] || chgrp "$group" /dev/ktask
}

need_rmmod() {
	[ "$(id -u)" -eq 0 ] || skip "only root may unload modules"
	loaded || load
	for holder in /sys/module/ktask/holders/*; do
		[ ! -e "$holder" ] || skip "${holder##*/} uses the module"
	done
}

# rmmod is refused because the module is in use, and nothing else happens.
refused() {
	status 1 rmmod ktask
	contains err 'in use'
	loaded
	[ -e /dev/ktask ]
}

unload() {
	rmmod ktask
	[ ! -e /sys/module/ktask ]
	[ ! -e /dev/ktask ]
}

test_device_appears_and_vanishes() {
	need_rmmod
	[ -c /dev/ktask ]
	[ "$(stat -c %a /dev/ktask)" = 660 ]
	unload
	load
	[ -c /dev/ktask ]
	status 0 ktask info
}

test_rmmod_while_a_file_is_open() {
	need_rmmod
	exec 8<>/dev/ktask
	refused
	# Other files can be opened still, and used.
	status 0 ktask spawn nop result=3
	has out 'result   3'
	exec 8>&-
	unload
}

test_rmmod_while_tasks_sleep() {
	need_rmmod
	ktask spawn --count=5000 sleep duration_ns=10h &
	program=$!
	until ktask info | grep -qxE 'tasks of open files +5000'; do :; done
	refused
	kill -KILL "$program"
	wait "$program" || :
	# Right away: the file was released before the end could be known.
	unload
}

test_rmmod_while_files_are_hashed() {
	need_rmmod
	truncate -s 1T file
	i=0
	while [ "$i" -lt 50 ]; do
		ln file "file$i"
		i=$((i + 1))
	done
	ktask hash --jobs=50 --no-progress file* >out &
	program=$!
	until ktask info | grep -qxE 'tasks of open files +50'; do :; done
	refused
	kill -KILL "$program"
	wait "$program" || :
	unload
}

test_rmmod_right_after_the_last_task() {
	need_rmmod
	for _ in 1 2 3 4 5; do
		loaded || load
		ktask spawn --count=3000 nop >out
		unload
	done
}

test_load_and_unload_with_work_in_between() {
	need_rmmod
	rounds=20
	# Where unloading takes seconds.
	if [ -e /sys/kernel/debug/kmemleak ] || [ -e /sys/kernel/debug/kcsan ]; then
		rounds=5
	fi
	[ -z "${KTASK_QUICK:-}" ] || rounds=3
	while [ "$rounds" -gt 0 ]; do
		rounds=$((rounds - 1))
		loaded || load
		ktask spawn --count=300 nop >out 2>&1 &
		first=$!
		ktask spawn --count=300 sleep duration_ns=1ms >out2 2>&1 &
		second=$!
		ktask hash /proc/self/exe >out3 2>&1 &
		third=$!
		wait "$first"
		wait "$second"
		wait "$third"
		unload
	done
}

test_load_twice_is_no_error() {
	need_rmmod
	load
	load
	status 0 ktask info
}

# Loading and opening race: the device is there, or it is not.
test_open_while_loading_and_unloading() {
	need_rmmod
	(while [ ! -e stop ]; do ktask info 2>&1; done >opened) &
	opener=$!
	for _ in 1 2 3 4 5; do
		loaded || load
		# In use for a moment, at times.
		until rmmod ktask 2>err; do
			in_use err
		done
	done
	touch stop
	wait "$opener" || :
	[ ! -e /sys/module/ktask ]
}

# A program that opens and spawns whatever happens, and is killed in the midst of it.
be_a_client() {
	while [ ! -e stop ]; do
		ktask spawn --count=50 nop >/dev/null 2>&1 || :
		ktask spawn --count=50 sleep duration_ns=1h >/dev/null 2>&1 &
		ktask hash /proc/self/exe >/dev/null 2>&1 || :
		kill -KILL $! || :
		wait $! || :
	done
}

# As soon as nobody has it open for a moment, or when the clients are told to stop, as
# that may never come; and back, KTASK_ROUNDS times.
test_rmmod_in_a_loop_under_load() {
	need_rmmod
	rounds=4
	[ ! -e /sys/kernel/debug/kmemleak ] || rounds=2
	for _ in $(seq "${KTASK_ROUNDS:-$rounds}"); do
		loaded || load
		be_a_client 2>/dev/null &
		first=$!
		be_a_client 2>/dev/null &
		second=$!
		tries=0
		until rmmod ktask 2>err; do
			in_use err
			tries=$((tries + 1))
			[ "$tries" -lt 10 ] || touch stop
		done
		touch stop
		wait "$first" "$second" || :
		rm stop
	done
	[ ! -e /sys/module/ktask ]
}

test_without_the_module() {
	need_rmmod
	unload
	for verb in info ops 'spawn nop' 'hash file'; do
		# shellcheck disable=SC2086
		status 1 ktask $verb
		empty out
		has err 'ktask: /dev/ktask: No such file or directory: the ktask module is not loaded (try "modprobe ktask")'
	done
}

test_parameter_max_tasks() {
	need_rmmod
	unload
	modprobe ktask max_tasks=7
	[ "$(cat /sys/module/ktask/parameters/max_tasks)" = 7 ]
	# More than that at once, which the program knows to live with.
	status 0 ktask spawn --count=100 nop
	grep -qxE 'returned +100, 0 of them an error' out
	unload
}

test_loaded_again() {
	loaded || load
	loaded
	status 0 ktask info
	[ "$(cat /sys/module/ktask/parameters/max_tasks)" -gt 7 ]
}

# Those that are named, or all.
# shellcheck disable=SC2046 # a word each
[ $# -gt 0 ] || set -- $(sed -n 's/^test_\([a-z0-9_]*\)() {$/\1/p' "$0")
run_tests "$@"
