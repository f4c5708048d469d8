// SPDX-License-Identifier: GPL-2.0
/*
 * Making and starting tasks.
 */
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "engine.h"

/* @t is all zero, up to its frame. */
static void task_setup(struct ktask *t, const struct ktask_attr *attr)
{
	struct ktask_runtime *rt = attr->runtime ?: ktask_default_runtime();
	const char *fn_name = attr->fn_name ?: "ktask";
	static struct lock_class_key no_key;
	struct lock_class_key *key = attr->key ?: &no_key;

	atomic_set(&t->state, KT_NEW);
	refcount_set(&t->refs, 1);
	t->ex = raw_cpu_ptr(rt->executors);
	t->release = attr->release;
	t->owner = attr->owner;
	t->name = attr->name ?: fn_name;
	t->kind = attr->flags & (KTASK_NO_HELP | KTASK_NO_PIN);
	if (attr->blocking) {
		t->kind |= __KTASK_BLOCKING;
		t->blocking = attr->blocking;
		t->wq = attr->wq ?: rt->blocking_wq;
	} else {
		t->resume = attr->resume;
	}
	INIT_LIST_HEAD(&t->owned);
	lockdep_init_map(&t->lockdep_map, fn_name, key, 0);
	await_hold(t, attr->after, attr->delay);
	if (task_is_blocking(t)) {
		if (t->armed)
			atomic_or(KT_HELD, &t->state);
		else
			blocking_init(t);
	}
	if (attr->init)
		memcpy(ktask_frame(t), attr->init, attr->frame_size);
}

void __ktask_init(struct ktask *t, const struct ktask_attr *attr)
{
	memset(t, 0, sizeof(*t));
	task_setup(t, attr);
}
EXPORT_SYMBOL_NS_GPL(__ktask_init, KTASK_NS);

struct ktask *__ktask_new(const struct ktask_attr *attr)
{
	struct ktask *t;

	t = kzalloc(size_add(sizeof(*t), attr->frame_size),
		    attr->gfp ?: GFP_KERNEL);
	if (!t)
		return ERR_PTR(-ENOMEM);
	task_setup(t, attr);
	return t;
}
EXPORT_SYMBOL_NS_GPL(__ktask_new, KTASK_NS);

static bool task_held(const struct ktask *t)
{
	return atomic_read(&t->state) & KT_HELD;
}

static void start(struct ktask *t, int started)
{
	/*
	 * NEW goes, the others come; somebody may be setting ABORT. Pairs with
	 * ktask_help(), which then reads t->ex.
	 */
	atomic_fetch_add_release(started - KT_NEW, &t->state);
}

/* It is suspended; but what it waits for may have happened since it was armed. */
static void start_held(struct ktask *t)
{
	int old = atomic_read(&t->state);
	int new;

	do {
		new = old & ~KT_NEW;
		if (old & (KT_ABORT | KT_FIRED))
			new |= KT_READY | KT_QUEUED;
	} while (!atomic_try_cmpxchg(&t->state, &old, new));

	if (new & KT_QUEUED)
		executor_push(t);
}

/**
 * ktask_start - start a task that was made by ktask_new() or ktask_init()
 * @t: the task; the caller keeps its reference
 *
 * What the caller wrote to the frame before is visible to the body.
 *
 * Context: any but NMI.
 * Return: 0; -ESHUTDOWN if its runtime or its module is going away, -EINVAL if
 * it was started before. On failure the body does not run, and neither do
 * deferred cleanups.
 */
int ktask_start(struct ktask *t)
{
	struct ktask_runtime *rt = task_runtime(t);

	if (WARN_ON_ONCE(!(atomic_read(&t->state) & KT_NEW)))
		return -EINVAL;
	if (!runtime_get(rt, t))
		return -ESHUTDOWN;
	if (!try_module_get(task_pinned(t))) {
		runtime_forget(rt, t);
		return -ESHUTDOWN;
	}
	ktask_get(t);
	this_cpu_inc(rt->stats->spawned);
	t->ex = raw_cpu_ptr(rt->executors);

	if (t->armed && await_begin_hold(t)) {
		start_held(t);
	} else if (task_is_blocking(t) && !task_held(t)) {
		start(t, KT_READY);
		blocking_queue(t);
	} else {
		start(t, KT_READY | KT_QUEUED);
		executor_push(t);
	}
	return 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_start, KTASK_NS);

struct ktask *__ktask_spawn(const struct ktask_attr *attr)
{
	struct ktask *t = __ktask_new(attr);
	int err;

	if (IS_ERR(t))
		return t;
	err = ktask_start(t);
	if (!err)
		return t;
	ktask_put(t);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_NS_GPL(__ktask_spawn, KTASK_NS);
