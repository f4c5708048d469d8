#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The command ktask.

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=cmd.sh
. "$(dirname "$0")/cmd.sh"

# --- hash ----------------------------------------------------------------------

test_hash_is_that_of_sha256sum() {
	echo hello >file
	sha256sum file >want
	status 0 ktask hash file
	same want out
	empty err
}

test_hash_of_an_empty_file() {
	: >file
	sha256sum file >want
	status 0 ktask hash file
	same want out
}

test_hash_of_sizes_around_chunks() {
	for size in 1 4095 4096 4097 65535 65536 65537 1000000; do
		head -c "$size" /dev/urandom >"file$size"
	done
	sha256sum file* >want
	status 0 ktask hash --ordered file*
	same want out
}

test_hash_of_a_tree() {
	tree=/lib/modules/$(uname -r)/kernel
	# The largest part, where there is much.
	[ ! -d "$tree/fs" ] || tree=$tree/fs
	[ -d "$tree" ] || tree=/usr/bin
	find "$tree" -type f -print0 | xargs -0 sha256sum | sort >want
	[ -s want ]
	status 0 ktask hash --recursive "$tree"
	sort out >sorted
	same want sorted
	# The same names from a list.
	find "$tree" -type f >names
	status 0 ktask hash <names
	sort out >sorted
	same want sorted
}

test_hash_recursive_takes_regular_files_only() {
	mkdir -p tree/sub tree/empty
	echo a >tree/a
	echo b >tree/sub/b
	ln -s a tree/link
	mkfifo tree/fifo
	sha256sum tree/a tree/sub/b >want
	status 0 ktask hash -r --ordered tree
	same want out
	empty err
}

test_hash_recursive_of_a_file() {
	echo a >a
	sha256sum a >want
	status 0 ktask hash -r a
	same want out
}

test_hash_ordered() {
	names=
	for i in 1 2 3 4 5 6 7 8; do
		# The first take longest.
		head -c $((4000000 / (i * i))) /dev/zero >"$i"
		names="$names $i"
	done
	# shellcheck disable=SC2086
	sha256sum $names >want
	# shellcheck disable=SC2086
	status 0 ktask hash --ordered $names
	same want out
}

test_hash_one_at_a_time() {
	echo a >a
	echo b >b
	sha256sum a b >want
	status 0 ktask hash -j 1 a b
	same want out
}

test_hash_more_files_than_descriptors() {
	i=0
	while [ "$i" -lt 500 ]; do
		echo "$i" >"file$i"
		i=$((i + 1))
	done
	find . -name 'file*' -exec sha256sum {} + | sort >want
	# shellcheck disable=SC3045 # shells have it nonetheless
	ulimit -n 16
	status 0 ktask hash -r --jobs=400 .
	grep -F ./file out | sort >sorted
	same want sorted
}

test_hash_is_accepted_by_sha256sum_check() {
	printf x >'a name'
	printf y >'back\slash'
	printf z >'new
line'
	printf w >./-dash
	status 0 ktask hash -- 'a name' 'back\slash' 'new
line' -dash
	[ "$(wc -l <out)" -eq 4 ]
	cp out sums
	status 0 sha256sum --check --strict sums
	sha256sum -- 'a name' 'back\slash' 'new
line' -dash | sort >want
	sort sums >sorted
	same want sorted
}

test_hash_algorithms() {
	head -c 100000 /dev/urandom >file
	for pair in md5:md5sum sha1:sha1sum sha512:sha512sum blake2b-512:b2sum; do
		alg=${pair%:*}
		sum=${pair#*:}
		command -v "$sum" || continue
		"$sum" file >want
		# Newer kernels may have it for themselves alone. It was asked for just now.
		ktask hash -a "$alg" file >out 2>err || grep -q "^name *: $alg\$" /proc/crypto || {
			echo "the kernel has no $alg to be asked for by name"
			continue
		}
		status 0 ktask hash -a "$alg" file
		same want out
		status 0 ktask hash --algorithm="$alg" file
		same want out
	done
}

test_hash_unknown_algorithm() {
	echo a >a
	echo b >b
	status 1 ktask hash -a no-such-alg a b
	empty out
	# Once, not for each file.
	has err 'ktask: the kernel knows no hash algorithm "no-such-alg"'
	[ "$(wc -l <err)" -eq 1 ]
	status 2 ktask hash -a '' a
}

test_hash_missing_file_and_the_others() {
	echo a >a
	echo b >b
	sha256sum a b >want
	status 1 ktask hash --ordered a missing b
	same want out
	has err 'ktask: missing: No such file or directory'
}

test_hash_directory() {
	mkdir dir
	echo a >a
	sha256sum a >want
	status 1 ktask hash dir a
	same want out
	has err 'ktask: dir: Is a directory'
}

test_hash_fifo_is_not_waited_for() {
	mkfifo fifo
	status 1 timeout 20 ktask hash fifo
	empty out
	has err 'ktask: fifo: Illegal seek'
}

test_hash_device() {
	status 1 ktask hash /dev/zero
	has err 'ktask: /dev/zero: Invalid argument'
}

test_hash_unreadable_file() {
	echo secret >secret
	chmod 600 secret
	echo open >open
	chmod 644 open
	sha256sum open >want
	status 1 as_member ktask hash secret open
	same want out
	has err 'ktask: secret: Permission denied'
}

test_hash_unreadable_directory() {
	mkdir -m 700 dir
	echo a >dir/a
	status 1 as_member ktask hash -r dir
	empty out
	has err 'ktask: dir: Permission denied'
}

test_hash_control_characters_in_messages() {
	status 1 ktask hash "$(printf 'a\033[31mb')"
	has err 'ktask: a?[31mb: No such file or directory'
}

test_hash_standard_input_is_a_file() {
	echo hello >file
	sha256sum - <file >want
	status 0 ktask hash - <file
	same want out
	echo hello | status 1 ktask hash -
	has err 'ktask: -: Illegal seek'
}

test_hash_list_from_standard_input() {
	echo a >a
	echo b >'b c'
	sha256sum a 'b c' >want
	printf 'a\nb c\n' | status 0 ktask hash --ordered
	same want out
	# The last name need not be ended.
	printf 'a\nb c' | status 0 ktask hash --ordered
	same want out
	printf 'a\0b c\0' | status 0 ktask hash -0 --ordered
	same want out
	printf 'a\0b c' | status 0 ktask hash --null --ordered
	same want out
	status 0 ktask hash </dev/null
	empty out
}

test_hash_list_from_a_file() {
	echo a >a
	echo b >b
	echo c >c
	printf 'a\nb\n' >list
	sha256sum c a b >want
	status 0 ktask hash --ordered --files-from=list c
	same want out
	printf 'a\nb\n' | status 0 ktask hash --ordered --files-from=- c
	same want out
	status 1 ktask hash --files-from=missing
	has err 'ktask: missing: No such file or directory'
}

test_hash_list_with_an_empty_name() {
	echo a >a
	sha256sum a >want
	printf '\na\n' | status 1 ktask hash
	same want out
	has err 'ktask: standard input: an empty file name'
}

# Files are hashed as their names arrive.
test_hash_list_that_is_slow() {
	echo a >a
	mkfifo names digests
	ktask hash --no-progress <names >digests &
	program=$!
	exec 8>names 9<digests
	echo a >&8
	timeout 20 head -n 1 <&9 >out
	sha256sum a >want
	same want out
	exec 8>&- 9<&-
	wait "$program"
}

test_hash_json() {
	need_json
	echo a >a
	printf b >"$(printf 'not\377utf8 \\ "x"\n')"
	status 1 ktask hash --json --ordered a missing ./not*
	valid_json_lines out
	sum=$(sha256sum <a | cut -c1-64)
	has out "{ \"path\": \"a\", \"algorithm\": \"sha256\", \"bytes\": 2, \"digest\": \"$sum\" }"
	has out '{ "path": "missing", "algorithm": "sha256", "error": "No such file or directory" }'
	contains out '"path_hex": "2e2f6e6f74ff757466'
	has err 'ktask: missing: No such file or directory'
}

test_hash_usage() {
	status 2 ktask hash --no-such-option
	contains err '--help'
	status 2 ktask hash -j 0 file
	status 2 ktask hash -j x file
	status 2 ktask hash -0 file
	status 0 ktask hash --help
	contains out 'Usage: ktask hash'
}

# --- Output --------------------------------------------------------------------

test_output_to_a_full_device() {
	echo a >a
	for command in "hash a" info ops "spawn nop" --help; do
		got=0
		# shellcheck disable=SC2086
		ktask $command >/dev/full 2>err || got=$?
		[ "$got" -eq 1 ] || {
			echo "$command: status $got"
			return 1
		}
		has err 'ktask: write error: No space left on device'
	done
}

test_output_closed() {
	got=0
	ktask info >&- 2>err || got=$?
	[ "$got" -eq 1 ]
	contains err 'ktask: write error'
}

test_output_to_nobody() {
	mkdir tree
	i=0
	while [ "$i" -lt 300 ]; do
		echo "$i" >"tree/$i"
		i=$((i + 1))
	done
	{ ktask hash -r tree 2>err; echo $? >status; } | head -n 1 >out
	[ "$(wc -l <out)" -eq 1 ]
}

# --- info and ops --------------------------------------------------------------

test_info() {
	status 0 ktask info
	empty err
	grep -qxE 'module version +[0-9]+\.[0-9]+\.[0-9]+' out
	grep -qxE 'ABI version +2' out
	grep -qxE 'operations +[0-9]+' out
	grep -qxE 'open files +1' out
	grep -qxE 'tasks of open files +0' out
	status 2 ktask info word
	status 2 ktask info --no-such-option
	status 0 ktask info --help
}

test_info_counts() {
	spawned() {
		ktask info | sed -n 's/^tasks spawned *//p'
	}
	before=$(spawned)
	ktask spawn --count=1000 nop
	[ "$(spawned)" -eq $((before + 1000)) ]
}

test_info_json() {
	need_json
	status 0 ktask info --json
	valid_json out
	contains out '"abi_version": 2'
	contains out '"files": 1'
	contains out '"file_tasks": 0'
}

test_ops() {
	status 0 ktask ops
	empty err
	for op in nop sleep hash; do
		grep -qE "^$op +[0-9]+ +ktask +[a-z]" out
	done
	has out '    duration_ns=duration, required'
	has out '    alg=string, up to 63 bytes, required'
	status 2 ktask ops word
}

test_ops_json() {
	need_json
	status 0 ktask ops --json
	valid_json out
	contains out '"name": "hash"'
	contains out '"required": true'
}

# --- spawn ---------------------------------------------------------------------

test_spawn() {
	status 0 ktask spawn nop result=5
	has out 'outcome  returned'
	has out 'result   5'
	empty err
	status 0 ktask spawn --name='a name' nop
	has out 'result   0'
}

test_spawn_that_returns_an_error() {
	status 1 ktask spawn nop result=-5
	has out 'outcome  returned'
	has out 'result   -5 (Input/output error)'
}

test_spawn_hash() {
	echo hello >file
	status 0 ktask spawn hash fd=file alg=sha256
	has out 'result   6'
	has out "output   $(sha256sum <file | cut -c1-64)"
	status 0 ktask spawn hash fd=@3 alg=sha256 length=5 3<file
	has out 'result   5'
	has out "output   $(printf hello | sha256sum | cut -c1-64)"
}

test_spawn_count() {
	status 0 ktask spawn --count=10000 nop
	grep -qxE 'spawned +10000' out
	grep -qxE 'returned +10000, 0 of them an error' out
	status 1 ktask spawn --count=100 nop result=-1
	grep -qxE 'returned +100, 100 of them an error' out
}

test_spawn_timeout() {
	status 124 ktask spawn --timeout=50ms sleep duration_ns=10h
	has out 'outcome  cancelled'
	has err 'ktask: timed out after 50ms'
	status 124 ktask spawn --timeout=50ms --count=1000 sleep duration_ns=10h
	grep -qxE 'cancelled +1000' out
	status 0 ktask spawn --timeout=20s sleep duration_ns=1ms
}

test_spawn_errors() {
	status 1 ktask spawn no-such-op
	has err 'ktask: there is no operation "no-such-op" ("ktask ops" lists them)'
	status 2 ktask spawn
	status 2 ktask spawn sleep
	contains err '"duration_ns" is missing'
	status 2 ktask spawn nop key=1
	contains err 'there is no argument "key"'
	status 2 ktask spawn nop result
	status 2 ktask spawn nop result=x
	status 2 ktask spawn nop result=1 result=2
	status 2 ktask spawn --count=0 nop
	status 2 ktask spawn --timeout=x nop
	status 2 ktask spawn --name=a-name-of-more-than-thirty-one-bytes nop
	status 1 ktask spawn hash fd=missing alg=sha256
	has err 'ktask: missing: No such file or directory'
	status 1 ktask spawn hash fd=@99 alg=sha256
	has err 'ktask: cannot spawn: Bad file descriptor'
}

test_spawn_that_is_killed_leaves_nothing() {
	ktask spawn --count=1000 sleep duration_ns=10h &
	program=$!
	until ktask info | grep -qxE 'tasks of open files +1000'; do :; done
	kill -TERM "$program"
	got=0
	wait "$program" || got=$?
	[ "$got" -eq 143 ]
	status 0 ktask info
	grep -qxE 'tasks of open files +0' out
}

# --- The program ---------------------------------------------------------------

test_usage() {
	status 2 ktask
	has err 'ktask: a verb is missing'
	status 2 ktask no-such-verb
	has err 'ktask: there is no verb "no-such-verb"'
	status 2 ktask --no-such-option
	has err 'ktask: there is no option "--no-such-option"'
	status 0 ktask --help
	contains out 'Usage: ktask'
	status 0 ktask --version
	grep -qxE 'ktask [0-9]+\.[0-9]+\.[0-9]+' out
}

test_member_of_the_group() {
	status 0 as_member ktask spawn nop result=1
	has out 'result   1'
}

test_without_permission() {
	status 1 as_stranger ktask info
	empty out
	has err 'ktask: /dev/ktask: Permission denied: only root and members of the group "ktask" may use it'
	status 1 as_stranger ktask hash /proc/version
	status 1 as_stranger ktask spawn nop
}

# A file that we open does not become what we print to.
test_standard_descriptors_closed() {
	echo hello >file
	cp file before
	got=0
	ktask hash file <&- >&- 2>&- || got=$?
	[ "$got" -eq 1 ]
	same before file
}

run_all
