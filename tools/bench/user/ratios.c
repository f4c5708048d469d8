// SPDX-License-Identifier: GPL-2.0
/*
 * Ours compared with the peers', and with what was wanted.
 */
#include <string.h>

#include "bench.h"

bool ratio_met(const struct ratio *r)
{
	return r->at_least ? r->value >= r->limit : r->value <= r->limit;
}

static double median(const struct series *s)
{
	return stats_of(s).median;
}

/* The peer of the lowest median that was measured as @ours was. */
static const struct series *best_peer(const struct series *ours)
{
	const struct series *best = NULL;

	for (size_t i = 0; i < nr_series; i++) {
		const struct series *s = &series[i];

		if (series_is_ours(s) || strcmp(s->row, ours->row) ||
		    strcmp(s->metric, ours->metric))
			continue;
		if (!best || median(s) < median(best))
			best = s;
	}
	return best;
}

static struct ratio compare(const struct series *ours, const struct series *peer)
{
	return (struct ratio){
		.ours = ours,
		.peer = peer,
		.value = median(ours) / (peer ? median(peer) : 1),
	};
}

/* What a goal is about; false: that was not measured. */
static bool from_goal(const struct goal *goal, struct ratio *r)
{
	const struct series *ours = series_find(goal->row, goal->subject, goal->metric);
	const struct series *peer = NULL;
	bool best;

	if (!ours)
		return false;
	best = goal->peer && !strcmp(goal->peer, "best");
	if (best)
		peer = best_peer(ours);
	else if (goal->peer)
		peer = series_find(goal->row, goal->peer, goal->metric);
	if (goal->peer && !peer)
		return false;

	*r = compare(ours, peer);
	r->best = best;
	r->limit = goal->limit;
	r->at_least = goal->at_least;
	return true;
}

static bool is_there(const struct ratio *ratios, size_t nr, const struct ratio *r)
{
	for (size_t i = 0; i < nr; i++) {
		if (ratios[i].ours == r->ours && ratios[i].peer == r->peer)
			return true;
	}
	return false;
}

/* Our first of that metric, which is the one that is put beside all peers. */
static const struct series *first_ours(const char *row, const char *metric)
{
	for (size_t i = 0; i < nr_series; i++) {
		if (series_is_ours(&series[i]) && !strcmp(series[i].row, row) &&
		    !strcmp(series[i].metric, metric))
			return &series[i];
	}
	return NULL;
}

/* Whether less of it is better: times and bytes, but not how often, or how many. */
static bool is_cost(const char *metric)
{
	size_t len = strlen(metric);
	const char *unit = len < 2 ? metric : metric + len - 2;

	return !strcmp(unit, "ns") || !strcmp(unit, "ms") ||
	       !strncmp(metric, "ns_", strlen("ns_")) ||
	       !strncmp(metric, "bytes", strlen("bytes"));
}

/* Those with a goal first. */
size_t ratios_of(const char *row, struct ratio *ratios, size_t max)
{
	const struct series *ours;
	struct ratio r;
	size_t nr = 0;

	for (const struct goal *goal = goals; goal->row && nr < max; goal++) {
		if (!strcmp(goal->row, row) && from_goal(goal, &r))
			ratios[nr++] = r;
	}
	for (size_t i = 0; i < nr_series && nr < max; i++) {
		if (strcmp(series[i].row, row) || series_is_ours(&series[i]) ||
		    !is_cost(series[i].metric))
			continue;
		ours = first_ours(row, series[i].metric);
		if (!ours)
			continue;
		r = compare(ours, &series[i]);
		if (!is_there(ratios, nr, &r))
			ratios[nr++] = r;
	}
	return nr;
}
