/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the verb "top".
 */
#ifndef KTASK_TOP_H
#define KTASK_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktask.h"
#include "rows.h"

/**
 * struct top - what was asked for
 * @set: any set
 * @delay_ns: how long to wait between looks
 * @iterations: how often to look; 0: until we are stopped
 * @key: by what to sort
 */
struct top {
	struct ktask_set *set;
	uint64_t delay_ns;
	uint64_t iterations;
	size_t key;
};

/* A look at all there is. */
struct top_sample {
	struct ktask_info info;
	struct rows rows;
};

/* top_sample.c: 0, or a negative errno. @before is NULL at the first time. */
int top_look(const struct top *top, struct top_sample *sample, struct top_sample *before);

/* In so many lines and columns; 0: any. To be freed. */
char *top_text(const struct top_sample *sample, const struct top_sample *before,
	       size_t lines, size_t columns);

/* top_run.c: looks again and again. An exit status. */
int top_run(const struct top *top);

#endif /* KTASK_TOP_H */
