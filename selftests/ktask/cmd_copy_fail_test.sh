#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# ktask copy, where it must not give a copy

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=cmd.sh
. "$(dirname "$0")/cmd.sh"

# A file system that is gone with the test.
with_tmpfs() {
	[ "$(id -u)" -eq 0 ] || skip "only root can mount file systems"
	mkdir fs
	mount -t tmpfs -o "$1" tmpfs fs
	trap 'umount -l fs' EXIT
}

# --- Verification --------------------------------------------------------------

# It counts context switches, and there is one from the task that copies to that which
# hashes; nothing tells that it has changed.
test_source_that_is_never_the_same() {
	mkdir dir
	status 1 ktask copy /proc/timer_list dir/x
	has err "ktask: cannot copy /proc/timer_list to dir/x: the copy differs from the source"
	[ -z "$(ls -A dir)" ]
	# What was there before still is.
	echo old >dir/x
	status 1 ktask copy /proc/timer_list dir/x
	[ "$(cat dir/x)" = old ]
	only dir x
	# Nor is it seen by those who do not want to know.
	status 0 ktask copy --no-verify /proc/timer_list dir/x
	grep -q "^now at" dir/x
}

test_source_that_changes() {
	head -c 2000000 /dev/urandom >a
	(while :; do echo more; done >>a) &
	writer=$!
	# shellcheck disable=SC2064 # this one
	trap "kill $writer" EXIT
	# It may be slow enough to miss it; not each time.
	until ! ktask copy a b 2>err; do
		head -c "$(stat -c %s b)" a >begin
		same b begin
		rm b
	done
	has err 'ktask: cannot copy a to b: the source was changed meanwhile'
	[ ! -e b ]
}

test_digests_of_copies() {
	mkdir to
	echo a >a
	head -c 100000 /dev/urandom >b
	status 0 ktask copy -v -a sha512 a b to
	(cd to && sha512sum a b) | sed 's,  ,  to/,' | sort >want
	sort out >sorted
	same want sorted
	status 0 ktask copy -v --no-verify a to
	has out to/a
}

test_algorithms() {
	mkdir to
	echo a >a
	status 1 ktask copy -a no-such-alg a a a to
	has err 'ktask: the kernel knows no hash algorithm "no-such-alg"'
	[ "$(wc -l <err)" -eq 1 ]
	[ -z "$(ls -A to)" ]
	status 1 ktask copy -a "$(printf '%070d' 1)" a to
	status 0 ktask copy -a md5 a to
	same a to/a
}

test_no_fsync() {
	echo a >a
	status 0 ktask copy --no-fsync a b
	same a b
	status 0 ktask copy --no-fsync --no-verify a c
	same a c
	status 0 ktask copy --no-verify a d
	same a d
}

# --- When it goes wrong --------------------------------------------------------

test_no_space() {
	with_tmpfs size=1m
	head -c 2000000 /dev/urandom >big
	echo small >small
	echo old >fs/big
	# One after the other: beside the first, there is no room for the second either.
	status 1 ktask copy --jobs=1 big small fs
	has err 'ktask: cannot copy big to fs/big: No space left on device'
	[ "$(cat fs/big)" = old ]
	same small fs/small
	only fs big small
}

test_read_only() {
	with_tmpfs size=1m
	mount -o remount,ro fs
	echo a >a
	status 1 ktask copy a fs
	has err 'ktask: cannot copy a to fs/a: Read-only file system'
}

test_file_size_limit() {
	head -c 100000 /dev/zero >a
	# Of the thread that copies, the limit is not ours, and no signal comes.
	got=0
	(ulimit -f 10; ktask copy a b 2>err) || got=$?
	if [ "$got" -eq 0 ]; then
		same a b
	else
		[ ! -e b ]
	fi
}

test_killed() {
	mkdir to
	head -c 60000000 /dev/zero >a
	start ktask copy a to
	until working "$started"; do :; done
	kill -TERM "$started"
	finish 143
	[ -z "$(ls -A to)" ]
	nothing_left
}

test_killed_before_it_could_begin() {
	mkdir to
	echo new >a
	echo old >to/a
	hold_back
	for pair in INT:130 HUP:129 KILL:137; do
		# In the background, shells have it ignore SIGINT.
		start env --default-signal ktask copy a to
		until working "$started"; do :; done
		kill -"${pair%:*}" "$started"
		finish "${pair#*:}"
		[ "$(cat to/a)" = old ]
		only to a
	done
	go_on
	nothing_left
}

test_ignored_signal_does_not_stop_it() {
	mkdir to
	echo a >a
	hold_back
	start env --ignore-signal=HUP ktask copy a to
	until working "$started"; do :; done
	kill -HUP "$started"
	go_on
	finish 0
	same a to/a
}

# A file with no name yet gets one through /proc; without, it has one all the time.
test_without_proc() {
	[ "$(id -u)" -eq 0 ] || skip "only root can mount file systems"
	mkdir to
	echo a >a
	echo old >to/a
	status 0 unshare --mount sh -c 'mount -t tmpfs tmpfs /proc && ktask copy a to'
	same a to/a
	only to a
	echo b >b
	hold_back
	start unshare --mount sh -c \
		'mount -t tmpfs tmpfs /proc && exec env --default-signal ktask copy b to'
	until working "$started"; do :; done
	find to -name '.ktask-*' >during
	[ -s during ]
	kill -INT "$started"
	finish 130
	only to a
	go_on
}

test_output_cannot_be_written() {
	echo a >a
	got=0
	ktask copy -v a b >/dev/full 2>err || got=$?
	[ "$got" -eq 1 ]
	has err 'ktask: write error: No space left on device'
}

run_all
