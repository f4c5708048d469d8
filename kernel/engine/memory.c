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
#include <linux/kernel.h>
#include <linux/moduleparam.h>

#include "memory.h"

/*
 * KASAN shall see who uses a task that is gone, and where allocations are made to
 * fail each task shall have one.
 */
bool task_spares __ro_after_init = !IS_ENABLED(CONFIG_KASAN) &&
				   !IS_ENABLED(CONFIG_FAILSLAB);
module_param_named(spares, task_spares, bool, 0444);
MODULE_PARM_DESC(spares, "keep the memory of tasks for the next ones");

/* See task_class(). */
static const struct {
	const char *name;
	unsigned int size;
} classes[NR_DEPOTS] = {
	{ "ktask-256", TASK_OBJECT(256) },
	{ "ktask-384", TASK_OBJECT(384) },
	{ "ktask-512", TASK_OBJECT(512) },
};

DEFINE_PER_CPU(struct cpu_spares, cpu_spares[NR_DEPOTS]);

/* There is none at hand. Return: whether there is now. */
bool spares_get(struct cpu_spares *s, struct depot *d)
{
	s->first = s->batch ?: depot_take(d);
	s->batch = NULL;
	s->nr = s->first ? SPARE_BATCH : 0;
	return s->first;
}

/* There is a batch at hand: make room. */
void spares_put(struct cpu_spares *s, struct depot *d)
{
	if (s->batch)
		depot_give(d, s->batch);
	s->batch = s->first;
	s->first = NULL;
	s->nr = 0;
}

struct ktask *task_alloc_anew(unsigned int class, size_t size, gfp_t gfp, int node)
{
	if (class < NR_DEPOTS)
		return kmem_cache_alloc_node(depots[class].cache, gfp, node);
	return kmalloc_node(size, gfp, node);
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
