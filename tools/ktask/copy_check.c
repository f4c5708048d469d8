// SPDX-License-Identifier: GPL-2.0
/*
 * What a copy may replace.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "copy.h"

/* As by writing to it: a link stays, and what it points to is replaced. */
static char *follow(const char *target, struct stat *st, int *err, const char **why)
{
	char *real;

	if (lstat(target, st)) {
		*err = errno == ENOENT ? 0 : errno;
		return *err ? NULL : must_strndup(target, strlen(target));
	}
	*err = 0;
	if (!S_ISLNK(st->st_mode))
		return must_strndup(target, strlen(target));

	real = realpath(target, NULL);
	if (real && !lstat(real, st))
		return real;
	*err = errno;
	if (*err == ENOENT)
		*why = "the destination is a symbolic link to nothing";
	free(real);
	return NULL;
}

static int check(const char *real, const struct stat *st, const struct stat *source,
		 bool force, const char **why)
{
	if (st->st_dev == source->st_dev && st->st_ino == source->st_ino) {
		*why = "they are the same file";
		return EINVAL;
	}
	if (S_ISDIR(st->st_mode)) {
		*why = "the destination is a directory";
		return EISDIR;
	}
	if (!S_ISREG(st->st_mode)) {
		*why = "the destination is not a regular file";
		return EINVAL;
	}
	/* To replace it the directory's rights would do, but that is not what was meant. */
	if (!force && faccessat(AT_FDCWD, real, W_OK, AT_EACCESS)) {
		*why = "the destination may not be written to";
		return errno;
	}
	return 0;
}

int copy_check(const char *target, const struct stat *source, bool force, char **real,
	       const char **why)
{
	struct stat st = { 0 };
	int err;

	*why = NULL;
	*real = follow(target, &st, &err, why);
	/* Without a mode there is nothing there yet. */
	if (!err && st.st_mode)
		err = check(*real, &st, source, force, why);
	if (err) {
		free(*real);
		*real = NULL;
	}
	return err;
}
