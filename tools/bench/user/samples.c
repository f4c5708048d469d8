// SPDX-License-Identifier: GPL-2.0
/*
 * Samples as text: one a line, ROW SUBJECT METRIC ROUND VALUE with tabs between. So the
 * module gives them, so a file of others' has them, and so ours are kept.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { ROW, SUBJECT, METRIC, ROUND, VALUE, NR_FIELDS };

/* @side is put before the row's name, if it is not NULL. False: it is no sample. */
bool samples_parse(char *line, const char *side)
{
	char *fields[NR_FIELDS], *end, *row;
	double value;

	line[strcspn(line, "\r\n")] = '\0';
	for (int i = 0; i < NR_FIELDS; i++) {
		fields[i] = strsep(&line, "\t");
		if (!fields[i] || !*fields[i])
			return false;
	}
	value = strtod(fields[VALUE], &end);
	if (line || *end || !isfinite(value) || value < 0)
		return false;

	row = side ? must_format("%s/%s", side, fields[ROW]) : must(strdup(fields[ROW]));
	series_add(row, fields[SUBJECT], fields[METRIC], value);
	free(row);
	return true;
}

/* Empty lines, and those that begin with #, are left out. */
bool samples_read(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int nr = 0;
	char *line = NULL;
	bool ok = true;
	size_t size = 0;

	if (!file) {
		say("%s: %s", path, strerror(errno));
		return false;
	}
	while (ok && getline(&line, &size, file) > 0) {
		nr++;
		if (*line != '#' && *line != '\n' && !samples_parse(line, NULL)) {
			say("%s:%u: this is not ROW, SUBJECT, METRIC, ROUND and VALUE, with tabs between",
			    path, nr);
			ok = false;
		}
	}
	if (ferror(file)) {
		say("%s: %s", path, strerror(errno));
		ok = false;
	}
	free(line);
	fclose(file);
	return ok;
}

bool samples_write(const char *path)
{
	FILE *file = fopen(path, "we");
	bool ok;

	if (!file) {
		say("%s: %s", path, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < nr_series; i++) {
		const struct series *s = &series[i];

		for (size_t j = 0; j < s->nr; j++)
			fprintf(file, "%s\t%s\t%s\t%zu\t%.3f\n", s->row, s->subject,
				s->metric, j + 1, s->values[j]);
	}
	ok = !ferror(file);
	ok = !fclose(file) && ok;
	if (!ok)
		say("%s: %s", path, strerror(errno));
	return ok;
}
