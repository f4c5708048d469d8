// SPDX-License-Identifier: GPL-2.0
/*
 * Memory, or the end: when we exit the kernel ends what we have started.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

void *must(void *ptr)
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

void *must_realloc(void *ptr, size_t nr, size_t size)
{
	return must(reallocarray(ptr, nr, size));
}

char *must_strndup(const char *text, size_t len)
{
	return must(strndup(text, len));
}

char *must_vformat(const char *fmt, va_list ap)
{
	char *text;

	return must(vasprintf(&text, fmt, ap) < 0 ? NULL : text);
}

char *must_format(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = must_vformat(fmt, ap);
	va_end(ap);
	return text;
}
