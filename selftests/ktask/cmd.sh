# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests of the command have in common.

# shellcheck source-path=SCRIPTDIR source=ktap.sh
. "$(dirname "$0")/ktap.sh"

# For users of it. The directory above is ours alone.
chmod 755 "$tmp"

as_user() {
	uid=$1
	groups=$2
	shift 2
	[ "$(id -u)" -eq 0 ] || skip "only root can become another user"
	setpriv --reuid="$uid" --regid="$uid" "$groups" -- "$@"
}

# In the device's group, and not.
as_member() {
	as_user 1000 "--groups=$(stat -c %g /dev/ktask)" "$@"
}

as_stranger() {
	as_user 1001 --clear-groups "$@"
}

need_json() {
	ktask info --json >json 2>err || {
		! grep -q 'without json-c' err || skip "ktask was built without json-c"
	}
}

# Looks at every byte outside of strings, and at every comma and colon. Several values
# may follow each other.
valid_json() {
	awk '
	{ text = text $0 " " }
	function fail(why) { print "JSON: " why " at: " substr(text, 1, 40); exit failed = 1 }
	function blank() { sub(/^[ \t]+/, "", text) }
	function take(c) { blank(); if (substr(text, 1, 1) != c) fail("no " c); text = substr(text, 2) }
	function next_is(c) { blank(); return substr(text, 1, 1) == c }
	function string() {
		blank()
		if (!match(text, /^"([^"\\]|\\["\\\/bfnrtu])*"/))
			fail("no string")
		text = substr(text, RLENGTH + 1)
	}
	function value() {
		if (next_is("{")) {
			take("{")
			if (!next_is("}")) {
				string(); take(":"); value()
				while (next_is(",")) { take(","); string(); take(":"); value() }
			}
			take("}")
		} else if (next_is("[")) {
			take("[")
			if (!next_is("]")) {
				value()
				while (next_is(",")) { take(","); value() }
			}
			take("]")
		} else if (next_is("\"")) {
			string()
		} else if (match(text, /^(-?(0|[1-9][0-9]*)(\.[0-9]+)?|true|false|null)/)) {
			text = substr(text, RLENGTH + 1)
		} else {
			fail("no value")
		}
	}
	END { if (!failed) { do { value(); blank() } while (text != "") } exit failed }
	' "$1"
}

# Each line is a value of its own.
valid_json_lines() {
	[ -s "$1" ]
	grep -vx '{.*}' "$1" && return 1
	valid_json "$1"
}

# start COMMAND...: in the background; $started is its process
start() {
	"$@" &
	started=$!
}

# finish STATUS: what was started ends so
finish() {
	got=0
	wait "$started" || got=$?
	[ "$got" -eq "$1" ] || {
		echo "status $got, not $1"
		return 1
	}
}

# nothing_left: no task of anybody
nothing_left() {
	ktask ps >left
	[ "$(wc -l <left)" -eq 1 ] || {
		cat left
		return 1
	}
}

# only FILE...: the directory has these and nothing else, hidden files included
only() {
	dir=$1
	shift
	printf '%s\n' "$@" | sort >want
	# shellcheck disable=SC2012 # our names are plain
	ls -A "$dir" | sort >got
	same want got
}

# working PID: it has tasks
working() {
	ktask ps | awk -v pid="$1" '$3 == pid { found = 1 } END { exit !found }'
}

# hold_back: has tasks that may block wait until go_on
hold_back() {
	limit=/sys/module/ktask/parameters/max_user_blocking
	[ -w "$limit" ] || skip "$limit cannot be written"
	before=$(cat "$limit")
	echo 1 >"$limit"
	mkfifo gate
	# With both ends open, it waits for us.
	exec 8<>gate
	ktask spawn read fd=@8 offset=file length=1 >/dev/null &
	holder=$!
	# shellcheck disable=SC2064 # as it is now
	trap "echo $before >$limit; echo >&8; wait" EXIT
	until working "$holder"; do :; done
}

go_on() {
	echo >&8
	wait "$holder"
}

# on_terminal COMMAND: runs it in a shell on a terminal of its own, whose output goes
# to the file screen; its input is that of the caller
on_terminal() {
	command -v script >/dev/null || skip "script(1) is not installed"
	# In the background, shells have it ignore SIGINT.
	env --default-signal script -qefc "$1" screen >/dev/null
}

# run_all: every function of the script that is called test_NAME
run_all() {
	# shellcheck disable=SC2046 # a word each
	run_tests $(sed -n 's/^test_\([a-z0-9_]*\)() {$/\1/p' "$0")
}
