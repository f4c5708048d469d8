// SPDX-License-Identifier: GPL-2.0
/*
 * Two on one CPU that tell each other to go on, with what tasks have for that
 * and with what threads have: a notification or a completion, a semaphore of
 * each, a channel of 16 messages or a kfifo with wait queues. Per hand-over, or
 * per message.
 *
 * None of them allocates anything. Not measured: two on different CPUs, who
 * seldom find each other asleep.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kfifo.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "bench.h"

#define ROOM	16

struct message {
	struct ktask_msg msg;
};

/**
 * struct pair - two who hand over to each other
 * @go: they begin
 * @started: when the first one did
 * @ended: when the last one had ended
 * @turns: how often each hands over to the other, or how many messages there are
 * @stop: there shall be no more; looked at by side 0 of threads, which goes first
 * @over: that one has ended
 * @side: the two, and what each is told by
 * @channel: from side 0 to side 1
 * @messages: enough that none is used again while it is on its way
 * @fifo: what threads have for a channel
 * @readable: waited on by its reader
 * @writable: waited on by its writer
 * @done: a thread has ended
 */
struct pair {
	struct ktask_future go;
	u64 started;
	u64 ended;
	unsigned int turns;
	bool stop;
	bool over;
	struct side {
		struct pair *pair;
		struct ktask_notify notify;
		struct ktask_semaphore sem;
		struct completion completion;
		struct semaphore semaphore;
	} side[2];
	struct ktask_channel channel;
	struct message messages[2 * ROOM];
	DECLARE_KFIFO(fifo, unsigned int, ROOM);
	struct wait_queue_head readable;
	struct wait_queue_head writable;
	struct completion done;
};

static void message_drop(struct ktask_msg *msg)
{
}

static struct pair *pair_new(unsigned int turns)
{
	struct pair *p = kzalloc(sizeof(*p), GFP_KERNEL);
	const int nobody_has = 0;
	struct side *s;

	if (!p)
		return NULL;
	ktask_future_init(&p->go);
	p->turns = turns;
	for (s = p->side; s < p->side + 2; s++) {
		s->pair = p;
		ktask_notify_init(&s->notify);
		ktask_semaphore_init(&s->sem, 0);
		init_completion(&s->completion);
		sema_init(&s->semaphore, nobody_has);
	}
	ktask_channel_init(&p->channel, ROOM, message_drop);
	INIT_KFIFO(p->fifo);
	init_waitqueue_head(&p->readable);
	init_waitqueue_head(&p->writable);
	init_completion(&p->done);
	return p;
}

static void pair_free(struct pair *p)
{
	unsigned int i;

	ktask_channel_sender_put(&p->channel);
	ktask_channel_destroy(&p->channel);
	for (i = 0; i < 2; i++) {
		ktask_notify_destroy(&p->side[i].notify);
		ktask_semaphore_destroy(&p->side[i].sem);
	}
	kfree(p);
}

/* The two are on one CPU, so nobody writes at the same time. */
static void side_begin(struct side *s)
{
	if (!s->pair->started)
		s->pair->started = ktime_get_ns();
}

static void side_end(struct side *s)
{
	s->pair->ended = ktime_get_ns();
}

static bool side_is_first(const struct side *s)
{
	return s == &s->pair->side[0];
}

static struct side *side_other(struct side *s)
{
	return &s->pair->side[side_is_first(s)];
}

/* --- Tasks ----------------------------------------------------------------- */

struct locals {
	struct side *side;
	unsigned int i;
	union {
		struct ktask_notified notified;
		struct ktask_permit permit;
		struct ktask_send send;
		struct ktask_recv recv;
	};
};

static ktask_poll_t notify_body(struct ktask *t)
{
	struct locals *l = ktask_frame(t);
	struct side *s = l->side;

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, &s->pair->go);
	side_begin(s);
	for (l->i = 0; l->i < s->pair->turns; l->i++) {
		if (side_is_first(s))
			ktask_notify_one(&side_other(s)->notify);
		KTASK_NOTIFIED(t, &s->notify, &l->notified);
		if (!side_is_first(s))
			ktask_notify_one(&side_other(s)->notify);
	}
	side_end(s);
	KTASK_END(t);
}

/* The permit is not given back, for it is the other that adds the next. */
static ktask_poll_t semaphore_body(struct ktask *t)
{
	struct locals *l = ktask_frame(t);
	struct side *s = l->side;

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, &s->pair->go);
	side_begin(s);
	for (l->i = 0; l->i < s->pair->turns; l->i++) {
		if (side_is_first(s))
			ktask_semaphore_add(&side_other(s)->sem, 1);
		KTASK_SEMAPHORE_ACQUIRE(t, &s->sem, &l->permit, 1);
		ktask_permit_forget(&l->permit);
		if (!side_is_first(s))
			ktask_semaphore_add(&side_other(s)->sem, 1);
	}
	side_end(s);
	KTASK_END(t);
}

static ktask_poll_t channel_body(struct ktask *t)
{
	struct locals *l = ktask_frame(t);
	struct side *s = l->side;
	struct pair *p = s->pair;

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, &p->go);
	side_begin(s);
	for (l->i = 0; l->i < p->turns; l->i++) {
		if (side_is_first(s)) {
			KTASK_SEND(t, &l->send, &p->channel,
				   &p->messages[l->i % (2 * ROOM)].msg);
		} else {
			KTASK_RECV(t, &l->recv, &p->channel);
			ktask_recv_take(&l->recv);
		}
	}
	side_end(s);
	KTASK_END(t);
}

static struct ktask *side_spawn(struct side *s, ktask_resume_t body, int cpu)
{
	struct locals l = { .side = s };

	return ktask_spawn(body, struct locals, .init = &l,
			   .place = KTASK_ON_CPU(cpu));
}

static int tasks_run(struct pair *p, ktask_resume_t body)
{
	int cpu = raw_smp_processor_id();
	struct ktask *tasks[2] = {};
	unsigned int i;
	int err = 0;

	for (i = 0; i < 2 && !err; i++) {
		tasks[i] = side_spawn(&p->side[i], body, cpu);
		if (IS_ERR(tasks[i])) {
			err = PTR_ERR(tasks[i]);
			tasks[i] = NULL;
		}
	}
	if (!err)
		ktask_future_complete(&p->go, 0);
	for (i = 0; i < 2; i++) {
		if (err)
			ktask_abort_and_wait(tasks[i]);
		else
			err = bench_join(tasks[i]);
	}
	for (i = 0; i < 2 && tasks[i]; i++)
		ktask_put(tasks[i]);
	return err;
}

/* --- Threads --------------------------------------------------------------- */

static void completion_signal(struct side *s)
{
	complete(&s->completion);
}

static void completion_wait(struct side *s)
{
	wait_for_completion(&s->completion);
}

static void semaphore_signal(struct side *s)
{
	up(&s->semaphore);
}

static void semaphore_wait(struct side *s)
{
	down(&s->semaphore);
}

/* Side 0 signals first, so it is the one that can end both. */
static __always_inline int ping_pong(struct side *s,
				     void (*signal)(struct side *s),
				     void (*wait)(struct side *s))
{
	struct pair *p = s->pair;
	unsigned int i;

	side_begin(s);
	for (i = 0; i < p->turns; i++) {
		if (side_is_first(s)) {
			p->over = READ_ONCE(p->stop);
			signal(side_other(s));
			if (p->over)
				break;
			wait(s);
		} else {
			wait(s);
			if (READ_ONCE(p->over))
				break;
			signal(side_other(s));
		}
	}
	side_end(s);
	complete(&p->done);
	return 0;
}

static int completion_thread(void *arg)
{
	return ping_pong(arg, completion_signal, completion_wait);
}

static int semaphore_thread(void *arg)
{
	return ping_pong(arg, semaphore_signal, semaphore_wait);
}

/* One writer and one reader need no lock. 0 is the last. */
static void fifo_write(struct pair *p)
{
	unsigned int i, value;

	for (i = p->turns; i; i--) {
		value = i == 1 || READ_ONCE(p->stop) ? 0 : i;
		wait_event(p->writable, kfifo_put(&p->fifo, value));
		wake_up(&p->readable);
		if (!value)
			return;
	}
}

static void fifo_read(struct pair *p)
{
	unsigned int value;

	do {
		wait_event(p->readable, kfifo_get(&p->fifo, &value));
		wake_up(&p->writable);
	} while (value);
}

static int fifo_thread(void *arg)
{
	struct side *s = arg;

	side_begin(s);
	if (side_is_first(s))
		fifo_write(s->pair);
	else
		fifo_read(s->pair);
	side_end(s);
	complete(&s->pair->done);
	return 0;
}

static int threads_run(struct pair *p, int (*fn)(void *arg))
{
	int cpu = raw_smp_processor_id();
	struct task_struct *threads[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		threads[i] = kthread_create(fn, &p->side[i], "ktask_bench");
		if (IS_ERR(threads[i])) {
			if (i)
				kthread_stop(threads[0]);
			return PTR_ERR(threads[i]);
		}
		kthread_bind(threads[i], cpu);
	}
	for (i = 0; i < 2; i++) {
		get_task_struct(threads[i]);
		wake_up_process(threads[i]);
	}
	if (wait_for_completion_killable(&p->done))
		WRITE_ONCE(p->stop, true);
	for (i = 0; i < 2; i++) {
		kthread_stop(threads[i]);
		put_task_struct(threads[i]);
	}
	return 0;
}

/* --- The rows -------------------------------------------------------------- */

struct way {
	ktask_resume_t body;
	int (*thread)(void *arg);
	unsigned int per_turn;		/* how many operations it is */
};

static s64 time_way(struct bench *b, unsigned int count)
{
	const struct way *way = b->subject->arg;
	unsigned int turns = DIV_ROUND_UP(count, way->per_turn);
	struct pair *p = pair_new(turns);
	s64 ns;

	if (!p)
		return -ENOMEM;
	ns = way->body ? tasks_run(p, way->body) : threads_run(p, way->thread);
	if (!ns && bench_killed(b))
		ns = -EINTR;
	if (!ns)
		ns = bench_ns_between(p->started, p->ended);
	pair_free(p);
	return ns;
}

static const struct way notify = { .body = notify_body, .per_turn = 2 };
static const struct way semaphore = { .body = semaphore_body, .per_turn = 2 };
static const struct way channel = { .body = channel_body, .per_turn = 1 };
static const struct way completions = {
	.thread = completion_thread, .per_turn = 2
};

static const struct way semaphores = {
	.thread = semaphore_thread, .per_turn = 2
};

static const struct way fifo = { .thread = fifo_thread, .per_turn = 1 };

static const struct bench_subject notify_subjects[] = {
	{ "ktask", 1, time_way, &notify },
	{ "completion", 1, time_way, &completions },
	{}
};

const struct bench_row bench_notify = {
	.name = "notify",
	.what = "two on one CPU that tell each other to go on; per hand-over",
	.rounds = 10,
	.count = 10000,
	.run = bench_run_per_op,
	.subjects = notify_subjects,
};

static const struct bench_subject semaphore_subjects[] = {
	{ "ktask", 1, time_way, &semaphore },
	{ "semaphore", 1, time_way, &semaphores },
	{}
};

const struct bench_row bench_semaphore = {
	.name = "semaphore",
	.what = "two on one CPU that release each other's semaphore; per hand-over",
	.rounds = 10,
	.count = 10000,
	.run = bench_run_per_op,
	.subjects = semaphore_subjects,
};

static const struct bench_subject channel_subjects[] = {
	{ "ktask", 1, time_way, &channel },
	{ "kfifo", 1, time_way, &fifo },
	{}
};

const struct bench_row bench_channel = {
	.name = "channel",
	.what = "one sends to another on its CPU, with room for 16 messages; per message",
	.rounds = 10,
	.count = 20000,
	.run = bench_run_per_op,
	.subjects = channel_subjects,
};
