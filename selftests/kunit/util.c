// SPDX-License-Identifier: GPL-2.0
/*
 * What the suites share. See util.h.
 */
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/kmsg_dump.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/rt.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "kernel/compat.h"
#include "util.h"

/* Something of this module will never end, so its code has to stay. */
static void left_behind(const char *what)
{
	__module_get(THIS_MODULE);
	WARN(1, "ktask_kunit: %s did not end\n", what);
}

/* Whoever has plugged a CPU needs threads that the plug does not keep off it. */
static void wake_thread(struct task_struct *thread)
{
	get_task_struct(thread);
	if (rt_task(current))
		sched_set_fifo(thread);
	wake_up_process(thread);
}

/* --- Hangs ---------------------------------------------------------------- */

/* Whether something has happened. If not, the kernel says what else does not, once. */
bool kt_or_hangs(bool happened)
{
	static const char *const keys[] = { "w", "l", "q" };
	static atomic_t told;
	int i;

	if (happened || atomic_xchg(&told, 1))
		return happened;
	pr_info("something hangs: what is blocked, on the CPUs, in the timers\n");
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		kt_write_file("/proc/sysrq-trigger", keys[i]);
	return false;
}

/* --- Tasks ---------------------------------------------------------------- */

/* Wait for the end of @t in a way that does not run it. */
bool kt_ended(struct ktask *t)
{
	int err = ktask_future_wait_until(ktask_future(t), TASK_UNINTERRUPTIBLE,
					  ktime_add(ktime_get(), KT_HANG_KTIME));

	return kt_or_hangs(!err);
}

static void reap(void *arg)
{
	struct ktask *t = arg;

	ktask_abort(t);
	if (kt_ended(t))
		ktask_put(t);
	else
		left_behind("a task");
}

/* @t, as it came from a spawn, is ended and put when the case ends. */
struct ktask *kt_own(struct kunit *test, struct ktask *t)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, reap, t));
	return t;
}

ktask_poll_t kt_await_body(struct ktask *t)
{
	struct ktask_future **f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, *f);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

ktask_poll_t kt_return_body(struct ktask *t)
{
	long *result = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_RETURN(t, *result);
	KTASK_END(t);
}

/* --- Runtimes ------------------------------------------------------------- */

struct doomed {
	struct ktask_runtime *rt;
	struct completion gone;
};

static int destroyer(void *arg)
{
	struct doomed *d = arg;

	ktask_runtime_destroy(d->rt);
	complete(&d->gone);
	return 0;
}

/* In a thread of its own, for it may hang. */
static void destroy(void *rt)
{
	struct doomed *d = kzalloc(sizeof(*d), GFP_KERNEL | __GFP_NOFAIL);
	struct task_struct *thread;

	d->rt = rt;
	init_completion(&d->gone);
	thread = kthread_create(destroyer, d, "kt_destroyer");
	if (WARN_ON(IS_ERR(thread)))
		return;
	wake_thread(thread);
	if (wait_for_completion_timeout(&d->gone, KT_HANG)) {
		kthread_stop(thread);
		put_task_struct(thread);
		kfree(d);
	} else {
		left_behind("a runtime");
	}
}

static struct ktask_runtime *own_runtime(struct kunit *test,
					 struct ktask_runtime *rt)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rt);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy, rt));
	return rt;
}

struct ktask_runtime *kt_runtime(struct kunit *test)
{
	return own_runtime(test, ktask_runtime_create("kunit", 0));
}

struct ktask_runtime *kt_local(struct kunit *test, int place)
{
	return own_runtime(test, ktask_local_create("kunit_local", place));
}

/* Now, rather than at the end of the case. */
void kt_destroy(struct kunit *test, struct ktask_runtime *rt)
{
	kunit_release_action(test, destroy, rt);
}

struct destroying {
	struct kunit *test;
	struct ktask_runtime *rt;
};

static int destroying_main(void *arg)
{
	struct destroying *d = arg;

	kt_destroy(d->test, d->rt);
	return 0;
}

/* Now, while the case goes on. */
struct kt_thread *kt_destroying(struct kunit *test, struct ktask_runtime *rt)
{
	struct destroying *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->test = test;
	d->rt = rt;
	return kt_thread(test, destroying_main, d);
}

/* --- An executor that is kept busy ---------------------------------------- */

/*
 * Nothing less keeps an executor from its CPU: while a task sleeps, it runs
 * others, and real-time threads give way to the others at times.
 */
static int plug_main(void *arg)
{
	struct kt_plug *plug = arg;

	preempt_disable();
	complete(&plug->in);
	while (!READ_ONCE(plug->out))
		cpu_relax();
	preempt_enable();
	return 0;
}

static void plug_gone(void *arg)
{
	struct kt_plug *plug = arg;

	kt_unplug(plug);
	kthread_stop(plug->thread);
	put_task_struct(plug->thread);
}

/* What is started there stays queued; the calling thread stays elsewhere. */
struct kt_plug *kt_plug(struct kunit *test)
{
	struct kt_plug *plug = kunit_kzalloc(test, sizeof(*plug), GFP_KERNEL);
	struct task_struct *thread;

	KUNIT_ASSERT_NOT_NULL(test, plug);
	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU only");
	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	plug->cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	init_completion(&plug->in);
	thread = kthread_create(plug_main, plug, "kt_plug");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	kthread_bind(thread, plug->cpu);
	plug->thread = get_task_struct(thread);
	wake_up_process(thread);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, plug_gone, plug));
	KT_COMPLETED(test, &plug->in);
	return plug;
}

void kt_unplug(struct kt_plug *plug)
{
	WRITE_ONCE(plug->out, true);
}

/* --- What happened, in order ---------------------------------------------- */

struct kt_trail *kt_trail(struct kunit *test)
{
	struct kt_trail *trail = kunit_kzalloc(test, sizeof(*trail), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, trail);
	spin_lock_init(&trail->lock);
	return trail;
}

void kt_mark(struct kt_trail *trail, char c)
{
	guard(spinlock_irqsave)(&trail->lock);
	if (trail->n < sizeof(trail->s) - 1)
		trail->s[trail->n++] = c;
}

static void mark_cleanup(void *arg)
{
	struct kt_cleanup *cleanup = arg;

	kt_mark(cleanup->trail, cleanup->c);
}

void kt_defer_mark(struct ktask *t, struct kt_cleanup *cleanup,
		   struct kt_trail *trail, char c)
{
	cleanup->trail = trail;
	cleanup->c = c;
	ktask_defer(t, &cleanup->d, mark_cleanup, cleanup);
}

/* --- Threads -------------------------------------------------------------- */

static int thread_main(void *arg)
{
	struct kt_thread *th = arg;

	th->ret = th->fn(th->arg);
	complete(&th->ended);
	return 0;
}

static void thread_gone(void *arg)
{
	struct kt_thread *th = arg;

	if (wait_for_completion_timeout(&th->ended, KT_HANG)) {
		kthread_stop(th->task);
		put_task_struct(th->task);
		kfree(th);
	} else {
		left_behind("a thread");
	}
}

struct kt_thread *kt_thread(struct kunit *test, int (*fn)(void *arg), void *arg)
{
	struct kt_thread *th = kzalloc(sizeof(*th), GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, th);
	th->fn = fn;
	th->arg = arg;
	init_completion(&th->ended);
	task = kthread_create(thread_main, th, "kt_thread");
	if (IS_ERR(task)) {
		kfree(th);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	}
	th->task = task;
	wake_thread(task);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, thread_gone, th));
	return th;
}

static int rival_main(void *arg)
{
	struct kt_rival *r = arg;

	/* Spins, so as to be quick when asked. */
	while (!READ_ONCE(r->stop)) {
		/* Pairs with kt_rival_go(). */
		if (smp_load_acquire(&r->asked) != r->done) {
			r->fn(r->arg);
			/* Pairs with kt_rival_done(). */
			smp_store_release(&r->done, r->done + 1);
		}
		cpu_relax();
		cond_resched();
	}
	return 0;
}

static void rival_stop(void *arg)
{
	struct kt_rival *r = arg;

	WRITE_ONCE(r->stop, true);
}

struct kt_rival *kt_rival(struct kunit *test)
{
	struct kt_rival *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	kt_thread(test, rival_main, r);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, rival_stop, r));
	return r;
}

void kt_rival_go(struct kt_rival *r, void (*fn)(void *arg), void *arg)
{
	r->fn = fn;
	r->arg = arg;
	/* Pairs with rival_main(). */
	smp_store_release(&r->asked, r->asked + 1);
}

bool kt_rival_done(struct kt_rival *r)
{
	unsigned long until = jiffies + KT_HANG;

	/* Pairs with rival_main(). */
	while (smp_load_acquire(&r->done) != r->asked) {
		if (time_after(jiffies, until))
			return false;
		cond_resched();
	}
	return true;
}

void kt_dither(unsigned int max)
{
	ndelay(100);
	udelay(get_random_u32_below(max + 1));
}

/* --- Parameters and the log ----------------------------------------------- */

int kt_write_file(const char *path, const char *text)
{
	struct file *file = filp_open(path, O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, text, strlen(text), &pos);
	filp_close(file, NULL);
	return n < 0 ? n : 0;
}

/* How many lines of the kernel's log since @from have @what in them. */
unsigned int kt_logged(struct kunit *test, u64 from, const char *what)
{
	struct kmsg_dump_iter iter;
	unsigned int n = 0;
	char *line;
	size_t len;

	line = kunit_kmalloc(test, 1024, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, line);
	kmsg_dump_rewind(&iter);
	iter.cur_seq = max(iter.cur_seq, from);
	while (kmsg_dump_get_line(&iter, false, line, 1023, &len)) {
		line[len] = '\0';
		n += !!strstr(line, what);
	}
	kunit_kfree(test, line);
	return n;
}

/* For kt_logged(): what is said from now on. */
u64 kt_log_end(void)
{
	struct kmsg_dump_iter iter;
	size_t len;

	kmsg_dump_rewind(&iter);
	while (kmsg_dump_get_line(&iter, false, NULL, 0, &len))
		;
	return iter.cur_seq;
}

/* --- Contexts ------------------------------------------------------------- */

const struct kt_context kt_contexts[4] = {
	{ "process", KT_PROCESS },
	{ "irqs_off", KT_IRQS_OFF },
	{ "softirq", KT_SOFTIRQ },
	{ "hardirq", KT_HARDIRQ },
};

void kt_context_desc(const struct kt_context *context, char *desc)
{
	strscpy(desc, context->name, KUNIT_PARAM_DESC_SIZE);
}

struct call {
	struct hrtimer timer;
	void (*fn)(void *arg);
	void *arg;
	bool hardirq;
	bool softirq;
	struct completion done;
};

static enum hrtimer_restart call_fired(struct hrtimer *timer)
{
	struct call *c = container_of(timer, struct call, timer);

	c->hardirq = in_hardirq();
	c->softirq = in_serving_softirq();
	c->fn(c->arg);
	complete(&c->done);
	return HRTIMER_NORESTART;
}

static void call_in_timer(struct kunit *test, bool hard, void (*fn)(void *arg),
			  void *arg)
{
	enum hrtimer_mode mode = hard ? HRTIMER_MODE_REL_HARD :
					HRTIMER_MODE_REL_SOFT;
	struct call *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->fn = fn;
	c->arg = arg;
	init_completion(&c->done);
	hrtimer_setup(&c->timer, call_fired, CLOCK_MONOTONIC, mode);
	hrtimer_start(&c->timer, kt_us(10), mode);
	KT_COMPLETED(test, &c->done);
	hrtimer_cancel(&c->timer);
	KUNIT_EXPECT_EQ(test, c->hardirq, hard);
	/* An interrupt may have come on top of a softirq. */
	if (!hard)
		KUNIT_EXPECT_TRUE(test, c->softirq);
}

/* Call @fn in a context, and come back when it has returned. */
void kt_call_in(struct kunit *test, const struct kt_context *context,
		void (*fn)(void *arg), void *arg)
{
	static DEFINE_SPINLOCK(lock);
	unsigned long flags;

	switch (context->kind) {
	case KT_PROCESS:
		fn(arg);
		break;
	case KT_IRQS_OFF:
		spin_lock_irqsave(&lock, flags);
		fn(arg);
		spin_unlock_irqrestore(&lock, flags);
		break;
	case KT_SOFTIRQ:
	case KT_HARDIRQ:
		call_in_timer(test, context->kind == KT_HARDIRQ, fn, arg);
		break;
	}
}
