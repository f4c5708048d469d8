// SPDX-License-Identifier: GPL-2.0
/*
 * Directories that are to be finished when all is copied: a mode without the right to
 * write would have been in the way, and a name is on the disk when its directory is.
 */
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "copy.h"
#include "place.h"

/* Directories that are synchronized at once. */
#define MAX_RUNNING	16

struct copy_dir {
	char *path;
	mode_t mode;
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

void copy_dirs_created(struct copy_dirs *dirs, const char *path, mode_t mode)
{
	struct copy_dir *dir;

	dirs->created = must_realloc(dirs->created, dirs->nr_created + 1, sizeof(*dir));
	dir = &dirs->created[dirs->nr_created++];
	dir->path = must_strndup(path, strlen(path));
	dir->mode = mode;
}

void copy_dirs_changed(struct copy_dirs *dirs, const char *path_in_it)
{
	char *path = place_directory(path_in_it);
	char **found;

	/* Mostly the same as before. */
	if (dirs->latest && !strcmp(dirs->latest, path)) {
		free(path);
		return;
	}
	found = must(tsearch(path, &dirs->changed, compare));
	if (*found != path)
		free(path);
	dirs->latest = *found;
}

/* What is in a directory first. */
bool copy_dirs_chmod(struct copy_dirs *dirs)
{
	bool ok = true;

	for (size_t i = dirs->nr_created; i--;) {
		if (chmod(dirs->created[i].path, dirs->created[i].mode)) {
			message_file(dirs->created[i].path, errno);
			ok = false;
		}
	}
	return ok;
}

/**
 * struct syncing - directories being synchronized
 * @set: where the tasks are
 * @running: how many
 * @ok: none has failed
 */
struct syncing {
	struct ktask_set *set;
	size_t running;
	bool ok;
};

static void fail(struct syncing *syncing, const char *path, int err)
{
	message_file(path, err);
	syncing->ok = false;
}

static void collect_one(struct syncing *syncing)
{
	struct ktask_completion completion;
	int n;

	n = ktask_join_next(syncing->set, &completion, KTASK_FOREVER);
	if (n != 1) {
		fail(syncing, "/dev/ktask", n ? -n : ENODATA);
		syncing->running = 0;
		return;
	}
	syncing->running--;
	if (completion.result < 0)
		fail(syncing, (const char *)(uintptr_t)completion.user_data,
		     -completion.result);
}

static void sync_one(struct syncing *syncing, const char *path)
{
	int64_t id = -1;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		fail(syncing, path, errno);
		return;
	}
	while (syncing->running >= MAX_RUNNING)
		collect_one(syncing);
	for (;;) {
		id = ktask_spawn_fsync(syncing->set, fd, 0, (uintptr_t)path);
		if ((id != -EAGAIN && id != -EDQUOT && id != -ENOMEM) || !syncing->running)
			break;
		collect_one(syncing);
	}
	close(fd);
	if (id > 0)
		syncing->running++;
	/* Some file systems have no such thing for directories. */
	else if (id != -EINVAL)
		fail(syncing, path, -id);
}

static void visit(const void *node, VISIT which, void *syncing)
{
	if (which == postorder || which == leaf)
		sync_one(syncing, *(const char *const *)node);
}

bool copy_dirs_sync(struct copy_dirs *dirs, struct ktask_set *set)
{
	struct syncing syncing = { .set = set, .ok = true };

	twalk_r(dirs->changed, visit, &syncing);
	while (syncing.running)
		collect_one(&syncing);
	return syncing.ok;
}

void copy_dirs_free(struct copy_dirs *dirs)
{
	for (size_t i = 0; i < dirs->nr_created; i++)
		free(dirs->created[i].path);
	free(dirs->created);
	tdestroy(dirs->changed, free);
}
