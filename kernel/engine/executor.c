// SPDX-License-Identifier: GPL-2.0
/*
 * Executors: the run queue of a CPU and priority, and the work that drains it.
 *
 * A task is pushed on the queue under the executor's lock if that is free, else
 * on the lock-free inbox, from where a work item moves it to the queue; so a
 * push never waits, and may come from any context. Only a thread that starts a
 * task may wait for the lock; and the one it has started last it keeps beside the
 * queue, for a joiner to take without the lock. The queue can be taken from in
 * the middle, which a joiner that helps needs.
 *
 * The queue is drained by work items. The rule is: while there are tasks in the
 * queue, a drainer is pending on the workqueue, or for tasks that have just been
 * started there is a timer that will make one so. When nothing ran, it runs at
 * once; while another drainer runs, it does not, since the workqueue runs one
 * work item of a CPU at a time; but when a resume function or a cleanup sleeps,
 * in whatever way, the workqueue lets the pending drainer run, and the task that
 * sleeps keeps nobody waiting but itself. What it waits for may even be a task of
 * this queue. So that there is always one more, a drainer makes sure that there
 * is before it runs a task.
 *
 * An executor of low priority has the others wait for nothing, for its workqueue
 * runs all work items at once, and a drainer that is pending would be one more at
 * work. If a task sleeps there, it is stall.c that has the others go on.
 *
 * A local set is an executor with one drainer: what sleeps there keeps the whole
 * set waiting, for its tasks shall not run in parallel.
 *
 * ex->lock also guards t->ex of the tasks in the queue: a thief changes it under
 * the lock of the executor it takes the task from.
 *
 * The kick runs with preemption off, which is what runtime_destroy() waits for
 * before it takes the workqueue away: the task just pushed may end, and the
 * runtime with it, before its pusher is done.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "engine.h"

/* Tasks run in a row before other work of the CPU gets its turn. */
#define EXECUTOR_BUDGET	128

static bool executor_empty(const struct ktask_executor *ex)
{
	return list_empty(&ex->queue) && list_empty(&ex->bound);
}

/*
 * Return: an idle drainer, pending from now on, to be queued by drainer_kick(),
 * without the lock; or NULL.
 */
struct ktask_drainer *executor_take_drainer(struct ktask_executor *ex)
{
	struct ktask_drainer *d;

	lockdep_assert_held(&ex->lock);
	if (ex->pending)
		return NULL;
	d = list_first_entry_or_null(&ex->idle, struct ktask_drainer, idle);
	if (d) {
		list_del(&d->idle);
		ex->pending = true;
	}
	return d;
}

/*
 * Have a drainer pending if there are tasks in the queue. If all are asleep in
 * tasks, the first to come back finds what is queued.
 * Return: as executor_take_drainer().
 */
static __always_inline struct ktask_drainer *
executor_need_drainer(struct ktask_executor *ex)
{
	lockdep_assert_held(&ex->lock);
	if (ex->pending || executor_empty(ex))
		return NULL;
	return executor_take_drainer(ex);
}

static void drainer_work(struct work_struct *work);

void drainer_kick(struct ktask_drainer *d)
{
	if (d)
		queue_work_on(d->ex->cpu, d->ex->wq, &d->work);
}

/* The inbox is last come first. */
static noinline void executor_collect_inbox(struct ktask_executor *ex)
{
	struct ktask *t, *next;
	struct llist_node *first;

	first = llist_reverse_order(llist_del_all(&ex->inbox));
	llist_for_each_entry_safe(t, next, first, inbox)
		executor_enqueue(ex, t);
}

static noinline void executor_collect_newest(struct ktask_executor *ex)
{
	struct ktask *t = xchg(&ex->newest, NULL);

	if (t)
		executor_enqueue(ex, t);
}

/* What was pushed without the lock is enqueued. */
static void executor_collect(struct ktask_executor *ex)
{
	if (!llist_empty(&ex->inbox))
		executor_collect_inbox(ex);
	if (READ_ONCE(ex->newest))
		executor_collect_newest(ex);
}

/*
 * Have the tasks in the queue run: here, unless @elsewhere, and on other CPUs if
 * there are more than the drainer is going to run itself.
 */
static void executor_have_drained(struct ktask_executor *ex, bool elsewhere)
	__releases(ex->lock)
{
	struct ktask_drainer *d = elsewhere ? NULL : executor_need_drainer(ex);
	bool spare = ex->nr_queue > (elsewhere ? 0 : 1);

	spread_update(ex, spare);
	raw_spin_unlock(&ex->lock);
	drainer_kick(d);
	if (spare)
		spread_offer(ex);
}

/*
 * Whoever starts a task does most often something else before it, or runs it by
 * joining it. But the worker of a drainer that is woken for it would have the CPU
 * next, as one that has slept for long: two switches for a task that may be shorter
 * than one. So it is woken a little later, when there may be more to do; sooner if
 * the thread is about to wait for it, see executor_hurry().
 */
#define START_DELAY	ns_to_ktime(50 * NSEC_PER_USEC)

/* That is doubled so often, each time that what was there has been joined. */
#define START_PATIENCE	3

static ktime_t start_delay(const struct ktask_executor *ex)
{
	return START_DELAY << ex->patience;
}

/* The timer will not come, unless it is started again. */
static void executor_not_late(struct ktask_executor *ex)
{
	lockdep_assert_held(&ex->lock);
	WRITE_ONCE(ex->is_late, false);
	/* Pairs with executor_keep_newest(): one of the two sees the other. */
	smp_mb();
	executor_collect(ex);
}

/* What the first of @queue was before it has waited once more. */
static unsigned int first_waits(struct list_head *queue)
{
	struct ktask *t;
	unsigned int was;

	t = list_first_entry_or_null(queue, struct ktask, run);
	if (!t)
		return TASK_OFF_QUEUE;
	was = t->on_queue;
	if (was < TASK_OFFERED)
		t->on_queue = was + 1;
	return was;
}

/*
 * Who spawns and joins in a loop has joined by now what was there when the timer
 * was started. What is there instead may still be joined as well, so it gets its
 * time, too; but of several, other CPUs may have some. What has waited is for
 * another CPU that is idle, so that whoever runs here goes on; if there is none, or
 * it has not come the next time, for this one.
 */
static enum hrtimer_restart executor_late(struct hrtimer *timer)
{
	struct ktask_executor *ex = container_of(timer, struct ktask_executor,
						 late);
	unsigned int waits;
	bool here;

	/* Not left to a worker: that may have to wait for the CPU. */
	if (!executor_trylock(ex)) {
		hrtimer_forward_now(timer, START_DELAY);
		return HRTIMER_RESTART;
	}
	executor_not_late(ex);
	waits = first_waits(&ex->queue);
	here = first_waits(&ex->bound) >= TASK_WAITED ||
	       waits == TASK_OFFERED ||
	       (waits == TASK_WAITED && !spread_can_offer(ex));
	if (here || waits >= TASK_WAITED)
		ex->patience = 0;
	else if (ex->patience < START_PATIENCE)
		ex->patience++;
	if (here || executor_empty(ex)) {
		executor_have_drained(ex, false);
		return HRTIMER_NORESTART;
	}
	/* Under the lock, for who has it may find that the timer is to be started. */
	WRITE_ONCE(ex->is_late, true);
	hrtimer_forward_now(timer, start_delay(ex));
	if (waits == TASK_WAITED || ex->nr_queue > 1)
		executor_have_drained(ex, true);
	else
		raw_spin_unlock(&ex->lock);
	return HRTIMER_RESTART;
}

/*
 * Lock @ex to start a task; rather than to wake a worker because a thief looks, wait
 * for that. But not who has a lock that softirqs take, too, and so has these off: one
 * may come in the midst of whoever has that of @ex, and wait for the other. A macro,
 * for sparse does not follow a lock that a function takes on a condition.
 */
#define executor_lock_to_start(ex)					\
	(in_interrupt() ? executor_trylock(ex) :			\
			  ({ raw_spin_lock(&(ex)->lock); true; }))

/*
 * @t is the newest now, in place of another, which is enqueued: under the lock, as
 * whoever finds @t must find that before it. The timer has been started.
 */
void executor_keep_next(struct ktask_executor *ex, struct ktask *t)
{
	struct ktask *before;

	if (!executor_lock_to_start(ex)) {
		executor_push(t);
		return;
	}
	if (unlikely(!llist_empty(&ex->inbox)))
		executor_collect_inbox(ex);
	before = xchg(&ex->newest, t);
	if (before)
		executor_enqueue(ex, before);
	if (likely(ex->is_late)) {
		raw_spin_unlock(&ex->lock);
		return;
	}
	/* It may have come since, and have found nothing. */
	executor_collect(ex);
	executor_have_drained(ex, false);
}

/*
 * Queue @t, and have the timer started. Also if a drainer is pending: that may have
 * to wait for the CPU, which the caller has, while others are idle.
 */
void executor_push_late(struct ktask_executor *ex, struct ktask *t)
{
	ktime_t delay;
	bool first;

	if (!executor_lock_to_start(ex)) {
		executor_push(t);
		return;
	}
	executor_collect(ex);
	executor_enqueue(ex, t);
	first = !ex->is_late;
	if (first) {
		WRITE_ONCE(ex->is_late, true);
		t->on_queue = TASK_WAITED;
	}
	delay = start_delay(ex);
	raw_spin_unlock(&ex->lock);
	if (first)
		hrtimer_start(&ex->late, delay, HRTIMER_MODE_REL_PINNED_HARD);
}

/*
 * The calling thread is about to sleep, perhaps until tasks have run that it has
 * started. Those of private runtimes, which may be gone, are left to the timer.
 */
void executor_hurry(void)
{
	struct ktask_runtime *rt = default_runtime;
	struct ktask_executor *ex;

	preempt_disable();
	ex = &this_cpu_ptr(rt->executors)->prio[KTASK_PRIO_NORMAL];
	if (READ_ONCE(ex->is_late) && executor_trylock(ex)) {
		executor_collect(ex);
		executor_have_drained(ex, false);
	}
	preempt_enable();
}

static void executor_push_locked(struct ktask_executor *ex, struct ktask *t)
	__releases(ex->lock)
{
	/* What was pushed before comes before. */
	executor_collect(ex);
	executor_enqueue(ex, t);
	executor_have_drained(ex, false);
}

static void executor_push_inbox(struct ktask_executor *ex, struct ktask *t)
{
	struct ktask *before = NULL;

	/* The inbox comes before the newest, and this came before @t. */
	if (READ_ONCE(ex->newest))
		before = xchg(&ex->newest, NULL);
	if (before)
		llist_add(&before->inbox, &ex->inbox);
	llist_add(&t->inbox, &ex->inbox);
}

/* Queue @t, for which the caller has set KT_QUEUED. Any context. */
void executor_push(struct ktask *t)
{
	struct ktask_executor *ex = t->ex;

	preempt_disable();
	if (executor_trylock(ex)) {
		executor_push_locked(ex, t);
	} else {
		executor_push_inbox(ex, t);
		queue_work_on(ex->cpu, ex->wq, &ex->inbox_work);
	}
	preempt_enable();
}

/* Nobody else knows @d yet. */
static void drainer_init(struct ktask_drainer *d, struct ktask_executor *ex)
{
	memset(d, 0, sizeof(*d));
	INIT_WORK(&d->work, drainer_work);
	lockdep_init_map(&d->work.lockdep_map, "ktask_executor", &ex->rt->key,
			 0);
	d->ex = ex;
}

/* Any context. */
struct ktask_drainer *executor_new_drainer(struct ktask_executor *ex)
{
	struct ktask_drainer *d;

	d = kmalloc(sizeof(*d), GFP_NOWAIT | __GFP_NOWARN);
	if (d)
		drainer_init(d, ex);
	return d;
}

/*
 * All drainers are running: if all of these sleep, nobody is left. Without
 * memory for one more, it shall be as it is.
 */
static void executor_add_drainer(struct ktask_executor *ex)
{
	struct ktask_drainer *d;

	if (!ex->spread)
		return;
	d = executor_new_drainer(ex);
	if (!d)
		return;
	raw_spin_lock(&ex->lock);
	list_add(&d->all, &ex->drainers);
	list_add(&d->idle, &ex->idle);
	d = executor_need_drainer(ex);
	raw_spin_unlock(&ex->lock);
	drainer_kick(d);
}

/* Take off the next task, in turn from the two queues; or NULL. */
static struct ktask *executor_take(struct ktask_executor *ex)
{
	struct list_head *first = ex->turn ? &ex->bound : &ex->queue;
	struct list_head *other = ex->turn ? &ex->queue : &ex->bound;
	struct ktask *t;

	lockdep_assert_held(&ex->lock);
	ex->turn = !ex->turn;
	t = list_first_entry_or_null(list_empty(first) ? other : first,
				     struct ktask, run);
	if (t)
		executor_dequeue(ex, t);
	return t;
}

/*
 * Enqueue @again, and take off the next task: in one step, if that is in the same
 * queue, for tasks that yield to each other do little else.
 */
static struct ktask *executor_swap(struct ktask_executor *ex,
				   struct ktask *again)
{
	bool bound = again->kind & __KTASK_BOUND;
	struct list_head *own = bound ? &ex->bound : &ex->queue;
	struct list_head *other = bound ? &ex->queue : &ex->bound;
	struct ktask *t;

	if (!list_empty(other)) {
		executor_enqueue(ex, again);
		return executor_take(ex);
	}
	if (list_empty(own))
		return again;
	t = list_first_entry(own, struct ktask, run);
	list_replace(&t->run, &again->run);
	list_bulk_move_tail(own, &again->run, &again->run);
	t->on_queue = TASK_OFF_QUEUE;
	again->on_queue = TASK_ON_QUEUE;
	return t;
}

/* Whether a drainer that is pending runs only when those that run sleep. */
static bool executor_takes_turns(const struct ktask_executor *ex)
{
	return ex->prio != KTASK_PRIO_IDLE;
}

/*
 * Take the next task off the queue, after putting @again there, which the drainer
 * has just run; or NULL. Have others run what is left.
 */
static struct ktask *executor_pop(struct ktask_executor *ex,
				  struct ktask *again)
{
	struct ktask_drainer *d = NULL;
	bool last = false, spare;
	struct ktask *t;

	raw_spin_lock(&ex->lock);
	executor_collect(ex);
	t = again ? executor_swap(ex, again) : executor_take(ex);
	ex->popped += !!t;
	if (!ex->pending && executor_takes_turns(ex)) {
		d = executor_need_drainer(ex);
		last = !ex->pending && list_empty(&ex->idle);
	}
	spare = ex->nr_queue;
	spread_update(ex, spare);
	raw_spin_unlock(&ex->lock);

	drainer_kick(d);
	if (spare)
		spread_offer(ex);
	if (last && t)
		executor_add_drainer(ex);
	return t;
}

static void drainer_begin(struct ktask_drainer *d)
{
	struct ktask_executor *ex = d->ex;

	raw_spin_lock(&ex->lock);
	if (!d->rescue)
		ex->pending = false;
	d->thread = current;
	raw_spin_unlock(&ex->lock);
	spread_busy(ex);
	d->nice = task_nice(current);
	if (ex->prio == KTASK_PRIO_IDLE)
		set_user_nice(current, MAX_NICE);
	stall_watch(ex);
}

static void drainer_end(struct ktask_drainer *d)
{
	struct ktask_executor *ex = d->ex;
	bool idle;

	if (ex->prio == KTASK_PRIO_IDLE)
		set_user_nice(current, d->nice);
	raw_spin_lock(&ex->lock);
	d->thread = NULL;
	d->rescue = false;
	list_add(&d->idle, &ex->idle);
	/* Something may have come, or the budget be spent. */
	d = executor_need_drainer(ex);
	idle = !d && executor_empty(ex);
	raw_spin_unlock(&ex->lock);
	drainer_kick(d);
	if (idle)
		spread_idle(ex);
}

/*
 * Run @t, which @d has just taken off its queue, unless there is no need.
 * Return: as task_run().
 */
static bool drainer_run(struct ktask_drainer *d, struct ktask *t)
{
	if (!task_claim(t, true))
		return false;
	drainer_enter(d, t);
	return task_run(t, d);
}

KT_IN_PAGE(drain, 2048)
static void drainer_work(struct work_struct *work)
{
	struct ktask_drainer *self;
	struct ktask *t, *again = NULL;
	int budget = EXECUTOR_BUDGET;

	self = container_of(work, struct ktask_drainer, work);
	drainer_begin(self);
	/* When the budget is spent: other work of the CPU first, then on. */
	while (budget--) {
		t = executor_pop(self->ex, again);
		if (!t && !spread_steal(self->ex))
			break;
		again = t && drainer_run(self, t) ? t : NULL;
		/* RCU asks for that, too, if it waits for this CPU. */
		if (need_resched()) {
			if (again)
				executor_push(again);
			again = NULL;
			cond_resched();
		}
	}
	if (again)
		executor_push(again);
	drainer_end(self);
}

static void inbox_work(struct work_struct *work)
{
	struct ktask_executor *ex;
	struct ktask_drainer *d;

	ex = container_of(work, struct ktask_executor, inbox_work);
	raw_spin_lock(&ex->lock);
	executor_collect(ex);
	d = executor_need_drainer(ex);
	raw_spin_unlock(&ex->lock);
	drainer_kick(d);
}

static struct workqueue_struct *executor_wq(const struct ktask_executor *ex)
{
	switch (ex->prio) {
	case KTASK_PRIO_HIGH:
		return ex->rt->wq[KTASK_WQ_TASKS_HIGH];
	case KTASK_PRIO_IDLE:
		/* Its worker shall keep no other work waiting. */
		return ex->rt->wq[KTASK_WQ_HOGS];
	default:
		return ex->rt->wq[KTASK_WQ_TASKS];
	}
}

void executor_init(struct ktask_executor *ex, struct ktask_runtime *rt, int cpu,
		   enum ktask_prio prio)
{
	int i, nr_drainers = rt->local ? 1 : ARRAY_SIZE(ex->first);

	raw_spin_lock_init(&ex->lock);
	INIT_LIST_HEAD(&ex->queue);
	INIT_LIST_HEAD(&ex->bound);
	INIT_LIST_HEAD(&ex->drainers);
	INIT_LIST_HEAD(&ex->idle);
	init_llist_head(&ex->inbox);
	INIT_WORK(&ex->inbox_work, inbox_work);
	hrtimer_setup(&ex->late, executor_late, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	ex->rt = rt;
	ex->spread = rt->local ? NULL : &rt->spread[prio];
	ex->cpu = cpu;
	ex->prio = prio;
	ex->wq = executor_wq(ex);
	for (i = 0; i < nr_drainers; i++) {
		drainer_init(&ex->first[i], ex);
		list_add(&ex->first[i].all, &ex->drainers);
		list_add(&ex->first[i].idle, &ex->idle);
	}
	stall_init(ex);
}

/*
 * No task is left but those that have ended on the queue, which drainers let go of
 * before the workqueue goes: from here on nothing else has them queued.
 */
void executor_stop(struct ktask_executor *ex)
{
	struct ktask_drainer *d;

	hrtimer_cancel(&ex->late);
	raw_spin_lock_irq(&ex->lock);
	executor_collect(ex);
	d = executor_need_drainer(ex);
	raw_spin_unlock_irq(&ex->lock);
	drainer_kick(d);
}

static bool drainer_is_allocated(const struct ktask_drainer *d)
{
	const struct ktask_executor *ex = d->ex;

	return d < ex->first || d >= ex->first + ARRAY_SIZE(ex->first);
}

/* Nothing of the executor is queued or runs any more. */
void executor_free(struct ktask_executor *ex)
{
	struct ktask_drainer *d, *next;

	stall_exit(ex);
	list_for_each_entry_safe(d, next, &ex->drainers, all) {
		if (drainer_is_allocated(d))
			kfree(d);
	}
}
