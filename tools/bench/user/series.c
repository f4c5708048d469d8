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

bool series_is_ours(const struct series *s)
{
	return !strncmp(s->subject, "ktask", strlen("ktask"));
}
