#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run_tests.sh [NAME...]: runs the tests beside it, by default all, as root on a
# machine that has ktask loaded, and says how each went, in KTAP:
#
#	# === NAME
#	what it printed
#	# NAME exit=STATUS	124: it ran out of time
#	...
#	# === leftovers
#	a test for each NAME: no file of the device was left open, and no task
#	# leftovers exit=STATUS
#	# === end

dir=$(dirname "$0")
PATH=$PATH:$dir

# With KTASK_QUICK set, what is done many times is done a few times, and the
# scripts that start programs by the hundred are left out.
slow="cmd_bench_test.sh cmd_complete_test.sh cmd_copy_fail_test.sh cmd_copy_test.sh cmd_graph_test.sh \
cmd_ps_test.sh cmd_run_test.sh cmd_spawn_test.sh cmd_test.sh module_test.sh scrub_test.sh"

# Seconds for each, several times what it takes, for the host may have other things to
# do. A kernel with all checks on is several times slower; there is nothing to measure
# in it, and its clock is too coarse.
limit=180
measures=''
if [ -e /sys/kernel/debug/kmemleak ] || [ -e /sys/kernel/debug/kcsan ]; then
	limit=400
	measures="bench_kernel_test.sh cmd_bench_test.sh"
fi

# "ktask info" has the only file that is open.
left_now() {
	ktask info | awk '
		/^open files/ { files = $NF }
		/^tasks of open files/ { tasks = $NF }
		END {
			if (files == 1 && tasks == 0)
				exit 0
			print files - 1 " open files, " tasks + 0 " tasks"
			exit 1
		}'
}

# A ring of io_uring's, and a set that it has registered, is closed by a kernel
# thread some time after its program has ended: so what is there now may go yet.
leftovers() {
	tries=50
	until found=$(left_now); do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || {
			echo "$found"
			return 1
		}
		sleep 0.1
	done
}

if [ $# -eq 0 ]; then
	for file in "$dir"/*_test "$dir"/*_test_32 "$dir"/*_test.sh; do
		[ ! -x "$file" ] || set -- "$@" "${file##*/}"
	done
fi

n=0
failed=0
left_over=0
results=
for name in "$@"; do
	echo "# === $name"
	case ${KTASK_QUICK:+ $slow } in
	*" $name "*)
		echo "1..0 # SKIP slow, and this is a quick run"
		continue ;;
	esac
	case " $measures " in
	*" $name "*)
		echo "1..0 # SKIP nothing is measured in a kernel with all checks on"
		continue ;;
	esac
	timeout -k 5 $limit "$name" </dev/null 2>&1
	status=$?
	# What was printed last may lack its end.
	[ $status -eq 0 ] || echo
	echo "# $name exit=$status"
	# 4: skipped
	[ $status -eq 0 ] || [ $status -eq 4 ] || failed=1

	n=$((n + 1))
	if left=$(leftovers 2>&1); then
		results="${results}ok $n $name
"
	else
		left_over=1
		results="${results}# $left
not ok $n $name
"
	fi
done

echo "# === leftovers"
echo "TAP version 13"
echo "1..$n"
printf '%s' "$results"
echo "# leftovers exit=$left_over"
echo "# === end"
exit $((failed | left_over))
