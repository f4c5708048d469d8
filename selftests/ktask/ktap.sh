# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For tests in sh. A test is a function test_NAME; "run_tests NAME..." runs them,
# each in a shell of its own with an empty directory to work in, where the first
# command that fails ends it. What it prints is shown if it fails.

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# skip REASON: what the machine lacks; ends the test
skip() {
	echo "$*" >"$tmp/skip"
	exit 4
}

# status STATUS COMMAND...: it ends with that status; what it prints goes to the
# files out and err
status() {
	want=$1
	shift
	got=0
	"$@" >out 2>err || got=$?
	[ $got -eq "$want" ] || {
		echo "status $got, not $want: $*"
		cat out err
		return 1
	}
}

# has FILE TEXT: the file has it as a whole line
has() {
	grep -qxF -e "$2" "$1" || {
		echo "$1 has not the line: $2"
		cat "$1"
		return 1
	}
}

# contains FILE TEXT
contains() {
	grep -qF -e "$2" "$1" || {
		echo "$1 has not: $2"
		cat "$1"
		return 1
	}
}

# in_use FILE: rmmod has said so; or the kernel, if somebody came after rmmod's look
in_use() {
	grep -qF 'Resource temporarily unavailable' "$1" || contains "$1" 'in use'
}

# lacks FILE TEXT
lacks() {
	! grep -F -e "$2" "$1" || {
		echo "$1 has: $2"
		return 1
	}
}

empty() {
	[ ! -s "$1" ] || {
		echo "$1 is not empty:"
		cat "$1"
		return 1
	}
}

same() {
	cmp "$1" "$2" || {
		diff "$1" "$2" | head -n 20
		return 1
	}
}

run_tests() {
	n=0
	failed=0
	echo "TAP version 13"
	echo "1..$#"
	for test in "$@"; do
		n=$((n + 1))
		rm -rf "$tmp/dir" "$tmp/skip"
		mkdir -m 755 "$tmp/dir"
		# Not in a condition: there "set -e" would do nothing.
		(set -e; cd "$tmp/dir"; "test_$test") >"$tmp/log" 2>&1
		result=$?
		if [ $result -eq 0 ]; then
			echo "ok $n $test"
		elif [ -e "$tmp/skip" ]; then
			echo "ok $n $test # SKIP $(cat "$tmp/skip")"
		else
			failed=1
			sed 's/^/# /' "$tmp/log"
			echo "not ok $n $test"
		fi
	done
	exit $failed
}
