// SPDX-License-Identifier: GPL-2.0
/*
 * Blocking tasks: a function in a worker of its own, and how code that it calls
 * finds out that it runs in one.
 *
 * The kernel has no room in a thread for a pointer of ours, so the threads that
 * run a body are in a small hash table. Only a thread itself looks itself up.
 *
 * An abort sends the worker a SIGKILL, which is allowed while the body runs and
 * forgotten after it, so that not only ktask's waits end but any killable one,
 * such as that for a page of a file whose server does not answer. worker_lock
 * sees to it that the signal does not hit the worker in what it does next.
 */
#include <linux/hash.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <trace/events/ktask.h>

#include "engine.h"

#define BODY_HASH_BITS	6

/* A thread that runs a blocking task's body; on its stack. */
struct body {
	struct hlist_node node;
	struct task_struct *thread;
	struct ktask *t;
};

static struct body_bucket {
	spinlock_t lock; /* guards bodies */
	struct hlist_head bodies;
} bodies[1 << BODY_HASH_BITS];

static struct body_bucket *bucket_of(struct task_struct *thread)
{
	return &bodies[hash_ptr(thread, BODY_HASH_BITS)];
}

static void body_enter(struct body *b, struct ktask *t)
{
	struct body_bucket *bucket = bucket_of(current);

	b->thread = current;
	b->t = t;
	spin_lock(&bucket->lock);
	hlist_add_head(&b->node, &bucket->bodies);
	spin_unlock(&bucket->lock);
}

static void body_leave(struct body *b)
{
	struct body_bucket *bucket = bucket_of(current);

	spin_lock(&bucket->lock);
	hlist_del(&b->node);
	spin_unlock(&bucket->lock);
}

/* The body that the calling thread runs, or NULL. Only the thread changes it. */
static struct body *body_find(void)
{
	struct body_bucket *bucket = bucket_of(current);
	struct body *found = NULL, *b;

	if (!(current->flags & PF_WQ_WORKER))
		return NULL;
	spin_lock(&bucket->lock);
	hlist_for_each_entry(b, &bucket->bodies, node) {
		if (b->thread == current) {
			found = b;
			break;
		}
	}
	spin_unlock(&bucket->lock);
	return found;
}

/*
 * The blocking task whose body calls this, or NULL; valid until the body
 * returns. Process context.
 */
struct ktask *ktask_current_blocking(void)
{
	struct body *b = body_find();

	return b ? b->t : NULL;
}

/* Guards ktask.worker of all tasks; taken with interrupts off. */
static DEFINE_SPINLOCK(worker_lock);

/* From here on an abort of @t interrupts the calling worker. */
static void worker_enter(struct ktask *t)
{
	allow_kernel_signal(SIGKILL);
	spin_lock_irq(&worker_lock);
	t->worker = current;
	/* It may have come before. */
	if (ktask_aborted(t))
		send_sig(SIGKILL, current, 1);
	spin_unlock_irq(&worker_lock);
}

static void worker_leave(struct ktask *t)
{
	spin_lock_irq(&worker_lock);
	t->worker = NULL;
	spin_unlock_irq(&worker_lock);
	/* Nobody sends it any more; forget what was sent. */
	disallow_signal(SIGKILL);
}

/* Have @t's worker see a signal. Any context. */
static void worker_interrupt(struct ktask *t)
{
	unsigned long flags;

	spin_lock_irqsave(&worker_lock, flags);
	if (t->worker)
		send_sig(SIGKILL, t->worker, 1);
	spin_unlock_irqrestore(&worker_lock, flags);
}

/*
 * Run @t, which the caller has claimed, as if not from a blocking task's body:
 * an abort of that is none of @t.
 */
void blocking_run_other(struct ktask *t)
{
	struct body *b = body_find();
	struct ktask *self = b ? b->t : NULL;
	bool again;

	if (self) {
		worker_leave(self);
		b->t = NULL;
	}
	again = task_run(t, NULL);
	if (self) {
		b->t = self;
		worker_enter(self);
	}
	if (again)
		executor_push(t);
}

/*
 * How much CPU time the worker of @t, which does not end meanwhile, has had in its
 * life, to the last time that it was looked at by the scheduler. Any context.
 * Return: false if the body does not run.
 */
bool blocking_runtime(struct ktask *t, u64 *ns)
{
	unsigned long flags;
	bool runs;

	spin_lock_irqsave(&worker_lock, flags);
	runs = t->worker;
	if (runs)
		*ns = READ_ONCE(t->worker->se.sum_exec_runtime);
	spin_unlock_irqrestore(&worker_lock, flags);
	return runs;
}

/* Whether a body gives up because it has been aborted when it returns that. */
static bool gives_up(struct ktask *t, long result)
{
	if (result != -ECANCELED && result != -EINTR && result != -ERESTARTSYS)
		return false;
	return ktask_aborted(t);
}

static long blocking_body(struct ktask *t)
{
	u64 began;
	long result;

	trace_ktask_resume(t);
	if (likely(!(t->kind & __KTASK_TRACKED)))
		return t->blocking(t);
	began = ktime_get_ns();
	result = t->blocking(t);
	observe_task_ran(t, ktime_get_ns() - began);
	return result;
}

/*
 * To lockdep the workqueue holds the task's class meanwhile, as the work has
 * the same; so it is not acquired here.
 */
static void blocking_work(struct work_struct *work)
{
	struct ktask *t = container_of(work, struct ktask, work);
	enum ktask_outcome outcome = KTASK_CANCELLED;
	long result = -ECANCELED;
	int nice = task_nice(current);
	struct body b;

	/* Nobody else claims a blocking task while its work is queued. */
	if (WARN_ON_ONCE(!task_claim(t, false)))
		return;
	this_cpu_inc(task_runtime(t)->stats->resumed);
	if (!ktask_aborted(t)) {
		body_enter(&b, t);
		worker_enter(t);
		if (t->ex->prio == KTASK_PRIO_IDLE)
			set_user_nice(current, MAX_NICE);
		result = blocking_body(t);
		if (t->ex->prio == KTASK_PRIO_IDLE)
			set_user_nice(current, nice);
		worker_leave(t);
		body_leave(&b);
		if (gives_up(t, result))
			result = -ECANCELED;
		else
			outcome = KTASK_RETURNED;
	}
	task_run_defers(t);
	task_finish(t, outcome, result);
}

/* @t, which the caller alone knows or runs, is going to be queued. */
void blocking_init(struct ktask *t)
{
	INIT_WORK(&t->work, blocking_work);
#ifdef CONFIG_LOCKDEP
	/* The class of the task, see blocking_work(). */
	lockdep_copy_map(&t->work.lockdep_map, &t->lockdep_map);
#endif
	ktask_future_init(&t->abort_asked);
	t->worker = NULL;
}

/* End @t, which is aborted, and whose work is not queued. */
static void blocking_end_unrun(struct ktask *t)
{
	atomic_or(KT_QUEUED, &t->state);
	executor_push(t);
}

void blocking_queue(struct ktask *t)
{
	int cpu = t->kind & __KTASK_BOUND ? t->ex->cpu : WORK_CPU_UNBOUND;

	/*
	 * What was aborted before need not wait for a worker. While an abort
	 * tries to cancel the work, which was not queued yet, nobody else can
	 * queue it; so it is over here.
	 */
	if (ktask_aborted(t) || !queue_work_on(cpu, t->wq, &t->work))
		blocking_end_unrun(t);
}

/* @t, which is not held, has just been aborted. Any context. */
void blocking_abort(struct ktask *t)
{
	/* Ends its waits, if it runs. */
	ktask_future_complete(&t->abort_asked, -ECANCELED);
	worker_interrupt(t);
	/* If its work did not run yet, it will not. */
	if (cancel_work(&t->work))
		blocking_end_unrun(t);
}

void blocking_setup(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(bodies); i++)
		spin_lock_init(&bodies[i].lock);
}
