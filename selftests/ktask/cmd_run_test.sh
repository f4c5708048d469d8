#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# ktask run

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck disable=SC2016,SC2059,SC1003 # it is ktask that knows $ and backslashes
# shellcheck source-path=SCRIPTDIR source=cmd.sh
. "$(dirname "$0")/cmd.sh"

# graph LINE...: the file g
graph() {
	printf '%s\n' "$@" >g
}

# --- Running -------------------------------------------------------------------

test_one_task() {
	graph 'a: nop result=5'
	status 0 ktask run g
	has out 'a  returned   5'
	empty err
	status 0 ktask run - <g
	has out 'a  returned   5'
}

test_order() {
	graph 'third: nop after second' 'second: nop after first' 'first: nop'
	status 0 ktask run g
	cut -d ' ' -f 1 out >names
	printf 'first\nsecond\nthird\n' >want
	same want names
}

test_pipeline() {
	head -c 300000 /dev/urandom >a
	graph 'src = a' 'dst = b' \
		'copy:   copy fd_in=$src fd_out=$dst' \
		'source: hash fd=$src alg=sha256 after copy' \
		'target: hash fd=$dst alg=sha256 after copy' \
		'sync:   fsync fd=$dst after source, target'
	status 0 ktask run g
	same a b
	sum=$(sha256sum <a | cut -c1-64)
	has out 'copy    returned   300000'
	has out "source  returned   300000  $sum"
	has out "target  returned   300000  $sum"
	[ "$(tail -n 1 out)" = 'sync    returned   0' ]
	status 0 ktask run g dst=c
	same a c
}

test_output_is_input() {
	printf hello >a
	printf world >b
	graph 'one: read fd=a length=100' 'two: read fd=b length=100' \
		'sum: hash alg=sha256 from one, two' \
		'save: write fd=c from two one'
	status 0 ktask run g
	has out "sum   returned   10  $(printf helloworld | sha256sum | cut -c1-64)"
	[ "$(cat c)" = worldhello ]
	has out "one   returned   5  68656c6c6f"
}

test_output_that_is_long() {
	head -c 100000 /dev/urandom >a
	graph 'get: read fd=a length=100000' 'put: write fd=b from get'
	status 0 ktask run g
	same a b
	beginning=$(od -An -v -tx1 -N 64 a | tr -d ' \n')
	has out "get  returned   100000  $beginning... (100000 bytes)"
}

test_failure_cancels_what_depends_on_it() {
	graph 'bad: nop result=-5' 'no: nop after bad' 'neither: nop after no' \
		'yes: nop after bad?' 'also: nop after no? yes'
	status 1 ktask run g
	has out 'bad      returned   -5 (Input/output error)'
	has out 'no       cancelled  "bad" has not succeeded'
	has out 'neither  cancelled  "no" has not succeeded'
	has out 'yes      returned   0'
	has out 'also     returned   0'
	[ "$(wc -l <out)" -eq 5 ]
}

test_timeout_and_delay_of_a_task() {
	graph 'slow: sleep duration_ns=10h timeout 20ms' 'late: nop delay 50ms'
	began=$(date +%s%N)
	status 1 ktask run g
	ended=$(date +%s%N)
	has out 'slow  cancelled  its time was up'
	has out 'late  returned   0'
	[ $((ended - began)) -ge 50000000 ]
}

test_timeout_of_all() {
	graph 'a: sleep duration_ns=10h' 'b: nop after a' 'c: nop'
	status 124 ktask run --timeout=50ms g
	has out 'a  cancelled  aborted'
	has out 'c  returned   0'
	has err 'ktask: timed out after 50ms'
	status 0 ktask run --timeout=20s - <<-'G'
		a: nop
	G
}

test_priority_and_cpu() {
	graph 'a: nop priority idle' 'b: nop cpu 0' 'c: nop priority normal cpu 0'
	status 0 ktask run g
	graph 'a: nop cpu 4000000'
	status 1 ktask run g
	grep -q '^g:1:4: cannot spawn it: ' err
	graph 'a: nop' 'b: nop priority high'
	chmod 644 g
	status 1 as_member ktask run g
	has err 'g:2:4: cannot spawn it: Operation not permitted'
}

# Nothing runs if one cannot.
test_all_or_none() {
	graph 'first: write fd=a data=hello' 'second: read fd=/ length=1'
	status 1 ktask run g
	has err 'g:2:9: cannot spawn it: Is a directory'
	empty out
	[ ! -s a ]
	graph 'first: write fd=a data=hello' 'second: read fd=missing length=1'
	status 1 ktask run g
	has err 'g:2:17: missing: No such file or directory'
	empty out
	[ ! -s a ]
}

test_outcomes_are_shown_as_tasks_end() {
	mkfifo go outcomes
	graph 'first: nop' 'last: read fd=@8 offset=file length=1 after first'
	exec 8<>go 9<>outcomes
	start ktask run g >&9
	IFS= read -r line <&9
	[ "$line" = 'first  returned   0' ]
	echo >&8
	IFS= read -r line <&9
	[ "$line" = 'last   returned   1  0a' ]
	finish 0
}

# The reader of a pipe sees its end when the task that writes has ended.
test_pipes_end() {
	mkfifo pipe
	graph 'r: read fd=pipe offset=file length=100' 'w: write fd=pipe offset=file data=hello' \
		'again: read fd=pipe offset=file length=100 after r w'
	status 0 timeout 20 ktask run g
	has out 'w      returned   5'
	has out 'again  returned   0'
}

test_many_tasks() {
	i=1
	echo 't0: nop' >g
	while [ "$i" -lt 4096 ]; do
		echo "t$i: nop after t$((i - 1))"
		i=$((i + 1))
	done >>g
	status 0 ktask run g
	[ "$(wc -l <out)" -eq 4096 ]
	[ "$(tail -n 1 out)" = 't4095  returned   0' ]
	echo 'more: nop' >>g
	status 2 ktask run g
	has err 'g:4097:1: more than 4096 tasks'
}

test_many_files() {
	mkdir d
	i=0
	while [ "$i" -lt 300 ]; do
		echo "t$i: write fd=d/$i data=$i"
		i=$((i + 1))
	done >g
	# shellcheck disable=SC3045 # shells have it nonetheless
	ulimit -S -n 64
	status 0 ktask run g
	[ "$(cat d/*)" ]
	# shellcheck disable=SC2012 # numbers
	[ "$(ls d | wc -l)" -eq 300 ]
	[ "$(cat d/299)" = 299 ]
}

test_killed() {
	graph 'a: sleep duration_ns=10h' 'b: nop after a'
	start ktask run g
	until working "$started"; do :; done
	kill -TERM "$started"
	finish 143
	nothing_left
}

test_json() {
	need_json
	echo hello >a
	head -c 1000 /dev/zero >b
	graph 'r: read fd=a length=100' 'l: read fd=b length=1000 after r' \
		'bad: nop result=-2 after l' 'no: nop after bad' \
		'p: poll fd=a events=in after r'
	status 1 ktask run --json g
	valid_json_lines out
	[ "$(wc -l <out)" -eq 5 ]
	contains out '"task": "r", '
	contains out '"outcome": "returned", "result": 6, "out_len": 6, "out": "68656c6c6f0a" }'
	contains out '"result": -2, "error": "No such file or directory"'
	contains out '"outcome": "cancelled", "cause": "after"'
	contains out '"events": "in'
	# All of it, not only what fits in a line.
	contains out "\"out_len\": 1000, \"out\": \"$(printf '%02000d' 0)\""
}

test_check() {
	graph 'w: write fd=a data=@missing' 'r: read fd=missing length=1 after w'
	status 0 ktask run --check g
	empty out
	empty err
	status 0 ktask run -n g
	status 0 ktask run --dry-run g
	[ ! -e a ]
	graph 'w: nop result=x'
	status 2 ktask run --check g
}

# --- The language --------------------------------------------------------------

# value TEXT WANT: what is written so in a graph means that
value() {
	rm -f a
	graph "a: write fd=a data=$1"
	status 0 ktask run g
	printf "$2" >want
	same want a
}

test_quotes() {
	value 'hello' 'hello'
	value '"two words"' 'two words'
	value "'two words'" 'two words'
	value "'a \"quote\" \$x \\n'" 'a "quote" $x \\n'
	value '"a \"quote\" \$x\n\t\r\\"' 'a "quote" $x\n\t\r\\'
	value 'a" b "c'"' d '"e 'a b c d e'
	value '"\x41\xc3\xa4"' 'A\303\244'
	value 'a\ b\"\#' 'a b"#'
	value 'a#b' 'a#b'
	value '""' ''
	value '' ''
	value 'a=b=c' 'a=b=c'
	value 'ä' 'ä'
}

test_variables() {
	graph 'x = hello' 'y_2="$x world"' 'a: write fd=a data=$x-${y_2}!"$x"' \
		'b: write fd=b data="\$x" after a delay $d' 'c: nop timeout ${d}'
	# Where it is used, it has not been set.
	status 2 ktask run g
	has err 'g:4:40: there is no variable "d" yet'
	status 0 ktask run g d=1s
	[ "$(cat a)" = 'hello-hello world!hello' ]
	[ "$(cat b)" = '$x' ]
	rm a b
	# Those of the command line come first, and are not replaced.
	status 0 ktask run g d=1s 'x=a b'
	[ "$(cat a)" = 'a b-a b world!a b' ]
	rm a
	status 0 ktask run g d=1s x=
	[ "$(cat a)" = '- world!' ]
	rm a
	# A value is not read again.
	status 0 ktask run g d=1s 'x="$y'
	[ "$(cat a)" = '"$y-"$y world!"$y' ]
}

test_variables_of_the_command_line() {
	graph 'a: nop result=$x'
	status 0 ktask run g x=4
	has out 'a  returned   4'
	status 2 ktask run g x=4 y=5
	has err 'ktask: there is no variable "y" in g'
	for word in x =4 2x=4 x-y=4; do
		status 2 ktask run g "$word"
		has err "ktask: \"$word\" is not of the form NAME=VALUE, or sets NAME again"
	done
	status 2 ktask run g x=4 x=5
}

test_lines() {
	printf '%s\n' '# a comment' '' '   ' '  a:nop # a comment' 'b :  nop' \
		'c: nop after \' '   a, \' '   b' 'd: \' 'nop' >g
	status 0 ktask run g
	[ "$(wc -l <out)" -eq 4 ]
	# The last line need not be ended; lines of others' systems are ended thus.
	printf 'x = 3\r\na: nop \\\r\n result=$x\r\nb: nop' >g
	status 0 ktask run g
	has out 'a  returned   3'
}

test_commas() {
	graph 'a: nop' 'b: nop' 'c: nop' 'd: nop after a b c' 'e: nop after a,b,c' \
		'f: nop after a , b ,c' 'g: nop after a? b?,c' 'h: nop after a from b after c' \
		'i: nop from a, b result=1 after c'
	status 0 ktask run g
	[ "$(wc -l <out)" -eq 9 ]
}

test_usage() {
	status 2 ktask run
	has err 'ktask: a graph is missing'
	status 1 ktask run missing
	has err 'ktask: missing: No such file or directory'
	status 1 ktask run .
	has err 'ktask: .: Is a directory'
	graph 'a: nop'
	status 2 ktask run --no-such-option g
	status 2 ktask run --timeout=x g
	status 0 ktask run --help
	contains out 'Usage: ktask run'
	got=0
	ktask run g >/dev/full 2>err || got=$?
	[ "$got" -eq 1 ]
	has err 'ktask: write error: No space left on device'
}

run_all
