// SPDX-License-Identifier: GPL-2.0
/*
 * Depots: memory of tasks that are gone, for those that come next on any CPU.
 *
 * Who spawns and joins thousands at a time would otherwise have all their pages given
 * back to the system, and get as many next time, which the kernel zeroes if it is told
 * to (init_on_alloc): half of what such a task costs. So the CPUs keep some spares each,
 * see memory.c, and exchange them by batches, of any number, with a depot. That is what
 * Bonwick and Adams do with magazines (Usenix 2001), and drivers/iommu/iova.c.
 *
 * A depot is for what is used again and again, and holds back nothing else: batches that
 * were not needed for ten or twenty seconds go back to the allocator, and all do when memory
 * is short.
 */
#include <linux/irqflags.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "depot.h"

/* Batches are given back that were not needed for so long. */
#define TRIM_PERIOD	(10 * HZ)

struct depot depots[NR_DEPOTS];

static struct shrinker *shrinker;

static void trim(struct work_struct *work);
static DECLARE_DELAYED_WORK(trim_work, trim);

/* Return: a batch that was none, or NULL. */
static struct spare *batch_alloc(struct depot *d)
{
	struct spare *batch = NULL, *s;
	void *objects[SPARE_BATCH];
	int i;

	if (irqs_disabled())
		return NULL;
	/* All or none; how many, only older kernels return. */
	if (!kmem_cache_alloc_bulk(d->cache, GFP_NOWAIT | __GFP_NOWARN,
				   SPARE_BATCH, objects))
		return NULL;
	for (i = SPARE_BATCH - 1; i >= 0; i--) {
		s = objects[i];
		s->next = batch;
		batch = s;
	}
	return batch;
}

static void batch_free(struct depot *d, struct spare *batch)
{
	void *objects[SPARE_BATCH];
	int i;

	for (i = 0; i < SPARE_BATCH; i++) {
		objects[i] = batch;
		batch = batch->next;
	}
	kmem_cache_free_bulk(d->cache, SPARE_BATCH, objects);
}

static struct spare *depot_pop(struct depot *d)
{
	struct spare *batch;

	lockdep_assert_held(&d->lock);
	batch = d->first;
	if (batch) {
		d->first = batch->batch;
		WRITE_ONCE(d->nr, d->nr - 1);
	}
	return batch;
}

/*
 * Return: a batch, from the allocator if there is none here; or NULL.
 * Context: a thread with preemption off.
 */
struct spare *depot_take(struct depot *d)
{
	struct spare *batch;

	if (!READ_ONCE(d->nr))
		return batch_alloc(d);
	raw_spin_lock(&d->lock);
	batch = depot_pop(d);
	d->low = min(d->low, d->nr);
	raw_spin_unlock(&d->lock);
	return batch ?: batch_alloc(d);
}

/* Context: a thread with preemption off. */
void depot_give(struct depot *d, struct spare *batch)
{
	bool first;

	raw_spin_lock(&d->lock);
	batch->batch = d->first;
	d->first = batch;
	first = !d->nr;
	WRITE_ONCE(d->nr, d->nr + 1);
	raw_spin_unlock(&d->lock);
	if (first)
		queue_delayed_work(system_dfl_wq, &trim_work, TRIM_PERIOD);
}

/* Give up to @nr batches back to the allocator. Return: how many. */
static unsigned long depot_shrink(struct depot *d, unsigned long nr)
{
	struct spare *batch;
	unsigned long freed;

	for (freed = 0; freed < nr; freed++) {
		raw_spin_lock(&d->lock);
		batch = depot_pop(d);
		d->low = min(d->low, d->nr);
		raw_spin_unlock(&d->lock);
		if (!batch)
			break;
		batch_free(d, batch);
		cond_resched();
	}
	return freed;
}

/* Batches that nobody has needed since the last time. */
static void trim(struct work_struct *work)
{
	bool more = false;
	unsigned int i;

	for (i = 0; i < NR_DEPOTS; i++) {
		struct depot *d = &depots[i];

		depot_shrink(d, READ_ONCE(d->low));
		raw_spin_lock(&d->lock);
		d->low = d->nr;
		more |= d->nr;
		raw_spin_unlock(&d->lock);
	}
	/* If not, who gives the next one sees to it. */
	if (more)
		queue_delayed_work(system_dfl_wq, &trim_work, TRIM_PERIOD);
}

static unsigned long count_spares(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < NR_DEPOTS; i++)
		nr += READ_ONCE(depots[i].nr);
	return nr ? nr * SPARE_BATCH : SHRINK_EMPTY;
}

static unsigned long free_spares(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long nr = DIV_ROUND_UP(sc->nr_to_scan, SPARE_BATCH);
	unsigned long freed = 0;
	unsigned int i;

	for (i = 0; i < NR_DEPOTS && freed < nr; i++)
		freed += depot_shrink(&depots[i], nr - freed);
	return freed ? freed * SPARE_BATCH : SHRINK_STOP;
}

/* The caches are there. */
int __init depots_init(void)
{
	unsigned int i;

	for (i = 0; i < NR_DEPOTS; i++)
		raw_spin_lock_init(&depots[i].lock);
	shrinker = ktask_shrinker_register("ktask", count_spares, free_spares);
	return shrinker ? 0 : -ENOMEM;
}

/* Nobody gives or takes any more. The caches are still there. */
void depots_exit(void)
{
	unsigned int i;

	cancel_delayed_work_sync(&trim_work);
	shrinker_free(shrinker);
	for (i = 0; i < NR_DEPOTS; i++)
		depot_shrink(&depots[i], ULONG_MAX);
}
