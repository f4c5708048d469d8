// SPDX-License-Identifier: GPL-2.0
/*
 * In which order tasks are listed.
 */
#include <stdlib.h>
#include <string.h>

#include "rows.h"

/* That which is larger comes first. */
static int descending(double a, double b)
{
	return a > b ? -1 : a < b;
}

static int ascending(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_file(const struct row *a, const struct row *b)
{
	int order = ascending(a->task.file, b->task.file);

	return order ? order : ascending(a->task.id, b->task.id);
}

static int by_user(const struct row *a, const struct row *b)
{
	return strcmp(a->user, b->user);
}

static int by_pid(const struct row *a, const struct row *b)
{
	return ascending(a->task.pid, b->task.pid);
}

static int by_op(const struct row *a, const struct row *b)
{
	return strcmp(a->task.op_name, b->task.op_name);
}

static int by_name(const struct row *a, const struct row *b)
{
	return strcmp(a->task.name, b->task.name);
}

/* Those at work first, then those that come next. */
static int by_state(const struct row *a, const struct row *b)
{
	static const unsigned char order[] = {
		[KTASK_STATE_RUNNING] = 1,
		[KTASK_STATE_QUEUED] = 2,
		[KTASK_STATE_WAITING] = 3,
		[KTASK_STATE_LIMITED] = 4,
		[KTASK_STATE_DELAYED] = 5,
		[KTASK_STATE_HELD] = 6,
		[KTASK_STATE_ENDED] = 7,
	};
	const size_t nr = sizeof(order);

	return ascending(a->task.state < nr ? order[a->task.state] : nr,
			 b->task.state < nr ? order[b->task.state] : nr);
}

static int by_age(const struct row *a, const struct row *b)
{
	return descending(a->age_ns, b->age_ns);
}

static int by_cpu(const struct row *a, const struct row *b)
{
	return descending(a->task.run_ns, b->task.run_ns);
}

static int by_share(const struct row *a, const struct row *b)
{
	int order = descending(a->share, b->share);

	return order ? order : by_cpu(a, b);
}

static const struct key {
	const char *name;
	int (*compare)(const struct row *a, const struct row *b);
} keys[] = {
	{ "file", by_file },
	{ "user", by_user },
	{ "pid", by_pid },
	{ "op", by_op },
	{ "name", by_name },
	{ "state", by_state },
	{ "age", by_age },
	{ "cpu", by_cpu },
	{ "share", by_share },
};

bool rows_sort_key(const char *name, size_t *key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(name, keys[i].name)) {
			*key = i;
			return true;
		}
	}
	return false;
}

/* Always the same order for the same tasks. */
static int compare(const void *a, const void *b, void *key)
{
	int order = ((const struct key *)key)->compare(a, b);

	return order ? order : by_file(a, b);
}

void rows_sort(struct rows *rows, size_t key)
{
	if (rows->nr)
		qsort_r(rows->rows, rows->nr, sizeof(*rows->rows), compare,
			(void *)&keys[key]);
}
