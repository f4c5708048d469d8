/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes of the fuzzer: one that watches, and workers that are killed now
 * and then. What they share is in memory that is mapped before the workers are.
 */
#ifndef KTASK_FUZZ_FUZZER_H
#define KTASK_FUZZ_FUZZER_H

#include <sys/types.h>

#include "cover.h"
#include "fuzz.h"
#include "run.h"

#define WORKERS_MAX	16
#define CORPUS_MAX	4096

struct options {
	uint64_t seed;
	uint64_t calls;			/* as many, 0: any number */
	unsigned int seconds;
	unsigned int workers;
	unsigned int hang;		/* seconds after which a call has hung */
	const char *corpus;		/* directory */
	const char *save;		/* directory */
	const char *functions;		/* see cover_report() */
	const char *report;
	char **replay;			/* files */
	unsigned int nr_replay;
	unsigned int times;
	bool verbose;
	bool no_kill;
};

extern struct options opt;

/* What a worker is doing. */
struct watch {
	pid_t pid;
	_Atomic int64_t kill_at;	/* set when it is ready */
	_Atomic uint64_t calls;
	_Atomic uint64_t runs;
	_Atomic unsigned int births;
	_Atomic int64_t since[THREADS];	/* when its call began, or 0 */
	_Atomic int at[THREADS];	/* which one; -1: it cleans up */
	struct sequence s;
};

struct entry {
	_Atomic bool ready;
	unsigned int nr_edges;		/* that it was the first to have */
	struct sequence s;
};

struct shared {
	_Atomic bool stop;
	_Atomic unsigned int nr_entries;
	_Atomic unsigned int next_replay;
	_Atomic unsigned int nr_loaded;
	_Atomic bool covers;
	struct watch workers[WORKERS_MAX];
	struct entry corpus[CORPUS_MAX];
	struct number_set *edges;
};

extern struct shared *shared;

int64_t now_ns(void);

/* --- corpus.c --------------------------------------------------------------------- */

/* Return: 0; -1, and why on stderr. */
int corpus_load(const char *directory);
void corpus_add(const struct sequence *s, unsigned int nr_edges);
/* A random one, or NULL. */
const struct sequence *corpus_pick(struct random *r);
/* Each that was found, into a file of its own. */
int corpus_save(const char *directory);

/* --- threads.c -------------------------------------------------------------------- */

/* Return: 0; -1: it cannot. */
int threads_start(struct watch *watch, bool tells);
/*
 * Run it. Its edges go to @edges, those that are new there to @fresh, which may be
 * NULL.
 */
void threads_run(const struct sequence *s, struct number_set *edges, struct number_set *fresh);

/* --- worker.c --------------------------------------------------------------------- */

/* Become a user who may open the device, if that can be. */
void be_ordinary(void);
/* Does not return. */
void worker_main(unsigned int index);

#endif /* KTASK_FUZZ_FUZZER_H */
