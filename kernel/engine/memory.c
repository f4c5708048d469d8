// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of tasks.
 *
 * Most tasks are small and short, so what allocating them costs is much of what
 * they cost. They come from caches of their own, which have a constructor: objects
 * of these the allocator does not zero, as it does all others in a kernel with
 * init_on_alloc, and task_setup() sets all that is ever read. And each CPU keeps
 * some spare ones, which threads take and give back, and gets and frees these in
 * bulk, as net/core/skbuff.c does with heads of packets: that is half of what one
 * by one costs. But not with KASAN, which shall see who uses one meanwhile, nor where
 * allocations are made to fail, of which each task shall have one.
 */
#include <linux/build_bug.h>
#include <linux/numa.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
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

#define KEEP_SPARES	(!IS_ENABLED(CONFIG_KASAN) && \
			 !IS_ENABLED(CONFIG_FAILSLAB))
#define SPARES_MAX	32
#define SPARES_BULK	(SPARES_MAX / 2)

/* Of each class. Only threads use them, with preemption off. */
struct spares {
	unsigned int nr;
	void *tasks[SPARES_MAX];
};

static DEFINE_PER_CPU(struct spares, spares[NR_CLASSES]);

/* Return: whether there are some now. */
static noinline bool spares_get(struct spares *s, unsigned int class)
{
	if (irqs_disabled())
		return false;
	/* All or none; how many, only older kernels return. */
	if (kmem_cache_alloc_bulk(caches[class], GFP_NOWAIT | __GFP_NOWARN,
				  SPARES_BULK, s->tasks))
		s->nr = SPARES_BULK;
	return s->nr;
}

/* Return: whether there is room for one more now. */
static noinline bool spares_free(struct spares *s, unsigned int class)
{
	if (irqs_disabled())
		return false;
	s->nr -= SPARES_BULK;
	kmem_cache_free_bulk(caches[class], SPARES_BULK, s->tasks + s->nr);
	return true;
}

/* Return: memory of the class, or NULL. Any context. */
static struct ktask *spares_take(unsigned int class)
{
	struct ktask *t = NULL;
	struct spares *s;

	if (!in_task())
		return NULL;
	preempt_disable();
	s = this_cpu_ptr(&spares[class]);
	if (s->nr || spares_get(s, class))
		t = s->tasks[--s->nr];
	preempt_enable();
	return t;
}

/* Return: false if @t is to be freed. Any context. */
static bool spares_give(struct ktask *t, unsigned int class)
{
	struct spares *s;
	bool room;

	if (!in_task())
		return false;
	preempt_disable();
	s = this_cpu_ptr(&spares[class]);
	room = s->nr < SPARES_MAX || spares_free(s, class);
	if (room)
		s->tasks[s->nr++] = t;
	preempt_enable();
	return room;
}

/* Return: the class for @size bytes; NR_CLASSES if there is none. */
static unsigned int class_of(size_t size)
{
	unsigned int i;

	/* There is no room for that pointer, and the next class is a waste. */
	if (size > OBJECT(256) && size <= 256)
		return NR_CLASSES;
	for (i = 0; i < NR_CLASSES; i++) {
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
	bool spare = KEEP_SPARES && class < NR_CLASSES &&
		     !(gfp & __GFP_ACCOUNT) && node == NUMA_NO_NODE;
	struct ktask *t = NULL;

	if (spare)
		t = spares_take(class);
	if (!t && class < NR_CLASSES)
		t = kmem_cache_alloc_node(caches[class], gfp, node);
	else if (!t)
		t = kmalloc_node(size, gfp, node);
	if (t)
		t->spare = spare ? 1 + class : 0;
	return t;
}

/* Any context but NMI. */
void task_free(struct ktask *t)
{
	if (KEEP_SPARES && t->spare && spares_give(t, t->spare - 1))
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
	struct spares *s;
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < NR_CLASSES; i++) {
			s = per_cpu_ptr(&spares[i], cpu);
			while (s->nr)
				kfree(s->tasks[--s->nr]);
		}
	}
	destroy_caches();
}
