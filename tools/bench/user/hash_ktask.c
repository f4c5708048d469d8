// SPDX-License-Identifier: GPL-2.0
/*
 * Hashing by libktask: a task a file. Many are spawned in one system call, which also
 * takes the digests that are there; the descriptors are closed at once, as the tasks hold
 * the files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subjects.h"

#define BATCH	64

/**
 * struct hashing - it at work
 * @set: where the tasks are
 * @started: how many files have been
 * @done: how many digests there are
 * @descs: of a batch
 * @args: of a batch
 * @completions: room for as many as there are files
 */
struct hashing {
	struct ktask_set *set;
	unsigned int started;
	unsigned int done;
	struct ktask_desc descs[BATCH];
	struct ktask_args_hash args[BATCH];
	struct ktask_completion *completions;
};

static int describe(struct hashing *h, unsigned int i)
{
	struct ktask_args_hash *args = &h->args[i];
	int err;

	*args = (struct ktask_args_hash){ .alg = "sha256" };
	args->fd = openat(tree.fd, tree.paths[h->started + i], O_RDONLY | O_CLOEXEC);
	if (args->fd < 0)
		return -errno;
	err = ktask_desc_init(h->set, &h->descs[i], "hash", args, sizeof(*args));
	if (err)
		close(args->fd);
	h->descs[i].user_data = h->started + i;
	return err;
}

static int take(struct hashing *h, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		const struct ktask_completion *c = &h->completions[i];
		struct digest *digest = &tree.found[c->user_data];

		if (c->result < 0)
			return c->result;
		if (c->out_len != DIGEST_LEN)
			return -EPROTO;
		memcpy(digest->bytes, c->out, DIGEST_LEN);
		digest->known = true;
	}
	h->done += nr;
	return 0;
}

/* Start @nr that have been described, and take what there is; with none, wait for all. */
static int call(struct hashing *h, unsigned int nr)
{
	unsigned int left = h->started + nr - h->done;
	struct ktask_spawn spawn = {
		.nr = nr,
		.descs = (uintptr_t)h->descs,
		.completions = (uintptr_t)h->completions,
		.max_completions = left,
		.min_completions = nr ? 0 : left,
		.timeout_ns = nr ? 0 : KTASK_FOREVER,
	};
	int err = ktask_spawn_wait(h->set, &spawn);

	for (unsigned int i = 0; i < nr; i++)
		close(h->args[i].fd);
	if (err)
		return err;
	if (spawn.error)
		return spawn.error;
	h->started += nr;
	return take(h, spawn.completed);
}

static int hash_all(struct hashing *h)
{
	int err = 0;

	while (!err && h->started < tree.nr) {
		unsigned int nr = 0;

		while (nr < BATCH && h->started + nr < tree.nr) {
			err = describe(h, nr);
			if (err)
				return err;
			nr++;
		}
		err = call(h, nr);
	}
	while (!err && h->done < tree.nr)
		err = call(h, 0);
	return err;
}

static int run(unsigned int count)
{
	struct hashing h = { 0 };
	int err = ktask_set_open(&h.set, 0);

	if (err)
		return err;
	h.completions = must(calloc(count, sizeof(*h.completions)));
	err = hash_all(&h);
	free(h.completions);
	ktask_set_close(h.set);
	return err;
}

const struct subject hash_ktask = {
	.name = "ktask",
	.run = run,
	.check = tree_found_right,
	.reset = tree_reset,
};
