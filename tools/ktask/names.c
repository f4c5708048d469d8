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

static void say(struct names *names, const FTSENT *entry, int err)
{
	message_file(entry->fts_path, err);
	names->failed = true;
}

/* Whether it is to be given; @kind: as what. */
static bool is_wanted(struct names *names, const FTSENT *entry, enum name_kind *kind)
{
	bool given = entry->fts_level == FTS_ROOTLEVEL;

	*kind = NAME_FILE;
	switch (entry->fts_info) {
	case FTS_F:
		return true;
	case FTS_D:
		*kind = NAME_DIRECTORY;
		return names->everything;
	case FTS_DC:
		say(names, entry, ELOOP);
		return false;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		say(names, entry, entry->fts_errno);
		return false;
	case FTS_SL:
	case FTS_SLNONE:
		/* If asked for by name, it is what opening it says that it is. */
		*kind = given ? NAME_FILE : NAME_LINK;
		return given || names->everything;
	case FTS_DEFAULT:
		*kind = given ? NAME_FILE : NAME_SPECIAL;
		return given || names->everything;
	default:
		return false;
	}
}

/* NULL: the walk is over. */
static FTSENT *walk_next(struct names *names, enum name_kind *kind)
{
	FTSENT *entry;

	while ((errno = 0, entry = fts_read(names->walk))) {
		if (is_wanted(names, entry, kind))
			return entry;
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
	char *path;

	memset(name, 0, sizeof(*name));
	names->entry = NULL;
	for (;;) {
		if (names->walk) {
			names->entry = walk_next(names, &name->kind);
			if (!names->entry)
				continue;
			path = names->entry->fts_path;
			name->path = must_strndup(path, strlen(path));
			name->root = names->root;
			name->found = names->entry->fts_level > FTS_ROOTLEVEL;
			return true;
		}

		path = next_given(names);
		if (!path)
			return false;
		if (!names->recursive) {
			name->path = path;
			name->root = strlen(path);
			return true;
		}
		names->root = strlen(path);
		walk_open(names, path);
		free(path);
	}
}

void names_skip(struct names *names)
{
	if (names->entry)
		fts_set(names->walk, names->entry, FTS_SKIP);
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
