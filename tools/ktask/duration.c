// SPDX-License-Identifier: GPL-2.0
/*
 * Durations as people write them.
 */
#include <string.h>

#include "cmd.h"

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "", 1 },
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000 * 1000 },
	{ "s", 1000 * 1000 * 1000 },
	{ "m", 60 * 1000ULL * 1000 * 1000 },
	{ "min", 60 * 1000ULL * 1000 * 1000 },
	{ "h", 3600 * 1000ULL * 1000 * 1000 },
};

static const struct unit *find_unit(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(name, units[i].name))
			return &units[i];
	}
	return NULL;
}

/*
 * A decimal number, with or without a fraction, and a unit; nanoseconds if
 * there is none. In integers, so that 0.1s is 100000000 and nothing else; a
 * fraction of a nanosecond is refused.
 */
bool parse_duration(const char *text, uint64_t *ns)
{
	size_t whole = strspn(text, "0123456789");
	const char *point = text + whole;
	size_t fraction = *point == '.' ? strspn(point + 1, "0123456789") : 0;
	const char *after = point + (*point == '.' ? 1 + fraction : 0);
	const struct unit *unit = find_unit(after);
	uint64_t sum = 0;
	uint64_t step;

	if (!whole || !unit || (*point == '.' && !fraction))
		return false;

	for (size_t i = 0; i < whole; i++) {
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, text[i] - '0', &sum))
			return false;
	}
	if (__builtin_mul_overflow(sum, unit->ns, &sum))
		return false;

	step = unit->ns;
	for (size_t i = 0; i < fraction; i++) {
		unsigned int digit = point[1 + i] - '0';

		/* What a digit here is worth; 0: no whole nanoseconds any more. */
		step = step % 10 ? 0 : step / 10;
		if (digit && !step)
			return false;
		if (__builtin_add_overflow(sum, digit * step, &sum))
			return false;
	}

	*ns = sum;
	return true;
}
