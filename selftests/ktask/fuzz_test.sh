#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The fuzzer for a moment: what it has kept of longer runs, and some seconds of new
# sequences. It fails when a call hangs, the kernel complains, or anything is left.

# shellcheck disable=SC2317,SC2086 # run_tests calls the functions; no name has blanks
# shellcheck source-path=SCRIPTDIR source=ktap.sh
. "$(dirname "$0")/ktap.sh"

corpus=$(cd "$(dirname "$0")" && pwd)/fuzz_corpus
seconds=5
[ -z "${KTASK_QUICK:-}" ] || seconds=2

# Which seed, how many calls: to be seen if it passes, too.
fuzz() {
	status=0
	ktask_fuzz "$@" >log 2>&1 || status=$?
	cat log
	tail -n 1 log >>"$tmp/lines"
	[ $status -ne 4 ] || skip "there is no device"
	[ $status -eq 0 ]
}

test_what_was_kept() {
	fuzz --corpus "$corpus" --seconds 0 --no-kill --seed 1
}

test_a_fixed_seed() {
	fuzz --seconds $seconds --seed 1
}

test_a_random_seed() {
	fuzz --corpus "$corpus" --seconds $seconds
}

# Whoever finds something wants to see what each call of it gives.
test_replay() {
	printf '%s\n' '0 nop result=7' '0 desc args=args+0 args_size=8' \
		'0 spawn' '0 join timeout_ns=-1' '0 join' >sequence
	fuzz --replay sequence
	grep -q '^0 join timeout_ns=-1	# 0$' log
	grep -q '^0 join	# ENOENT$' log
}

# To write to it would be the end of the worker.
test_a_pipe_that_nobody_reads() {
	printf '%s\n' '0 close fd=fd2' '0 put' >sequence
	fuzz --replay sequence
	grep -q '^0 put	# EPIPE$' log
}

trap 'sed "s/^# */# fuzz: /" "$tmp/lines" 2>/dev/null; rm -rf "$tmp"' EXIT
run_tests what_was_kept a_fixed_seed a_random_seed replay a_pipe_that_nobody_reads
