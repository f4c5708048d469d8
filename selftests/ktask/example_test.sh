#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The examples: the two in the README, the sample driver, the sample programs.

# shellcheck disable=SC2317 # check() calls the functions

PATH=$PATH:/usr/local/bin/examples
sensor=/sys/kernel/debug/ktask_sensor
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0 status=0

# check NAME COMMAND...: a test
check() {
	name=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/out" 2>&1; then
		echo "ok $n $name"
	else
		echo "not ok $n $name"
		sed 's/^/# /' "$tmp/out"
		status=1
	fi
}

prints() {
	want=$1
	shift
	got=$("$@") || return 1
	if [ "$got" != "$want" ]; then
		echo "$* printed '$got', not '$want'"
		return 1
	fi
}

fails() {
	! "$@"
}

spawns_sensor() {
	ktask spawn sensor channel=3 >"$tmp/spawned" && grep -q '3001$' "$tmp/spawned"
}

# All of it once more, with every third request not answered.
measures_with_loss() {
	echo 3 >/sys/module/ktask_sensor/parameters/loss &&
	for _ in 1 2 3 4 5 6; do
		prints 1001 cat "$sensor/measure" || return 1
	done &&
	prints 3501 cat "$sensor/average" &&
	echo 0 >/sys/module/ktask_sensor/parameters/loss
}

# No request is answered: the driver gives up after its tries.
gives_up() {
	echo 1 >/sys/module/ktask_sensor/parameters/loss &&
	! cat "$sensor/measure" 2>"$tmp/err" &&
	grep -q 'timed out' "$tmp/err" &&
	! cat "$sensor/average" 2>"$tmp/err" &&
	echo 0 >/sys/module/ktask_sensor/parameters/loss
}

# Unloaded while one of its ops is at work: refused, and clean after.
unloads() {
	echo 3000000 >/sys/module/ktask_sensor/parameters/delay_us &&
	{ ktask spawn sensor channel=1 & } &&
	program=$! &&
	while ! grep -q '^ktask_sensor [0-9]* [1-9]' /proc/modules; do :; done &&
	! rmmod ktask_sensor &&
	wait "$program" &&
	rmmod ktask_sensor &&
	[ ! -e "$sensor" ]
}

# More files than it has tasks at once, some of them in directories.
hashes_all() {
	mkdir -p "$tmp/tree/a/b" &&
	i=0 &&
	while [ "$i" -lt 300 ]; do
		echo "$i" >"$tmp/tree/$i"
		i=$((i + 1))
	done &&
	: >"$tmp/tree/a/empty" &&
	head -c 3000000 /dev/urandom >"$tmp/tree/a/b/large" &&
	echo a >"$tmp/a" &&
	hash_all "$tmp/tree" "$tmp/a" | sort >"$tmp/ours" &&
	find "$tmp/tree" "$tmp/a" -type f -exec sha256sum {} + | sort >"$tmp/theirs" &&
	[ "$(wc -l <"$tmp/ours")" -eq 303 ] &&
	cmp "$tmp/ours" "$tmp/theirs"
}

# What cannot be hashed is told of, and does not keep the rest from being.
hashes_what_can_be() {
	echo a >"$tmp/a" &&
	! hash_all "$tmp/missing" "$tmp/a" >"$tmp/hashed" 2>"$tmp/err" &&
	grep -q "missing: No such file" "$tmp/err" &&
	[ "$(wc -l <"$tmp/hashed")" -eq 1 ]
}

# A signal comes through the same loop, and aborts what is at work.
stops_at_a_signal() {
	truncate -s 1T "$tmp/endless" || return 1
	hash_all "$tmp/endless" 2>"$tmp/err" &
	program=$!
	until grep -q '^ktask-running:	1' /proc/"$program"/fdinfo/* 2>/dev/null; do :; done
	kill -TERM "$program"
	! wait "$program" &&
	grep -q "endless: Operation canceled" "$tmp/err" &&
	rm "$tmp/endless"
}

copies_all() {
	mkdir -p "$tmp/from" "$tmp/to" &&
	i=0 &&
	while [ "$i" -lt 100 ]; do
		head -c $((i * 1000)) /dev/urandom >"$tmp/from/$i"
		i=$((i + 1))
	done &&
	chmod 600 "$tmp/from/7" &&
	copy_all "$tmp"/from/* "$tmp/to" >"$tmp/copied" &&
	[ "$(wc -l <"$tmp/copied")" -eq 100 ] &&
	diff -r "$tmp/from" "$tmp/to" &&
	[ "$(stat -c %a "$tmp/to/7")" -eq 600 ]
}

# Neither over a file that is there, nor a directory; the others are copied.
copies_what_can_be() {
	mkdir -p "$tmp/there" &&
	echo old >"$tmp/there/a" && echo new >"$tmp/a" && echo b >"$tmp/b" &&
	! copy_all "$tmp/a" "$tmp/b" "$tmp/missing" "$tmp/there" "$tmp/there" 2>"$tmp/err" &&
	grep -q "a: create the copy: File exists" "$tmp/err" &&
	grep -q "missing: open: No such file" "$tmp/err" &&
	grep -q "there: .*: Is a directory" "$tmp/err" &&
	[ "$(cat "$tmp/there/a")" = old ] &&
	cmp "$tmp/b" "$tmp/there/b"
}

# Without room for the copy, it fails, and what was to come after it is not done.
copies_without_room() {
	mkdir -p "$tmp/small" &&
	mount -t tmpfs -o size=64k none "$tmp/small" &&
	head -c 1000000 /dev/urandom >"$tmp/large" &&
	! copy_all "$tmp/large" "$tmp/small" >"$tmp/copied" 2>"$tmp/err"
	failed=$?
	umount "$tmp/small"
	[ "$failed" -eq 0 ] && [ ! -s "$tmp/copied" ] &&
	prints "$tmp/large: copy: No space left on device" cat "$tmp/err"
}

gathers() {
	printf 'first ' >"$tmp/a" && printf 'second\n' >"$tmp/b" &&
	gather "$tmp/gathered" "$tmp/a" "$tmp/b" "$tmp/a" >"$tmp/log" &&
	cat "$tmp/a" "$tmp/b" "$tmp/a" | cmp - "$tmp/gathered" &&
	[ "$(sed -n 's/^hash .* //p' "$tmp/log")" = \
	  "$(sha256sum <"$tmp/gathered" | cut -d ' ' -f 1)" ] &&
	[ "$(tail -n 1 "$tmp/log")" = "done     returned 0" ]
}

# More than can be handed on: what was to come after is told, and "done" runs.
gathers_too_much() {
	head -c 600000 /dev/urandom >"$tmp/half" &&
	! gather "$tmp/gathered" "$tmp/half" "$tmp/half" >"$tmp/log" &&
	[ "$(grep -c '^read     returned 600000' "$tmp/log")" -eq 2 ] &&
	grep -q '^gather   returned Message too long' "$tmp/log" &&
	grep -q '^write    cancelled (after)' "$tmp/log" &&
	grep -q '^hash     cancelled (after)' "$tmp/log" &&
	[ "$(tail -n 1 "$tmp/log")" = "done     returned 0" ]
}

# A task that cannot be: nothing is begun.
gathers_nothing() {
	! gather "$tmp/gathered" "$tmp/a" "$tmp" >"$tmp/log" 2>"$tmp/err" &&
	[ ! -s "$tmp/log" ] &&
	prints "gather: read: Is a directory" cat "$tmp/err"
}

echo "TAP version 13"
check "readme, kernel: the module's spawn and join return 42" \
	sh -c 'modprobe ktask_readme && rmmod ktask_readme'
check "readme, program: completions in the order in which tasks end" \
	prints "1
2
3" readme_program
check "driver: loads" modprobe ktask_sensor
check "driver: measures" prints 1001 cat "$sensor/measure"
check "driver: averages in a blocking task" prints 3501 cat "$sensor/average"
check "driver: tries again when the interrupt is lost" measures_with_loss
check "driver: gives up in the end" gives_up
check "driver: its op is there for programs" spawns_sensor
check "driver: its op refuses a channel that is not there" fails ktask spawn sensor channel=8
check "driver: is not unloaded while its op is at work, and is after" unloads
check "driver: its op is gone with it" fails ktask spawn sensor
check "program hash_all: all files of a tree" hashes_all
check "program hash_all: what can be hashed" hashes_what_can_be
check "program hash_all: stops at a signal" stops_at_a_signal
check "program copy_all: copies, and they are good" copies_all
check "program copy_all: what can be copied" copies_what_can_be
check "program copy_all: no room for the copy" copies_without_room
check "program gather: data through a graph" gathers
check "program gather: a task that fails" gathers_too_much
check "program gather: a task that cannot be" gathers_nothing
check "program sleepers" sleepers
check "program epoll" epoll
echo "1..$n"
exit $status
