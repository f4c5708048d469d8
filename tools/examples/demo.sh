#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The demo, inside the guest: the kernel's tasks at work on real files.

set -eu
tree=/lib/modules/$(uname -r)/kernel
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

title() {
	printf '\n\033[1m%s\033[0m\n' "$*"
}

# A command as one would type it, and what it prints.
show() {
	printf '$ %s\n' "$*"
	"$@"
}

# seconds COMMAND...: how long it takes, in $took
seconds() {
	start=$(date +%s%N)
	"$@"
	took=$((($(date +%s%N) - start) / 1000000))
	took=$((took / 1000)).$(printf %03d $((took % 1000)))
}

# --- Hash a tree of files ------------------------------------------------------

printf 'Linux %s, %s CPUs, /dev/ktask is there:\n' "$(uname -r)" "$(nproc)"
show ktask info
show ktask ops

title "Files of a real file system, hashed by tasks in the kernel"
: >"$work/empty"
head -c 70001 /dev/urandom >"$work/longer than a chunk"
find "$tree" "$work" -type f >/tmp/list
files=$(wc -l </tmp/list)
mib=$(tr '\n' '\0' </tmp/list | xargs -0 cat | wc -c)
mib=$((mib / 1048576))

by_ktask() {
	ktask hash -a sha256 --files-from /tmp/list >/tmp/by-ktask
}
by_sha256sum() {
	tr '\n' '\0' </tmp/list | xargs -0 sha256sum >/tmp/by-sha256sum
}

printf '$ ktask hash -a sha256 --files-from LIST\n'
seconds by_ktask
ktask_took=$took
# As they complete: small files overtake large ones.
sed -n '1,3s/^/  /p;4s/.*/  .../p' /tmp/by-ktask
seconds by_sha256sum
printf '%s files, %s MiB: ktask %s s, sha256sum %s s, page cache warm\n' \
	"$files" "$mib" "$ktask_took" "$took"

sort /tmp/by-ktask >/tmp/a
sort /tmp/by-sha256sum >/tmp/b
if cmp -s /tmp/a /tmp/b && [ "$(wc -l </tmp/a)" -eq "$files" ]; then
	echo "verdict: all $files digests are those of sha256sum"
else
	echo "verdict: the digests DIFFER from those of sha256sum"
	exit 1
fi

# --- Sleep, time out, abort ----------------------------------------------------

title "Tasks that sleep, time out and are aborted"
PATH=$PATH:/usr/local/bin/examples
show sleepers

title "In the end nothing is left"
show ktask info | grep -E '^(\$|tasks|open)' || true
