// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names in the fixed space that the ABI has for them.
 */
#include <string.h>

#include "internal.h"

/* Copies a name with its zero, and zeroes what is left: 0 or -ENAMETOOLONG. */
int name_copy(char *dst, size_t size, const char *src)
{
	size_t len = strnlen(src, size);

	if (len == size)
		return -ENAMETOOLONG;
	memcpy(dst, src, len);
	memset(dst + len, 0, size - len);
	return 0;
}
