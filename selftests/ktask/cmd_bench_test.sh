#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# ktask bench: that it runs, and says what it should; not how fast anything is.

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=cmd.sh
. "$(dirname "$0")/cmd.sh"

# Trees of files are made here, so that what is left of them is seen.
quick() {
	status 0 ktask bench --quick --dir=. "$@"
	[ "$(find . -name 'ktask-bench.*')" = '' ]
}

# Every row, each in a line of the table, by whom it is done, and in JSON.
test_all_rows() {
	status 0 ktask bench --list
	cut -d ' ' -f 1 out | sort >want
	[ -s want ]
	quick --json=json --samples=samples
	sed -n 's,^\(\(user\|kernel\)/[^ ]*\).*,\1,p' out | sort >got
	# A row of the kernel may need more CPUs than there are.
	sed -n 's,^ktask: without \(kernel/[^ ]*\): .*,\1,p' err >>got
	sort -o got got
	same want got
	valid_json json
	cut -f 1 samples | sort -u >got
	grep -vxF -f got want >missing || true
	lacks missing user/
	awk -F '\t' 'NF != 5 || $5 !~ /^[0-9]+\.[0-9]+$/ { exit 1 }' samples
	for subject in ktask ktask_hash ktask_copy; do
		contains samples "	$subject	"
	done
}

test_one_row() {
	quick syscall
	[ "$(grep -c '^user/' out)" -eq 1 ]
	empty err
	quick user/syscall nop_single
	[ "$(grep -c '^user/' out)" -eq 2 ]
}

test_rounds() {
	quick --rounds=5 --samples=samples syscall
	[ "$(grep -c '^user/syscall	getppid	ns	' samples)" -eq 5 ]
	for rounds in 0 -1 1x 1001; do
		status 2 ktask bench --rounds="$rounds"
		has err "ktask: --rounds: \"$rounds\" is not a number from 1 to 1000"
	done
}

test_count() {
	quick --count=3 hash_tree
	quick --count=64 nop_batch
	status 2 ktask bench --count=0
	has err 'ktask: --count: "0" is not a number from 1 to 10000000'
}

test_json() {
	quick --json syscall
	valid_json out
	lacks out 'quartiles;'
	contains out '"row": "user/syscall", "subject": "getppid", "metric": "ns", "median": '
	contains out "\"kernel\": \"$(uname -r)\""
}

# Medians, quartiles, ratios and goals, of figures that are known.
test_extra() {
	printf '%s\t%s\t%s\t%s\t%s\n' \
		user/nop_batch ktask ns 1 300 user/nop_batch ktask ns 2 100 \
		user/nop_batch ktask ns 3 200 user/nop_batch io_uring ns 1 50 \
		user/nop_batch io_uring_async ns 1 4000 \
		user/sleepers ktask ms 1 599.5 user/sleepers 'some "other"' ms 1 1199 >extra
	status 0 ktask bench --user --extra=extra --json=json --samples=samples --quick syscall
	grep -qE '^user/nop_batch +ktask +200 +ns +150\.\.250$' out
	grep -qE '^ +io_uring +50\.0 +ns +50\.0\.\.50\.0 +4\.00 +<= 2\.50: MISSED$' out
	grep -qE '^ +io_uring_async +4000 +ns +4000\.\.4000 +0\.05 +<= 0\.15: met$' out
	grep -qE '^user/sleepers +ktask +600 +ms +600\.\.600 +<= 600: met$' out
	grep -qE '^ +some "other" +1199 +ms +1199\.\.1199 +0\.50$' out
	valid_json json
	contains json '"subject": "some \"other\"", "metric": "ms", "median": 1199.000'
	contains json '"peer": "io_uring", "value": 4.0000, "at_most": 2.5000, "met": false }'
	# What it writes it reads.
	status 0 ktask bench --user --extra=samples --samples=again --quick syscall
	grep -v '^user/syscall' samples >want
	grep -v '^user/syscall' again >got
	same want got
}

test_extra_that_is_none() {
	printf '# a comment\n\na\tb\tns\t1\t5\n' >extra
	status 0 ktask bench --extra=extra --quick --user syscall
	grep -qE '^a +b +5\.00 +ns ' out
	for line in 'a b ns 1 5' 'a	b	ns	1	5	6' 'a		ns	1	5' 'a	b	ns	1	nan'; do
		printf '%s\n' "$line" >extra
		status 1 ktask bench --extra=extra --quick syscall
		has err 'ktask: extra:1: this is not ROW, SUBJECT, METRIC, ROUND and VALUE, with tabs between'
	done
	status 1 ktask bench --extra=missing --quick syscall
	has err 'ktask: missing: No such file or directory'
}

test_rows_that_there_are_not() {
	status 1 ktask bench --quick --user no_such_row
	has err 'ktask: there is no row "no_such_row" here; see ktask bench --list'
	status 1 ktask bench --quick --kernel syscall
	has err 'ktask: there is no row "syscall" here; see ktask bench --list'
}

test_without_the_module_of_the_kernel() {
	[ ! -e /sys/kernel/debug/ktask_bench ] || skip "ktask_bench is loaded"
	status 1 ktask bench --quick --kernel
	contains err 'is the module ktask_bench loaded'
	status 1 ktask bench --list --kernel
	contains err 'is the module ktask_bench loaded'
}

# A peer that is not there is left out; what is ours must be.
test_without_peers() {
	mkdir bin
	ln -s "$(command -v ktask)" bin/ktask
	status 0 env PATH=bin "$(command -v ktask)" bench --quick --user hash_tree
	contains err 'user/hash_tree: without xargs_sha256sum: there is no find'
	grep -q '^user/hash_tree  *ktask ' out
}

test_usage() {
	status 0 ktask bench --help
	contains out 'Usage: ktask bench'
	status 2 ktask bench --no-such-option
	contains err "ktask: unrecognized option '--no-such-option'"
	has err 'Try "ktask bench --help".'
	status 1 ktask bench --quick --dir=missing hash_tree
	contains err 'ktask: user/hash_tree: missing: No such file or directory'
	got=0
	ktask bench --quick --user syscall >/dev/full 2>err || got=$?
	[ "$got" -eq 1 ]
	has err 'ktask: write error: No space left on device'
	for option in json samples; do
		status 1 ktask bench --quick --user "--$option=missing/file" syscall
		has err 'ktask: missing/file: No such file or directory'
	done
}

# Neither beside the command nor where it is installed.
test_program_that_is_missing() {
	cp "$(command -v ktask)" .
	chmod +x ktask
	! ls /usr/local/libexec/ktask/ktask-bench 2>/dev/null || skip "it is installed"
	status 1 ./ktask bench
	contains err 'ktask-bench: No such file or directory: it comes with ktask, and is missing'
}

run_all
