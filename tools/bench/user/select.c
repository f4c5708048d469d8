// SPDX-License-Identifier: GPL-2.0
/*
 * Which rows to run: NAME, or SIDE/NAME where both sides have one of that name.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* By the index of the name, whether there was such a row. */
static bool *seen;

static size_t nr_names(void)
{
	size_t nr = 0;

	while (options.names[nr])
		nr++;
	return nr;
}

static bool matches(const char *wanted, const char *side, const char *name)
{
	size_t len = strlen(side);

	if (!strcmp(wanted, name))
		return true;
	return !strncmp(wanted, side, len) && wanted[len] == '/' &&
	       !strcmp(wanted + len + 1, name);
}

bool selected(const char *side, const char *name)
{
	bool found = !options.names[0];

	if (!seen)
		seen = must(calloc(nr_names() + 1, sizeof(*seen)));
	for (size_t i = 0; options.names[i]; i++) {
		if (matches(options.names[i], side, name)) {
			seen[i] = true;
			found = true;
		}
	}
	return found;
}

void selected_all_seen(void)
{
	for (size_t i = 0; options.names[i]; i++) {
		if (!seen || !seen[i])
			fail("there is no row \"%s\" here; see ktask bench --list",
			     options.names[i]);
	}
	free(seen);
	seen = NULL;
}
