/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The subjects that are in files of their own, and what several of them use.
 */
#ifndef KTASK_BENCH_SUBJECTS_H
#define KTASK_BENCH_SUBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench.h"

/* --- Rows ---------------------------------------------------------------------- */

extern const struct row row_nop_batch, row_nop_single, row_syscall, row_sleepers;
extern const struct row row_hash_tree, row_copy_tree;

/* --- Subjects ------------------------------------------------------------------ */

/* nop_ktask.c; as many at a time */
extern const struct subject nop_batch_ktask, nop_batch_ktask_read;
extern const struct subject nop_single_ktask, nop_single_ktask_join;

/* nop_uring.c, or without liburing uring_none.c */
extern const struct subject nop_batch_uring, nop_batch_uring_async, nop_batch_ktask_uring;
extern const struct subject nop_single_uring, nop_single_uring_async;
extern const struct subject nop_single_ktask_uring;

/* sleep_uring.c, or without liburing uring_none.c */
extern const struct subject sleepers_uring;

/* hash_....c and copy_....c */
extern const struct subject hash_ktask, hash_ktask_command;
extern const struct subject hash_xargs, hash_pool_read, hash_pool_mmap, hash_pool_sendfile;
extern const struct subject copy_ktask, copy_ktask_command;
extern const struct subject copy_cp, copy_pool, copy_pool_range;

/* Tasks that are submitted and reaped together. */
#define NOP_BATCH	64

#define SLEEP_NS	500000000ULL

/* --- What they use ------------------------------------------------------------- */

/* ring.h has what is about liburing. */

#define DIGEST_LEN	32

/**
 * struct digest - a SHA-256
 * @bytes: it
 * @known: it is there
 */
struct digest {
	unsigned char bytes[DIGEST_LEN];
	bool known;
};

/**
 * struct tree - files to work on
 * @dir: where they are
 * @copy: where copies of them are to go; there is nothing yet
 * @out: a file for what programs print
 * @fd: @dir, open
 * @nr: how many files there are
 * @paths: their names below @dir, each in a directory there
 * @nr_dirs: how many of these, which are called by numbers
 * @bytes: of all together
 * @sums: digests of the files, as the first subject found them
 * @found: those that the subject at work finds, to be compared
 * @found_copy: the same of the copies
 */
struct tree {
	char *dir;
	char *copy;
	char *out;
	int fd;
	unsigned int nr;
	char **paths;
	unsigned int nr_dirs;
	uint64_t bytes;
	struct digest *sums;
	struct digest *found;
	struct digest *found_copy;
};

/* tree.c: there is one at a time */
extern struct tree tree;
int tree_make(unsigned int *nr);
void tree_remove(void);
int tree_reset(void);
bool tree_found_right(void);
bool tree_copied_right(void);
int tree_read_sums(void);
int tree_copy_dirs(int *fd);

/* alg.c: 0 or a negative errno. A socket does one file after the other. */
int alg_open(void);
int alg_write(int alg, const void *buf, size_t len);
int alg_end(int alg, struct digest *digest);

/* pool.c: a thread for each CPU, each of which takes one file after the other */
struct pool_worker {
	int alg;
	unsigned char *buf;
};

#define POOL_BUF	65536

int pool_run(int (*work)(struct pool_worker *worker, unsigned int file));
int pool_open(void);

/* program.c: 0 or a negative errno */
bool program_exists(const char *name);
int program_run(const char *out, const char *const *argv);
const char *program_ktask(void);

#endif /* KTASK_BENCH_SUBJECTS_H */
