#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The module ktask_bench: that each row runs, and tells something; not how fast.

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=ktap.sh
. "$(dirname "$0")/ktap.sh"

bench=/sys/kernel/debug/ktask_bench

# Loads the module, and has it unloaded with the test.
setup() {
	[ "$(id -u)" -eq 0 ] || skip "only root may run it"
	modinfo ktask_bench >/dev/null 2>&1 || skip "there is no ktask_bench"
	trap undo EXIT
	modprobe ktask_bench
}

undo() {
	[ ! -e /sys/module/ktask_bench ] || rmmod ktask_bench
}

need_cpus() {
	[ "$(nproc)" -ge "$1" ] || skip "there are fewer than $1 CPUs"
}

# run ROW [ROUNDS [COUNT]]: in one write
run() {
	printf '%s\n' "$*" | tee "$bench/run" >/dev/null
}

# refused MESSAGE REQUEST...
refused() {
	message=$1
	shift
	status 1 run "$@"
	contains err "$message"
}

# What all rows have: five fields, rounds from 1 to $2, values that are not
# negative. What a subject has it tells in each round.
well_formed() {
	awk -F '\t' -v row="$1" -v rounds="$2" '
		NF != 5 || $1 != row || $2 == "" || $3 == "" ||
		$4 !~ /^[0-9]+$/ || $4 < 1 || $4 > rounds ||
		$5 !~ /^[0-9]+\.[0-9][0-9][0-9]$/ { print "bad: " $0; bad = 1 }
		{ seen[$2 FS $3]++ }
		END {
			for (s in seen)
				if (seen[s] != rounds) {
					print s ": " seen[s] " samples"
					bad = 1
				}
			exit bad || !NR
		}' out
}

# tells SUBJECT METRIC: always more than nothing
tells() {
	awk -F '\t' -v subject="$1" -v metric="$2" '
		$2 == subject && $3 == metric { n++; few += $5 <= 0 }
		END { exit !n || few }' out || {
		echo "nothing of $1, or 0: $2"
		cat out
		return 1
	}
}

# row METRIC ROW COUNT SUBJECT...: each tells the metric, and so does ktask
row() {
	metric=$1 name=$2 count=$3
	shift 3
	run "$name" 2 "$count"
	cat "$bench/run" >out
	well_formed "$name" 2
	for subject in ktask "$@"; do
		tells "$subject" "$metric"
	done
}

test_spawn_join() {
	setup
	row ns spawn_join 40 ktask_own_storage ktask_no_help queue_work \
		queue_work+kmalloc wq_unbound wq_highpri kthread_worker \
		async_schedule irq_work kthread
}

test_batch_join() {
	setup
	row ns batch_join 600 ktask_join_all ktask_set ktask_set_idle \
		queue_work+kmalloc queue_work+prealloc queue_work+flush \
		wq_unbound+kmalloc wq_unbound+flush kthread_worker async_schedule
}

test_batch_scale() {
	setup
	row x batch_scale 2000 ktask_join_all ktask_set queue_work+kmalloc
	tells ktask ns_at_2
	tells ktask ns_at_2000
	# Few and many are the same.
	row x batch_scale 1 ktask_join_all ktask_set queue_work+kmalloc
	tells ktask ns_at_1
}

test_yield() {
	setup
	row ns yield 600 kthread queue_work
	row ns yield 1 kthread queue_work
}

test_wake_cpu() {
	setup
	need_cpus 2
	row p50_ns wake_cpu 20 ktask_high queue_work wq_highpri wq_unbound \
		kthread_worker kthread
	tells ktask p99_ns
}

test_wake_irq() {
	setup
	row p50_ns wake_irq 20 ktask_high queue_work wq_highpri wq_unbound \
		kthread_worker kthread
	tells ktask p99_ns
}

test_spread() {
	setup
	need_cpus 2
	row x spread 4 wq_unbound
	tells ktask one_cpu_ns
	tells ktask all_cpus_ns
}

test_memory() {
	setup
	row bytes_object memory 50 delayed_work+kmalloc
	contains out "ktask	bytes	"
	contains out "kthread	bytes	"
}

test_sleepers() {
	setup
	row ms sleepers 30 ktask_delay delayed_work+kmalloc hrtimer+kmalloc
	tells ktask asleep_at_once
	# It is a time that they sleep: less is impossible.
	awk -F '\t' '$2 ~ /^ktask/ && $3 == "ms" && $5 < 500 { exit 1 }' out
}

test_notify() {
	setup
	row ns notify 200 completion
}

test_semaphore() {
	setup
	row ns semaphore 200 semaphore
}

test_channel() {
	setup
	row ns channel 200 kfifo
	row ns channel 1 kfifo
}

# Those with tests of their own, and no others; each in words.
test_rows() {
	setup
	cut -f1 "$bench/rows" >names
	awk -F '\t' 'NF != 2 || $2 == "" { exit 1 }' "$bench/rows"
	while read -r name; do
		grep -q "^test_$name()" "$dir/bench_kernel_test.sh"
	done <names
	grep -qx spawn_join names
}
dir=$(cd "$(dirname "$0")" && pwd)

test_refused() {
	setup
	refused "No such file or directory" there_is_none
	refused "No such file or directory" spawn
	refused "Invalid argument" ""
	refused "Invalid argument" yield 0
	refused "Invalid argument" yield -1
	refused "Invalid argument" yield 1001
	refused "Invalid argument" yield 1 0
	refused "Invalid argument" yield 1 10000001
	refused "Invalid argument" yield 1 99999999999
	refused "No such file or directory" yield 1 1 there_is_none
	refused "Invalid argument" yield 1 1 ktask 1
	refused "Invalid argument" yield one
	refused "Invalid argument" "$(printf '%200s' yield)"
	empty "$bench/run"
}

test_one_cpu() {
	setup
	[ "$(nproc)" -eq 1 ] || skip "there are more CPUs than one"
	refused "No such device or address" wake_cpu
	refused "No such device or address" spread
}

# What was measured last is there to be read, until the next is run.
test_last_run() {
	setup
	empty "$bench/run"
	run yield 1 100
	cat "$bench/run" >out
	well_formed yield 1
	run notify 3 100
	cat "$bench/run" >out
	well_formed notify 3
	cp out once
	refused "Invalid argument" notify 0
	cat "$bench/run" >again
	same once again
}

test_one_subject() {
	setup
	run notify 2 100 completion
	cat "$bench/run" >out
	well_formed notify 2
	tells completion ns
	lacks out ktask
}

# running PROCESS: it is in the middle of the write, which is all that it does
# after it has made a file
running() {
	[ -e started ] || return 1
	# Its state, and the time that it spent in the kernel.
	[ "$(awk '{ print $3 == "D" || $3 == "S" || $15 }' "/proc/$1/stat")" != 0 ]
}

# A run that is killed ends soon, and leaves nothing behind that keeps the module
# or ktask from being unloaded.
test_killed() {
	setup
	cut -f1 "$bench/rows" >names
	while read -r name; do
		case $name in
		wake_cpu | spread) [ "$(nproc)" -ge 2 ] || continue ;;
		esac
		exec 8>"$bench/run"
		rm -f started
		# shellcheck disable=SC2016 # it is the other shell's $1
		sh -c ': >started; echo "$1 1000 100000" >&8' sh "$name" &
		program=$!
		until running "$program"; do :; done
		kill -KILL "$program"
		wait "$program" || :
		exec 8>&-
	done <names
	rmmod ktask_bench
	[ ! -e /sys/module/ktask_bench ]
	[ ! -e "$bench" ]
}

test_rmmod_while_a_file_is_open() {
	setup
	exec 8<"$bench/rows"
	status 1 rmmod ktask_bench
	contains err "in use"
	exec 8<&-
	rmmod ktask_bench
	[ ! -e "$bench" ]
}

# shellcheck disable=SC2046 # a word each
run_tests $(sed -n 's/^test_\([a-z0-9_]*\)() {$/\1/p' "$0")
