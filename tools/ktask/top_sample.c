// SPDX-License-Identifier: GPL-2.0
/*
 * What "top" looks at, and how it shows it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "text.h"
#include "top.h"

/* Lines that are not tasks: the header, and the titles. */
#define HEADER_LINES	5

int top_look(const struct top *top, struct top_sample *sample, struct top_sample *before)
{
	int err;

	err = ktask_info(top->set, &sample->info);
	if (!err)
		err = rows_read(top->set, &sample->rows);
	if (!err && before)
		rows_compare(&sample->rows, &before->rows);
	if (!err)
		rows_sort(&sample->rows, top->key);
	return err;
}

/* So many a second since the look before; 0 if there was none. */
static double rate(const struct top_sample *sample, const struct top_sample *before,
		   uint64_t now, uint64_t then)
{
	uint64_t passed = before ? sample->rows.now - before->rows.now : 0;

	return passed ? (now - then) * 1e9 / passed : 0;
}

static void put_states(FILE *to, const struct rows *rows)
{
	size_t counts[KTASK_STATE_ENDED + 1] = { 0 };

	for (size_t i = 0; i < rows->nr; i++) {
		if (rows->rows[i].task.state <= KTASK_STATE_ENDED)
			counts[rows->rows[i].task.state]++;
	}
	for (uint32_t i = KTASK_STATE_HELD; i <= KTASK_STATE_ENDED; i++) {
		if (counts[i])
			fprintf(to, ", %zu %s", counts[i], ktask_state_name(i));
	}
}

static double total_share(const struct rows *rows)
{
	double sum = 0;

	for (size_t i = 0; i < rows->nr; i++)
		sum += rows->rows[i].share;
	return sum;
}

/* Our own file is none that anybody wants to see. */
static void put_header(FILE *to, const struct top_sample *sample,
		       const struct top_sample *before)
{
	const struct ktask_info *info = &sample->info;
	const struct ktask_info *old = before ? &before->info : info;

	fprintf(to, "ktask: %" PRIu64 " files, %zu tasks", (uint64_t)info->files - 1,
		sample->rows.nr);
	put_states(to, &sample->rows);
	fprintf(to, ", CPU %.1f%%\n", total_share(&sample->rows));
	fprintf(to, "spawned %" PRIu64 " (%.1f/s), completed %" PRIu64
		" (%.1f/s), cancelled %" PRIu64 " (%.1f/s)\n",
		(uint64_t)info->spawned, rate(sample, before, info->spawned, old->spawned),
		(uint64_t)info->completed,
		rate(sample, before, info->completed, old->completed),
		(uint64_t)info->cancelled,
		rate(sample, before, info->cancelled, old->cancelled));
	fprintf(to, "yours: %" PRIu64 " of %" PRIu64 " tasks, %" PRIu64 " of %" PRIu64
		" bytes\n\n",
		(uint64_t)info->user_tasks, (uint64_t)info->max_user_tasks,
		(uint64_t)info->user_bytes, (uint64_t)info->max_user_bytes);
}

/* Cuts lines off behind so many characters. */
static void put_narrow(FILE *to, const char *text, size_t columns)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = must_strndup(text, len);

		fprintf(to, "%.*s\n", (int)(columns ? text_fitting(line, columns) : len), line);
		free(line);
		text += len + (text[len] == '\n');
	}
}

char *top_text(const struct top_sample *sample, const struct top_sample *before,
	       size_t lines, size_t columns)
{
	char *header = NULL, *text = NULL;
	size_t header_size, size;
	FILE *to;

	to = must(open_memstream(&header, &header_size));
	put_header(to, sample, before);
	fclose(to);

	to = must(open_memstream(&text, &size));
	put_narrow(to, must(header), columns);
	/* On a terminal that is too low, one task at least. */
	rows_print(to, &sample->rows, true,
		   !lines ? 0 : lines > HEADER_LINES + 1 ? lines - HEADER_LINES - 1 : 1, columns);
	fclose(to);
	free(header);
	return must(text);
}
