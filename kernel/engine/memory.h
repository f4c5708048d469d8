/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory of tasks: what each task goes through, in place; memory.c has the rest.
 * Private to kernel/engine.
 */
#ifndef _KTASK_MEMORY_H
#define _KTASK_MEMORY_H

#include <linux/ktask.h>
#include <linux/numa.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "depot.h"

/* Behind an object that has a constructor is a pointer of the allocator's. */
#define TASK_OBJECT(size)	((size) - sizeof(void *))

/**
 * struct cpu_spares - what a CPU keeps of a class
 * @first: at hand
 * @nr: how many of these, at most a batch
 * @batch: one more batch, or NULL, so that who takes and gives in turn does without
 *	the depot
 *
 * Only threads use it, with preemption off.
 */
struct cpu_spares {
	struct spare *first;
	unsigned int nr;
	struct spare *batch;
};

DECLARE_PER_CPU(struct cpu_spares, cpu_spares[NR_DEPOTS]);

/* Whether there are any. */
extern bool task_spares;

bool spares_get(struct cpu_spares *s, struct depot *d);
void spares_put(struct cpu_spares *s, struct depot *d);
struct ktask *task_alloc_anew(unsigned int class, size_t size, gfp_t gfp, int node);

/* Return: memory of the class, or NULL. Any context. */
static __always_inline struct ktask *spares_take(unsigned int class)
{
	struct spare *spare = NULL;
	struct cpu_spares *s;

	if (!in_task())
		return NULL;
	preempt_disable();
	s = this_cpu_ptr(&cpu_spares[class]);
	if (likely(s->first) || spares_get(s, &depots[class])) {
		spare = s->first;
		s->first = spare->next;
		s->nr--;
	}
	preempt_enable();
	return (struct ktask *)spare;
}

/* Return: false if @t is to be freed. Any context. */
static __always_inline bool spares_give(struct ktask *t, unsigned int class)
{
	struct spare *spare = (struct spare *)t;
	struct cpu_spares *s;

	BUILD_BUG_ON(sizeof(*spare) > sizeof(*t));
	if (!in_task())
		return false;
	preempt_disable();
	s = this_cpu_ptr(&cpu_spares[class]);
	if (unlikely(s->nr == SPARE_BATCH))
		spares_put(s, &depots[class]);
	spare->next = s->first;
	s->first = spare;
	s->nr++;
	preempt_enable();
	return true;
}

/* Return: the class for @size bytes; NR_DEPOTS if there is none. */
static __always_inline unsigned int task_class(size_t size)
{
	if (size <= TASK_OBJECT(256))
		return 0;
	/* There is no room for that pointer, and the next class is a waste. */
	if (size <= 256)
		return NR_DEPOTS;
	if (size <= TASK_OBJECT(384))
		return 1;
	return size <= TASK_OBJECT(512) ? 2 : NR_DEPOTS;
}

/*
 * Return: memory of @size bytes for a task, of which only .spare is set; or NULL.
 * Context: as @gfp has it, but for NMI.
 */
static __always_inline struct ktask *task_alloc(size_t size, gfp_t gfp, int node)
{
	unsigned int class = task_class(size);
	bool spare = task_spares && class < NR_DEPOTS &&
		     !(gfp & __GFP_ACCOUNT) && node == NUMA_NO_NODE;
	struct ktask *t = NULL;

	if (likely(spare))
		t = spares_take(class);
	if (unlikely(!t))
		t = task_alloc_anew(class, size, gfp, node);
	if (likely(t))
		t->spare = spare ? 1 + class : 0;
	return t;
}

/* Any context but NMI. */
static __always_inline void task_free(struct ktask *t)
{
	/* If not, kfree() takes what any cache has given. */
	if (!t->spare || !spares_give(t, t->spare - 1))
		kfree(t);
}

int task_memory_init(void);
void task_memory_exit(void);

#endif /* _KTASK_MEMORY_H */
