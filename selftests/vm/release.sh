# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Packages of another release of the distribution, from the archive that the machine
# itself uses. Sourced after lib.sh. The machine's own lists and packages stay as
# they are; what we know of the other release is in the cache.

# archive: where the machine gets its own release from
archive() {
	apt-get indextargets --format '$(ORIGIN)|$(COMPONENT)|$(CODENAME)|$(REPO_URI)' |
		awk -F '|' '$1 == "Debian" && $2 == "main" && $3 !~ /-/ { print $4; exit }'
}

# use_release NAME: from here on, apt knows that release and its backports, the
# latter first, and nothing of what is installed.
use_release() {
	local name=$1 dir=$cache_dir/apt/$1 uri keys option=''
	apt_lists
	uri=$(archive)
	[ -n "$uri" ] || die "apt does not say where the machine's own release is from"
	# That of Debian's package of keys, where there is one; or else those apt trusts.
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	[ ! -e $keys ] || option="[signed-by=$keys] "
	mkdir -p "$dir"/{lists,cache}/partial
	: >"$dir/status"
	printf "deb $option%s %s main\n" "$uri" "$name" "$uri" "$name-backports" \
		>"$dir/sources.list"
	cat >"$dir/apt.conf" <<-CONF
		Dir::State "$dir";
		Dir::State::lists "lists/";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "-";
		APT::Default-Release "$name-backports";
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
	CONF
	export APT_CONFIG=$dir/apt.conf
	# shellcheck disable=SC2034 # lib.sh uses it
	apt_lists_dir=$dir/lists
	apt_lists
}

# download_with_all DIR PACKAGE...: those, and all they need, as .deb files
download_with_all() {
	local dir=$1
	shift
	say "downloading $*, with what they need"
	mkdir -p "$dir/partial"
	apt-get install -qq -y --download-only -o "Dir::Cache::archives=$dir" "$@" >&2 9>&- &&
	rm -rf "$dir/partial" "$dir/lock"
}

# run_with_own_libraries ROOT: what was unpacked there and does not run with the
# machine's libraries is made to run with those that are there, wherever ROOT is.
run_with_own_libraries() {
	local root=$1 libraries=$1/usr/lib/x86_64-linux-gnu file up answer
	find "$root/usr" -type f -perm -u+x ! -name '*.so*' | while read -r file; do
		# A script, or what is linked statically, has no such answer.
		answer=$(ldd "$file" 2>&1 || true)
		[[ $answer = *'not found'* ]] || continue
		up=$(realpath --relative-to="${file%/*}" "$libraries")
		mv "$file" "$file.real"
		cat >"$file" <<-WRAPPER
			#!/bin/sh
			lib=\${0%/*}/$up
			exec "\$lib/ld-linux-x86-64.so.2" --library-path "\$lib" --argv0 "\$0" "\$0.real" "\$@"
		WRAPPER
		chmod +x "$file"
	done
}
