// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of tasks.
 *
 * Most tasks are small and short, so what allocating them costs is much of what
 * they cost. They come from caches of their own, which have a constructor: objects
 * of these the allocator does not zero, as it does all others in a kernel with
 * init_on_alloc, and task_setup() sets all that is ever read. And each CPU keeps
 * some spare ones, which threads take and give back; depot.c has the rest.
 */
#include <linux/build_bug.h>
#include <linux/moduleparam.h>
#include <linux/numa.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "depot.h"
#include "engine.h"

/*
 * KASAN shall see who uses a task that is gone, and where allocations are made to
 * fail each task shall have one.
 */
static bool spares __ro_after_init = !IS_ENABLED(CONFIG_KASAN) &&
				     !IS_ENABLED(CONFIG_FAILSLAB);
module_param(spares, bool, 0444);
MODULE_PARM_DESC(spares, "keep the memory of tasks for the next ones");

/* Behind an object that has a constructor is a pointer of the allocator's. */
#define OBJECT(size)	((size) - sizeof(void *))

static const struct {
	const char *name;
	unsigned int size;
} classes[NR_DEPOTS] = {
	{ "ktask-256", OBJECT(256) },
	{ "ktask-384", OBJECT(384) },
	{ "ktask-512", OBJECT(512) },
};

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

static DEFINE_PER_CPU(struct cpu_spares, cpu_spares[NR_DEPOTS]);

/* There is none at hand. Return: whether there is now. */
static noinline bool spares_get(struct cpu_spares *s, struct depot *d)
{
	s->first = s->batch ?: depot_take(d);
	s->batch = NULL;
	s->nr = s->first ? SPARE_BATCH : 0;
	return s->first;
}

/* There is a batch at hand: make room. */
static noinline void spares_put(struct cpu_spares *s, struct depot *d)
{
	if (s->batch)
		depot_give(d, s->batch);
	s->batch = s->first;
	s->first = NULL;
	s->nr = 0;
}

/* Return: memory of the class, or NULL. Any context. */
static struct ktask *spares_take(unsigned int class)
{
	struct spare *spare = NULL;
	struct cpu_spares *s;

	if (!in_task())
		return NULL;
	preempt_disable();
	s = this_cpu_ptr(&cpu_spares[class]);
	if (s->first || spares_get(s, &depots[class])) {
		spare = s->first;
		s->first = spare->next;
		s->nr--;
	}
	preempt_enable();
	return (struct ktask *)spare;
}

/* Return: false if @t is to be freed. Any context. */
static bool spares_give(struct ktask *t, unsigned int class)
{
	struct spare *spare = (struct spare *)t;
	struct cpu_spares *s;

	BUILD_BUG_ON(sizeof(*spare) > sizeof(*t));
	if (!in_task())
		return false;
	preempt_disable();
	s = this_cpu_ptr(&cpu_spares[class]);
	if (s->nr == SPARE_BATCH)
		spares_put(s, &depots[class]);
	spare->next = s->first;
	s->first = spare;
	s->nr++;
	preempt_enable();
	return true;
}

/* Return: the class for @size bytes; NR_DEPOTS if there is none. */
static unsigned int class_of(size_t size)
{
	unsigned int i;

	/* There is no room for that pointer, and the next class is a waste. */
	if (size > OBJECT(256) && size <= 256)
		return NR_DEPOTS;
	for (i = 0; i < NR_DEPOTS; i++) {
		if (size <= classes[i].size)
			break;
	}
	return i;
}

/*
 * Return: memory of @size bytes for a task, of which only .spare is set; or NULL.
 * Context: as @gfp has it, but for NMI.
 */
struct ktask *task_alloc(size_t size, gfp_t gfp, int node)
{
	unsigned int class = class_of(size);
	bool spare = spares && class < NR_DEPOTS && !(gfp & __GFP_ACCOUNT) &&
		     node == NUMA_NO_NODE;
	struct ktask *t = NULL;

	if (spare)
		t = spares_take(class);
	if (!t && class < NR_DEPOTS)
		t = kmem_cache_alloc_node(depots[class].cache, gfp, node);
	else if (!t)
		t = kmalloc_node(size, gfp, node);
	if (t)
		t->spare = spare ? 1 + class : 0;
	return t;
}

/* Any context but NMI. */
void task_free(struct ktask *t)
{
	if (t->spare && spares_give(t, t->spare - 1))
		return;
	/* It takes what any cache has given. */
	kfree(t);
}

/* That there is one is all that matters: see above. */
static void construct(void *t)
{
}

static void destroy_caches(void)
{
	unsigned int i;

	for (i = 0; i < NR_DEPOTS; i++)
		kmem_cache_destroy(depots[i].cache);
}

int __init task_memory_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < NR_DEPOTS; i++) {
		depots[i].cache = kmem_cache_create(classes[i].name,
						    classes[i].size, 0,
						    SLAB_HWCACHE_ALIGN,
						    construct);
		if (!depots[i].cache) {
			err = -ENOMEM;
			goto err_caches;
		}
	}
	err = depots_init();
	if (!err)
		return 0;
err_caches:
	destroy_caches();
	return err;
}

/* @s is not used any more. */
static void free_spares_of(struct cpu_spares *s, struct depot *d)
{
	struct spare *spare;

	do {
		while ((spare = s->first)) {
			s->first = spare->next;
			kmem_cache_free(d->cache, spare);
		}
		s->first = s->batch;
		s->batch = NULL;
	} while (s->first);
}

/* There are no tasks any more. */
void task_memory_exit(void)
{
	unsigned int i;
	int cpu;

	depots_exit();
	for_each_possible_cpu(cpu) {
		for (i = 0; i < NR_DEPOTS; i++)
			free_spares_of(per_cpu_ptr(&cpu_spares[i], cpu),
				       &depots[i]);
	}
	destroy_caches();
}
