// SPDX-License-Identifier: GPL-2.0
/*
 * The table, for people.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define RATIOS_MAX	64

/* Characters of the column of the quartiles, and of all before the next. */
#define QUARTILES	21
#define BEFORE_RATIO	(20 + 1 + 24 + 1 + 10 + 2 + 12 + 1 + QUARTILES)

/* Three digits that count, and no more zeros behind the point than it takes. */
static void number(char text[16], double value)
{
	snprintf(text, 16, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
}

/* Return: how wide the last column is. */
static size_t print_series(FILE *to, const char *row, const struct series *s)
{
	struct stats stats = stats_of(s);
	char median[16], low[16], high[16];

	number(median, stats.median);
	number(low, stats.low);
	number(high, stats.high);
	fprintf(to, "%-20s %-24s %10s  %-12s %s..%s", row, s->subject, median, s->metric, low,
		high);
	return strlen(low) + strlen("..") + strlen(high);
}

static void print_ratio(FILE *to, const struct ratio *r, const struct series *beside)
{
	char value[16], limit[16];

	number(value, r->value);
	number(limit, r->limit);
	if (beside == r->peer && !r->best)
		fprintf(to, " %8s", value);
	else if (r->peer)
		fprintf(to, " %8s  of %s", value, r->peer->subject);
	else
		fprintf(to, " %8s", "");
	if (r->limit)
		fprintf(to, "  %s %s: %s", r->at_least ? ">=" : "<=", limit,
			ratio_met(r) ? "met" : "MISSED");
}

/* A line for each that was measured, and what of it was compared. */
static void print_row(FILE *to, const char *row)
{
	struct ratio ratios[RATIOS_MAX];
	size_t nr = ratios_of(row, ratios, RATIOS_MAX);
	const char *title = row;

	for (size_t i = 0; i < nr_series; i++) {
		const struct series *s = &series[i];
		bool lined = false;
		size_t width;

		if (strcmp(s->row, row))
			continue;
		width = print_series(to, title, s);
		title = "";
		for (size_t j = 0; j < nr; j++) {
			const struct ratio *r = &ratios[j];

			/* By the peer; those about the best, or about no peer, by ours. */
			if (s != (r->peer && !r->best ? r->peer : r->ours))
				continue;
			if (lined)
				fprintf(to, "\n%*s", BEFORE_RATIO, "");
			else if (width < QUARTILES)
				fprintf(to, "%*s", (int)(QUARTILES - width), "");
			if (lined && r->peer && !r->best)
				fprintf(to, " (%s)", r->ours->subject);
			print_ratio(to, r, s);
			lined = true;
		}
		fputc('\n', to);
	}
}

void table_print(FILE *to)
{
	struct machine m;

	machine_get(&m);
	fprintf(to, "Linux %s %s, %u CPUs%s, %lu MiB, %s\n", m.release, m.arch, m.cpus,
		m.virtual ? " (virtual)" : "", m.memory_mib, m.cpu);
	fprintf(to, "Medians and quartiles; the ratio is that of ktask's median to the peer's.\n\n");
	fprintf(to, "%-20s %-24s %10s  %-12s %-21s %8s  %s\n", "row", "subject", "median",
		"metric", "quartiles", "ratio", "goal");
	for (size_t i = 0; i < nr_series; i++) {
		if (series_begins_row(i))
			print_row(to, series[i].row);
	}
}
