/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the verb "hash".
 */
#ifndef KTASK_HASH_H
#define KTASK_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "ktask.h"
#include "names.h"

/**
 * struct hash_options - how to hash
 * @alg: an algorithm of the kernel's crypto API
 * @jobs: how many files at once
 * @ordered: print in the order of the names, not as tasks end
 */
struct hash_options {
	const char *alg;
	size_t jobs;
	bool ordered;
};

/* hash_run.c: false: something failed, which has been said. */
bool hash_run(struct ktask_set *set, const struct hash_options *options,
	      struct names *names);

/* sum_line.c */
void sum_line(const char *path, const void *digest, size_t len);

#endif /* KTASK_HASH_H */
