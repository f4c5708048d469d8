/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktask_bench: what its rows have in common.
 *
 * A row is one question, a subject one answer to it: ktask's, or that of a peer
 * used in the best way known. A run of a row has each subject do the same work
 * once to warm up, and then once a round, each round beginning with another
 * subject; so whatever slows the machine down for a while slows down all.
 */
#ifndef _KTASK_BENCH_H
#define _KTASK_BENCH_H

#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/ktask.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct bench;

/**
 * struct bench_subject - one of those that a row compares
 * @name: "ktask", or the peer's; of an array of these, the last has none
 * @share: does so many times fewer operations than the others, being so much
 *	dearer; 0 is 1
 * @time: does @count operations. Returns how long they took, in nanoseconds, or
 *	a negative errno. Whatever it has begun has ended then
 * @arg: what @time may want to know; of the row's choice
 */
struct bench_subject {
	const char *name;
	unsigned int share;
	s64 (*time)(struct bench *b, unsigned int count);
	const void *arg;
};

/**
 * struct bench_row - a row of the table
 * @name: of the row
 * @what: what it measures, in words
 * @rounds: how many, unless told
 * @count: operations of a subject in a round, unless told
 * @cpus: how many have to be online
 * @setup: makes b->priv for the run, or NULL
 * @cleanup: undoes that
 * @run: has b->subject do @count operations, and reports; mostly
 *	bench_run_per_op()
 * @subjects: who is compared
 */
struct bench_row {
	const char *name;
	const char *what;
	unsigned int rounds;
	unsigned int count;
	unsigned int cpus;
	int (*setup)(struct bench *b);
	void (*cleanup)(struct bench *b);
	int (*run)(struct bench *b, unsigned int count);
	const struct bench_subject *subjects;
};

/**
 * struct bench - a run of a row
 * @row: which
 * @rounds: how many
 * @count: operations of a subject in a round
 * @round: which it is, from 1 on; 0: all warm up, and nothing is reported
 * @subject: whose turn it is
 * @only: the one that has turns, or NULL: all have
 * @runner: who asked for it, and may be killed
 * @samples: what was measured
 * @priv: the row's
 */
struct bench {
	const struct bench_row *row;
	unsigned int rounds;
	unsigned int count;
	unsigned int round;
	const struct bench_subject *subject;
	const struct bench_subject *only;
	struct task_struct *runner;
	struct list_head samples;
	void *priv;
};

/* run.c */
int bench_run(struct bench *b);
void bench_free_samples(struct bench *b);
int bench_report(struct bench *b, const char *metric, u64 value,
		 unsigned int per);
int bench_run_per_op(struct bench *b, unsigned int count);
int bench_report_latencies(struct bench *b, u64 *ns, unsigned int count);
bool bench_killed(const struct bench *b);
bool bench_pause(const struct bench *b, unsigned int i);
int bench_join(struct ktask *t);

struct bench_sample {
	struct list_head node;
	const char *subject;
	char metric[24];
	unsigned int round;
	u64 value;			/* in thousandths */
};

/* peers.c */
extern struct workqueue_struct *bench_wq, *bench_wq_high, *bench_wq_unbound;
extern struct kthread_worker *bench_worker;

int bench_peers_init(void);
void bench_peers_exit(void);

/* control.c */
void bench_control_init(void);
void bench_control_exit(void);

/* One or two a file */
extern const struct bench_row bench_spawn_join, bench_batch_join, bench_batch_scale;
extern const struct bench_row bench_yield, bench_wake_cpu, bench_wake_irq;
extern const struct bench_row bench_spread, bench_memory, bench_sleepers;
extern const struct bench_row bench_notify, bench_semaphore, bench_channel;

/* How far apart two times are; never 0, which would be no measurement. */
static inline s64 bench_ns_between(u64 start, u64 end)
{
	return max_t(s64, end - start, 1);
}

static inline s64 bench_ns_since(u64 start)
{
	return bench_ns_between(start, ktime_get_ns());
}

#endif /* _KTASK_BENCH_H */
