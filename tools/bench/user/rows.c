// SPDX-License-Identifier: GPL-2.0
/*
 * All rows.
 */
#include "subjects.h"

const struct row *const rows[] = {
	&row_syscall,
	&row_nop_batch,
	&row_nop_single,
	&row_sleepers,
	&row_hash_tree,
	&row_copy_tree,
	NULL
};
