// SPDX-License-Identifier: GPL-2.0
/*
 * copy_tree: copy a tree of files in memory, then compare the SHA-256 of what was copied
 * with that of what is there. Each has both digests of each file at its end, and has
 * compared them.
 *
 * Programs are started and find the files; the others know their names. The command ktask
 * writes to a file beside, which it renames and whose mode and times it sets, what none of
 * the others does.
 *
 * Not measured: disks, and waiting for them (fsync).
 */
#include "subjects.h"

static const struct subject *const subjects[] = {
	&copy_ktask,
	&copy_ktask_command,
	&copy_cp,
	&copy_pool,
	&copy_pool_range,
	NULL
};

const struct row row_copy_tree = {
	.name = "copy_tree",
	.what = "copy a tree of 256 files, 27 MB in all, and verify it",
	.metric = "ms",
	.rounds = 5,
	.count = 256,
	.quick = 24,
	.open = tree_make,
	.close = tree_remove,
	.subjects = subjects,
};
