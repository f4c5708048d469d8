// SPDX-License-Identifier: GPL-2.0
/*
 * Directories and symbolic links, which are copied at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "copy.h"
#include "place.h"

static bool is_inside_itself(const struct copy *copy, const struct name *name,
			     const struct stat *source)
{
	return name->found && source->st_dev == copy->root_dev &&
	       source->st_ino == copy->root_ino;
}

/*
 * With all rights for us until everything is in it. One that is there is left as it
 * is; only what was given may be a symbolic link to one.
 */
static int make_directory(struct copy *copy, const struct name *name, const char *target,
			  const struct stat *source)
{
	struct stat st;

	if (!mkdir(target, 0700)) {
		copy_dirs_created(&copy->dirs, target, source->st_mode & 0777);
		copy_dirs_changed(&copy->dirs, target);
	} else if (errno != EEXIST) {
		return errno;
	}

	if ((name->found ? lstat : stat)(target, &st))
		return errno;
	if (!S_ISDIR(st.st_mode))
		return ENOTDIR;
	if (!name->found) {
		copy->root_dev = st.st_dev;
		copy->root_ino = st.st_ino;
	}
	return 0;
}

int copy_directory(struct copy *copy, const struct name *name, const char *target,
		   const char **why)
{
	struct stat source;
	int err = 0;

	*why = NULL;
	if (stat(name->path, &source)) {
		err = errno;
	} else if (is_inside_itself(copy, name, &source)) {
		*why = "the copy would be inside of itself";
		err = EINVAL;
	} else {
		err = make_directory(copy, name, target, &source);
		if (err == ENOTDIR)
			*why = "the destination is not a directory";
	}
	if (err)
		names_skip(copy->names);
	return err;
}

int copy_link(struct copy *copy, const struct name *name, const char *target)
{
	size_t room = 256;
	char *text = NULL;
	ssize_t len;
	int err;

	do {
		room *= 2;
		text = must_realloc(text, room, 1);
		len = readlink(name->path, text, room);
	} while (len == (ssize_t)room);
	if (len < 0) {
		err = errno;
	} else {
		text[len] = '\0';
		err = place_link(text, target);
		if (!err)
			copy_dirs_changed(&copy->dirs, target);
	}
	free(text);
	return err;
}
