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

hashes_all() {
	echo a >"$tmp/a" && echo b >"$tmp/b" &&
	hash_all "$tmp/a" "$tmp/b" | sort >"$tmp/ours" &&
	sha256sum "$tmp/a" "$tmp/b" | sort >"$tmp/theirs" &&
	cmp "$tmp/ours" "$tmp/theirs"
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
check "program hash_all" hashes_all
check "program sleepers" sleepers
check "program epoll" epoll
echo "1..$n"
exit $status
