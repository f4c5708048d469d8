/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the verb "copy".
 */
#ifndef KTASK_COPY_H
#define KTASK_COPY_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "work.h"

/**
 * struct copy_dirs - directories that are to be finished when all is copied
 * @created: those that we have made, in the order in which that was
 * @nr_created: how many
 * @changed: names of all that something was put into, for tsearch(3)
 * @latest: the latest of them
 */
struct copy_dirs {
	struct copy_dir *created;
	size_t nr_created;
	void *changed;
	const char *latest;
};

/**
 * struct copy - what was asked for, and what is known of it
 * @names: what is copied
 * @dest: where to
 * @into: that is a directory, and copies have the names of what was given in it
 * @alg: how to compare a copy with its source, or NULL: not at all
 * @sync: have copies on their disks
 * @force: replace files that may not be written to
 * @verbose: show what has been copied
 * @json: show that, and what has not, as JSON
 * @targets: where what was given is copied to, for tsearch(3)
 * @dirs: see there
 * @root_dev: the directory that the one being walked is copied to
 * @root_ino: the same
 */
struct copy {
	struct names *names;
	const char *dest;
	bool into;
	const char *alg;
	bool sync;
	bool force;
	bool verbose;
	bool json;
	void *targets;
	struct copy_dirs dirs;
	dev_t root_dev;
	ino_t root_ino;
};

/* copy_job.c: for &struct work, whose data is &struct copy. */
extern const struct work_kind copy_kind;

/* copy_target.c: where the copy of @name goes; to be freed. */
char *copy_target(const struct copy *copy, const struct name *name);

/* False: another file that was given has the same target. */
bool copy_claim(struct copy *copy, const char *target);
void copy_free(struct copy *copy);

/*
 * copy_check.c: whether a regular file like @source may be put at @target. 0 or an
 * errno; *why: that in words, if its own do not fit, or NULL. *real: where it is to be
 * put, which is not @target if that is a symbolic link; to be freed, NULL on failure.
 */
int copy_check(const char *target, const struct stat *source, bool force, char **real,
	       const char **why);

/* copy_tree.c: what is no file. Return as copy_check(). */
int copy_directory(struct copy *copy, const struct name *name, const char *target,
		   const char **why);
int copy_link(struct copy *copy, const struct name *name, const char *target);

/* copy_dirs.c */
void copy_dirs_created(struct copy_dirs *dirs, const char *path, mode_t mode);
void copy_dirs_changed(struct copy_dirs *dirs, const char *path_in_it);

/* Gives directories their modes. False: not all; has been said. */
bool copy_dirs_chmod(struct copy_dirs *dirs);

/* Has them on their disks. */
bool copy_dirs_sync(struct copy_dirs *dirs, struct ktask_set *set);
void copy_dirs_free(struct copy_dirs *dirs);

#endif /* KTASK_COPY_H */
