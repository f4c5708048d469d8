// SPDX-License-Identifier: GPL-2.0
/*
 * Copies files into a directory, many at once, and sees that each copy is what it is
 * a copy of, and that it is on the disk.
 *
 * For each file a graph of four tasks:
 *
 *	copy ----+--> fsync
 *	         +--> hash of the copy
 *	hash of the original
 *
 * The program only waits for these and compares the digests. If copy fails, what was
 * to run after it does not; that shows in the completions, as "after".
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ktask.h>

/* Graphs that are in the set at once. */
#define MAX_FILES	64

enum step {
	HASH_ORIGINAL,
	COPY,
	HASH_COPY,
	FSYNC,
	NR_STEPS
};

static const char *const steps[] = { "hash", "copy", "hash of the copy", "fsync" };

/**
 * struct file - a file being copied
 * @from: its path
 * @left: steps whose completion has not come
 * @failed: one of them has failed, or it was not begun
 * @digests: of the original and of the copy
 */
struct file {
	const char *from;
	unsigned int left;
	bool failed;
	unsigned char digests[2][KTASK_OUT_MAX];
};

static void complain(struct file *file, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", file->from, what, why);
	file->failed = true;
}

/* user_data of a task: which file's, and which step. */
static uint64_t pack(uint64_t nr, enum step step)
{
	return nr * NR_STEPS + step;
}

static int add(struct ktask_graph *graph, struct ktask_set *set, const char *op,
	       const void *args, size_t size, uint64_t user_data)
{
	struct ktask_desc desc;
	int err = ktask_desc_init(set, &desc, op, args, size);

	if (err)
		return err;
	desc.user_data = user_data;
	return ktask_graph_add(graph, &desc);
}

/* The steps, in the order of enum step, and which is to run after which. */
static int build(struct ktask_graph *graph, struct ktask_set *set, uint64_t nr, int in, int out)
{
	struct ktask_args_hash hash = { .fd = in, .alg = "sha256" };
	struct ktask_args_hash hash_copy = { .fd = out, .alg = "sha256" };
	struct ktask_args_copy copy = { .fd_in = in, .fd_out = out };
	struct ktask_args_fsync fsync = { .fd = out };
	int err;

	err = add(graph, set, "hash", &hash, sizeof(hash), pack(nr, HASH_ORIGINAL));
	if (err >= 0)
		err = add(graph, set, "copy", &copy, sizeof(copy), pack(nr, COPY));
	if (err >= 0)
		err = add(graph, set, "hash", &hash_copy, sizeof(hash_copy), pack(nr, HASH_COPY));
	if (err >= 0)
		err = add(graph, set, "fsync", &fsync, sizeof(fsync), pack(nr, FSYNC));
	if (err >= 0)
		err = ktask_graph_after(graph, HASH_COPY, COPY, 0);
	if (!err)
		err = ktask_graph_after(graph, FSYNC, COPY, 0);
	return err;
}

static void spawn(struct ktask_set *set, struct file *file, uint64_t nr, int in, int out)
{
	struct ktask_graph *graph;
	uint32_t step;
	int err;

	err = ktask_graph_create(&graph);
	if (!err)
		err = build(graph, set, nr, in, out);
	if (err) {
		complain(file, "graph", strerror(-err));
	} else {
		err = ktask_graph_spawn(graph, set, &step);
		if (err)
			complain(file, step < NR_STEPS ? steps[step] : "spawn", strerror(-err));
		else
			file->left = NR_STEPS;
	}
	ktask_graph_free(graph);
}

/* A file of that name in the directory, with the permissions of the original. */
static int create(int dir, const char *from, int in)
{
	char *path = strdup(from);
	struct stat stat;
	int fd = -1;

	if (path && !fstat(in, &stat))
		fd = openat(dir, basename(path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			    stat.st_mode & 0777);
	free(path);
	return fd;
}

/* Begin to copy; what goes wrong has been said. */
static void begin(struct ktask_set *set, struct file *file, uint64_t nr, int dir)
{
	int in = open(file->from, O_RDONLY | O_CLOEXEC);
	int out;

	if (in < 0) {
		complain(file, "open", strerror(errno));
		return;
	}
	out = create(dir, file->from, in);
	if (out < 0) {
		complain(file, "create the copy", strerror(errno));
	} else {
		/* The tasks hold the files from here on. */
		spawn(set, file, nr, in, out);
		close(out);
	}
	close(in);
}

static void finish(struct file *file)
{
	if (file->failed)
		return;
	if (memcmp(file->digests[0], file->digests[1], sizeof(file->digests[0])))
		complain(file, "verify", "the copy differs");
	else
		printf("%s\n", file->from);
}

static void on_completion(struct file *files, const struct ktask_completion *c)
{
	struct file *file = &files[c->user_data / NR_STEPS];
	enum step step = c->user_data % NR_STEPS;

	if (c->outcome == KTASK_CANCELLED) {
		/* Why has been said of the step that it was to run after. */
		file->failed = true;
	} else if (c->result < 0) {
		complain(file, steps[step], strerror(-c->result));
	} else if (step == HASH_ORIGINAL || step == HASH_COPY) {
		memcpy(file->digests[step == HASH_COPY], c->out, sizeof(c->out));
	}
	if (!--file->left)
		finish(file);
}

int main(int argc, char **argv)
{
	struct ktask_completion c;
	struct ktask_set *set;
	struct file *files;
	int dir, err, nr, i, next = 0, busy = 0, status = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: copy_all FILE... DIRECTORY\n");
		return 2;
	}
	nr = argc - 2;
	files = calloc(nr, sizeof(*files));
	dir = open(argv[argc - 1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!files || dir < 0) {
		perror(argv[argc - 1]);
		return 1;
	}
	err = ktask_set_open(&set, 0);
	if (err) {
		fprintf(stderr, "/dev/ktask: %s\n", strerror(-err));
		return 1;
	}

	for (;;) {
		for (; next < nr && busy < MAX_FILES; next++) {
			files[next].from = argv[1 + next];
			begin(set, &files[next], next, dir);
			busy += files[next].left > 0;
		}
		if (ktask_join_next(set, &c, KTASK_FOREVER) != 1)
			break;
		on_completion(files, &c);
		busy -= !files[c.user_data / NR_STEPS].left;
	}
	ktask_set_close(set);

	for (i = 0; i < nr; i++)
		status |= files[i].failed;
	free(files);
	close(dir);
	return status;
}
