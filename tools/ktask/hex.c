// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes as hexadecimal digits.
 */
#include <ctype.h>
#include <string.h>

#include "cmd.h"

static const char digits[] = "0123456789abcdef";

void hex(char *text, const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;

	while (len--) {
		*text++ = digits[*byte >> 4];
		*text++ = digits[*byte++ & 15];
	}
	*text = '\0';
}

/* Counts bytes for which there is no more room, too. */
bool unhex(void *bytes, size_t room, const char *text, size_t *len)
{
	unsigned char *byte = bytes;

	for (*len = 0; *text; text += 2, (*len)++) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return false;
		if (*len < room)
			byte[*len] = (strchr(digits, tolower(text[0])) - digits) << 4 |
				     (strchr(digits, tolower(text[1])) - digits);
	}
	return true;
}
