// SPDX-License-Identifier: GPL-2.0
/*
 * Where copies go.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "copy.h"

/*
 * The last part of a name, as it was given: what is copied from ".." or "/" has no
 * name of its own.
 */
static char *last_part(const char *path, size_t len)
{
	size_t begin;

	while (len && path[len - 1] == '/')
		len--;
	begin = len;
	while (begin && path[begin - 1] != '/')
		begin--;
	if (begin == len || (len - begin == 2 && !memcmp(path + begin, "..", 2)))
		return must_strndup(".", 1);
	return must_strndup(path + begin, len - begin);
}

char *copy_target(const struct copy *copy, const struct name *name)
{
	const char *below = name->path + name->root;
	char *last = last_part(name->path, name->root);
	char *target;

	below += strspn(below, "/");
	target = must_format("%s%s%s%s%s", copy->dest, copy->into ? "/" : "",
			     copy->into ? last : "", *below ? "/" : "", below);
	free(last);
	return target;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool copy_claim(struct copy *copy, const char *target)
{
	if (tfind(target, &copy->targets, compare))
		return false;
	must(tsearch(must_strndup(target, strlen(target)), &copy->targets, compare));
	return true;
}

void copy_free(struct copy *copy)
{
	tdestroy(copy->targets, free);
	copy_dirs_free(&copy->dirs);
}
