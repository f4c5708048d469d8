// SPDX-License-Identifier: GPL-2.0
/*
 * Runtimes: executors, workqueues, and what is needed to end them.
 *
 * A local set is a runtime with one executor, which has one drainer.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "engine.h"
#include "memory.h"

/* How often a runtime that cannot end says so. */
#define DESTROY_WARN_INTERVAL	(10 * HZ)

/* How many tasks it then names. */
#define DESTROY_WARN_TASKS	8

struct ktask_runtime *default_runtime;

/* Private runtimes; under runtimes_lock. */
static LIST_HEAD(runtimes);
static DEFINE_MUTEX(runtimes_lock);

/*
 * A task, which pins its module, is being started.
 * Return: false if the runtime is going away.
 */
bool runtime_get(struct ktask_runtime *rt, struct ktask *t)
{
	unsigned long flags;
	bool closing;

	if (!percpu_ref_tryget_live(&rt->ref))
		return false;
	if (rt->is_default)
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

/* A task is ending, and needs not be aborted any more. */
void runtime_disown(struct ktask_runtime *rt, struct ktask *t)
{
	unsigned long flags;

	spin_lock_irqsave(&rt->lock, flags);
	list_del_init(&t->owned);
	spin_unlock_irqrestore(&rt->lock, flags);
}

/*
 * Return: a task that was not yet aborted, with a reference and its module
 * pinned, for the put may call its .release; or NULL.
 */
static struct ktask *runtime_next(struct ktask_runtime *rt)
{
	struct ktask *t;

	spin_lock_irq(&rt->lock);
	t = list_first_entry_or_null(&rt->tasks, struct ktask, owned);
	if (t) {
		list_move(&ktask_get(t)->owned, &rt->aborting);
		__module_get(task_pinned(t));
	}
	spin_unlock_irq(&rt->lock);
	return t;
}

static void runtime_abort_all(struct ktask_runtime *rt)
{
	struct ktask *t;

	while ((t = runtime_next(rt))) {
		struct module *pinned = task_pinned(t);

		ktask_abort(t);
		ktask_put(t);
		module_put(pinned);
		cond_resched();
	}
}

static void runtime_idle(struct percpu_ref *ref)
{
	complete(&container_of(ref, struct ktask_runtime, ref)->idle);
}

static const struct {
	const char *format;
	unsigned int flags;
	int max_active;
} runtime_wqs[KTASK_WQ_COUNT] = {
	[KTASK_WQ_TASKS] = { "%s", WQ_PERCPU, WQ_MAX_ACTIVE },
	[KTASK_WQ_TASKS_HIGH] = {
		"%s_high", WQ_PERCPU | WQ_HIGHPRI, WQ_MAX_ACTIVE
	},
	[KTASK_WQ_HOGS] = {
		"%s_hogs", WQ_PERCPU | WQ_CPU_INTENSIVE, WQ_MAX_ACTIVE
	},
	[KTASK_WQ_HOGS_HIGH] = {
		"%s_hogs_high", WQ_PERCPU | WQ_CPU_INTENSIVE | WQ_HIGHPRI,
		WQ_MAX_ACTIVE
	},
	[KTASK_WQ_BLOCKING] = { "%s_blocking", WQ_UNBOUND, 0 },
	[KTASK_WQ_BLOCKING_HIGH] = {
		"%s_blocking_high", WQ_UNBOUND | WQ_HIGHPRI, 0
	},
};

static unsigned int runtime_wq_flags(unsigned int flags)
{
	unsigned int wq_flags = 0;

	if (flags & KTASK_RT_MEM_RECLAIM)
		wq_flags |= WQ_MEM_RECLAIM;
	if (flags & KTASK_RT_FREEZABLE)
		wq_flags |= WQ_FREEZABLE;
	return wq_flags;
}

static int runtime_alloc_wqs(struct ktask_runtime *rt, unsigned int flags)
{
	unsigned int wq_flags = runtime_wq_flags(flags);
	int i;

	for (i = 0; i < KTASK_WQ_COUNT; i++) {
		rt->wq[i] = alloc_workqueue(runtime_wqs[i].format,
					    runtime_wqs[i].flags | wq_flags,
					    runtime_wqs[i].max_active,
					    rt->name);
		if (!rt->wq[i])
			return -ENOMEM;
	}
	return 0;
}

static int runtime_alloc_executors(struct ktask_runtime *rt)
{
	int cpu, prio;

	rt->executors = alloc_percpu(struct ktask_cpu_executors);
	if (!rt->executors)
		return -ENOMEM;
	for (prio = 0; prio < KTASK_PRIO_COUNT; prio++) {
		spread_init(&rt->spread[prio]);
		for_each_possible_cpu(cpu)
			executor_init(&per_cpu_ptr(rt->executors, cpu)->prio[prio],
				      rt, cpu, prio);
	}
	return 0;
}

static void runtime_each_executor(struct ktask_runtime *rt,
				  void (*fn)(struct ktask_executor *ex))
{
	int cpu, prio;

	if (rt->local)
		fn(rt->local);
	if (!rt->executors)
		return;
	for_each_possible_cpu(cpu) {
		for (prio = 0; prio < KTASK_PRIO_COUNT; prio++)
			fn(&per_cpu_ptr(rt->executors, cpu)->prio[prio]);
	}
}

static void runtime_free(struct ktask_runtime *rt)
{
	int i;

	runtime_each_executor(rt, executor_stop);
	/* Drainers on the others may still queue drainers on the first. */
	for (i = KTASK_WQ_COUNT - 1; i >= 0; i--) {
		if (rt->wq[i])
			destroy_workqueue(rt->wq[i]);
	}
	runtime_each_executor(rt, executor_free);
	free_percpu(rt->executors);
	kfree(rt->local);
	free_percpu(rt->stats);
	lockdep_unregister_key(&rt->key);
	kfree(rt);
}

static struct ktask_runtime *runtime_alloc(const char *name,
					   struct module *owner)
{
	struct ktask_runtime *rt = kzalloc(sizeof(*rt), GFP_KERNEL);

	if (!rt)
		return NULL;
	lockdep_register_key(&rt->key);
	strscpy(rt->name, name, sizeof(rt->name));
	init_completion(&rt->idle);
	spin_lock_init(&rt->lock);
	INIT_LIST_HEAD(&rt->tasks);
	INIT_LIST_HEAD(&rt->aborting);
	INIT_LIST_HEAD(&rt->all);
	rt->owner = owner;
	rt->stats = alloc_percpu(struct ktask_stats);
	if (!rt->stats)
		goto err_free;
	if (percpu_ref_init(&rt->ref, runtime_idle, 0, GFP_KERNEL))
		goto err_free;
	return rt;

err_free:
	runtime_free(rt);
	return NULL;
}

/* Nobody may have spawned onto @rt. */
static struct ktask_runtime *runtime_discard(struct ktask_runtime *rt)
{
	percpu_ref_exit(&rt->ref);
	runtime_free(rt);
	return ERR_PTR(-ENOMEM);
}

static struct ktask_runtime *runtime_publish(struct ktask_runtime *rt)
{
	observe_runtime_begin(&rt->observed);
	guard(mutex)(&runtimes_lock);
	list_add_tail(&rt->all, &runtimes);
	return rt;
}

static struct ktask_runtime *runtime_create(const char *name, unsigned int flags,
					    struct module *owner)
{
	struct ktask_runtime *rt = runtime_alloc(name, owner);

	if (!rt)
		return ERR_PTR(-ENOMEM);
	if (runtime_alloc_wqs(rt, flags) || runtime_alloc_executors(rt))
		return runtime_discard(rt);
	return rt;
}

struct ktask_runtime *__ktask_runtime_create(const char *name,
					     unsigned int flags,
					     struct module *owner)
{
	struct ktask_runtime *rt;

	if (flags & ~(KTASK_RT_MEM_RECLAIM | KTASK_RT_FREEZABLE))
		return ERR_PTR(-EINVAL);
	rt = runtime_create(name, flags, owner);
	return IS_ERR(rt) ? rt : runtime_publish(rt);
}
EXPORT_SYMBOL_NS_GPL(__ktask_runtime_create, KTASK_NS);

struct ktask_runtime *__ktask_local_create(const char *name, int place,
					   struct module *owner)
{
	int cpu = place > 0 ? place - 1 : WORK_CPU_UNBOUND;
	struct ktask_runtime *rt;

	if (place < 0 || (place > 0 && !cpu_exists(cpu)))
		return ERR_PTR(-EINVAL);
	if (place > 0 && !cpu_online(cpu))
		return ERR_PTR(-ENXIO);
	rt = runtime_alloc(name, owner);
	if (!rt)
		return ERR_PTR(-ENOMEM);
	rt->local = kzalloc(sizeof(*rt->local), GFP_KERNEL);
	if (!rt->local)
		return runtime_discard(rt);
	/* An executor that is not bound runs where the scheduler likes. */
	rt->wq[KTASK_WQ_TASKS] =
		alloc_workqueue("%s", place ? WQ_PERCPU : WQ_UNBOUND, 0,
				rt->name);
	executor_init(rt->local, rt, cpu, KTASK_PRIO_NORMAL);
	if (!rt->wq[KTASK_WQ_TASKS])
		return runtime_discard(rt);
	return runtime_publish(rt);
}
EXPORT_SYMBOL_NS_GPL(__ktask_local_create, KTASK_NS);

/* What takes @rt so long. */
static void runtime_warn(struct ktask_runtime *rt)
{
	unsigned int n = 0;
	struct ktask *t;

	pr_warn("runtime %s: still waiting for its tasks to end\n", rt->name);
	spin_lock_irq(&rt->lock);
	list_for_each_entry(t, &rt->aborting, owned) {
		if (n++ == DESTROY_WARN_TASKS)
			break;
		pr_warn("runtime %s: \"%s\" (%ps) has not ended\n", rt->name,
			t->name, task_function(t));
	}
	spin_unlock_irq(&rt->lock);
}

static void runtime_end(struct ktask_runtime *rt)
{
	observe_runtime_end(&rt->observed);
	percpu_ref_kill(&rt->ref);
	/* A start that was live before is on the list now, or will see this. */
	spin_lock_irq(&rt->lock);
	rt->closing = true;
	spin_unlock_irq(&rt->lock);
	runtime_abort_all(rt);
	while (!wait_for_completion_timeout(&rt->idle, DESTROY_WARN_INTERVAL))
		runtime_warn(rt);
	/*
	 * Who pushed a task may be about to kick the executor, though the task
	 * has ended since; see executor_push() and ktask_help().
	 */
	synchronize_rcu();
	percpu_ref_exit(&rt->ref);
	runtime_free(rt);
}

static void runtime_unpublish(struct ktask_runtime *rt)
{
	guard(mutex)(&runtimes_lock);
	list_del_init(&rt->all);
}

/**
 * ktask_runtime_destroy - end a runtime and all its tasks
 * @rt: the runtime, or NULL; gone when this returns
 *
 * Spawning onto it fails from now on. Its tasks are aborted, and when this
 * returns all have ended, none of their code runs any more, and their
 * references but those of handle owners are put. If that takes long it says so
 * every ten seconds, and which tasks it is waiting for.
 *
 * Context: process context, sleeps; not from a task of @rt.
 */
void ktask_runtime_destroy(struct ktask_runtime *rt)
{
	if (!rt)
		return;
	runtime_unpublish(rt);
	runtime_end(rt);
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
		sum->stolen += READ_ONCE(s->stolen);
	}
}

/* Return: a runtime that @owner made and did not destroy; or NULL. */
static struct ktask_runtime *runtime_left_by(struct module *owner)
{
	struct ktask_runtime *rt;

	guard(mutex)(&runtimes_lock);
	list_for_each_entry(rt, &runtimes, all) {
		if (rt->owner == owner) {
			list_del_init(&rt->all);
			return rt;
		}
	}
	return NULL;
}

/*
 * A module is gone, but for its memory: tasks that it did not let pin it may
 * still run its code.
 */
static int runtime_module_notify(struct notifier_block *nb, unsigned long state,
				 void *data)
{
	struct module *owner = data;
	struct ktask_runtime *rt;

	if (state != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	while ((rt = runtime_left_by(owner))) {
		pr_err("module %s has not destroyed its runtime %s\n",
		       owner->name, rt->name);
		runtime_end(rt);
	}
	return NOTIFY_OK;
}

static struct notifier_block runtime_module_nb = {
	.notifier_call = runtime_module_notify,
};

int __init ktask_engine_init(void)
{
	struct ktask_runtime *rt;
	int err;

	blocking_setup();
	err = task_memory_init();
	if (err)
		return err;
	rt = runtime_create("ktask", 0, THIS_MODULE);
	if (IS_ERR(rt)) {
		err = PTR_ERR(rt);
		goto err_memory;
	}
	rt->is_default = true;
	default_runtime = rt;
	observe_runtime_begin(&rt->observed);
	err = register_module_notifier(&runtime_module_nb);
	if (err)
		goto err_runtime;
	return 0;

err_runtime:
	runtime_end(rt);
err_memory:
	task_memory_exit();
	return err;
}

void ktask_engine_exit(void)
{
	unregister_module_notifier(&runtime_module_nb);
	runtime_end(default_runtime);
	task_memory_exit();
}
