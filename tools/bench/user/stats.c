// SPDX-License-Identifier: GPL-2.0
/*
 * Median and quartiles.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* At @part of the way through what is sorted, between two values if need be. */
static double at(const double *sorted, size_t nr, double part)
{
	double place = part * (nr - 1);
	size_t below = place;

	if (below + 1 >= nr)
		return sorted[nr - 1];
	return sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
}

struct stats stats_of(const struct series *s)
{
	double *sorted = must(calloc(s->nr, sizeof(*sorted)));
	struct stats stats;

	memcpy(sorted, s->values, s->nr * sizeof(*sorted));
	qsort(sorted, s->nr, sizeof(*sorted), compare);
	stats.low = at(sorted, s->nr, 0.25);
	stats.median = at(sorted, s->nr, 0.5);
	stats.high = at(sorted, s->nr, 0.75);
	free(sorted);
	return stats;
}
