// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes as hexadecimal digits.
 */
#include "cmd.h"

void hex(char *text, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *byte = bytes;

	while (len--) {
		*text++ = digits[*byte >> 4];
		*text++ = digits[*byte++ & 15];
	}
	*text = '\0';
}
