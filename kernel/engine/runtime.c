// SPDX-License-Identifier: GPL-2.0
/*
 * Runtimes: executors, workqueues, and what is needed to end them.
 */
#include <linux/completion.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "engine.h"

/* How often a runtime that cannot end says so. */
#define DESTROY_WARN_INTERVAL	(10 * HZ)

static struct ktask_runtime *default_runtime;

struct ktask_runtime *ktask_default_runtime(void)
{
	return default_runtime;
}

/* The default runtime outlives its tasks, so it need not know them. */
static bool runtime_owns(const struct ktask_runtime *rt)
{
	return rt != default_runtime;
}

/* A task is being started. Return: false if the runtime is going away. */
bool runtime_get(struct ktask_runtime *rt, struct ktask *t)
{
	unsigned long flags;
	bool closing;

	if (!percpu_ref_tryget_live(&rt->ref))
		return false;
	if (!runtime_owns(rt))
		return true;

	spin_lock_irqsave(&rt->lock, flags);
	closing = rt->closing;
	if (!closing)
		list_add_tail(&t->owned, &rt->tasks);
	spin_unlock_irqrestore(&rt->lock, flags);
	if (closing)
		percpu_ref_put(&rt->ref);
	return !closing;
}

/* A task will not be started after all. */
void runtime_forget(struct ktask_runtime *rt, struct ktask *t)
{
	runtime_disown(rt, t);
	percpu_ref_put(&rt->ref);
}

/* A task is ending, and needs not be aborted any more. */
void runtime_disown(struct ktask_runtime *rt, struct ktask *t)
{
	unsigned long flags;

	if (!runtime_owns(rt))
		return;
	spin_lock_irqsave(&rt->lock, flags);
	list_del_init(&t->owned);
	spin_unlock_irqrestore(&rt->lock, flags);
}

/* Return: a task that was not yet aborted, with a reference; or NULL. */
static struct ktask *runtime_next(struct ktask_runtime *rt)
{
	struct ktask *t;

	spin_lock_irq(&rt->lock);
	t = list_first_entry_or_null(&rt->tasks, struct ktask, owned);
	if (t)
		list_move(&ktask_get(t)->owned, &rt->aborting);
	spin_unlock_irq(&rt->lock);
	return t;
}

static void runtime_abort_all(struct ktask_runtime *rt)
{
	struct ktask *t;

	while ((t = runtime_next(rt))) {
		ktask_abort(t);
		ktask_put(t);
		cond_resched();
	}
}

static void runtime_idle(struct percpu_ref *ref)
{
	complete(&container_of(ref, struct ktask_runtime, ref)->idle);
}

static void runtime_init_executors(struct ktask_runtime *rt)
{
	int cpu;

	for_each_possible_cpu(cpu)
		executor_init(per_cpu_ptr(rt->executors, cpu), rt, cpu);
}

static void runtime_free_executors(struct ktask_runtime *rt)
{
	int cpu;

	if (!rt->executors)
		return;
	for_each_possible_cpu(cpu)
		executor_free(per_cpu_ptr(rt->executors, cpu));
	free_percpu(rt->executors);
}

static void runtime_free(struct ktask_runtime *rt)
{
	if (rt->blocking_wq)
		destroy_workqueue(rt->blocking_wq);
	if (rt->wq)
		destroy_workqueue(rt->wq);
	runtime_free_executors(rt);
	free_percpu(rt->stats);
	lockdep_unregister_key(&rt->key);
	kfree(rt);
}

/**
 * ktask_runtime_create - make a runtime of one's own
 * @name: shown with its workqueues; copied
 *
 * Its tasks are aborted by ktask_runtime_destroy(), which makes it the way to
 * leave nothing behind when a driver or a device goes.
 *
 * Context: process context, may sleep.
 * Return: the runtime, or ERR_PTR(-ENOMEM).
 */
struct ktask_runtime *ktask_runtime_create(const char *name)
{
	struct ktask_runtime *rt = kzalloc(sizeof(*rt), GFP_KERNEL);

	if (!rt)
		return ERR_PTR(-ENOMEM);
	lockdep_register_key(&rt->key);
	strscpy(rt->name, name, sizeof(rt->name));
	init_completion(&rt->idle);
	spin_lock_init(&rt->lock);
	INIT_LIST_HEAD(&rt->tasks);
	INIT_LIST_HEAD(&rt->aborting);

	rt->executors = alloc_percpu(struct ktask_executor);
	if (!rt->executors)
		goto err_free;
	runtime_init_executors(rt);
	rt->stats = alloc_percpu(struct ktask_stats);
	if (!rt->stats)
		goto err_free;
	rt->wq = alloc_workqueue("%s", 0, WQ_MAX_ACTIVE, rt->name);
	if (!rt->wq)
		goto err_free;
	rt->blocking_wq = alloc_workqueue("%s_blocking", WQ_UNBOUND, 0,
					  rt->name);
	if (!rt->blocking_wq)
		goto err_free;
	if (percpu_ref_init(&rt->ref, runtime_idle, 0, GFP_KERNEL))
		goto err_free;
	return rt;

err_free:
	runtime_free(rt);
	return ERR_PTR(-ENOMEM);
}
EXPORT_SYMBOL_NS_GPL(ktask_runtime_create, KTASK_NS);

/**
 * ktask_runtime_destroy - end a runtime and all its tasks
 * @rt: the runtime, or NULL; gone when this returns
 *
 * Spawning onto it fails from now on. Its tasks are aborted, and when this
 * returns all have ended, none of their code runs any more, and their
 * references but those of handle owners are put. Says so every ten seconds if
 * that takes long.
 *
 * Context: process context, sleeps; not from a task of @rt.
 */
void ktask_runtime_destroy(struct ktask_runtime *rt)
{
	if (!rt)
		return;
	percpu_ref_kill(&rt->ref);
	/* A start that was live before is on the list now, or will see this. */
	spin_lock_irq(&rt->lock);
	rt->closing = true;
	spin_unlock_irq(&rt->lock);
	runtime_abort_all(rt);
	while (!wait_for_completion_timeout(&rt->idle, DESTROY_WARN_INTERVAL))
		pr_warn("runtime %s: still waiting for its tasks to end\n",
			rt->name);
	/*
	 * Who pushed a task may be about to kick the executor, though the task
	 * has ended since; see executor_push() and ktask_help().
	 */
	synchronize_rcu();
	percpu_ref_exit(&rt->ref);
	runtime_free(rt);
}
EXPORT_SYMBOL_NS_GPL(ktask_runtime_destroy, KTASK_NS);

/* Add up the counters of @rt's CPUs; they go on counting meanwhile. */
void ktask_runtime_stats(struct ktask_runtime *rt, struct ktask_stats *sum)
{
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct ktask_stats *s = per_cpu_ptr(rt->stats, cpu);

		sum->spawned += READ_ONCE(s->spawned);
		sum->completed += READ_ONCE(s->completed);
		sum->cancelled += READ_ONCE(s->cancelled);
		sum->resumed += READ_ONCE(s->resumed);
		sum->helped += READ_ONCE(s->helped);
	}
}

int __init ktask_engine_init(void)
{
	struct ktask_runtime *rt;

	blocking_setup();
	rt = ktask_runtime_create("ktask");
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	default_runtime = rt;
	return 0;
}

void ktask_engine_exit(void)
{
	ktask_runtime_destroy(default_runtime);
}
