// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks in columns.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "rows.h"
#include "text.h"

/* A time in as few characters as tell enough of it. */
static char *span(uint64_t ns)
{
	uint64_t s = ns / 1000000000;

	if (s < 60)
		return must_format("%.3fs", ns / 1e9);
	if (s < 3600)
		return must_format("%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	if (s < 86400)
		return must_format("%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	return must_format("%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
}

static char *file(const struct row *row)
{
	return must_format("%" PRIu64, (uint64_t)row->task.file);
}

static char *id(const struct row *row)
{
	return must_format("%" PRIu64, (uint64_t)row->task.id);
}

/* Of another namespace, it has no number here. */
static char *pid(const struct row *row)
{
	return row->task.pid ? must_format("%u", row->task.pid) : must_format("-");
}

static char *user(const struct row *row)
{
	return text_printable(row->user);
}

static char *op(const struct row *row)
{
	return text_printable(row->task.op_name);
}

static char *state(const struct row *row)
{
	return must_format("%s", ktask_state_name(row->task.state));
}

static char *age(const struct row *row)
{
	return span(row->age_ns);
}

static char *cpu(const struct row *row)
{
	return span(row->task.run_ns);
}

static char *share(const struct row *row)
{
	return must_format("%.1f", row->share);
}

/* For programs that count words there is always one; names can have blanks. */
static char *name(const struct row *row)
{
	return text_printable(*row->task.name ? row->task.name : "-");
}

#define NR_COLUMNS	10
#define SHARE		8

static const struct column {
	const char *title;
	bool right;
	char *(*text)(const struct row *row);
} columns[NR_COLUMNS] = {
	{ "FILE", true, file },
	{ "ID", true, id },
	{ "PID", true, pid },
	{ "USER", false, user },
	{ "OP", false, op },
	{ "STATE", false, state },
	{ "AGE", true, age },
	{ "CPU", true, cpu },
	[SHARE] = { "%CPU", true, share },
	{ "NAME", false, name },
};

/* Cells of a line; the first line is the titles. */
struct line {
	char *cells[NR_COLUMNS];
};

static void fill(struct line *line, const struct row *row)
{
	for (size_t i = 0; i < NR_COLUMNS; i++)
		line->cells[i] = row ? columns[i].text(row) : must_format("%s", columns[i].title);
}

/* A cell with blanks around it. */
static void put_cell(FILE *to, const struct column *column, const char *text, size_t width)
{
	int blanks = width - text_width(text);

	if (column->right)
		fprintf(to, "%*s%s", blanks, "", text);
	else
		fprintf(to, "%s%*s", text, blanks, "");
}

static void put_line(FILE *to, const struct line *line, const size_t *widths,
		     bool with_share, size_t width)
{
	char *text = NULL;
	FILE *cells;
	size_t size;

	cells = must(open_memstream(&text, &size));
	for (size_t i = 0; i < NR_COLUMNS; i++) {
		if (i == SHARE && !with_share)
			continue;
		if (i)
			fputs("  ", cells);
		put_cell(cells, &columns[i], line->cells[i], widths[i]);
	}
	fclose(cells);
	must(text);

	size = width ? text_fitting(text, width) : size;
	while (size && text[size - 1] == ' ')
		size--;
	fprintf(to, "%.*s\n", (int)size, text);
	free(text);
}

void rows_print(FILE *to, const struct rows *rows, bool with_share, size_t max,
		size_t width)
{
	size_t nr = 1 + (max && max < rows->nr ? max : rows->nr);
	struct line *lines = must_calloc(nr, sizeof(*lines));
	size_t widths[NR_COLUMNS] = { 0 };

	for (size_t i = 0; i < nr; i++) {
		fill(&lines[i], i ? &rows->rows[i - 1] : NULL);
		for (size_t j = 0; j < NR_COLUMNS; j++) {
			size_t wide = text_width(lines[i].cells[j]);

			widths[j] = wide > widths[j] ? wide : widths[j];
		}
	}
	for (size_t i = 0; i < nr; i++) {
		put_line(to, &lines[i], widths, with_share, width);
		for (size_t j = 0; j < NR_COLUMNS; j++)
			free(lines[i].cells[j]);
	}
	free(lines);
}
