// SPDX-License-Identifier: GPL-2.0
/*
 * Copying by libktask: for each file a task that copies, one that hashes what there is to
 * copy, and one after the first that hashes the copy. Files of many are spawned in one
 * system call, which also takes what has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subjects.h"

#define BATCH	32		/* files */
#define NR	3		/* tasks of each: */

enum { COPY, SOURCE, TARGET };

/**
 * struct copying - it at work
 * @set: where the tasks are
 * @to: the directory of the copies
 * @started: how many tasks have been
 * @done: how many have ended
 * @descs: of a batch
 * @after: of each file in a batch: the copy, which the hash of it comes after
 * @copy: arguments, of a batch
 * @hash: arguments of the two other tasks of each
 * @completions: room for as many as there are
 */
struct copying {
	struct ktask_set *set;
	int to;
	unsigned int started;
	unsigned int done;
	struct ktask_desc descs[BATCH * NR];
	struct ktask_after after[BATCH];
	struct ktask_args_copy copy[BATCH];
	struct ktask_args_hash hash[BATCH][2];
	struct ktask_completion *completions;
};

static int open_both(struct ktask_args_copy *copy, int to, const char *path)
{
	copy->fd_in = openat(tree.fd, path, O_RDONLY | O_CLOEXEC);
	if (copy->fd_in < 0)
		return -errno;
	copy->fd_out = openat(to, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (copy->fd_out >= 0)
		return 0;
	close(copy->fd_in);
	return -errno;
}

/* The tasks of file @i of the batch. */
static int describe(struct copying *c, unsigned int i)
{
	unsigned int file = c->started / NR + i;
	struct ktask_desc *descs = &c->descs[i * NR];
	struct ktask_args_hash *hash = c->hash[i];
	struct ktask_args_copy *copy = &c->copy[i];
	int err;

	*copy = (struct ktask_args_copy){ 0 };
	err = open_both(copy, c->to, tree.paths[file]);
	if (err)
		return err;
	hash[0] = (struct ktask_args_hash){ .fd = copy->fd_in, .alg = "sha256" };
	hash[1] = (struct ktask_args_hash){ .fd = copy->fd_out, .alg = "sha256" };
	c->after[i] = (struct ktask_after){ .id = i * NR + COPY, .flags = KTASK_AFTER_INDEX };

	err = ktask_desc_init(c->set, &descs[COPY], "copy", copy, sizeof(*copy));
	if (!err)
		err = ktask_desc_init(c->set, &descs[SOURCE], "hash", &hash[0], sizeof(hash[0]));
	if (!err)
		err = ktask_desc_init(c->set, &descs[TARGET], "hash", &hash[1], sizeof(hash[1]));
	if (err)
		return err;
	ktask_desc_after(&descs[TARGET], &c->after[i], 1);
	for (int k = 0; k < NR; k++)
		descs[k].user_data = file * NR + k;
	return 0;
}

static int take(struct copying *c, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		const struct ktask_completion *done = &c->completions[i];
		unsigned int file = done->user_data / NR;
		struct digest *digest = &tree.found[file];

		if (done->result < 0)
			return done->result;
		if (done->user_data % NR == COPY)
			continue;
		if (done->out_len != DIGEST_LEN)
			return -EPROTO;
		if (done->user_data % NR == TARGET)
			digest = &tree.found_copy[file];
		memcpy(digest->bytes, done->out, DIGEST_LEN);
		digest->known = true;
	}
	c->done += nr;
	return 0;
}

/* Start the tasks of @nr files, and take what there is; with none, wait for all. */
static int call(struct copying *c, unsigned int nr)
{
	unsigned int left = c->started + nr * NR - c->done;
	struct ktask_spawn spawn = {
		.nr = nr * NR,
		.descs = (uintptr_t)c->descs,
		.completions = (uintptr_t)c->completions,
		.max_completions = left,
		.min_completions = nr ? 0 : left,
		.timeout_ns = nr ? 0 : KTASK_FOREVER,
	};
	int err = ktask_spawn_wait(c->set, &spawn);

	for (unsigned int i = 0; i < nr; i++) {
		close(c->copy[i].fd_in);
		close(c->copy[i].fd_out);
	}
	if (err)
		return err;
	if (spawn.error)
		return spawn.error;
	c->started += nr * NR;
	return take(c, spawn.completed);
}

static int copy_all(struct copying *c)
{
	unsigned int all = tree.nr * NR;
	int err = 0;

	while (!err && c->started < all) {
		unsigned int nr = 0;

		while (nr < BATCH && c->started + nr * NR < all) {
			err = describe(c, nr);
			if (err)
				return err;
			nr++;
		}
		err = call(c, nr);
	}
	while (!err && c->done < all)
		err = call(c, 0);
	for (unsigned int i = 0; !err && i < tree.nr; i++) {
		if (memcmp(tree.found[i].bytes, tree.found_copy[i].bytes, DIGEST_LEN))
			err = -EBADMSG;
	}
	return err;
}

static int run(unsigned int count)
{
	struct copying *c = must(calloc(1, sizeof(*c)));
	int err = tree_copy_dirs(&c->to);

	if (!err) {
		err = ktask_set_open(&c->set, 0);
		c->completions = must(calloc((size_t)count * NR, sizeof(*c->completions)));
		if (!err)
			err = copy_all(c);
		ktask_set_close(c->set);
		close(c->to);
		free(c->completions);
	}
	free(c);
	return err;
}

const struct subject copy_ktask = {
	.name = "ktask",
	.run = run,
	.check = tree_copied_right,
	.reset = tree_reset,
};
