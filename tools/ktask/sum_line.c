// SPDX-License-Identifier: GPL-2.0
/*
 * A digest and a file name as sha256sum(1) and its like print them, so that
 * their --check accepts it.
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "hash.h"

void sum_line(const char *path, const void *digest, size_t len)
{
	char text[2 * KTASK_OUT_MAX + 1];
	const char *c;

	hex(text, digest, len);

	/* A name that would not fit on its line is escaped, and marked in front. */
	if (!strpbrk(path, "\\\n\r")) {
		printf("%s  %s\n", text, path);
		return;
	}

	printf("\\%s  ", text);
	for (c = path; *c; c++) {
		switch (*c) {
		case '\\':
			fputs("\\\\", stdout);
			break;
		case '\n':
			fputs("\\n", stdout);
			break;
		case '\r':
			fputs("\\r", stdout);
			break;
		default:
			putchar(*c);
		}
	}
	putchar('\n');
}
