// SPDX-License-Identifier: GPL-2.0
/*
 * What a copy may replace.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"

/* As by writing to it: the link stays, and what it points to is replaced. */
static int follow(char **path, const char **why)
{
	char *real = realpath(*path, NULL);

	if (!real) {
		if (errno == ENOENT)
			*why = "the destination is a symbolic link to nothing";
		return errno;
	}
	free(*path);
	*path = real;
	return 0;
}

int copy_check(char **path, const struct stat *source, bool force, const char **why)
{
	struct stat st;
	int err;

	*why = NULL;
	if (lstat(*path, &st))
		return errno == ENOENT ? 0 : errno;
	if (S_ISLNK(st.st_mode)) {
		err = follow(path, why);
		if (!err && lstat(*path, &st))
			err = errno;
		if (err)
			return err;
	}

	if (st.st_dev == source->st_dev && st.st_ino == source->st_ino) {
		*why = "they are the same file";
		return EINVAL;
	}
	if (S_ISDIR(st.st_mode)) {
		*why = "the destination is a directory";
		return EISDIR;
	}
	if (!S_ISREG(st.st_mode)) {
		*why = "the destination is not a regular file";
		return EINVAL;
	}
	/* To replace it the directory's rights would do, but that is not what was meant. */
	if (!force && faccessat(AT_FDCWD, *path, W_OK, AT_EACCESS)) {
		*why = "the destination may not be written to";
		return errno;
	}
	return 0;
}
