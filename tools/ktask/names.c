// SPDX-License-Identifier: GPL-2.0
/*
 * The names of the files to work on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "names.h"

/* The same order every time. */
static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The next name as it was given: a file, or a directory to be walked. */
static char *next_given(struct names *names)
{
	char *path;

	if (*names->args) {
		path = *names->args++;
		return must_strndup(path, strlen(path));
	}

	while (names->list.fd >= 0) {
		path = list_next(&names->list);
		if (!path)
			break;
		if (*path)
			return path;
		message("%s: an empty file name", names->list.label);
		names->failed = true;
		free(path);
	}
	return NULL;
}

static bool walk_open(struct names *names, char *path)
{
	char *paths[] = { path, NULL };

	/* Given by name, a symbolic link means what it points to. */
	names->walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	if (!names->walk) {
		message_file(path, errno);
		names->failed = true;
	}
	return names->walk;
}

/* NULL: the walk is over. */
static FTSENT *walk_next(struct names *names)
{
	FTSENT *entry;

	while ((errno = 0, entry = fts_read(names->walk))) {
		switch (entry->fts_info) {
		case FTS_F:
			return entry;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			message_file(entry->fts_path, entry->fts_errno);
			names->failed = true;
			break;
		case FTS_DEFAULT:
		case FTS_SLNONE:
			/* No such file, or no regular one: only if asked for by name. */
			if (entry->fts_level == FTS_ROOTLEVEL)
				return entry;
			break;
		}
	}

	if (errno) {
		message("%s", strerror(errno));
		names->failed = true;
	}
	fts_close(names->walk);
	names->walk = NULL;
	return NULL;
}

bool names_next(struct names *names, struct name *name)
{
	FTSENT *entry;
	char *path;

	for (;;) {
		if (names->walk) {
			entry = walk_next(names);
			if (!entry)
				continue;
			name->path = must_strndup(entry->fts_path, strlen(entry->fts_path));
			name->found = entry->fts_level > FTS_ROOTLEVEL;
			break;
		}

		path = next_given(names);
		if (!names->recursive) {
			name->path = path;
			name->found = false;
			break;
		}
		if (!path) {
			name->path = NULL;
			break;
		}
		walk_open(names, path);
		free(path);
	}
	return name->path;
}

bool names_would_wait(const struct names *names)
{
	return !names->walk && !*names->args && names->list.fd >= 0 &&
	       list_would_wait(&names->list);
}

void names_close(struct names *names)
{
	if (names->walk)
		fts_close(names->walk);
	list_close(&names->list);
}
