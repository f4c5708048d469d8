#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# ktask spawn, with all operations and what can be said of a task

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=cmd.sh
. "$(dirname "$0")/cmd.sh"

# --- Operations ----------------------------------------------------------------

test_read() {
	printf hello >a
	status 0 ktask spawn read fd=a length=100
	has out 'result   5'
	has out 'output   68656c6c6f'
	status 0 ktask spawn read fd=a length=3 offset=1
	has out 'output   656c6c'
	status 0 ktask spawn read fd=@8 offset=file length=2 8<a
	has out 'output   6865'
	: >empty
	status 0 ktask spawn read fd=empty length=2
	has out 'result   0'
	lacks out output
	status 1 ktask spawn read fd=. length=1
	has err 'ktask: cannot spawn: Is a directory'
}

test_read_that_is_long() {
	head -c 1048576 /dev/urandom >a
	status 0 ktask spawn read fd=a length=1048576
	beginning=$(od -An -v -tx1 -N 64 a | tr -d ' \n')
	has out "output   $beginning... (1048576 bytes)"
	status 0 ktask spawn --out=b read fd=a length=1048576
	same a b
	lacks out output
	has out 'result   1048576'
	ktask spawn --out=- read fd=a length=1048576 >b
	same a b
	# Of many, none keeps it.
	status 0 ktask spawn --count=500 read fd=a length=1048576
	grep -qxE 'returned +500, 0 of them an error' out
}

test_write() {
	status 0 ktask spawn write fd=a data=hello
	has out 'result   5'
	[ "$(cat a)" = hello ]
	# What is there stays.
	status 0 ktask spawn write fd=a data=J
	[ "$(cat a)" = Jello ]
	status 0 ktask spawn write fd=a offset=7 data=x
	[ "$(od -An -tx1 a | tr -d ' ')" = 4a656c6c6f000078 ]
	status 0 ktask spawn write fd=@8 offset=file data=b 8>>b
	[ "$(cat b)" = b ]
	status 0 ktask spawn write fd=@1 offset=file data=text
	contains out text
	status 1 ktask spawn write fd=/ data=x
	has err 'ktask: /: Is a directory'
	status 1 ktask spawn write fd=@8 data=x 8</dev/null
	has err 'ktask: cannot spawn: Bad file descriptor'
}

test_data() {
	bytes() {
		rm -f a
		status 0 ktask spawn write fd=a data="$1"
		[ "$(od -An -v -tx1 a | tr -d ' \n')" = "$2" ]
	}
	bytes text 74657874
	bytes text:text 74657874
	bytes text:@x 4078
	bytes text:hex:0 6865783a30
	bytes hex:00fF10 00ff10
	bytes hex: ''
	bytes '' ''
	bytes a=b 613d62
	printf 'x\0y' >data
	bytes @data 780079
	status 0 ktask spawn write fd=b data=@- <data
	same data b
	status 2 ktask spawn write fd=a data=hex:0
	has err 'ktask: data=hex:0: not pairs of hexadecimal digits'
	status 2 ktask spawn write fd=a data=hex:0g
	status 1 ktask spawn write fd=a data=@missing
	has err 'ktask: missing: No such file or directory'
	status 1 ktask spawn write fd=a data=@.
	has err 'ktask: .: Is a directory'
	head -c 1048576 /dev/zero >data
	status 0 ktask spawn write fd=c data=@data
	same data c
	echo >>data
	status 2 ktask spawn write fd=c data=@data
	has err 'ktask: data: longer than 1048576 bytes'
	status 2 timeout 20 ktask spawn write fd=c data=@/dev/zero
}

test_copy() {
	head -c 100000 /dev/urandom >a
	status 0 ktask spawn copy fd_in=a fd_out=b
	has out 'result   100000'
	same a b
	status 0 ktask spawn copy fd_in=a fd_out=c offset_in=10 length=20
	[ "$(od -An -tx1 -j 10 -N 20 a)" = "$(od -An -tx1 c)" ]
}

test_fsync() {
	echo a >a
	status 0 ktask spawn fsync fd=a
	status 0 ktask spawn fsync fd=a flags=data
	status 0 ktask spawn fsync fd=.
	status 2 ktask spawn fsync fd=a flags=all
	has err 'ktask: flags=all: not a number from 0 to 4294967295, or some of data'
	# Though it may not be read.
	: >b
	chmod 666 b
	chmod 222 b
	status 0 as_member ktask spawn fsync fd=b
}

test_poll() {
	echo a >a
	status 0 ktask spawn poll fd=a events=in
	grep -qx 'result   .* (in.*)' out
	status 0 ktask spawn poll fd=a events='in,out'
	has out 'result   5 (in,out)'
	status 0 ktask spawn poll fd=a events=5
	has out 'result   5 (in,out)'
	status 2 ktask spawn poll fd=a events=often
	has err 'ktask: events=often: not a number from 0 to 4294967295, or some of in,pri,out,err,hup,rdhup,rdnorm,rdband,wrnorm,wrband'
	status 2 ktask spawn poll fd=a events=in,
	status 2 ktask spawn poll fd=a events=
	status 124 ktask spawn --timeout=50ms poll fd=@8 events=in 8<>"$(mkfifo pipe; echo pipe)"
	has out 'outcome  cancelled'
}

test_poll_waits() {
	mkfifo pipe
	exec 8<>pipe
	start ktask spawn poll fd=@8 events=in >out
	until working "$started"; do :; done
	echo x >&8
	finish 0
	has out 'result   1 (in)'
}

# A FIFO is opened without anybody at its other end, and then read like another.
test_fifo() {
	mkfifo pipe
	status 0 timeout 20 ktask spawn read fd=pipe offset=file length=10
	has out 'result   0'
	status 1 timeout 20 ktask spawn write fd=pipe offset=file data=x
	has err 'ktask: pipe: No such device or address'
	exec 8<>pipe
	start ktask spawn read fd=pipe offset=file length=10 >out
	until working "$started"; do :; done
	echo hi >&8
	finish 0
	has out 'output   68690a'
	status 1 ktask spawn read fd=pipe length=10
	has err 'ktask: cannot spawn: Illegal seek'
}

test_file_that_is_not_there() {
	status 1 ktask spawn read fd=missing length=1
	has err 'ktask: missing: No such file or directory'
	status 2 ktask spawn read fd=@x length=1
	has err 'ktask: fd=@x: not @ and the number of a descriptor'
	status 2 ktask spawn read fd=@ length=1
	status 1 ktask spawn read fd=@99 length=1
	has err 'ktask: cannot spawn: Bad file descriptor'
	status 1 ktask spawn read fd="$(printf 'a\033b')" length=1
	has err 'ktask: a?b: No such file or directory'
}

# --- What can be said of a task ------------------------------------------------

test_delay() {
	began=$(date +%s%N)
	status 0 ktask spawn --delay=100ms nop
	ended=$(date +%s%N)
	[ $((ended - began)) -ge 100000000 ]
	status 124 ktask spawn --delay=10h --timeout=20ms nop
	has out 'outcome  cancelled'
	has out 'cause    abort'
}

test_priority() {
	for word in normal high idle; do
		status 0 ktask spawn --priority="$word" nop
	done
	status 2 ktask spawn --priority=loud nop
	has err 'ktask: --priority: "loud" is not one of normal, high, idle'
	status 0 as_member ktask spawn --priority=idle nop
	status 1 as_member ktask spawn --priority=high nop
	has err 'ktask: cannot spawn: Operation not permitted'
}

test_cpu() {
	status 0 ktask spawn --cpu=0 nop
	status 1 ktask spawn --cpu=1000000 nop
	status 2 ktask spawn --cpu=x nop
	has err 'ktask: --cpu: "x" is not the number of a CPU'
}

test_name() {
	status 0 ktask spawn --name=a234567890123456789012345678901 nop
	status 2 ktask spawn --name=a2345678901234567890123456789012 nop
	contains err 'is not a name of at most 31 bytes'
}

# --- What is shown -------------------------------------------------------------

test_json() {
	need_json
	printf hello >a
	status 0 ktask spawn --json read fd=a length=9
	valid_json out
	contains out '"op": "read"'
	contains out '"outcome": "returned"'
	contains out '"result": 5'
	contains out '"out": "68656c6c6f"'
	lacks out '"cause"'
	status 1 ktask spawn --json nop result=-5
	valid_json out
	contains out '"error": "Input/output error"'
	status 124 ktask spawn --json --timeout=20ms sleep duration_ns=10h
	valid_json out
	contains out '"outcome": "cancelled"'
	contains out '"cause": "abort"'
	status 0 ktask spawn --json poll fd=a events=in
	contains out '"events": "in'
	status 0 ktask spawn --json --count=10 nop
	valid_json out
	contains out '"spawned": 10'
	contains out '"errors": 0'
	head -c 1000 /dev/zero >b
	status 0 ktask spawn --json read fd=b length=1000
	contains out "\"$(printf '%02000d' 0)\""
}

test_out() {
	printf hello >a
	# Not even an end of line is added, and nothing else said.
	status 0 ktask spawn --out=- read fd=a length=9
	same a out
	empty err
	status 1 ktask spawn --out=- nop result=-5
	empty out
	has err 'ktask: nop: returned: -5 (Input/output error)'
	echo 'more than before' >b
	status 0 ktask spawn --out=b hash fd=a alg=sha256
	[ "$(od -An -v -tx1 b | tr -d ' \n')" = "$(sha256sum <a | cut -c1-64)" ]
	status 1 ktask spawn --out=missing/x read fd=a length=9
	has err 'ktask: missing/x: No such file or directory'
	status 1 ktask spawn --out=/dev/full read fd=a length=9
	has err 'ktask: /dev/full: No space left on device'
	got=0
	ktask spawn --out=- read fd=a length=9 >/dev/full 2>err || got=$?
	[ "$got" -eq 1 ]
	has err 'ktask: write error: No space left on device'
}

test_usage() {
	status 2 ktask spawn --out=a --count=2 nop
	has err 'ktask: --out is for the output of one task'
	status 2 ktask spawn --out=- --json nop
	has err 'ktask: --out=- and --json cannot both have standard output'
	status 2 ktask spawn --delay=x nop
	has err 'ktask: --delay: "x" is not a duration such as 1.5s'
	status 2 ktask spawn write fd=a flags=1
	has err 'ktask: there is no argument "flags"; "write" takes fd, offset, data'
	[ ! -e a ]
	status 2 ktask spawn copy fd_in=a
	status 2 ktask spawn nop result=99999999999999999999
}

test_ops_tell_of_arguments() {
	status 0 ktask ops
	has out '    fd_out=file, for writing, required'
	has out '    fd=file, of any kind, required'
	has out '    offset=u64, or words: file'
	has out '    data=data'
	has out '    takes the output of other tasks'
	has out '    gives up to 64 bytes'
	need_json
	status 0 ktask ops --json
	valid_json out
	contains out '"takes_input": true'
	contains out '"write": true'
	contains out '"any_fd": true'
	contains out '"words": "in,pri,out'
}

test_info_tells_what_we_may_use() {
	tasks=/sys/module/ktask/parameters/max_user_tasks
	bytes=/sys/module/ktask/parameters/max_user_bytes
	[ -w "$tasks" ] || skip "$tasks cannot be written"
	# shellcheck disable=SC2064 # as it is now
	trap "echo $(cat "$tasks") >$tasks; echo $(cat "$bytes") >$bytes" EXIT
	echo 12345 >"$tasks"
	echo 67890 >"$bytes"
	status 0 ktask info
	grep -qxE 'your tasks +0' out
	grep -qxE 'your bytes +0' out
	grep -qxE 'your tasks at most +12345' out
	grep -qxE 'your bytes at most +67890' out
	need_json
	status 0 ktask info --json
	valid_json out
	contains out '"user_tasks": 0'
	contains out '"max_user_tasks": 12345'
	contains out '"max_user_bytes": 67890'
}

run_all
