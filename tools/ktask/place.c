// SPDX-License-Identifier: GPL-2.0
/*
 * A new file that appears in its place when it is whole, or never.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cmd.h"
#include "place.h"

/* So many names that are taken are no coincidence. */
#define TRIES	100

/* Room for the path of a descriptor. */
#define FD_PATH_MAX	32

char *place_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return must_strndup(".", 1);
	return must_strndup(path, slash == path ? 1 : slash - path);
}

/* A name beside @path that nothing has; to be freed. */
static char *temporary_name(const char *path)
{
	char *directory = place_directory(path);
	uint64_t number = 0;
	char *name;

	(void)!getrandom(&number, sizeof(number), 0);
	name = must_format("%s/.ktask-%016" PRIx64, directory, number);
	free(directory);
	return name;
}

/*
 * Gives something a temporary name by @make, which returns 0 or an errno. The name,
 * to be freed; NULL: *err tells why not.
 */
static char *make_temporary(const char *path, int (*make)(const char *name, const void *data),
			    const void *data, int *err)
{
	for (int i = 0; i < TRIES; i++) {
		char *name = temporary_name(path);

		*err = make(name, data);
		if (!*err)
			return name;
		free(name);
		if (*err != EEXIST)
			break;
	}
	return NULL;
}

static void fd_path(char path[FD_PATH_MAX], int fd)
{
	snprintf(path, FD_PATH_MAX, "/proc/self/fd/%d", fd);
}

/* Whether a file that has no name can get one later. */
static bool can_be_named(int fd)
{
	char path[FD_PATH_MAX];

	fd_path(path, fd);
	return !access(path, F_OK);
}

static int create_named(const char *name, const void *data)
{
	int *fd = *(int *const *)data;

	*fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return *fd < 0 ? errno : 0;
}

int place_open(struct place *place, const char *path)
{
	char *directory = place_directory(path);
	int *fd = &place->fd;
	int err = 0;

	place->path = must_strndup(path, strlen(path));
	place->temporary = NULL;

	/* Without a name nothing is left of it even if we are killed. */
	place->fd = open(directory, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (place->fd >= 0 && !can_be_named(place->fd)) {
		close(place->fd);
		place->fd = -1;
	}
	if (place->fd < 0)
		place->temporary = make_temporary(path, create_named, &fd, &err);
	free(directory);
	if (err)
		place_close(place);
	return err;
}

static int link_named(const char *name, const void *data)
{
	return linkat(AT_FDCWD, data, AT_FDCWD, name, AT_SYMLINK_FOLLOW) ? errno : 0;
}

int place_commit(struct place *place)
{
	char path[FD_PATH_MAX];
	int err = 0;

	if (!place->temporary) {
		fd_path(path, place->fd);
		err = link_named(place->path, path);
		if (!err)
			return 0;
		if (err != EEXIST)
			return err;
		/* Only a rename replaces what is there. */
		place->temporary = make_temporary(place->path, link_named, path, &err);
		if (err)
			return err;
	}
	if (rename(place->temporary, place->path))
		return errno;
	free(place->temporary);
	place->temporary = NULL;
	return 0;
}

static int make_link(const char *name, const void *data)
{
	return symlink(data, name) ? errno : 0;
}

int place_link(const char *target, const char *path)
{
	int err = make_link(path, target);
	char *temporary;

	if (err != EEXIST)
		return err;
	temporary = make_temporary(path, make_link, target, &err);
	if (err)
		return err;
	if (rename(temporary, path)) {
		err = errno;
		unlink(temporary);
	}
	free(temporary);
	return err;
}

void place_close(struct place *place)
{
	if (place->temporary)
		unlink(place->temporary);
	if (place->fd >= 0)
		close(place->fd);
	free(place->temporary);
	free(place->path);
	place->path = NULL;
	place->temporary = NULL;
	place->fd = -1;
}
