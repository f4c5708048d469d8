// SPDX-License-Identifier: GPL-2.0
/*
 * All that there is, for programs.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define RATIOS_MAX	64

static void string(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(to, "\\u%04x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

static void member(FILE *to, const char *key, const char *value)
{
	fprintf(to, "\"%s\": ", key);
	string(to, value);
	fputs(", ", to);
}

static void machine(FILE *to)
{
	struct machine m;

	machine_get(&m);
	member(to, "kernel", m.release);
	member(to, "arch", m.arch);
	member(to, "cpu", m.cpu);
	fprintf(to, "\"virtual\": %s, \"cpus\": %u, \"memory_mib\": %lu",
		m.virtual ? "true" : "false", m.cpus, m.memory_mib);
}

static void one_series(FILE *to, const struct series *s)
{
	struct stats stats = stats_of(s);

	fputs("{ ", to);
	member(to, "row", s->row);
	member(to, "subject", s->subject);
	member(to, "metric", s->metric);
	fprintf(to, "\"median\": %.3f, \"quartiles\": [%.3f, %.3f], \"samples\": [",
		stats.median, stats.low, stats.high);
	for (size_t i = 0; i < s->nr; i++)
		fprintf(to, "%s%.3f", i ? ", " : "", s->values[i]);
	fputs("] }", to);
}

static void one_ratio(FILE *to, const struct ratio *r)
{
	fputs("{ ", to);
	member(to, "row", r->ours->row);
	member(to, "metric", r->ours->metric);
	member(to, "subject", r->ours->subject);
	if (r->peer)
		member(to, "peer", r->peer->subject);
	fprintf(to, "\"value\": %.4f", r->value);
	if (r->limit)
		fprintf(to, ", \"%s\": %.4f, \"met\": %s", r->at_least ? "at_least" : "at_most",
			r->limit, ratio_met(r) ? "true" : "false");
	fputs(" }", to);
}

static void ratios(FILE *to)
{
	struct ratio list[RATIOS_MAX];
	const char *between = "";

	for (size_t i = 0; i < nr_series; i++) {
		size_t nr = series_begins_row(i) ? ratios_of(series[i].row, list, RATIOS_MAX) : 0;

		for (size_t j = 0; j < nr; j++) {
			fprintf(to, "%s\n    ", between);
			one_ratio(to, &list[j]);
			between = ",";
		}
	}
}

void json_write(FILE *to)
{
	fputs("{\n  \"machine\": { ", to);
	machine(to);
	fprintf(to, " },\n  \"quick\": %s,\n  \"series\": [", options.quick ? "true" : "false");
	for (size_t i = 0; i < nr_series; i++) {
		fprintf(to, "%s\n    ", i ? "," : "");
		one_series(to, &series[i]);
	}
	fputs("\n  ],\n  \"ratios\": [", to);
	ratios(to);
	fputs("\n  ]\n}\n", to);
}
