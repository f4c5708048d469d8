#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What ktask run says of graphs that are wrong: each place is told of exactly.

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck disable=SC2016,SC2059,SC1003 # it is ktask that knows $ and backslashes
# shellcheck source-path=SCRIPTDIR source=cmd.sh
. "$(dirname "$0")/cmd.sh"

# graph LINE...: the file g
graph() {
	printf '%s\n' "$@" >g
}

# wrong MESSAGE: the graph g has one place that is wrong, of which this is said. With
# the shell's own means, as this is done often.
wrong() {
	status 2 ktask run g
	empty out
	{
		IFS= read -r said
		IFS= read -r _
		IFS= read -r mark
		if IFS= read -r more; then
			echo "and said: $more"
			return 1
		fi
	} <err
	[ "$said" = "g:$1" ] || {
		echo "said: $said, not: g:$1"
		return 1
	}
	[ "${mark%^}" != "$mark" ]
}

# --- What is wrong -------------------------------------------------------------

test_wrong_lines() {
	graph 'a nop';		wrong '1:3: expected ":" behind the name of a task, or "=" behind that of a variable'
	graph 'a: nop' ': nop';	wrong '2:1: expected the name of a task or of a variable'
	graph '  "a": nop';	wrong '1:3: expected the name of a task or of a variable'
	graph 'a:';		wrong '1:3: expected an operation'
	graph 'a: # nop';	wrong '1:9: expected an operation'
	graph 'a: =';		wrong '1:4: expected an operation'
	graph 'a: result=4';	wrong '1:4: expected an operation'
	graph '# nothing' '';	wrong '3:1: expected a task; there is none'
	graph 'x = 5';		wrong '2:1: expected a task; there is none'
	printf '' >g;		wrong '1:1: expected a task; there is none'
	printf 'a: n\0op' >g;	wrong '1:5: a zero byte: this is no text'
}

test_wrong_items() {
	items='expected an argument KEY=VALUE, or after, from, delay, timeout, priority, cpu'
	graph 'a: nop foo';		wrong "1:8: $items"
	graph 'a: nop =4';		wrong "1:8: $items"
	graph 'a: nop result =4';	wrong "1:8: $items"
	graph 'a: nop, b';		wrong "1:7: $items"
	graph 'a: nop "result=4"';	wrong "1:8: $items"
	graph "a: nop $(printf '\t')x"; wrong "1:9: $items"
	# Columns are characters, not bytes.
	graph 'a: nop result=ä foo';	wrong "1:17: $items"
	graph 'a: nop \' '  foo';	wrong "2:3: $items"
	graph '# a comment' '' '  a:nop#none'; wrong "3:8: $items"
	status 2 ktask run --check g
}

test_wrong_values() {
	graph 'a: nop result="1';	wrong '1:15: this quote is not closed on its line'
	graph "a: nop result=1'2";	wrong '1:16: this quote is not closed on its line'
	graph 'a: nop result="1\' '2"';	wrong '1:17: expected one of \n \r \t \\ \" \$ \xHH, HH not 00'
	graph 'a: nop result="\q"';	wrong '1:16: expected one of \n \r \t \\ \" \$ \xHH, HH not 00'
	graph 'a: nop result="\x4"';	wrong '1:16: expected one of \n \r \t \\ \" \$ \xHH, HH not 00'
	graph 'a: nop result="\x00"';	wrong '1:16: expected one of \n \r \t \\ \" \$ \xHH, HH not 00'
	graph 'a: nop result=$';	wrong '1:16: expected the name of a variable; for the character, write \$'
	graph 'a: nop result="$ x"';	wrong '1:17: expected the name of a variable; for the character, write \$'
	graph 'a: nop result=$3';	wrong '1:16: expected the name of a variable; for the character, write \$'
	graph 'a: nop result=${x';	wrong '1:18: expected "}"'
	graph 'a: nop result=x$y';	wrong '1:16: there is no variable "y" yet'
	printf 'a: nop result=1\\' >g;	wrong '1:17: expected a character behind the backslash'
	graph 'a: nop result=1x'
	wrong '1:15: result=1x: not a number from -9223372036854775808 to 9223372036854775807'
	graph 'x = 1x' 'a: nop  result=$x'
	wrong '2:16: result=1x: not a number from -9223372036854775808 to 9223372036854775807'
}

test_wrong_clauses() {
	graph 'a: nop after';		wrong '1:13: expected the name of a task'
	graph 'a: nop' 'b: nop after a,'; wrong '2:16: expected the name of a task'
	graph 'a: nop' 'b: nop after , a'; wrong '2:14: expected the name of a task'
	graph 'a: nop' 'b: nop after delay 1s'; wrong '2:14: expected the name of a task'
	graph 'a: nop after result=1';	wrong '1:14: expected the name of a task'
	graph 'a: nop from';		wrong '1:12: expected the name of a task'
	graph 'a: nop delay';		wrong '1:13: expected a value'
	graph 'a: nop delay 1';		status 0 ktask run g
	graph 'a: nop delay x';		wrong '1:14: "x" is not a duration such as 1.5s'
	graph 'a: nop timeout 0';	wrong '1:16: "0" is not a duration such as 1.5s'
	graph 'a: nop delay 1s delay 2s'; wrong '1:17: "delay" is given twice'
	graph 'a: nop priority loud';	wrong '1:17: "loud" is not one of normal, high, idle'
	graph 'a: nop cpu -1';		wrong '1:12: "-1" is not the number of a CPU'
}

test_wrong_names() {
	graph 'a: nop after b';		wrong '1:14: there is no task "b"'
	graph 'a: nop' 'b: nop after a a'; wrong '2:16: "a" is named twice'
	graph 'a: nop' 'b: nop after a from a'; wrong '2:21: "a" is named twice'
	graph 'a: nop' '' 'a: nop';	wrong '3:1: there is a task "a" already, on line 1'
	graph 'after: nop';		wrong '1:1: "after" cannot be the name of a task'
	graph 'a234567890123456789012345678901: nop'; status 0 ktask run g
	graph 'a2345678901234567890123456789012: nop'; wrong '1:1: the name is longer than 31 bytes'
	graph 'x-y = 4' 'a: nop';	wrong '1:1: "x-y" cannot be the name of a variable'
	graph 'x = 4' 'x = 5' 'a: nop';	wrong '2:1: there is a variable "x" already, on line 1'
	graph 'x = 4 5' 'a: nop';	wrong '1:7: expected the end of the line'
}

test_circles() {
	graph 'a: nop after a'
	wrong '1:14: a circle: "a" after "a"'
	graph 'a: nop after b' 'b: nop after a?'
	wrong '1:14: a circle: "a" after "b" after "a"'
	graph 'x: nop' 'a: nop after x, c' 'b: nop after a' 'c: nop from b' 'd: nop after c'
	wrong '2:17: a circle: "a" after "c" after "b" after "a"'
}

test_wrong_operations_and_arguments() {
	graph 'a: foo';			wrong '1:4: there is no operation "foo"'
	graph 'a: nop x=1';		wrong '1:8: there is no argument "x"; "nop" takes result'
	graph 'a: nop result=1 result=2'; wrong '1:17: "result" is given twice'
	graph 'a: sleep';		wrong '1:4: argument "duration_ns" is missing; "sleep" takes duration_ns'
	graph 'a: sleep duration_ns=1y'
	wrong '1:22: duration_ns=1y: not a duration such as 10ms, 1.5s, 2m or 500 (nanoseconds)'
	graph 'a: nop' 'b: sleep duration_ns=0 from a'
	wrong '2:29: "sleep" does not take the output of other tasks'
	graph 'a: nop' 'b: write from a'
	wrong '2:4: argument "fd" is missing; "write" takes fd, offset, data'
}

# Each place is told of, not only the first.
test_wrong_in_several_places() {
	graph 'a: nop foo' 'b: nop after x' 'c nop' 'd: nop delay x'
	status 2 ktask run g
	grep '^g:' err | cut -d : -f 2 >lines
	printf '1\n3\n4\n2\n' >want
	same want lines
	# With the line, and a mark.
	has err '    c nop'
	has err '      ^'
	i=0
	while [ "$i" -lt 50 ]; do
		echo x
		i=$((i + 1))
	done >g
	status 2 ktask run g
	[ "$(grep -c '^g:' err)" -eq 20 ]
}

test_control_characters_in_messages() {
	printf 'a: nop \033[31m\n' >g
	status 2 ktask run g
	has err '    a: nop ?[31m'
}

run_all
