// SPDX-License-Identifier: GPL-2.0
/*
 * hash_tree: SHA-256 of all files of a tree, which is in memory and was just read.
 *
 * Programs are started, find the files and print the digests; the others, which are a
 * part of this program, know the files' names and have the digests in memory.
 *
 * Not measured: reading from a disk.
 */
#include "subjects.h"

static const struct subject *const subjects[] = {
	&hash_ktask,
	&hash_ktask_command,
	&hash_xargs,
	&hash_pool_read,
	&hash_pool_mmap,
	&hash_pool_sendfile,
	NULL
};

const struct row row_hash_tree = {
	.name = "hash_tree",
	.what = "hash a tree of 256 files, 27 MB in all",
	.metric = "ms",
	.rounds = 5,
	.count = 256,
	.quick = 24,
	.open = tree_make,
	.close = tree_remove,
	.subjects = subjects,
};
