# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of the command ktask for bash. What verbs and options there are it asks
# the command itself, and what operations and arguments, the kernel through it.

__ktask_verbs() {
	ktask --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  *[a-z].*/\1/p'
}

__ktask_options() {
	ktask "$1" --help 2>/dev/null |
		sed -n 's/^ *\(-[a-zA-Z0-9], \)\{0,1\}\(--[a-z][a-z-]*=\{0,1\}\).*/\2/p'
}

__ktask_ops() {
	ktask ops 2>/dev/null | sed -n 's/^\([^ ][^ ]*\) .*/\1/p'
}

# __ktask_args OP: a line for each argument, as "ktask ops" has it: KEY=TYPE...
__ktask_args() {
	ktask ops 2>/dev/null | awk -v op="$1" '
		/^[^ ]/ { wanted = $1 == op }
		wanted && /^    [^ =]*=/ { sub(/^ */, ""); print }'
}

__ktask_algorithms() {
	awk '$1 == "name" { name = $3 } $1 == "type" && $3 ~ /^(shash|ahash)$/ { print name }' \
		/proc/crypto 2>/dev/null | sort -u
}

# In what follows, prefix is what stands before CURRENT in the same word.

# __ktask_reply WORDS CURRENT: those of the words that begin so
__ktask_reply() {
	mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$1" -- "$2")
	# What ends so has a value behind it.
	[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
}

# __ktask_files CURRENT [-d]
__ktask_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -P "$prefix" "${2:--f}" -- "$1")
}

# __ktask_value OPTION CURRENT: false: it is none with a value that we know
__ktask_value() {
	case $1 in
	-a | --algorithm)	__ktask_reply "$(__ktask_algorithms)" "$2" ;;
	-t | --target-directory | --dir)	__ktask_files "$2" -d ;;
	--extra | --files-from | --out | --samples)	__ktask_files "$2" ;;
	--priority)		__ktask_reply 'normal high idle' "$2" ;;
	--sort)			__ktask_reply 'file user pid op name state age cpu share' "$2" ;;
	-j | --jobs | -d | --delay | -n | --iterations | --count | --cpu | --name | --rounds | --timeout)
		COMPREPLY=() ;;
	*)			return 1 ;;
	esac
}

# __ktask_arg OP WORD GIVEN...: an argument of an operation
__ktask_arg() {
	local op=$1 word=$2 args line key keys='' value
	shift 2
	args=$(__ktask_args "$op")
	if [[ $word != *=* ]]; then
		while IFS='=' read -r key _; do
			[[ -z $key || " $* " == *" $key="* ]] || keys+=" $key="
		done <<<"$args"
		__ktask_reply "$keys" "$word"
		return
	fi

	key=${word%%=*} value=${word#*=} prefix=$key=
	line=$(grep "^$key=" <<<"$args") || return
	case ${line#*=} in
	file*)
		__ktask_files "$value" ;;
	data*)
		[[ $value != @* ]] || prefix+=@ __ktask_files "${value#@}" ;;
	*'words: '*)
		line=${line##*words: }
		# Several, with commas between.
		[[ $value != *,* ]] || prefix+=${value%,*},
		__ktask_reply "${line//,/ }" "${value##*,}" ;;
	esac
}

# __ktask_word VERB CURRENT WORDS_BEFORE...: what is neither an option nor its value
__ktask_word() {
	local verb=$1 current=$2 word given=()
	shift 2
	# What stands before it, without options.
	while [ $# -gt 0 ]; do
		word=$1
		shift
		case $word in
		-[ajtdn])	[ $# -eq 0 ] || shift ;;
		-?*)		;;
		*)		given+=("$word") ;;
		esac
	done

	case $verb in
	bench)
		__ktask_reply "$(ktask bench --list 2>/dev/null | cut -d ' ' -f 1)" "$current" ;;
	hash | copy)
		__ktask_files "$current" ;;
	run)
		if [ ${#given[@]} -eq 0 ]; then
			__ktask_files "$current"
		else
			__ktask_reply "$(sed -n 's/^ *\([A-Za-z_][A-Za-z0-9_]*\) *=.*/\1=/p' \
				"${given[0]}" 2>/dev/null)" "$current"
		fi ;;
	spawn)
		if [ ${#given[@]} -eq 0 ]; then
			__ktask_reply "$(__ktask_ops)" "$current"
		else
			__ktask_arg "${given[0]}" "$current" "${given[@]:1}"
		fi ;;
	esac
}

_ktask() {
	local line=${COMP_LINE:0:COMP_POINT} words=() current verb previous prefix='' i
	local breaks=${COMP_WORDBREAKS//[!=:@]/}
	COMPREPLY=()

	# Not COMP_WORDS, in which a word with "=" is several.
	read -ra words <<<"$line"
	[[ $line != *[[:blank:]] ]] || words+=('')
	current=${words[-1]}
	if [ ${#words[@]} -le 2 ]; then
		__ktask_reply "$(__ktask_verbs) --help --version" "$current"
		return
	fi
	verb=${words[1]}
	previous=${words[-2]}

	if [[ $current == --*=* ]]; then
		prefix=${current%%=*}=
		__ktask_value "${current%%=*}" "${current#*=}"
	elif [[ $previous == -[a-z] ]] && __ktask_value "$previous" "$current"; then
		:
	elif [[ $current == -* ]]; then
		__ktask_reply "$(__ktask_options "$verb")" "$current"
	else
		__ktask_word "$verb" "$current" "${words[@]:2:${#words[@]}-3}"
	fi

	# To bash a word begins behind the last of these, and so must the reply.
	if [ -n "$breaks" ]; then
		prefix=${current%"${current##*["$breaks"]}"}
		for i in "${!COMPREPLY[@]}"; do
			COMPREPLY[i]=${COMPREPLY[i]#"$prefix"}
		done
	fi
}

complete -F _ktask ktask
