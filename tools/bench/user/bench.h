/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktask-bench: what its files share.
 *
 * A row is one question, a subject one answer to it: ktask's, or that of a peer used
 * in the best way known. Each subject does the same work once to warm up, when what
 * came of it is checked, and then once a round, each round beginning with another
 * subject; so whatever slows the machine down for a while slows down all.
 */
#ifndef KTASK_BENCH_H
#define KTASK_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ktask.h"

/* Exit statuses; those of the command ktask. */
enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

/**
 * struct subject - one of those that a row compares
 * @name: begins with "ktask" if it is ours
 * @share: does so many times fewer operations than the others, being so much
 *	dearer; 0 is 1
 * @open: gets ready, once a row, or NULL. 0, or a negative errno: it cannot be had;
 *	why may be told by why_not()
 * @run: does @count operations; what the clock sees. 0 or a negative errno
 * @check: whether the run before came to the right result, or NULL
 * @reset: undoes what a run has left behind, or NULL; 0 or a negative errno
 * @close: undoes what @open did, or NULL
 */
struct subject {
	const char *name;
	unsigned int share;
	int (*open)(void);
	int (*run)(unsigned int count);
	bool (*check)(void);
	int (*reset)(void);
	void (*close)(void);
};

/**
 * struct row - a row of the table
 * @name: of the row
 * @what: what it measures, in words
 * @metric: "ns", of one operation; or "ms", of the whole
 * @rounds: how many, unless told
 * @count: operations of a subject in a round
 * @quick: the same, where it only matters that it runs
 * @open: makes what the subjects share, and may lower @count; or NULL. 0 or a
 *	negative errno
 * @close: undoes that, or NULL
 * @subjects: who is compared; the last has no name
 */
struct row {
	const char *name;
	const char *what;
	const char *metric;
	unsigned int rounds;
	unsigned int count;
	unsigned int quick;
	int (*open)(unsigned int *count);
	void (*close)(void);
	const struct subject *const *subjects;
};

/**
 * struct options - what the command line says
 * @names: rows to run, or none for all; up to NULL
 * @rounds: how many, or 0: as many as each row wants
 * @count: operations of a subject in a round, or 0: as each row wants
 * @quick: hardly any work
 * @user: run rows of programs
 * @kernel: run rows of the module ktask_bench
 * @dir: where trees of files are made, or NULL: in memory
 */
struct options {
	char **names;
	unsigned int rounds;
	unsigned int count;
	bool quick;
	bool user;
	bool kernel;
	const char *dir;
};

extern struct options options;

/* main.c: a line on stderr; and the same, about what then makes the run a failure. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* select.c: whether a row was asked for; and, at the end, those that there are not */
bool selected(const char *side, const char *name);
void selected_all_seen(void);

/* run.c: the rows of programs */
void why_not(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void run_rows(void);

/* rows.c: up to NULL */
extern const struct row *const rows[];

/* kernel.c: those of the module */
void kernel_rows(void);
void kernel_list(void);

/* --- Results ------------------------------------------------------------------- */

/**
 * struct series - what was measured of one thing
 * @row: "user/" or "kernel/" and the row's name
 * @subject: who did it
 * @metric: in which unit, or what
 * @values: a value a round
 * @nr: how many
 */
struct series {
	char *row;
	char *subject;
	char *metric;
	double *values;
	size_t nr;
};

/* series.c */
extern struct series *series;
extern size_t nr_series;
void series_add(const char *row, const char *subject, const char *metric, double value);
const struct series *series_find(const char *row, const char *subject, const char *metric);
void series_sort(void);
bool series_begins_row(size_t i);
bool series_is_ours(const struct series *s);
char *must_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void *must(void *ptr);

/* samples.c: lines of ROW SUBJECT METRIC ROUND VALUE, with tabs between */
bool samples_parse(char *line, const char *side);
bool samples_read(const char *path);
bool samples_write(const char *path);

/**
 * struct stats - what is told of a series
 * @median: half of the values are below
 * @low: first quartile
 * @high: third quartile
 */
struct stats {
	double median;
	double low;
	double high;
};

/* stats.c */
struct stats stats_of(const struct series *s);

/**
 * struct ratio - one of our medians, compared
 * @ours: ours
 * @peer: the peer's, or NULL: not compared with any
 * @best: the peer is the best of all there are
 * @value: ours divided by the peer's; or ours alone
 * @limit: what it is to be, or 0: nobody has said
 * @at_least: it is to be no less than that; else no more
 */
struct ratio {
	const struct series *ours;
	const struct series *peer;
	bool best;
	double value;
	double limit;
	bool at_least;
};

bool ratio_met(const struct ratio *r);

/* ratios.c: those of a row, up to @max */
size_t ratios_of(const char *row, struct ratio *ratios, size_t max);

/**
 * struct goal - what a row has to reach
 * @row: as in &struct series
 * @subject: ours
 * @metric: which
 * @peer: whom it is compared with; NULL: nobody; "best": the best there is
 * @limit: see &struct ratio
 * @at_least: see &struct ratio
 */
struct goal {
	const char *row;
	const char *subject;
	const char *metric;
	const char *peer;
	double limit;
	bool at_least;
};

/* goals.c: the last has no row */
extern const struct goal goals[];

/* table.c and json.c */
void table_print(FILE *to);
void json_write(FILE *to);

/**
 * struct machine - where it was measured
 * @release: of the kernel
 * @arch: what kind of machine
 * @cpu: what the CPU calls itself
 * @cpus: how many are online
 * @memory_mib: how much memory
 * @virtual: it is the guest of another
 */
struct machine {
	char release[65];
	char arch[65];
	char cpu[128];
	unsigned int cpus;
	unsigned long memory_mib;
	bool virtual;
};

/* machine.c */
void machine_get(struct machine *m);

#endif /* KTASK_BENCH_H */
