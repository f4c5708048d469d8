// SPDX-License-Identifier: GPL-2.0
/*
 * What has been measured, in the order in which it first came.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct series *series;
size_t nr_series;

void *must(void *ptr)
{
	if (!ptr) {
		fputs("ktask-bench: out of memory\n", stderr);
		exit(STATUS_FAILED);
	}
	return ptr;
}

char *must_format(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	return must(len < 0 ? NULL : text);
}

static struct series *find(const char *row, const char *subject, const char *metric)
{
	for (size_t i = 0; i < nr_series; i++) {
		if (!strcmp(series[i].row, row) && !strcmp(series[i].subject, subject) &&
		    !strcmp(series[i].metric, metric))
			return &series[i];
	}
	return NULL;
}

const struct series *series_find(const char *row, const char *subject, const char *metric)
{
	return find(row, subject, metric);
}

void series_add(const char *row, const char *subject, const char *metric, double value)
{
	struct series *s = find(row, subject, metric);

	if (!s) {
		series = must(reallocarray(series, nr_series + 1, sizeof(*series)));
		s = &series[nr_series++];
		*s = (struct series){
			.row = must(strdup(row)),
			.subject = must(strdup(subject)),
			.metric = must(strdup(metric)),
		};
	}
	s->values = must(reallocarray(s->values, s->nr + 1, sizeof(*s->values)));
	s->values[s->nr++] = value;
}

/**
 * struct place - where a series goes
 * @row: the first one of its row
 * @metric: the first one of that with its metric
 * @rank: what is ours first, and of that the plainest
 * @now: where it is
 */
struct place {
	size_t row;
	size_t metric;
	size_t rank;
	size_t now;
};

static size_t rank(const struct series *s)
{
	if (!strcmp(s->subject, "ktask"))
		return 0;
	return series_is_ours(s) ? 1 : 2;
}

static int compare_size(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return compare_size(x->row, y->row) ?: compare_size(x->metric, y->metric) ?:
	       compare_size(x->rank, y->rank) ?: compare_size(x->now, y->now);
}

static struct place place_of(size_t i)
{
	struct place place = { .rank = rank(&series[i]), .now = i };

	while (strcmp(series[place.row].row, series[i].row))
		place.row++;
	place.metric = place.row;
	while (strcmp(series[place.metric].row, series[i].row) ||
	       strcmp(series[place.metric].metric, series[i].metric))
		place.metric++;
	return place;
}

/* So that those of a row follow each other. Rows as they came, whoever was first in them. */
void series_sort(void)
{
	struct place *places = must(calloc(nr_series + 1, sizeof(*places)));
	struct series *sorted = must(calloc(nr_series + 1, sizeof(*sorted)));

	for (size_t i = 0; i < nr_series; i++)
		places[i] = place_of(i);
	qsort(places, nr_series, sizeof(*places), compare);
	for (size_t i = 0; i < nr_series; i++)
		sorted[i] = series[places[i].now];
	free(places);
	free(series);
	series = sorted;
}

bool series_is_ours(const struct series *s)
{
	return !strncmp(s->subject, "ktask", strlen("ktask"));
}

bool series_begins_row(size_t i)
{
	return !i || strcmp(series[i].row, series[i - 1].row);
}
