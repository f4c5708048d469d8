// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of the tasks that there are.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "rows.h"

static int by_id(const void *a, const void *b)
{
	const struct ktask_task *first = &((const struct row *)a)->task;
	const struct ktask_task *second = &((const struct row *)b)->task;

	if (first->file != second->file)
		return first->file < second->file ? -1 : 1;
	return first->id < second->id ? -1 : first->id > second->id;
}

static int add(const struct ktask_task *task, void *data)
{
	struct rows *rows = data;
	struct row *row;

	if (rows->nr == rows->room) {
		rows->room = rows->room * 2 + 64;
		rows->rows = must_realloc(rows->rows, rows->room, sizeof(*row));
	}
	row = &rows->rows[rows->nr++];
	row->task = *task;
	row->user = user_name(task->uid);
	/* It may have been spawned while we list. */
	row->age_ns = rows->now > task->spawned_ns ? rows->now - task->spawned_ns : 0;
	row->share = row->age_ns ? 100.0 * task->run_ns / row->age_ns : 0;
	return 0;
}

int rows_read(struct ktask_set *set, struct rows *rows)
{
	rows->nr = 0;
	rows->now = ktask_now();
	return ktask_task_for_each(set, KTASK_LIST_ALL, add, rows);
}

static void sort_by_id(struct rows *rows)
{
	if (rows->nr)
		qsort(rows->rows, rows->nr, sizeof(*rows->rows), by_id);
}

void rows_compare(struct rows *rows, struct rows *before)
{
	uint64_t passed = rows->now - before->now;

	sort_by_id(rows);
	sort_by_id(before);
	for (size_t i = 0; i < rows->nr; i++) {
		struct row *row = &rows->rows[i];
		const struct row *old = before->nr ?
			bsearch(row, before->rows, before->nr, sizeof(*row), by_id) : NULL;
		uint64_t old_ns = old ? old->task.run_ns : 0;

		/* One that is younger keeps what it has of its own time. */
		if (old && passed)
			row->share = row->task.run_ns > old_ns ?
				     100.0 * (row->task.run_ns - old_ns) / passed : 0;
	}
}

void rows_free(struct rows *rows)
{
	free(rows->rows);
}
