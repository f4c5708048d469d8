# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts here share: where things are, how they speak, and which
# host tools they need. Sourced, never run.

vm_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck disable=SC2034 # used by those who source this
top_dir=$(cd -- "$vm_dir/../.." && pwd -P)
# shellcheck disable=SC2034
cache_dir=${KTASK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ktask}

# depmod and mke2fs are there, and an ordinary user's PATH lacks them
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

me=${0##*/}

say() {
	printf '%s: %s\n' "$me" "$*" >&2
}

die() {
	say "$*"
	exit 2
}

# need_value OPTION COUNT: COUNT arguments are left, the option's own included
need_value() {
	[ "$2" -ge 2 ] || die "$1 needs a value"
}

# lanes check|all: the names of the lanes of "make check", or of all
lanes() {
	awk -F '[ \t]*[|][ \t]*' -v which="$1" '
		/^[a-z]/ && (which == "all" || $2 == which) { print $1 }' "$vm_dir/lanes"
}

# read_lane NAME: the columns of the file lanes go to variables
read_lane() {
	local line
	line=$(grep -E "^$1[[:space:]]*\\|" "$vm_dir/lanes") ||
		die "unknown lane '$1'; there are $(lanes all | xargs)"
	# shellcheck disable=SC2034 # used by those who source this
	IFS='|' read -r _ _ lane_kernel lane_smp lane_seconds lane_pace lane_append _ \
		< <(sed -E 's/[[:space:]]*\|[[:space:]]*/|/g' <<<"$line")
}

# Every host tool we use, by purpose, as FILE:PACKAGE. FILE is a command, or an
# absolute path (a glob is fine) where the package has no command.
tools_for() {
	case $1 in
	boot)	# run a guest
		echo qemu-system-x86_64:qemu-system-x86 busybox:busybox-static \
			cpio:cpio modprobe:kmod ldd:libc-bin ;;
	stall)	# stand in the guest's way
		echo gcc:gcc /usr/include/errno.h:libc6-dev ;;
	stock)	# unpack a distribution's kernel
		echo dpkg-deb:dpkg depmod:kmod mke2fs:e2fsprogs unxz:xz-utils ;;
	module)	# build a module against a cached kernel
		echo make:make gcc:gcc gcc-12:gcc-12 pahole:dwarves \
			'/usr/share/perl/*/Pod/Usage.pm:perl' \
			'/usr/lib/*/libelf.so.1:libelf1' ;;
	sources) # unpack parts of the kernel's source
		echo dpkg-deb:dpkg tar:tar xz:xz-utils ;;
	user)	# build the library, the command and their tests
		echo make:make gcc:gcc /usr/include/errno.h:libc6-dev \
			readelf:binutils pkg-config:pkg-config \
			/usr/include/json-c/json.h:libjson-c-dev ;;
	style)	# what checks the tree itself
		echo '/usr/share/perl/*/Pod/Usage.pm:perl' sparse:sparse codespell:codespell man:man-db \
			mandoc:mandoc shellcheck:shellcheck spatch:coccinelle \
			clang:clang ;;
	tests)	# build the tests, for 32-bit callers too
		echo '/usr/lib/gcc/*/*/32/libgcc.a:gcc-multilib' g++:g++ clang:clang \
			/usr/include/liburing.h:liburing-dev \
			mandoc:mandoc man:man-db git:git \
			abidw:abigail-tools abidiff:abigail-tools ;;
	bench)	# peers of the bench
		echo /usr/include/liburing.h:liburing-dev ;;
	model)	# search the model of the task state machine
		echo spin:spin gcc:gcc ;;
	coverage) # read what a module has counted
		echo gcov:gcc ;;
	own)	# build a kernel
		echo dpkg-deb:dpkg depmod:kmod mke2fs:e2fsprogs xz:xz-utils \
			make:make gcc:gcc flex:flex bison:bison bc:bc \
				'/usr/share/perl/*/Pod/Usage.pm:perl' \
			/usr/include/libelf.h:libelf-dev ;;
	*)	die "no list of tools for '$1'" ;;
	esac
}

tool_present() {
	case $1 in
	/*)	compgen -G "$1" >/dev/null ;;
	*)	command -v -- "$1" >/dev/null ;;
	esac
}

missing_packages() {
	local purpose pair pairs
	for purpose in "$@"; do
		read -ra pairs <<<"$(tools_for "$purpose")"
		for pair in "${pairs[@]}"; do
			tool_present "${pair%%:*}" || echo "${pair##*:}"
		done
	done | sort -u
}

# need_tools PURPOSE...: installs what is missing, or says what to install
need_tools() {
	local packages
	mapfile -t packages < <(missing_packages "$@")
	[ "${#packages[@]}" -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		die "please install: ${packages[*]}"
	fi
	say "installing ${packages[*]}"
	apt_lists
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
		--no-install-recommends "${packages[@]}" >/dev/null ||
		die "could not install: ${packages[*]}"
	mapfile -t packages < <(missing_packages "$@")
	[ "${#packages[@]}" -eq 0 ] ||
		die "installed, yet something is still missing: ${packages[*]}"
}

# What apt knows of packages; see release.sh too.
apt_lists_dir=/var/lib/apt/lists

# Makes sure that apt knows of packages at all.
apt_lists() {
	compgen -G "$apt_lists_dir/*_Packages*" >/dev/null || apt_update
}

apt_update() {
	[ -w $apt_lists_dir ] || die "apt's lists are missing or old; run 'apt-get update' as root"
	apt-get update -qq >&2 || die "apt-get update failed"
}
