/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which edges of the module's code calls run through, as kcov tells.
 */
#ifndef KTASK_FUZZ_COVER_H
#define KTASK_FUZZ_COVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of numbers that several processes add to; 0 is none. */
struct number_set {
	size_t size;			/* a power of two */
	_Atomic size_t nr;
	_Atomic uint64_t slots[];
};

size_t set_bytes(size_t size);
/* Return: whether it is new. */
bool set_add(struct number_set *set, uint64_t number);
bool set_has(const struct number_set *set, uint64_t number);
void set_clear(struct number_set *set);

#define EDGES		(1 << 17)	/* more than there are in the module */
#define RUN_EDGES	(1 << 13)	/* and in one sequence */

/* What one thread has run through. */
struct cover {
	int fd;
	uint64_t *pcs;
};

/* Return: 0; -1: this kernel does not tell. */
int cover_open(struct cover *c);
/* Of the calling thread, from now on. */
int cover_enable(struct cover *c);
void cover_reset(struct cover *c);
/*
 * Put the edges since the reset into @edges, and, unless NULL, those of them that
 * are new there into @fresh.
 */
void cover_collect(struct cover *c, struct number_set *edges, struct number_set *fresh);

/*
 * Say what share of the module @edges covers. @functions: a file with a line for
 * each function, "DIRECTORY NAME BLOCKS"; or NULL. @report: a file to be written,
 * with how many blocks of each function are covered; or NULL.
 */
void cover_report(const struct number_set *edges, const char *functions, const char *report);

#endif /* KTASK_FUZZ_COVER_H */
