// SPDX-License-Identifier: GPL-2.0
/*
 * Memory, or the end: when we exit the kernel ends what we have started.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static void *must(void *ptr)
{
	if (!ptr) {
		message("out of memory");
		exit(STATUS_FAILED);
	}
	return ptr;
}

void *must_calloc(size_t nr, size_t size)
{
	return must(calloc(nr, size));
}

char *must_strndup(const char *text, size_t len)
{
	return must(strndup(text, len));
}
