// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of tasks.
 *
 * Most tasks are small and short, so what allocating them costs is much of what
 * they cost. They come from caches of their own, which have a constructor: objects
 * of these the allocator does not zero, as it does all others in a kernel with
 * init_on_alloc, and task_setup() sets all that is ever read. And each CPU keeps
 * the last one that it freed, as kernel/fork.c keeps stacks, so one task after the
 * other takes no allocation at all; but not with KASAN, which shall see who uses it
 * meanwhile.
 */
#include <linux/build_bug.h>
#include <linux/numa.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "engine.h"

/* Behind an object that has a constructor is a pointer of the allocator's. */
#define OBJECT(size)	((size) - sizeof(void *))

static const struct {
	const char *name;
	unsigned int size;
} classes[] = {
	{ "ktask-256", OBJECT(256) },
	{ "ktask-384", OBJECT(384) },
	{ "ktask-512", OBJECT(512) },
};

#define NR_CLASSES	ARRAY_SIZE(classes)

static struct kmem_cache *caches[NR_CLASSES];

#define KEEP_SPARE	(!IS_ENABLED(CONFIG_KASAN))

/* One of the first class, or NULL. */
static DEFINE_PER_CPU(struct ktask *, spare);

static bool may_be_spare(size_t size, gfp_t gfp, int node)
{
	return KEEP_SPARE && size <= classes[0].size &&
	       !(gfp & __GFP_ACCOUNT) && node == NUMA_NO_NODE;
}

static void *allocate(size_t size, gfp_t gfp, int node)
{
	unsigned int i;

	/* There is no room for that pointer, and the next class is a waste. */
	if (size > OBJECT(256) && size <= 256)
		return kmalloc_node(size, gfp, node);
	for (i = 0; i < NR_CLASSES; i++) {
		if (size <= classes[i].size)
			return kmem_cache_alloc_node(caches[i], gfp, node);
	}
	return kmalloc_node(size, gfp, node);
}

/*
 * Return: memory of @size bytes for a task, of which only .kind is set; or NULL.
 * Context: as @gfp has it, but for NMI.
 */
struct ktask *task_alloc(size_t size, gfp_t gfp, int node)
{
	bool small = may_be_spare(size, gfp, node);
	struct ktask *t = NULL;

	if (small)
		t = this_cpu_xchg(spare, NULL);
	if (!t)
		t = allocate(size, gfp, node);
	if (t)
		t->kind = small ? __KTASK_SPARE : 0;
	return t;
}

/* Any context but NMI. */
void task_free(struct ktask *t)
{
	if (t->kind & __KTASK_SPARE && !this_cpu_cmpxchg(spare, NULL, t))
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

	for (i = 0; i < NR_CLASSES; i++)
		kmem_cache_destroy(caches[i]);
}

int __init task_memory_init(void)
{
	unsigned int i;

	for (i = 0; i < NR_CLASSES; i++) {
		caches[i] = kmem_cache_create(classes[i].name, classes[i].size,
					      0, SLAB_HWCACHE_ALIGN, construct);
		if (!caches[i]) {
			destroy_caches();
			return -ENOMEM;
		}
	}
	return 0;
}

/* There are no tasks any more. */
void task_memory_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree(per_cpu(spare, cpu));
	destroy_caches();
}
