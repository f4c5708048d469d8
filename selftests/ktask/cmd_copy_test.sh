#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# ktask copy

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=cmd.sh
. "$(dirname "$0")/cmd.sh"

mode_is() {
	[ "$(stat -c %a "$2")" = "$1" ] || {
		echo "$2 has the mode $(stat -c %a "$2"), not $1"
		return 1
	}
}

# --- Files ---------------------------------------------------------------------

test_file_to_file() {
	echo hello >a
	status 0 ktask copy a b
	same a b
	empty out
	empty err
}

test_sizes_around_pages() {
	mkdir from to
	for size in 0 1 4095 4096 4097 65537 3000000; do
		head -c "$size" /dev/urandom >"from/$size"
	done
	status 0 ktask copy from/* to
	diff -r from to
}

test_file_to_directory() {
	mkdir dir
	echo hello >a
	status 0 ktask copy a dir
	same a dir/a
	status 0 ktask copy a dir/
	status 0 ktask copy -t dir a
	only dir a
}

test_files_to_directory() {
	mkdir dir
	echo a >a
	echo b >'b c'
	status 0 ktask copy a 'b c' dir
	same a dir/a
	same 'b c' 'dir/b c'
	status 0 ktask copy --target-directory=dir ./a
}

test_destination_is_no_directory() {
	echo a >a
	echo b >b
	echo c >c
	status 1 ktask copy a b c
	has err 'ktask: c: Not a directory'
	status 1 ktask copy a b missing
	has err 'ktask: missing: No such file or directory'
	status 1 ktask copy -t c a
	has err 'ktask: c: Not a directory'
	[ "$(cat c)" = c ]
	status 1 ktask copy a missing/
	has err 'ktask: cannot copy a to missing/: No such file or directory'
	status 1 ktask copy a missing/x
	has err 'ktask: cannot copy a to missing/x: No such file or directory'
	status 1 ktask copy a c/x
	has err 'ktask: cannot copy a to c/x: Not a directory'
}

test_mode_is_kept() {
	umask 022
	for mode in 600 644 755 777 444 400 664; do
		echo "$mode" >a
		chmod "$mode" a
		rm -f b
		status 0 ktask copy a b
		mode_is "$mode" b
		rm -f a
	done
	# Others than the owner would be given what he has not given them.
	echo x >a
	chmod 6755 a
	status 0 ktask copy a c
	mode_is 755 c
}

test_replaces_a_file() {
	echo new >a
	printf 'something that is much longer' >b
	ln b other-name
	status 0 ktask copy a b
	same a b
	# Another file has taken its place.
	[ "$(cat other-name)" = 'something that is much longer' ]
	only . a b other-name out err got want
}

test_destination_that_is_a_link() {
	mkdir dir
	echo new >a
	echo old >dir/file
	ln -s dir/file link
	status 0 ktask copy a link
	[ -L link ]
	same a dir/file
	only dir file

	ln -s dir into
	status 0 ktask copy a into
	same a dir/a

	ln -s nowhere dangling
	status 1 ktask copy a dangling
	has err 'ktask: cannot copy a to dangling: the destination is a symbolic link to nothing'
	[ ! -e nowhere ]
}

test_destination_that_may_not_be_written() {
	umask 022
	mkdir -m 777 dir
	echo new >a
	echo old >dir/b
	chmod 644 dir/b
	status 1 as_member ktask copy a dir/b
	has err 'ktask: cannot copy a to dir/b: the destination may not be written to'
	[ "$(cat dir/b)" = old ]
	status 0 as_member ktask copy --force a dir/b
	same a dir/b
	only dir b
	mkdir -m 755 dir2
	status 1 as_member ktask copy a dir2/b
	has err 'ktask: cannot copy a to dir2/b: Permission denied'
}

test_same_file() {
	echo a >a
	ln a b
	ln -s a c
	for name in a b c ./a; do
		status 1 ktask copy a "$name"
		has err "ktask: cannot copy a to $name: they are the same file"
	done
	[ "$(cat a)" = a ]
}

test_destination_special() {
	echo a >a
	mkfifo fifo
	status 1 timeout 20 ktask copy a fifo
	has err 'ktask: cannot copy a to fifo: the destination is not a regular file'
	status 1 ktask copy a /dev/null
	has err 'ktask: cannot copy a to /dev/null: the destination is not a regular file'
	mkdir -p dir/a
	status 1 ktask copy a dir
	has err 'ktask: cannot copy a to dir/a: the destination is a directory'
}

test_source_special() {
	mkfifo fifo
	status 1 timeout 20 ktask copy fifo x
	has err 'ktask: cannot copy fifo to x: not a regular file'
	status 1 ktask copy /dev/zero x
	has err 'ktask: cannot copy /dev/zero to x: not a regular file'
	mkdir dir
	status 1 ktask copy dir x
	has err 'ktask: cannot copy dir to x: a directory, and --recursive is not given'
	[ ! -e x ]
}

test_missing_source_and_the_others() {
	mkdir dir
	echo a >a
	echo b >b
	status 1 ktask copy a missing b dir
	has err 'ktask: cannot copy missing to dir/missing: No such file or directory'
	only dir a b
	status 1 ktask copy '' dir
	has err 'ktask: cannot copy  to dir/.: No such file or directory'
}

test_unreadable_source() {
	mkdir -m 777 dir
	echo secret >a
	chmod 600 a
	echo b >b
	chmod 644 b
	status 1 as_member ktask copy a b dir
	has err 'ktask: cannot copy a to dir/a: Permission denied'
	only dir b
}

test_two_with_one_name() {
	mkdir a b dir
	echo 1 >a/x
	echo 2 >b/x
	status 1 ktask copy a/x b/x dir
	has err 'ktask: cannot copy b/x to dir/x: another file has been copied there'
	same a/x dir/x
}

test_control_characters_in_messages() {
	status 1 ktask copy "$(printf 'a\033[31mb')" "$(printf 'c\rd')"
	has err 'ktask: cannot copy a?[31mb to c?d: No such file or directory'
}

test_many_files_and_few_descriptors() {
	mkdir from
	i=0
	while [ "$i" -lt 300 ]; do
		echo "$i" >"from/$i"
		i=$((i + 1))
	done
	# shellcheck disable=SC3045 # shells have it nonetheless
	ulimit -n 24
	status 0 ktask copy -r --jobs=200 from to
	diff -r from to
}

# What it needs beside its files: tasks, of which it may have but few.
test_many_files_and_few_tasks() {
	limit=/sys/module/ktask/parameters/max_user_tasks
	[ -w "$limit" ] || skip "$limit cannot be written"
	before=$(cat "$limit")
	# shellcheck disable=SC2064 # as it is now
	trap "echo $before >$limit" EXIT
	mkdir from
	i=0
	while [ "$i" -lt 100 ]; do
		echo "$i" >"from/$i"
		i=$((i + 1))
	done
	echo 5 >"$limit"
	status 0 ktask copy -r from to
	diff -r from to
	# Not enough for one file.
	echo 2 >"$limit"
	status 1 ktask copy from/1 x
	has err 'ktask: cannot copy from/1 to x: Disk quota exceeded'
	[ ! -e x ]
}

# --- Trees ---------------------------------------------------------------------

make_tree() {
	mkdir -p tree/sub/empty tree/sub/deep/er
	echo a >tree/a
	echo b >tree/sub/b
	echo c >tree/sub/deep/er/c
	ln -s ../a tree/sub/link
	ln -s nowhere tree/dangling
	chmod 700 tree/sub
	chmod 555 tree/sub/deep
}

test_recursive() {
	make_tree
	status 0 ktask copy -r tree copy
	empty err
	diff -r --no-dereference tree copy
	[ "$(readlink copy/sub/link)" = ../a ]
	mode_is 700 copy/sub
	mode_is 555 copy/sub/deep
	mode_is 755 copy/sub/deep/er
	# Into what is there.
	mkdir there
	status 0 ktask copy --recursive tree/ there
	diff -r --no-dereference tree there/tree
	status 0 ktask copy -R tree there
	diff -r --no-dereference tree there/tree
}

test_recursive_of_the_current_directory() {
	make_tree
	mkdir to
	(cd tree && ktask copy -r . ../to)
	diff -r --no-dereference tree to
}

test_recursive_leaves_modes_of_what_is_there() {
	mkdir -p tree/sub to/tree/sub
	chmod 755 tree/sub
	chmod 711 to/tree/sub
	echo a >tree/sub/a
	status 0 ktask copy -r tree to
	same tree/sub/a to/tree/sub/a
	mode_is 711 to/tree/sub
}

test_recursive_says_what_is_special() {
	make_tree
	mkfifo tree/fifo
	status 1 timeout 20 ktask copy -r tree copy
	has err 'ktask: cannot copy tree/fifo to copy/fifo: not a regular file'
	[ ! -e copy/fifo ]
	rm tree/fifo
	diff -r --no-dereference tree copy
}

test_recursive_replaces_links() {
	mkdir from to
	ln -s one from/link
	ln -s other to/link
	ln -s two from/was-file
	echo x >to/was-file
	status 0 ktask copy -r from/. to
	[ "$(readlink to/link)" = one ]
	[ "$(readlink to/was-file)" = two ]
	only to link was-file
}

test_recursive_over_what_is_another_kind() {
	mkdir -p from/a to/b
	echo x >to/a
	echo x >from/b
	status 1 ktask copy -r from/. to
	has err 'ktask: cannot copy from/./a to to/./a: the destination is not a directory'
	has err 'ktask: cannot copy from/./b to to/./b: the destination is a directory'
}

test_recursive_into_itself() {
	mkdir a
	echo x >a/x
	status 1 ktask copy -r a a/b
	has err 'ktask: cannot copy a/b to a/b/b: the copy would be inside of itself'
	only a b x
	only a/b x
	status 1 ktask copy -r a a
	only a a b x
}

test_recursive_unreadable_directory() {
	mkdir -m 777 to
	mkdir -p -m 755 tree
	mkdir -m 700 tree/closed
	echo x >tree/x
	status 1 as_member ktask copy -r tree to
	has err 'ktask: tree/closed: Permission denied'
	same tree/x to/tree/x
}

test_recursive_does_not_follow_what_has_become_a_link() {
	mkdir -p tree to/tree
	mkdir elsewhere
	mkdir tree/sub
	echo x >tree/sub/x
	ln -s ../../elsewhere to/tree/sub
	status 1 ktask copy -r tree to
	has err 'ktask: cannot copy tree/sub to to/tree/sub: the destination is not a directory'
	[ -z "$(ls -A elsewhere)" ]
}

# --- Names ---------------------------------------------------------------------

test_names_from_a_list() {
	mkdir to
	echo a >a
	echo b >'b c'
	printf 'a\nb c\n' | status 0 ktask copy -t to --files-from=-
	only to a 'b c'
	rm to/*
	printf 'a\0b c' >list
	status 0 ktask copy -0 -t to --files-from=list
	only to a 'b c'
	status 1 ktask copy -t to --files-from=missing
	has err 'ktask: missing: No such file or directory'
}

# --- What it shows -------------------------------------------------------------

test_json() {
	need_json
	make_tree
	mkfifo tree/fifo
	printf x >tree/"$(printf 'not\377utf8')"
	status 1 ktask copy --json -r tree copy
	valid_json_lines out
	contains out '"source": "tree/a", "destination": "copy/a", "kind": "file", "bytes": 2'
	contains out "\"digest\": \"$(sha256sum <tree/a | cut -c1-64)\""
	contains out '"kind": "directory"'
	contains out '"kind": "link"'
	contains out '"error": "not a regular file"'
	contains out '"source_hex": "747265652f6e6f74ff75746638"'
	[ "$(wc -l <out)" -eq "$(find tree | wc -l)" ]
}

test_progress() {
	head -c 20000000 /dev/zero >a
	on_terminal 'ktask copy a b' </dev/null
	contains screen ' MiB/s'
	same a b
	on_terminal 'ktask copy --no-progress a b' </dev/null
	lacks screen MiB
}

test_usage() {
	echo a >a
	status 2 ktask copy
	has err 'ktask: a file to copy is missing'
	status 2 ktask copy a
	has err 'ktask: a destination is missing'
	status 2 ktask copy -t .
	has err 'ktask: a file to copy is missing'
	status 2 ktask copy --no-such-option a b
	status 2 ktask copy -j 0 a b
	status 2 ktask copy -a '' a b
	status 2 ktask copy -0 a b
	status 2 ktask copy --files-from=list a
	has err 'ktask: --files-from needs --target-directory'
	status 0 ktask copy --help
	contains out 'Usage: ktask copy'
	[ ! -e b ]
}

test_without_permission() {
	echo a >a
	status 1 as_stranger ktask copy a b
	contains err 'ktask: /dev/ktask: Permission denied'
}

run_all
