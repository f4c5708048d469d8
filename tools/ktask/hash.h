/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the verb "hash".
 */
#ifndef KTASK_HASH_H
#define KTASK_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "work.h"

/**
 * struct hash_options - how to hash
 * @alg: an algorithm of the kernel's crypto API
 * @json: show results as JSON
 */
struct hash_options {
	const char *alg;
	bool json;
};

/* hash_job.c: for &struct work, whose data is &struct hash_options. */
extern const struct work_kind hash_kind;

/* sum_line.c */
void sum_line(const char *path, const void *digest, size_t len);

#endif /* KTASK_HASH_H */
