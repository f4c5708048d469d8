/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What becomes of the memory of tasks that are gone. Private to kernel/engine.
 */
#ifndef _KTASK_DEPOT_H
#define _KTASK_DEPOT_H

#include <linux/cache.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

/* How many go from a CPU to the depot and back at a time. */
#define SPARE_BATCH	16

/**
 * struct spare - memory for a task
 * @next: the next one of the same CPU or batch, or NULL
 * @batch: the next batch of the depot, or NULL; of the first one of a batch
 */
struct spare {
	struct spare *next;
	struct spare *batch;
};

/**
 * struct depot - where the CPUs give the spares that they have too many of
 * @cache: where they are from
 * @lock: guards the members below; taken by threads only, with preemption off
 * @first: batches, last come first
 * @nr: how many
 * @low: how few there have been since they were looked through last
 */
struct depot {
	struct kmem_cache *cache;
	raw_spinlock_t lock;
	struct spare *first;
	unsigned int nr;
	unsigned int low;
} ____cacheline_aligned_in_smp;

/* One for each size of tasks. */
#define NR_DEPOTS	3

extern struct depot depots[NR_DEPOTS];

struct spare *depot_take(struct depot *d);
void depot_give(struct depot *d, struct spare *batch);
int depots_init(void);
void depots_exit(void);

#endif /* _KTASK_DEPOT_H */
