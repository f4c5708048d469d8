// SPDX-License-Identifier: GPL-2.0
/*
 * Latency: from the moment when something happens until the one that waits for
 * it goes on. It happens on another CPU, in a thread; or on the same CPU, in a
 * timer's hard interrupt. The CPU of who waits is idle, and the clock is read by
 * the waker before it wakes and by the woken first of all.
 *
 * Between two operations there is a pause, in which who was woken goes back to
 * sleep; it is not waited for. Should it not be there yet, which takes a pause of
 * its CPU by a hypervisor, it goes on at once when it is, ktask or not.
 *
 * Not measured: what it takes under load; and the time to come out of the deeper
 * idle states, to which a CPU hardly gets in so short a pause.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "bench.h"
#include "kernel/compat.h"

#define PAUSE_US	50

struct wake;

/**
 * struct wake_kind - a way to wait and be woken
 * @begin: have somebody wait; returns 0 or an errno
 * @fire: wake him; any context
 * @end: he is not to wait any more
 */
struct wake_kind {
	int (*begin)(struct wake *w);
	void (*fire)(struct wake *w);
	void (*end)(struct wake *w);
};

/**
 * struct wake - a run of a subject
 * @b: the bench
 * @kind: of the subject
 * @cpu: where somebody waits
 * @irq: it happens in a hard interrupt
 * @count: how often
 * @ns: how long it took each time
 * @fired: when it happened
 * @ran: when the woken went on
 * @seen: he has
 * @timer: whose interrupt it is
 * @task: who waits, if it is a task; for @future
 * @future: it is completed again and again
 * @work: what is queued; on @wq
 * @wq: a workqueue
 * @kwork: what is queued; to @worker
 * @worker: it is bound to @cpu
 * @thread: who waits, if it is a thread; for @hit
 * @hit: it has happened and is not seen
 */
struct wake {
	struct bench *b;
	const struct wake_kind *kind;
	int cpu;
	bool irq;
	unsigned int count;
	u64 *ns;
	u64 fired;
	u64 ran;
	struct completion seen;
	struct hrtimer timer;

	struct ktask *task;
	struct ktask_future future;
	struct work_struct work;
	struct workqueue_struct *wq;
	struct kthread_work kwork;
	struct kthread_worker *worker;
	struct task_struct *thread;
	bool hit;
};

static void wake_ran(struct wake *w)
{
	w->ran = ktime_get_ns();
	complete(&w->seen);
}

/* --- ktask ----------------------------------------------------------------- */

static ktask_poll_t wake_body(struct ktask *t)
{
	struct wake *w = *(struct wake **)ktask_frame(t);

	KTASK_BEGIN(t);
	for (;;) {
		KTASK_AWAIT(t, &w->future);
		/* We alone wait for it, so it is ours again. */
		ktask_future_init(&w->future);
		wake_ran(w);
	}
	KTASK_END(t);
}

static int begin_task(struct wake *w, enum ktask_prio prio)
{
	ktask_future_init(&w->future);
	w->task = ktask_spawn(wake_body, struct wake *, .init = &w,
			      .place = KTASK_ON_CPU(w->cpu), .prio = prio);
	return PTR_ERR_OR_ZERO(w->task);
}

static int task_begin(struct wake *w)
{
	return begin_task(w, KTASK_PRIO_NORMAL);
}

static int task_begin_high(struct wake *w)
{
	return begin_task(w, KTASK_PRIO_HIGH);
}

static void task_fire(struct wake *w)
{
	ktask_future_complete(&w->future, 0);
}

static void task_end(struct wake *w)
{
	ktask_abort_and_wait(w->task);
	ktask_put(w->task);
}

static const struct wake_kind task = { task_begin, task_fire, task_end };
static const struct wake_kind task_high = {
	task_begin_high, task_fire, task_end
};

/* --- Workqueues ------------------------------------------------------------ */

static void wake_work(struct work_struct *work)
{
	wake_ran(container_of(work, struct wake, work));
}

static int begin_work(struct wake *w, struct workqueue_struct *wq)
{
	INIT_WORK(&w->work, wake_work);
	w->wq = wq;
	return 0;
}

static int work_begin(struct wake *w)
{
	return begin_work(w, bench_wq);
}

static int work_begin_high(struct wake *w)
{
	return begin_work(w, bench_wq_high);
}

static int work_begin_unbound(struct wake *w)
{
	return begin_work(w, bench_wq_unbound);
}

static void work_fire(struct wake *w)
{
	queue_work_on(w->cpu, w->wq, &w->work);
}

static void work_fire_anywhere(struct wake *w)
{
	queue_work(w->wq, &w->work);
}

static void work_end(struct wake *w)
{
	flush_work(&w->work);
}

static const struct wake_kind work = { work_begin, work_fire, work_end };
static const struct wake_kind work_high = {
	work_begin_high, work_fire, work_end
};

static const struct wake_kind work_unbound = {
	work_begin_unbound, work_fire_anywhere, work_end
};

/* --- Threads --------------------------------------------------------------- */

static void wake_kwork(struct kthread_work *work)
{
	wake_ran(container_of(work, struct wake, kwork));
}

static int kwork_begin(struct wake *w)
{
	w->worker = kthread_run_worker_on_cpu(w->cpu, 0, "ktask_bench/%u");
	kthread_init_work(&w->kwork, wake_kwork);
	return PTR_ERR_OR_ZERO(w->worker);
}

static void kwork_fire(struct wake *w)
{
	kthread_queue_work(w->worker, &w->kwork);
}

static void kwork_end(struct wake *w)
{
	kthread_destroy_worker(w->worker);
}

static const struct wake_kind kwork = { kwork_begin, kwork_fire, kwork_end };

static int wake_thread(void *arg)
{
	struct wake *w = arg;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (!READ_ONCE(w->hit)) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		WRITE_ONCE(w->hit, false);
		wake_ran(w);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static int thread_begin(struct wake *w)
{
	struct task_struct *p = kthread_create(wake_thread, w, "ktask_bench");

	if (IS_ERR(p))
		return PTR_ERR(p);
	kthread_bind(p, w->cpu);
	w->thread = p;
	wake_up_process(p);
	return 0;
}

static void thread_fire(struct wake *w)
{
	WRITE_ONCE(w->hit, true);
	wake_up_process(w->thread);
}

static void thread_end(struct wake *w)
{
	kthread_stop(w->thread);
}

static const struct wake_kind thread = {
	thread_begin, thread_fire, thread_end
};

/* --- The waker ------------------------------------------------------------- */

static void wake_now(struct wake *w)
{
	w->fired = ktime_get_ns();
	w->kind->fire(w);
}

static enum hrtimer_restart wake_timer(struct hrtimer *timer)
{
	wake_now(container_of(timer, struct wake, timer));
	return HRTIMER_NORESTART;
}

/* Runs on the CPU where it happens. */
static long waker(void *arg)
{
	struct wake *w = arg;
	unsigned int i;

	for (i = 0; i < w->count && !bench_killed(w->b); i++) {
		usleep_range(PAUSE_US, 2 * PAUSE_US);
		if (w->irq)
			hrtimer_start(&w->timer, ns_to_ktime(PAUSE_US * NSEC_PER_USEC),
				      HRTIMER_MODE_REL_PINNED_HARD);
		else
			wake_now(w);
		wait_for_completion(&w->seen);
		w->ns[i] = bench_ns_between(w->fired, w->ran);
	}
	hrtimer_cancel(&w->timer);
	return 0;
}

static int wake_all(struct wake *w, int waker_cpu)
{
	int err;

	init_completion(&w->seen);
	hrtimer_setup(&w->timer, wake_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	err = w->kind->begin(w);
	if (err)
		return err;
	work_on_cpu(waker_cpu, waker, w);
	w->kind->end(w);
	return bench_killed(w->b) ? -EINTR : 0;
}

static int run(struct bench *b, unsigned int count, bool irq)
{
	int cpu = cpumask_first(cpu_online_mask);
	int other = cpumask_next(cpu, cpu_online_mask);
	struct wake *w = kzalloc(sizeof(*w), GFP_KERNEL);
	int err = -ENOMEM;

	if (!w)
		return err;
	w->b = b;
	w->kind = b->subject->arg;
	w->cpu = cpu;
	w->irq = irq;
	w->count = count;
	w->ns = kvcalloc(count, sizeof(*w->ns), GFP_KERNEL);
	if (w->ns)
		err = wake_all(w, irq || other >= nr_cpu_ids ? cpu : other);
	if (!err)
		err = bench_report_latencies(b, w->ns, count);
	kvfree(w->ns);
	kfree(w);
	return err;
}

static int run_cpu(struct bench *b, unsigned int count)
{
	return run(b, count, false);
}

static int run_irq(struct bench *b, unsigned int count)
{
	return run(b, count, true);
}

static const struct bench_subject subjects[] = {
	{ "ktask", 1, NULL, &task },
	{ "ktask_high", 1, NULL, &task_high },
	{ "queue_work", 1, NULL, &work },
	{ "wq_highpri", 1, NULL, &work_high },
	{ "wq_unbound", 1, NULL, &work_unbound },
	{ "kthread_worker", 1, NULL, &kwork },
	{ "kthread", 1, NULL, &thread },
	{}
};

const struct bench_row bench_wake_cpu = {
	.name = "wake_cpu",
	.what = "from a wake-up by another CPU until what was woken runs",
	.rounds = 10,
	.count = 1000,
	.cpus = 2,
	.run = run_cpu,
	.subjects = subjects,
};

const struct bench_row bench_wake_irq = {
	.name = "wake_irq",
	.what = "from a wake-up by a hard interrupt until what was woken runs",
	.rounds = 10,
	.count = 1000,
	.run = run_irq,
	.subjects = subjects,
};
