#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runtimes of another module, forgotten by it or frozen with the system; and an op
# of another module, which is told of an abort, as that does not end its tasks.

# shellcheck disable=SC2317,SC2086 # run_tests calls the functions; no name has blanks
# shellcheck source-path=SCRIPTDIR source=ktap.sh
. "$(dirname "$0")/ktap.sh"

probe=/sys/module/ktask_probe/parameters

need_probe() {
	[ "$(id -u)" -eq 0 ] || skip "only root may load modules"
	modinfo ktask_probe >out 2>&1 || skip "there is no module ktask_probe"
	[ ! -e $probe ] || rmmod ktask_probe
}

ticks() {
	cat $probe/frozen_ticks
}

ticking() {
	first=$(ticks)
	sleep 0.2
	[ "$(ticks)" -gt "$first" ]
}

said() {
	dmesg | grep -c "module ktask_probe has not destroyed its runtime" || :
}

test_destroyed() {
	need_probe
	before=$(said)
	modprobe ktask_probe
	ticking
	rmmod ktask_probe
	[ "$(said)" -eq "$before" ]
}

# It is told, and its tasks are ended while their code is still there.
test_forgotten() {
	need_probe
	before=$(said)
	modprobe ktask_probe forget=1
	ticking
	rmmod ktask_probe
	[ "$(said)" -eq $((before + 2)) ]
	dmesg | grep -F 'ktask: module ktask_probe has not destroyed its runtime expected freezable'
	# Nothing of it runs any more, and ktask may go as well.
	modprobe ktask_probe
	ticking
	rmmod ktask_probe
}

# Tasks of a freezable runtime stand still while the others go on.
test_frozen() {
	need_probe
	[ -e /sys/power/pm_test ] || skip "this kernel cannot test suspending"
	grep -q freezer /sys/power/pm_test || skip "this kernel cannot test freezing"
	state=$(tr ' ' '\n' </sys/power/state | grep -E '^(mem|freeze)$' | head -n 1)
	[ "$state" ] || skip "this kernel cannot suspend"
	delay=/sys/module/suspend/parameters/pm_test_delay
	[ ! -w $delay ] || echo 2 >$delay
	modprobe ktask_probe
	ticking
	echo 0 >$probe/most_missed
	echo freezer >/sys/power/pm_test
	echo "$state" >/sys/power/state
	echo none >/sys/power/pm_test
	# Two seconds at least, in ticks of 10 ms; half of that on a busy machine.
	missed=$(cat $probe/most_missed)
	echo "$missed ticks without one of the frozen task"
	[ "$missed" -gt 20 ]
	ticking
	rmmod ktask_probe
}

# They end, or the program would not.
test_op_is_cancelled() {
	need_probe
	modprobe ktask_probe
	ktask spawn --count=5 probe >out 2>&1 &
	program=$!
	until ktask info | grep -qxE 'tasks of open files +5'; do :; done
	# Its code is needed.
	status 1 rmmod ktask_probe
	contains err 'in use'
	kill -KILL "$program"
	wait "$program" || :
	cat $probe/cancels
	[ "$(cat $probe/cancels)" -eq 5 ]
	rmmod ktask_probe
}

test_op_asks_for_its_input_twice() {
	need_probe
	modprobe ktask_probe
	echo data >file
	ktask run - >out <<-'END'
		sum: hash fd=file alg=sha512
		len: probe from sum
	END
	cat out
	grep -qxE 'len +returned +64 *' out
	rmmod ktask_probe
}

run_tests destroyed forgotten frozen op_is_cancelled op_asks_for_its_input_twice
