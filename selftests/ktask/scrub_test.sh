#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The sample driver that reads block devices: tools/examples/driver/ktask_scrub.c.

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=ktap.sh
. "$(dirname "$0")/ktap.sh"

scrub=/sys/kernel/debug/ktask_scrub
nullb=/sys/kernel/config/nullb/nullb0
faults=/sys/kernel/debug/fail_make_request
chunk=65536
# 40 chunks and a sector.
size=$((40 * chunk + 512))

# setup PARAMETER...: loads the driver, and has all undone with the test
setup() {
	[ "$(id -u)" -eq 0 ] || skip "only root may read block devices"
	modinfo ktask_scrub >/dev/null 2>&1 || skip "there is no ktask_scrub"
	modprobe loop 2>/dev/null || :
	[ -e /dev/loop0 ] || skip "there are no loop devices"
	trap undo EXIT
	modprobe ktask_scrub "$@"
}

undo() {
	[ ! -e /sys/module/ktask_scrub ] || rmmod ktask_scrub
	for dev in $devices; do
		losetup -d "$dev" || :
	done
	[ ! -d "$nullb" ] || rmdir "$nullb"
	[ ! -e "$faults" ] || echo 0 >"$faults/probability"
	[ ! -e /sys/power/pm_test ] || echo none >/sys/power/pm_test
}
devices=

# attach FILE: to a loop device, $dev
attach() {
	dev=$(losetup -f)
	losetup "$dev" "$1"
	devices="$devices $dev"
}

# detach: $dev, which nobody has open any more, in a moment
detach() {
	losetup -d "$dev"
	while losetup "$dev" >/dev/null 2>&1; do sleep 0.02; done
	devices=
}

# Text without an "x".
fill() {
	seq 1 1000000 | head -c "$2" >"$1"
}

# spoil FILE OFFSET...: one byte at each
spoil() {
	file=$1
	shift
	for offset in "$@"; do
		printf x | dd of="$file" bs=1 seek="$offset" conv=notrunc 2>/dev/null
	done
}

control() {
	printf '%s\n' "$*" | tee "$scrub/control" >/dev/null
}

# refused MESSAGE COMMAND...
refused() {
	message=$1
	shift
	status 1 control "$@"
	contains err "$message"
}

# ended VERB STATE COUNTS...: what the status says of $dev
ended() {
	cat "$scrub/status" >out
	has out "$dev $*"
}

# count NAME: of $dev
count() {
	sed -n "s,^$dev .* $1=\([0-9]*\).*,\1,p" "$scrub/status"
}

# at_work DEVICE: until some of it has been read
at_work() {
	dev=$1
	until [ "$(count good)" -gt 50 ]; do sleep 0.02; done
	grep -q "^$dev [a-z]* running " "$scrub/status"
}

# lacks FILE TEXT
lacks() {
	if contains "$@" >/dev/null; then
		return 1
	fi
}

idle() {
	cat "$scrub/status" >out
	contains out "in_flight=0 "
}

test_clean() {
	setup
	fill file "$size"
	attach file
	control learn "$dev"
	control wait "$dev"
	ended learn finished total=41 good=41 differ=0 errors=0 cancelled=0 retries=0
	control verify "$dev"
	control wait "$dev"
	ended verify finished total=41 good=41 differ=0 errors=0 cancelled=0 retries=0
	# As often as one likes.
	control verify "$dev"
	control wait "$dev"
	idle
	rmmod ktask_scrub
	detach
}

test_spoiled_bytes_are_found() {
	setup
	fill file "$size"
	attach file
	control learn "$dev"
	control wait "$dev"
	# Chunks 0, twice, 1, 15, and 40, the short one.
	spoil file 0 $((chunk - 1)) "$chunk" 1000000 $((size - 1))
	control verify "$dev"
	refused "Bad message" wait "$dev"
	ended verify finished total=41 good=37 differ=4 errors=0 cancelled=0 retries=0
	for i in 0 1 15 40; do
		until dmesg | grep -q "${dev#/dev/}: chunk $i differs"; do sleep 0.02; done
	done
	dmesg >log
	lacks log "${dev#/dev/}: chunk 2 differs"
	fill file "$size"
	control verify "$dev"
	control wait "$dev"
	ended verify finished total=41 good=41 differ=0 errors=0 cancelled=0 retries=0
}

# More findings than the reporter's channel holds.
test_many_chunks_are_spoiled() {
	setup
	fill file "$size"
	attach file
	control learn "$dev"
	control wait "$dev"
	dd if=/dev/zero of=file bs="$chunk" seek=20 count=20 conv=notrunc 2>err
	control verify "$dev"
	refused "Bad message" wait "$dev"
	ended verify finished total=41 good=21 differ=20 errors=0 cancelled=0 retries=0
}

# Behind its end, an error or zeros, as the loop driver likes.
test_file_is_truncated() {
	setup
	fill file "$size"
	attach file
	control learn "$dev"
	control wait "$dev"
	truncate -s $((20 * chunk)) file
	control verify "$dev"
	status 1 control wait "$dev"
	grep -q "^$dev verify finished total=41 good=20 " "$scrub/status"
	[ $(($(count differ) + $(count errors))) -eq 21 ]
}

test_nothing_to_read() {
	setup
	dev=$(losetup -f)
	control learn "$dev"
	control wait "$dev"
	control verify "$dev"
	control wait "$dev"
	ended verify finished total=0 good=0 differ=0 errors=0 cancelled=0 retries=0
}

test_refused() {
	setup
	fill file "$chunk"
	refused "No such file or directory" learn /dev/there_is_none
	refused "Block device required" learn "$PWD/file"
	refused "Block device required" learn /dev/null
	attach file
	refused "No data available" verify "$dev"
	refused "No such file or directory" wait "$dev"
	refused "No such file or directory" stop "$dev"
	refused "No such file or directory" forget "$dev"
	refused "Invalid argument" read "$dev"
	refused "Invalid argument" learn
	refused "Invalid argument" ""
	truncate -s 16G big
	attach big
	control learn "$dev"
	refused "Device or resource busy" learn "$dev"
	refused "Device or resource busy" verify "$dev"
	control stop "$dev"
	# What was read before it was stopped is not all.
	refused "No data available" verify "$dev"
	refused "Operation canceled" wait "$dev"
}

test_another_size() {
	setup
	fill file "$size"
	attach file
	control learn "$dev"
	control wait "$dev"
	detach
	fill file $((size + 512))
	losetup "$dev" file
	devices=$dev
	refused "Stale file handle" verify "$dev"
	control learn "$dev"
	control wait "$dev"
	ended learn finished total=41 good=41 differ=0 errors=0 cancelled=0 retries=0
}

test_stop() {
	setup
	truncate -s 16G file
	attach file
	control learn "$dev"
	at_work "$dev"
	control stop "$dev"
	cat "$scrub/status"
	grep -q "^$dev learn stopped " "$scrub/status"
	[ "$(count good)" -lt 262144 ]
	# Its limit, and as many that were held; but those may just have ended.
	[ "$(count cancelled)" -le 16 ]
	idle
	control stop "$dev"
	# Nobody has it open.
	detach
}

test_forget() {
	setup
	truncate -s 16G file
	attach file
	control learn "$dev"
	at_work "$dev"
	control forget "$dev"
	lacks "$scrub/status" "$dev"
	idle
	detach
}

test_stop_while_somebody_waits() {
	setup
	truncate -s 16G file
	attach file
	control learn "$dev"
	(refused "Operation canceled" wait "$dev") &
	waiter=$!
	at_work "$dev"
	control stop "$dev"
	wait "$waiter"
	control learn "$dev"
	control wait "$dev" 2>/dev/null &
	waiter=$!
	at_work "$dev"
	control forget "$dev"
	wait "$waiter" && return 1
	return 0
}

test_rmmod() {
	rounds=4
	while [ "$rounds" -gt 0 ]; do
		rounds=$((rounds - 1))
		setup budget=$((chunk * (1 + rounds % 4 * 5)))
		truncate -s 16G file
		attach file
		control learn "$dev"
		[ $((rounds % 2)) -eq 0 ] || at_work "$dev"
		rmmod ktask_scrub
		[ ! -e /sys/module/ktask_scrub ]
		[ ! -e "$scrub" ]
		detach
	done
}

test_rmmod_is_refused_while_somebody_waits() {
	setup
	truncate -s 16G file
	attach file
	control learn "$dev"
	(exec 8>"$scrub/control"; status 1 rmmod ktask_scrub; contains err "in use")
	rmmod ktask_scrub
}

test_two_share_the_budget() {
	setup budget="$chunk"
	truncate -s 16G file1
	truncate -s 16G file2
	attach file1
	first=$dev
	attach file2
	second=$dev
	control learn "$first"
	control learn "$second"
	# Both get on, though there is room for one chunk at a time.
	at_work "$first"
	at_work "$second"
	at_work "$first"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		grep -qxE "in_flight=(0|$chunk) budget=$chunk" "$scrub/status"
	done
	control stop "$first"
	# Now it has the budget for itself.
	control stop "$second"
	idle
}

test_two_to_the_end() {
	setup budget=$((3 * chunk))
	fill file "$size"
	cp file copy
	attach file
	first=$dev
	attach copy
	second=$dev
	control learn "$first"
	control learn "$second"
	control wait "$second"
	control wait "$first"
	spoil copy 1000000
	control verify "$first"
	control verify "$second"
	control wait "$first"
	refused "Bad message" wait "$second"
	ended verify finished total=41 good=40 differ=1 errors=0 cancelled=0 retries=0
	dev=$first
	ended verify finished total=41 good=41 differ=0 errors=0 cancelled=0 retries=0
	idle
}

# Reads that nobody waits for any more, with the driver unloaded while they are
# on their way.
test_no_time_at_all() {
	setup
	fill file "$size"
	attach file
	control learn "$dev"
	control wait "$dev"
	echo 0 >/sys/module/ktask_scrub/parameters/timeout_us
	control verify "$dev"
	control wait "$dev" 2>/dev/null || :
	[ $(($(count good) + $(count errors))) -eq 41 ]
	[ "$(count differ)" -eq 0 ]
	control verify "$dev"
	rmmod ktask_scrub
	detach
}

# Nothing is read meanwhile, and then it goes on; so does who waits.
test_suspend() {
	[ -e /sys/power/pm_test ] || skip "the kernel cannot try a suspend"
	setup
	truncate -s 16G file
	attach file
	control learn "$dev"
	(refused "Operation canceled" wait "$dev") &
	waiter=$!
	at_work "$dev"
	echo freezer >/sys/power/pm_test
	echo mem >/sys/power/state
	echo none >/sys/power/pm_test
	good=$(count good)
	until [ "$(count good)" -gt "$good" ]; do sleep 0.02; done
	control stop "$dev"
	wait "$waiter"
}

need_null() {
	modprobe -n null_blk >/dev/null 2>&1 || skip "there is no null_blk"
}

# null SIZE ATTRIBUTE=VALUE...: a device of that many MiB, $dev
null() {
	[ -d /sys/module/null_blk ] || modprobe null_blk nr_devices=0
	modprobe configfs 2>/dev/null || :
	[ -d /sys/kernel/config/nullb ] ||
		mount -t configfs configfs /sys/kernel/config
	mkdir "$nullb"
	echo "$1" >"$nullb/size"
	shift
	for pair in "$@"; do
		echo "${pair#*=}" >"$nullb/${pair%%=*}"
	done
	echo 1 >"$nullb/power"
	dev=/dev/nullb0
	[ -b "$dev" ]
}

test_bad_sectors() {
	need_null
	setup
	# In chunk 7, and in 31 to 33.
	null 16 badblocks=+1000-1000 badblocks=+4000-4300
	control learn "$dev"
	refused "Input/output error" wait "$dev"
	ended learn finished total=256 good=252 differ=0 errors=4 cancelled=0 retries=8
	refused "No data available" verify "$dev"
	for i in 7 31 32 33; do
		until dmesg | grep -q "${dev#/dev/}: chunk $i cannot be read"; do
			sleep 0.02
		done
	done
}

# Each read takes a second, and gets 50 ms.
test_slow_device() {
	need_null
	setup timeout_us=50000
	null 1 irqmode=2 completion_nsec=1000000000
	control learn "$dev"
	refused "Input/output error" wait "$dev"
	ended learn finished total=16 good=0 differ=0 errors=16 cancelled=0 retries=32
	# They are on their own, and are waited for.
	rmmod ktask_scrub
}

test_stop_on_a_slow_device() {
	need_null
	setup
	null 16 irqmode=2 completion_nsec=500000000
	control learn "$dev"
	until grep -q "in_flight=$((8 * chunk)) " "$scrub/status"; do sleep 0.02; done
	control stop "$dev"
	cat "$scrub/status"
	[ "$(count cancelled)" -gt 0 ]
	idle
	control learn "$dev"
	until grep -q "in_flight=$((8 * chunk)) " "$scrub/status"; do sleep 0.02; done
	rmmod ktask_scrub
}

need_faults() {
	[ -d "$faults" ] || skip "the kernel injects no I/O errors"
}

# fail_reads COUNT: of $dev; -1 for all
fail_reads() {
	echo 1 >"/sys/block/${dev#/dev/}/make-it-fail"
	echo 1 >"$faults/interval"
	echo 0 >"$faults/verbose"
	echo "$1" >"$faults/times"
	echo 100 >"$faults/probability"
}

test_reads_fail_now_and_then() {
	need_faults
	setup
	fill file "$size"
	attach file
	# Were it more, one chunk might get them all.
	fail_reads 2
	control learn "$dev"
	control wait "$dev"
	cat "$scrub/status"
	[ "$(count good)" -eq 41 ]
	# Each CPU may be about to fail one when only one more is to fail.
	[ "$(count retries)" -ge 2 ]
	[ "$(count retries)" -le $((1 + $(nproc))) ]
}

test_reads_fail() {
	need_faults
	setup
	fill file "$size"
	attach file
	fail_reads -1
	control learn "$dev"
	refused "Input/output error" wait "$dev"
	ended learn finished total=41 good=0 differ=0 errors=41 cancelled=0 retries=82
}

# shellcheck disable=SC2046 # a word each
run_tests $(sed -n 's/^test_\([a-z0-9_]*\)() {$/\1/p' "$0")
