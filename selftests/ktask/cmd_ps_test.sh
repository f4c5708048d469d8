#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# ktask ps and ktask top

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=cmd.sh
. "$(dirname "$0")/cmd.sh"

# sleeper NAME [COMMAND...]: a task that is there until the test ends, spawned by way of
# the command; $sleeper is the process that has it
sleepers=
sleeper() {
	name=$1
	shift
	there=$(ktask ps | wc -l)
	"$@" ktask spawn --name="$name" sleep duration_ns=10h >/dev/null &
	until [ "$(ktask ps | wc -l)" -gt "$there" ]; do :; done
	sleeper=$(ktask ps | awk 'END { print $3 }')
	sleepers="$sleepers $sleeper"
	# shellcheck disable=SC2064 # as they are now
	trap "kill $sleepers; wait" EXIT
}

titles='FILE  ID  PID  USER  OP  STATE  AGE  CPU  NAME'

# --- ps ------------------------------------------------------------------------

test_no_tasks() {
	status 0 ktask ps
	has out "$titles"
	[ "$(wc -l <out)" -eq 1 ]
}

test_columns() {
	sleeper 'two words'
	status 0 ktask ps
	empty err
	[ "$(wc -l <out)" -eq 2 ]
	tail -n 1 out >row
	grep -qxE " *[0-9]+  +1  +$sleeper  root  sleep  waiting  +[0-9.]+s  [0-9.]+s  two words" row
	# What stands under a title begins or ends where that does.
	awk 'NR == 1 { user = index($0, "USER"); age = index($0, "AGE") + 2 }
	     NR == 2 { exit !(substr($0, user, 4) == "root" && substr($0, age, 1) == "s") }' out
}

test_no_name() {
	ktask spawn sleep duration_ns=10h >/dev/null &
	sleeper=$!
	# shellcheck disable=SC2064 # this one
	trap "kill $sleeper; wait" EXIT
	until working "$sleeper"; do :; done
	status 0 ktask ps
	[ "$(awk -v pid="$sleeper" '$3 == pid { print NF, $9 }' out)" = '9 -' ]
}

test_states() {
	mkfifo gate
	exec 8<>gate
	ktask run - >/dev/null <<-'G' &
		first: sleep duration_ns=10h
		second: nop after first
		later: nop delay 10h
		gate: read fd=@8 offset=file length=1
	G
	program=$!
	# shellcheck disable=SC2064 # this one
	trap "kill $program; wait" EXIT
	until ktask ps | grep -q ' read  *running '; do :; done
	status 0 ktask ps
	awk 'NR > 1 { print $6, $9 }' out | sort >states
	printf '%s\n' 'delayed later' 'held second' 'running gate' 'waiting first' >want
	same want states
}

test_sort() {
	sleeper c
	sleeper a
	sleeper b
	names_by() {
		ktask ps --sort="$1" | awk 'NR > 1 { printf "%s", $9 }'
	}
	[ "$(names_by file)" = cab ]
	[ "$(names_by name)" = abc ]
	[ "$(names_by age)" = cab ]
	for key in user pid op state cpu share; do
		[ "$(ktask ps --sort="$key" | wc -l)" -eq 4 ]
	done
	status 2 ktask ps --sort=colour
	has err 'ktask: --sort: "colour" is not one of file, user, pid, op, name, state, age, cpu, share'
}

test_owners() {
	sleeper ours
	sleeper theirs as_member
	status 0 ktask ps
	awk 'NR > 1 { print $9, $4 }' out | sort >owners
	printf 'ours root\ntheirs %s\n' "$(id -un 1000)" >want
	same want owners
	# They see theirs alone.
	status 0 as_member ktask ps
	[ "$(awk 'NR > 1 { print $9 }' out)" = theirs ]
}

test_names_of_others() {
	sleeper "$(printf 'a\033[31mb\302\233c\303\244\377d')"
	status 0 ktask ps
	# One character for each that is none for a terminal.
	grep -qF "$(printf 'a?[31mb?c\303\244?d')" out
	lacks out "$(printf '\033')"
}

test_json() {
	need_json
	sleeper "$(printf '"x"\n')"
	status 0 ktask ps --json
	valid_json out
	contains out "\"pid\": $sleeper,"
	contains out '"name": "\"x\""'
	contains out '"state": "waiting"'
	contains out '"uid": 0,'
	contains out '"op": "sleep"'
}

test_json_of_nothing() {
	need_json
	status 0 ktask ps --json
	valid_json out
	[ "$(tr -d ' \n' <out)" = '[]' ]
}

test_ps_usage() {
	status 2 ktask ps word
	status 2 ktask ps --no-such-option
	status 0 ktask ps --help
	status 1 as_stranger ktask ps
	got=0
	ktask ps >/dev/full 2>err || got=$?
	[ "$got" -eq 1 ]
}

# --- top -----------------------------------------------------------------------

test_top_piped() {
	sleeper one
	timeout 30 ktask top -d 0.05 -n 2 2>err | cat >out
	empty err
	[ "$(grep -c '^ktask: 1 files, 1 tasks, 1 waiting, CPU ' out)" -eq 2 ]
	[ "$(grep -c '^spawned [0-9]* (.*/s), completed ' out)" -eq 2 ]
	[ "$(grep -c '^yours: 1 of [0-9]* tasks, 0 of [0-9]* bytes$' out)" -eq 2 ]
	[ "$(grep -c ' waiting .* one$' out)" -eq 2 ]
	# No escape sequences, nor blanks at ends of lines.
	lacks out "$(printf '\033')"
	sed 's/ *$//' out >trimmed
	same trimmed out
	# One look is as long as ps, with a header of five lines.
	status 0 ktask top -n 1
	[ "$(wc -l <out)" -eq 6 ]
}

# It ends with who reads.
test_top_to_nobody() {
	timeout 30 ktask top -d 0.01 | head -n 3 >out
	[ "$(wc -l <out)" -eq 3 ]
}

# That which works is above that which sleeps, though it came later.
test_top_sorts_by_use() {
	head -c 30000000 /dev/zero >file
	sleeper idle
	ktask run - >/dev/null <<-'G' &
		busy: hash fd=file alg=sha512
		again: hash fd=file alg=sha512 after busy
		more: hash fd=file alg=sha512 after again
		still: hash fd=file alg=sha512 after more
	G
	program=$!
	# shellcheck disable=SC2064 # these
	trap "kill $program $sleeper; wait" EXIT
	until ktask ps | grep -q ' hash  *running '; do :; done
	status 0 ktask top -n 1
	[ "$(sed -n 6p out | awk '{ print $5, $6 }')" = 'hash running' ]
	share=$(sed -n 6p out | awk '{ print int($9) }')
	[ "$share" -gt 0 ]
	status 0 ktask top -n 1 --sort=file
	[ "$(sed -n 6p out | awk '{ print $10 }')" = idle ]
}

# looks FILE: how often it has been drawn
looks() {
	tr '\033' '\n' <"$1" | grep -c '^\[Hktask'
}

test_top_on_a_terminal() {
	sleeper one
	on_terminal 'ktask top -d 0.05 -n 3' </dev/null
	[ "$(looks screen)" -eq 3 ]
	# To the other screen, and back.
	contains screen "$(printf '\033[?1049h')"
	tail -n 2 screen | grep -qF "$(printf '\033[?25h\033[?1049l')"
}

test_top_quits() {
	mkfifo keys
	exec 8<>keys
	on_terminal 'stty -g >before; ktask top -d 1h; echo $? >result; stty -g >after' <&8 &
	started=$!
	until [ -e screen ] && [ "$(looks screen)" -ge 1 ]; do :; done
	# A blank looks again, others do nothing, q is enough.
	printf ' ' >&8
	until [ "$(looks screen)" -ge 2 ]; do :; done
	printf 'xq' >&8
	finish 0
	[ "$(cat result)" = 0 ]
	same before after
}

test_top_interrupted() {
	mkfifo keys
	exec 8<>keys
	# A shell that is asked to stays when what it runs is interrupted.
	on_terminal 'trap : INT; stty -g >before; ktask top -d 1h; echo $? >result; stty -g >after' <&8 &
	started=$!
	until [ -e screen ] && [ "$(looks screen)" -ge 1 ]; do :; done
	printf '\003' >&8
	finish 0
	[ "$(cat result)" = 130 ]
	same before after
	grep -qF "$(printf '\033[?1049l')" screen
}

test_top_suspended() {
	mkfifo keys
	exec 8<>keys
	on_terminal 'ktask top -d 1h & echo $! >pid; fg >/dev/null 2>&1 || wait' <&8 &
	started=$!
	until [ -e screen ] && [ "$(looks screen)" -ge 1 ]; do :; done
	pid=$(cat pid)
	kill -TSTP "$pid"
	until grep -q '^State:.*T (stopped)' "/proc/$pid/status"; do :; done
	# The terminal is that of others meanwhile.
	grep -qF "$(printf '\033[?1049l')" screen
	kill -CONT "$pid"
	until [ "$(looks screen)" -ge 2 ]; do :; done
	kill -TERM "$pid"
	finish 143 || finish 0
}

# shellcheck disable=SC2016 # what expands does so on the terminal
test_top_resized() {
	sleeper 'a name that is rather long'
	on_terminal 'stty rows 20 cols 90
		(until grep -q "rather long" screen; do :; done
		 stty rows 6 cols 30 </dev/tty
		 until tail -n 12 screen | grep -q "^ *FILE.*USER"; do :; done
		 until [ "$(tr "\033" "\n" <screen | grep -c "^\[Hktask")" -ge 2 ]; do :; done
		 kill -INT "$(cat pid)") &
		(sh -c "echo \$PPID" >pid; exec ktask top -d 1h)' </dev/null || [ $? -eq 130 ]
	# In what was drawn last, no line is longer.
	tr '\033' '\n' <screen | tr -d '\r' | awk '
		/^Script done/ { next }
		/^\[Hktask/ { longest = 0 }
		{ sub(/^\[[?0-9]*[A-Za-z]/, ""); if (length($0) > longest) longest = length($0) }
		END { print longest }' >longest
	[ "$(cat longest)" -le 30 ]
}

test_top_usage() {
	status 2 ktask top word
	status 2 ktask top -d 0
	has err 'ktask: --delay: "0" is not a duration of 10ms or more'
	status 2 ktask top -d 1ms
	status 2 ktask top -d x
	status 2 ktask top -n 0
	status 2 ktask top -n x
	status 2 ktask top --sort=colour
	status 0 ktask top --help
	status 0 ktask top -n 1 -d 2h
	status 1 as_stranger ktask top -n 1
	got=0
	ktask top >/dev/full 2>err || got=$?
	[ "$got" -eq 1 ] || [ "$got" -eq 0 ]
	has err 'ktask: write error: No space left on device'
}

run_all
