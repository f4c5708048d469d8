// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers as people write them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "cmd.h"

/* Decimal, or hexadecimal with 0x in front; no sign, no space, no octal. */
bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long number;
	char *end;

	if (is_hex ? !isxdigit((unsigned char)text[2]) : !isdigit((unsigned char)text[0]))
		return false;

	errno = 0;
	number = strtoull(text, &end, is_hex ? 16 : 10);
	if (errno || *end || number > max)
		return false;
	*value = number;
	return true;
}

/* The same, with a minus sign in front perhaps. */
bool parse_signed(const char *text, int64_t *value)
{
	bool negative = *text == '-';
	uint64_t number;

	if (!parse_number(text + negative, (uint64_t)INT64_MAX + negative, &number))
		return false;
	*value = negative ? -number : number;
	return true;
}
