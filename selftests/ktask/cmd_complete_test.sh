#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Completion of the command ktask in bash.

# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=cmd.sh
. "$(dirname "$0")/cmd.sh"

completion=$(cd "$(dirname "$0")" && pwd)/completion.bash

# typed LINE [WORDBREAKS]: what bash would put in place of the last word goes to the
# file replies, one a line
typed() {
	command -v bash >/dev/null || skip "bash is not installed"
	COMP_LINE=$1 COMPLETION=$completion BREAKS="${2- =:@}" bash -euc '
		source "$COMPLETION"
		COMP_WORDBREAKS=$BREAKS COMP_POINT=${#COMP_LINE}
		set +eu
		_ktask
		[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' >replies
}

# gives WORD...: these and no others
gives() {
	printf '%s\n' "$@" | sort >want
	sort replies >got
	same want got
}

test_verbs() {
	typed 'ktask '
	gives bench copy hash info ops ps run spawn top --help --version
	typed 'ktask sp'
	gives spawn
	typed 'ktask x'
	empty replies
}

test_options() {
	# Each that the help tells of, and none other.
	for verb in bench copy hash info ops ps run spawn top; do
		typed "ktask $verb --"
		ktask "$verb" --help | sed -n '/^ *-/p' | grep -oE -- '(^|[ ,])--[a-z-]+=?' |
			tr -d ' ,' | sort -u >all
		[ -s replies ]
		while IFS= read -r option; do
			has all "$option"
		done <replies
		has replies --help
	done
	typed 'ktask spawn --ti'
	gives --timeout=
	typed 'ktask copy --no-'
	gives --no-fsync --no-progress --no-verify
}

test_values_of_options() {
	typed 'ktask spawn --priority='
	gives high idle normal
	typed 'ktask spawn --priority=i'
	gives idle
	typed 'ktask ps --sort=s'
	gives share state
	# Where a word does not end at "=", all of it is replaced.
	typed 'ktask ps --sort=s' ' '
	gives --sort=share --sort=state
	typed 'ktask hash -a sha256'
	grep -qx sha256 replies
	mkdir dir
	: >file
	typed 'ktask copy -t '
	gives dir
	typed 'ktask copy --target-directory=d'
	gives dir
	typed 'ktask spawn --out=f'
	gives file
	typed 'ktask spawn --count='
	empty replies
}

test_operations_and_arguments() {
	typed 'ktask spawn '
	for op in nop sleep hash read write fsync copy poll; do
		has replies "$op"
	done
	typed 'ktask spawn --name=x sl'
	gives sleep
	typed 'ktask spawn read '
	gives fd= length= offset=
	typed 'ktask spawn read fd=a '
	gives length= offset=
	typed 'ktask spawn --count=2 copy fd_in=a fd_'
	gives fd_out=
	: >'a file'
	typed 'ktask spawn read fd=a'
	gives 'a file'
	typed 'ktask spawn write data=@a'
	gives 'a file'
	typed 'ktask spawn write data=@a' ' ='
	gives '@a file'
	typed 'ktask spawn poll events=r'
	gives rdband rdhup rdnorm
	typed 'ktask spawn poll events=in,rdh'
	gives in,rdhup
	typed 'ktask spawn no-such-op '
	empty replies
	typed 'ktask spawn nop x='
	empty replies
}

test_rows_of_the_bench() {
	typed 'ktask bench user/nop_s'
	gives user/nop_single
}

test_files() {
	mkdir dir
	: >dir/one
	: >'dir/two words'
	for verb in hash copy run; do
		typed "ktask $verb dir/"
		gives dir/one 'dir/two words'
	done
	typed 'ktask copy dir/one di'
	gives dir
	typed 'ktask ps di'
	empty replies
}

test_variables_of_a_graph() {
	printf '%s\n' 'src = a' '  d2=b' 'x: nop result=3' >graph
	typed 'ktask run graph '
	gives d2= src=
	typed 'ktask run --json graph s'
	gives src=
}

# Where the command cannot tell, it is quiet.
# shellcheck disable=SC2016 # for bash
test_without_the_device() {
	as_stranger true
	command -v bash >/dev/null || skip "bash is not installed"
	as_stranger bash -c '
		source "$1"
		COMP_LINE="ktask spawn " COMP_POINT=${#COMP_LINE}
		_ktask
		echo ${#COMPREPLY[@]}' bash "$completion" >out 2>err
	[ "$(cat out)" = 0 ]
	empty err
}

run_all
