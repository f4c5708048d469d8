// SPDX-License-Identifier: GPL-2.0
/*
 * Making and starting tasks.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <trace/events/ktask.h>

#include "engine.h"
#include "memory.h"

/* Of what follows it there is room in a size_t. */
#define FRAME_MAX	(SIZE_MAX / 2)

/* Bytes of frames that are copied by words. */
#define FRAME_SMALL	64

#define ATTR_FLAGS	(KTASK_NO_HELP | KTASK_NO_PIN | KTASK_ABORT_ON_PUT)

/* cpu_possible() must not be asked for more than there is room for. */
bool cpu_exists(unsigned int cpu)
{
	return cpu < nr_cpu_ids && cpu_possible(cpu);
}

static noinline bool attr_place_ok(int place)
{
	if (place > 0)
		return cpu_exists(place - 1);
	return -1 - place < nr_node_ids && node_possible(-1 - place);
}

/* Whether there can be a task with these attributes. */
static __always_inline bool attr_ok(const struct ktask_attr *attr)
{
	const struct ktask_runtime *rt = attr->runtime;

	if (!attr->resume && !attr->blocking)
		return false;
	if (attr->flags & ~ATTR_FLAGS || attr->prio >= KTASK_PRIO_COUNT)
		return false;
	if (attr->place && !attr_place_ok(attr->place))
		return false;
	/* Nobody would end it before the module goes. */
	if (!rt && attr->flags & KTASK_NO_PIN && attr->site->owner != THIS_MODULE)
		return false;
	if (rt && rt->local)
		return !attr->blocking && !attr->place;
	return true;
}

/* Where a task goes that may go anywhere, or on a CPU of the node of @cpu. */
static int place_near(int cpu, bool on_node)
{
	int here = raw_smp_processor_id();
	const struct cpumask *mask;

	if (!on_node)
		return here;
	mask = cpumask_of_node(cpu_to_node(cpu));
	preempt_disable();
	cpu = cpumask_any_and_distribute(mask, cpu_online_mask);
	preempt_enable();
	return cpu < nr_cpu_ids ? cpu : here;
}

/* The first CPU stands for its node; one without CPUs is as good as anywhere. */
static noinline void task_place_on_node(struct ktask *t, struct ktask_runtime *rt,
					int node, enum ktask_prio prio)
{
	int cpu = cpumask_first(cpumask_of_node(node));

	if (cpu >= nr_cpu_ids)
		return;
	t->kind |= __KTASK_BOUND | __KTASK_ON_NODE | KTASK_NO_HELP;
	t->ex = &per_cpu_ptr(rt->executors, cpu)->prio[prio];
}

static __always_inline void task_place(struct ktask *t, struct ktask_runtime *rt,
				       const struct ktask_attr *attr)
{
	if (rt->local) {
		t->ex = rt->local;
		t->kind |= __KTASK_BOUND | KTASK_NO_HELP;
		return;
	}
	t->ex = &raw_cpu_ptr(rt->executors)->prio[attr->prio];
	if (attr->place > 0) {
		/* The CPU of a joiner is another one. */
		t->kind |= __KTASK_BOUND | KTASK_NO_HELP;
		t->ex = &per_cpu_ptr(rt->executors,
				     attr->place - 1)->prio[attr->prio];
	} else if (attr->place < 0) {
		task_place_on_node(t, rt, -1 - attr->place, attr->prio);
	}
}

/*
 * Choose the CPU of @t, which is being started; @late: and which goes elsewhere if
 * its CPU is offline, as do those that wait for it by then.
 */
static int task_place_now(struct ktask *t, bool late)
{
	struct ktask_executor *ex = t->ex;
	int cpu;

	if (ex->rt->local)
		return 0;
	if (t->kind & __KTASK_BOUND && !(t->kind & __KTASK_ON_NODE)) {
		/* Workers of a CPU that goes offline later go elsewhere. */
		return late || cpu_online(ex->cpu) ? 0 : -ENXIO;
	}
	cpu = place_near(ex->cpu, t->kind & __KTASK_ON_NODE);
	t->ex = &per_cpu_ptr(ex->rt->executors, cpu)->prio[ex->prio];
	return 0;
}

static struct workqueue_struct *blocking_wq(struct ktask_runtime *rt,
					    const struct ktask_attr *attr)
{
	bool high = attr->prio == KTASK_PRIO_HIGH;

	if (attr->wq)
		return attr->wq;
	if (attr->place)
		return rt->wq[high ? KTASK_WQ_HOGS_HIGH : KTASK_WQ_HOGS];
	return rt->wq[high ? KTASK_WQ_BLOCKING_HIGH : KTASK_WQ_BLOCKING];
}

/*
 * @t, which is not started, shall not run before @after is complete or @delay
 * has passed. Nobody aborts it meanwhile.
 */
void task_hold(struct ktask *t, struct ktask_future *after, ktime_t delay)
{
	await_hold(t, after, delay);
	if (task_is_blocking(t) && t->armed)
		atomic_or(KT_HELD, &t->state);
}

/* As memcpy(), which is made for more than most frames have. */
static __always_inline void frame_copy(void *to, const void *from, size_t size)
{
	size_t i;

	if (size > FRAME_SMALL || size % sizeof(u64)) {
		memcpy(to, from, size);
		return;
	}
	for (i = 0; i < size; i += sizeof(u64))
		memcpy(to + i, from + i, sizeof(u64));
}

/*
 * Set all that is not set before it is used: there may be anything in @t, but in
 * .spare, which tells whose memory it is.
 */
static __always_inline void task_setup(struct ktask *t,
				       const struct ktask_attr *attr)
{
	struct ktask_runtime *rt = attr->runtime ?: default_runtime;
	const struct ktask_site *site = attr->site;

	atomic_set(&t->state, KT_NEW);
	refcount_set(&t->refs, 1);
	ktask_future_init(&t->done);
	t->release = attr->release;
	t->owner = site->owner;
	t->name = attr->name ?: site->fn_name;
	t->wq = NULL;
	t->defers = NULL;
	t->on_queue = TASK_OFF_QUEUE;
	t->kind = attr->flags & ATTR_FLAGS;
	t->outcome = 0;
	t->armed = 0;
	t->fired = 0;
	t->timed_out = false;
	t->pc = 0;
	task_place(t, rt, attr);
	if (attr->blocking) {
		t->kind |= __KTASK_BLOCKING;
		t->blocking = attr->blocking;
		t->wq = blocking_wq(rt, attr);
	} else {
		t->resume = attr->resume;
	}
	INIT_LIST_HEAD(&t->owned);
	lockdep_init_map(&t->lockdep_map, site->fn_name, site->key, 0);
	if (attr->after || attr->delay > 0)
		task_hold(t, attr->after, attr->delay);
	if (task_is_blocking(t) && !t->armed)
		blocking_init(t);
	if (attr->init)
		frame_copy(ktask_frame(t), attr->init, site->frame_size);
}

/* In place of a .release that is missing: the storage is not for kfree(). */
static void task_not_released(struct ktask *t)
{
}

/* Return: what is wrong with a task in the caller's storage @t, or NULL. */
static const char *task_storage_fault(struct ktask *t,
				      const struct ktask_attr *attr)
{
	if (!attr_ok(attr))
		return "has attributes that do not exist, or not together";
	if (!attr->release)
		return "has no .release";
	if (object_is_on_stack(t))
		return "is on a stack, which may be gone before it is";
	return NULL;
}

/*
 * A task that is at fault has no function, so that it cannot be started. That is
 * reported by an errno and not a WARN(), as the caller is told.
 */
static noinline int task_setup_nothing(struct ktask *t,
				       const struct ktask_attr *attr,
				       const char *fault)
{
	const struct ktask_attr nothing = {
		.name = attr->name,
		.site = attr->site,
		.release = attr->release ?: task_not_released,
	};

	task_setup(t, &nothing);
	pr_err_ratelimited("\"%s\" %s\n", t->name, fault);
	return -EINVAL;
}

int __ktask_init(struct ktask *t, const struct ktask_attr *attr)
{
	const char *fault = task_storage_fault(t, attr);

	if (unlikely(fault))
		return task_setup_nothing(t, attr, fault);
	task_setup(t, attr);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(__ktask_init, KTASK_NS);

/* As task_new_with(). */
static __always_inline struct ktask *new_with(const struct ktask_attr *attr,
					      size_t behind)
{
	int node = attr->place < 0 ? -1 - attr->place : NUMA_NO_NODE;
	size_t frame_size = attr->site->frame_size;
	struct ktask *t;
	size_t size;

	if (unlikely(!attr_ok(attr)))
		return ERR_PTR(-EINVAL);
	if (unlikely(frame_size > FRAME_MAX))
		return ERR_PTR(-ENOMEM);
	size = round_up(sizeof(*t) + frame_size, sizeof(u64));
	t = task_alloc(size + behind, attr->gfp ?: GFP_KERNEL, node);
	if (unlikely(!t))
		return ERR_PTR(-ENOMEM);
	if (frame_size && !attr->init)
		zero_words(ktask_frame(t), size - sizeof(*t));
	task_setup(t, attr);
	return t;
}

/* The same. What no such task has, it does not look at. */
static __always_inline struct ktask *
new_plain_with(ktask_resume_t fn, const void *init, const char *name,
	       const struct ktask_site *site, size_t behind)
{
	const struct ktask_attr attr = {
		.resume = fn,
		.init = init,
		.name = name,
		.site = site,
	};

	return new_with(&attr, behind);
}

/*
 * As __ktask_new(), with so many bytes behind the frame, at the next multiple of
 * sizeof(u64), of which none is set; at most a page.
 */
struct ktask *task_new_with(const struct ktask_attr *attr, size_t behind)
{
	return new_with(attr, behind);
}

/* The same for a task as __ktask_spawn_plain() has them. */
KT_IN_PAGE(new, 1024)
struct ktask *task_new_plain_with(ktask_resume_t fn, const void *init,
				  const char *name,
				  const struct ktask_site *site, size_t behind)
{
	return new_plain_with(fn, init, name, site, behind);
}

struct ktask *__ktask_new(const struct ktask_attr *attr)
{
	return task_new_with(attr, 0);
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

/* Where a task that is being started comes from. */
enum start_from {
	START_MADE,	/* it was made some time ago; others may know it */
	START_KNOWN,	/* it has just been made, but others may know it */
	START_NEW	/* nobody else knows it */
};

/*
 * What a task needs to run, but for the reference of the runtime, which the caller
 * has counted.
 */
static __always_inline int task_prepare(struct ktask *t, bool late,
					enum start_from from)
{
	struct ktask_runtime *rt = task_runtime(t);
	int err;

	if (WARN_ON_ONCE(!(atomic_read(&t->state) & KT_NEW)))
		return -EINVAL;
	if (!t->resume)
		return -EINVAL;
	/* Else it has just been placed. */
	if (from == START_MADE || t->kind & __KTASK_BOUND) {
		err = task_place_now(t, late);
		if (err)
			return err;
	}
	if (task_pinned(t) && !try_module_get(task_pinned(t)))
		return -ESHUTDOWN;
	if (!task_has_runtime(t, rt) && !runtime_get(rt, t)) {
		module_put(task_pinned(t));
		return -ESHUTDOWN;
	}
	this_cpu_inc(rt->stats->spawned);
	trace_ktask_spawn(t, task_function(t), task_is_blocking(t));
	if (observe_tracks() && observe_task_begin(t))
		t->kind |= __KTASK_TRACKED;
	return 0;
}

static __always_inline int task_start(struct ktask *t, bool late,
				      enum start_from from)
{
	int err = task_prepare(t, late, from);

	if (err)
		return err;
	if (t->armed && await_begin_hold(t)) {
		start_held(t);
	} else if (task_is_blocking(t) && !task_held(t)) {
		start(t, KT_READY);
		blocking_queue(t);
	} else {
		/* A blocking one has HELD set, and keeps it until it begins. */
		if (from != START_NEW || task_is_blocking(t))
			start(t, KT_READY | KT_QUEUED);
		else
			atomic_set(&t->state, KT_READY | KT_QUEUED);
		executor_push_new(t);
	}
	return 0;
}

/*
 * Start @t, which others may know, and of which the caller has counted the reference
 * that the runtime is to have, and keeps it if this fails. @late: see task_place_now().
 */
static int task_start_counted(struct ktask *t, bool late)
{
	return task_start(t, late, START_MADE);
}

/* The same for one that has just been made. */
KT_IN_PAGE(start, 1024)
int task_start_known(struct ktask *t)
{
	return task_start(t, false, START_KNOWN);
}

/**
 * ktask_start - start a task that was made by ktask_new() or ktask_init()
 * @t: the task; the caller keeps its reference
 *
 * What the caller wrote to the frame before is visible to the body.
 *
 * Context: any but NMI.
 * Return: 0; -ESHUTDOWN if its runtime or its module is going away, -ENXIO if
 * its CPU is offline, -EINVAL if it was started before or ktask_init() has
 * failed. On failure the body does not run, and neither do deferred cleanups.
 */
int ktask_start(struct ktask *t)
{
	int err = task_start_counted(ktask_get(t), false);

	if (err)
		ktask_put(t);
	return err;
}
EXPORT_SYMBOL_NS_GPL(ktask_start, KTASK_NS);

/*
 * The same for a task that was promised to run, and whose runtime the caller keeps:
 * it cannot fail.
 */
void task_start_promised(struct ktask *t)
{
	WARN_ON_ONCE(task_start_counted(ktask_get(t), true));
}

/*
 * The same by a thread that has nothing else to do until it has ended: unless that
 * is not for it to do, it runs the task until its first await, before any executor
 * hears of it. Process context.
 */
void task_start_here(struct ktask *t)
{
	bool here = !t->armed && t->ex->prio != KTASK_PRIO_IDLE &&
		    task_may_be_run_here(t);

	if (!here) {
		task_start_promised(t);
		return;
	}
	if (WARN_ON_ONCE(task_prepare(ktask_get(t), true, START_MADE))) {
		ktask_put(t);
		return;
	}
	start(t, KT_RUNNING);
	this_cpu_inc(task_runtime(t)->stats->helped);
	task_run_here(t);
}

/* Start @t, which has just been made, or drop it. Return: as ktask_spawn(). */
static __always_inline struct ktask *spawn(struct ktask *t)
{
	int err;

	if (IS_ERR(t))
		return t;
	task_count(t, 2);
	err = task_start(t, false, START_NEW);
	if (likely(!err))
		return t;
	task_discard(t);
	return ERR_PTR(err);
}

struct ktask *__ktask_spawn(const struct ktask_attr *attr)
{
	return spawn(task_new_with(attr, 0));
}
EXPORT_SYMBOL_NS_GPL(__ktask_spawn, KTASK_NS);

KT_IN_PAGE(spawn, 2048)
struct ktask *__ktask_spawn_plain(ktask_resume_t fn, const void *init,
				  const char *name,
				  const struct ktask_site *site)
{
	return spawn(new_plain_with(fn, init, name, site, 0));
}
EXPORT_SYMBOL_NS_GPL(__ktask_spawn_plain, KTASK_NS);
