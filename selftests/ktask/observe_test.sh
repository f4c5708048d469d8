#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What can be seen of tasks: debugfs and tracepoints.

# shellcheck disable=SC2317,SC2086 # run_tests calls the functions; no name has blanks
# shellcheck source-path=SCRIPTDIR source=ktap.sh
. "$(dirname "$0")/ktap.sh"

debugfs=/sys/kernel/debug
tracing=$debugfs/tracing
track=/sys/module/ktask/parameters/track

need_debugfs() {
	[ "$(id -u)" -eq 0 ] || skip "only root may look at debugfs"
	[ -e $debugfs/ktask ] || mount -t debugfs none $debugfs 2>/dev/null || true
	[ -e $debugfs/ktask ] || skip "there is no debugfs"
}

# until COMMAND...: tried again for ten seconds
until_true() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 500 ] || return 1
		sleep 0.02
	done
}

lines_of() {
	[ "$(grep -c "^sleep $1 " $debugfs/ktask/tasks)" -eq "$2" ]
}

# Twenty that sleep for a minute, and go with their file.
spawn_sleepers() {
	ktask spawn --count=20 sleep duration_ns=60s >/dev/null 2>&1 &
	sleepers=$!
}

end_sleepers() {
	kill $sleepers
	wait $sleepers || true
}

test_tasks_are_listed() {
	need_debugfs
	echo 1 >$track
	spawn_sleepers
	until_true lines_of 'async waiting' 20 || { cat $debugfs/ktask/tasks; return 1; }
	cp $debugfs/ktask/tasks out
	echo 0 >$track
	# name kind state cpu module awaits@line runs run_us age_us
	grep -qxE '# name kind state cpu module awaits@line runs run_us age_us' out
	grep -qE '^sleep async waiting [0-9]+ ktask timer@[0-9]+ 1 [0-9]+ [0-9]+$' out || { cat out; return 1; }
	end_sleepers
	until_true lines_of '.*' 0
}

test_blocking_tasks_are_listed() {
	need_debugfs
	echo 1 >$track
	head -c 100000 /dev/zero >file
	ktask hash file >/dev/null
	echo 0 >$track
	# It has ended, so it is gone.
	! grep -q '^hash ' $debugfs/ktask/tasks
}

test_nothing_is_listed_unasked() {
	need_debugfs
	spawn_sleepers
	sleep 0.3
	lines_of '.*' 0
	# What is asked for later is what is started later.
	echo 1 >$track
	lines_of '.*' 0
	echo 0 >$track
	end_sleepers
}

# What began to be listed leaves the list, though nobody asks for it any more.
test_tasks_end_after_the_list_is_off() {
	need_debugfs
	echo 1 >$track
	spawn_sleepers
	until_true lines_of 'async waiting' 20
	echo 0 >$track
	lines_of 'async waiting' 20
	end_sleepers
	until_true lines_of '.*' 0
}

test_list_while_tasks_come_and_go() {
	need_debugfs
	echo 1 >$track
	for _ in 1 2 3 4 5; do
		ktask spawn --count=2000 sleep duration_ns=1ms >/dev/null &
		for _ in 1 2 3 4 5 6 7 8; do
			cat $debugfs/ktask/tasks $debugfs/ktask/executors >/dev/null
		done
		wait
	done
	echo 0 >$track
	until_true lines_of '.*' 0
}

test_executors_are_counted() {
	need_debugfs
	ktask spawn --count=500 nop >/dev/null
	cp $debugfs/ktask/executors out
	grep -qxF '# runtime cpu spawned completed cancelled resumed helped stolen queued' out
	awk '$1 == "ktask" { spawned += $3; completed += $4; resumed += $6 }
		END { exit !(spawned >= 500 && completed >= 500 && resumed >= 500) }' out ||
		{ cat out; return 1; }
}

need_tracing() {
	need_debugfs
	[ -e $tracing/events ] || mount -t tracefs none $tracing 2>/dev/null || true
	[ -e $tracing/events/ktask ] || skip "this kernel has no trace events"
}

traced() {
	grep -qE "ktask_$1: task=[0-9a-f]+ name=\"sleep\"$2" trace || {
		echo "no event ktask_$1$2"
		head -n 40 trace
		return 1
	}
}

test_tracepoints() {
	need_tracing
	echo >$tracing/trace
	echo 1 >$tracing/events/ktask/enable
	ktask spawn sleep duration_ns=5ms >/dev/null
	spawn_sleepers
	sleep 0.3
	end_sleepers
	echo 0 >$tracing/events/ktask/enable
	cp $tracing/trace trace
	traced spawn ' function=.* blocking=0$'
	traced resume '$'
	traced suspend ' line=[0-9]+ awaits=timer$'
	traced wake ' why=timer$'
	traced complete ' outcome=returned result=0$'
	traced abort '$'
	traced wake ' why=abort$'
	traced complete ' outcome=cancelled result=-[0-9]+$'
}

test_debugfs_goes_with_the_module() {
	need_debugfs
	for holder in /sys/module/ktask/holders/*; do
		[ ! -e "$holder" ] || skip "${holder##*/} uses the module"
	done
	group=$(stat -c %g /dev/ktask)
	rmmod ktask
	[ ! -e $debugfs/ktask ]
	modprobe ktask
	chgrp "$group" /dev/ktask
	[ -e $debugfs/ktask/tasks ]
}

run_tests tasks_are_listed blocking_tasks_are_listed nothing_is_listed_unasked \
	tasks_end_after_the_list_is_off list_while_tasks_come_and_go \
	executors_are_counted tracepoints debugfs_goes_with_the_module
