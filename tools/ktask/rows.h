/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of the tasks that there are.
 */
#ifndef KTASK_ROWS_H
#define KTASK_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ktask.h"

/**
 * struct row - a task
 * @task: what the kernel tells of it
 * @user: name of the user that it works for; not to be freed
 * @age_ns: how long ago it was spawned
 * @share: how much of a CPU it has had, in percent: since then, or lately
 */
struct row {
	struct ktask_task task;
	const char *user;
	uint64_t age_ns;
	double share;
};

/**
 * struct rows - tasks
 * @rows: them
 * @nr: how many
 * @room: how many there is room for
 * @now: when that was, CLOCK_MONOTONIC
 */
struct rows {
	struct row *rows;
	size_t nr;
	size_t room;
	uint64_t now;
};

/* All that we may see, in place of what is there. 0, or a negative errno. */
int rows_read(struct ktask_set *set, struct rows *rows);
void rows_free(struct rows *rows);

/* Has shares tell of the time since @before. Both are sorted by file and id then. */
void rows_compare(struct rows *rows, struct rows *before);

/* rows_sort.c: the names of the keys; false: there is no such key. */
#define ROWS_SORT_KEYS	"file, user, pid, op, name, state, age, cpu, share"
bool rows_sort_key(const char *name, size_t *key);
void rows_sort(struct rows *rows, size_t key);

/* rows_print.c: up to @max of them, in lines of up to @width characters; 0: any. */
void rows_print(FILE *to, const struct rows *rows, bool with_share, size_t max,
		size_t width);

/* user.c: a name, or a number; not to be freed. */
const char *user_name(uint32_t uid);

#endif /* KTASK_ROWS_H */
