/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tasks for the kernel: cheap units of work with a result, join, abort and
 * cleanup.
 */
#ifndef _LINUX_KTASK_H
#define _LINUX_KTASK_H

#include <linux/bits.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/ktask_future.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <uapi/linux/ktask.h>

/**
 * DOC: overview
 *
 * A *task* is a refcounted unit of work, &struct ktask. It comes in two kinds:
 *
 * - An *async task* is a resume function and a frame. It returns to its
 *   executor at every await, so it holds no thread while it waits; its locals
 *   live in the frame.
 * - A *blocking task* is a plain function that may sleep, and runs in a worker
 *   of its own.
 *
 * An *executor*, one per CPU and priority, is a run queue drained by work items
 * of a per-CPU workqueue; one that has nothing to do takes tasks from others. A
 * *runtime* owns executors. A *future* is a value that will be there once: what
 * a task can await. Each task holds one for its end.
 *
 *	struct fetch {
 *		struct my_req req;
 *		struct ktask_defer cleanup;
 *	};
 *
 *	static ktask_poll_t fetch(struct ktask *t)
 *	{
 *		struct fetch *f = ktask_frame(t);
 *
 *		KTASK_BEGIN(t);
 *		ktask_defer(t, &f->cleanup, my_req_release, &f->req);
 *		my_req_submit(&f->req);
 *		KTASK_AWAIT_TIMEOUT(t, &f->req.done, ms_to_ktime(50));
 *		if (ktask_timed_out(t))
 *			KTASK_RETURN(t, -ETIMEDOUT);
 *		KTASK_RETURN(t, f->req.status);
 *		KTASK_END(t);
 *	}
 *
 *	t = ktask_spawn(fetch, struct fetch, .name = "fetch");
 *	if (IS_ERR(t))
 *		return PTR_ERR(t);
 *	err = ktask_join(t, &status);
 *	ktask_put(t);
 *
 * Spawning. A task may be given a name, a runtime, a priority, a CPU or memory
 * node, a delay, a future that it comes after; or storage of the caller's, and
 * then its spawn cannot fail. See &struct ktask_attr. Who starts one on its own
 * CPU goes on: a worker is woken for it some 50 microseconds later, or when the
 * thread begins to wait for a future. ktask_detach() lets it go on without a
 * handle; %KTASK_ABORT_ON_PUT ends it with its handle; &struct
 * ktask_abort_handle is the right to abort it and nothing else.
 *
 * Joining. ktask_join() and its kind for threads, KTASK_AWAIT_JOIN() for tasks,
 * a callback by ktask_future_add(), ktask_try_join() anywhere. ktask_join_all()
 * waits for many and is woken once; ktask_try_join_all() aborts the rest when
 * one fails. KTASK_JOIN_OR_ABORT() gives a task so much time and no more. A
 * joiner reads a large result from the frame, ktask_frame(), in place.
 *
 * Cleanups. What a task holds across awaits it gives back by deferred cleanups:
 * ktask_defer(), ktask_defer_kfree() and its like, or one's own made with
 * DEFINE_KTASK_DEFER(). They run last first however the body ends.
 *
 * Sets. A &struct ktask_set owns tasks: they are joined as they end, at most so
 * many run at once, and destroying the set aborts what is left and waits. As a
 * cleanup of a task, it makes whole trees end together.
 *
 * Races. KTASK_SELECT() waits for the first of several things, its arms: futures,
 * requests, tasks, a time. The losers are cancelled, also if the task is aborted
 * meanwhile. A cancellation token, &struct ktask_token, tells many tasks at once
 * to stop where they can; tokens form a tree.
 *
 * Time. KTASK_SLEEP(), KTASK_SLEEP_UNTIL(); &struct ktask_timer, a future that
 * is complete after a time; &struct ktask_interval, which ticks once a period.
 *
 * Locks. What tasks wait on does not block an executor: semaphores, mutexes that
 * may be held across awaits, locks for readers and a writer, notifications,
 * barriers and once cells. Each wait is a *request* in the task's frame, which is
 * withdrawn if the task ends while it waits, and gives back what it was granted.
 * All serve first come, first served, and may be released from hard interrupts.
 *
 * Channels. A &struct ktask_channel queues messages that are embedded in what is
 * sent, so a send allocates nothing; a bounded one makes its senders await room.
 * A &struct ktask_oneshot takes one value to one receiver, or tells it that there
 * will be none. A &struct ktask_broadcast gives each value to every receiver, a
 * &struct ktask_watch has the latest only. When the last sender has gone, in
 * whatever way, receivers get -EPIPE; whoever is aborted loses no message.
 *
 * Promises and adapters. A &struct ktask_promise is a value owed to whoever
 * awaits it: if the producer goes without a word, that is -EPIPE and not a hang.
 * What the kernel signals otherwise has a header each: a wait queue's condition
 * (linux/ktask_wakeup.h), a completion, a work item, an interrupt, a DMA fence.
 *
 * Runtimes. Most use the default one. ktask_runtime_create() makes one that ends
 * its tasks when it is destroyed, for memory reclaim or freezable if need be;
 * ktask_local_create() one whose tasks never run in parallel.
 *
 * Fairness. KTASK_YIELD() lets the others go first, ktask_should_yield() says
 * when it is time, and what is always ready yields after a budget. A task that
 * does not come back for the time of the parameter stall_ms is reported, and the
 * others of its CPU are served meanwhile.
 *
 * Observing. Tracepoints in the group ktask; debugfs ktask/executors, and
 * ktask/tasks for what is started while the parameter track is set.
 *
 * The shape is that of Rust's Tokio; its words are used where the kernel has
 * none of its own.
 */

/**
 * DOC: the task contract
 *
 * 1. *Everything that can be awaited is a future.* Its waiters are intrusive
 *    nodes with a callback, which is called in the context of whoever completes
 *    the future, with no lock of ktask's held. Whoever completes a future does
 *    not touch it once it is seen to be complete, so a future with one waiter
 *    may be freed by that waiter; with several, when all have been called.
 * 2. *Ownership.* Spawn gives the caller one reference and the runtime another.
 *    Putting the caller's reference detaches the task: it goes on. The result
 *    and the frame stay readable until the last put.
 * 3. *Outcome.* A task returns (a value, or its own negative errno), or is
 *    cancelled, or fails to run. A join tells the three apart, so a body that
 *    returns -ECANCELED is not taken for one that was cancelled.
 * 4. *Abort* never frees memory under a running body, may be called from any
 *    context and any number of times, and always leads to the task's end: a
 *    queued task's body never runs; a suspended one is not resumed; a running
 *    one ends at its next await; a blocking one sees ktask_aborted(), its
 *    interruptible and killable ktask waits return -ECANCELED, all other such
 *    waits see a fatal signal, and it is cancelled if it returns -ECANCELED, or
 *    -EINTR or the like for the signal. A body that returns first has returned.
 *    Abort of a task that has ended does nothing, and says so.
 * 5. *Deferred cleanups* run once each, last registered first, in process
 *    context, in whatever way the body ends.
 * 6. *Contexts.* Complete, abort, try-join, get and put: any context, hard IRQ
 *    included, but not NMI. Spawn: any context that suits its gfp flags. Resume
 *    functions and cleanups run in process context. One that sleeps delays only
 *    its own task, but holds a worker meanwhile, so it must not be for long; one
 *    that computes keeps the other tasks of its CPU waiting.
 * 7. *Help.* A thread that joins an async task which waits for a CPU may run it
 *    itself, where its stack has room. A task can forbid that, and one that is
 *    bound to a CPU does.
 * 8. *Memory.* A spawn can fail only by allocation or because its runtime or
 *    module is going away; ktask_init() takes storage of the caller's.
 * 9. *Modules.* A task pins the module whose code it runs until that code can
 *    no longer run; when a join returns its outcome, it does not any more.
 *    Destroying a runtime aborts its tasks, waits, and leaves nothing behind.
 *    A module that goes and leaves a runtime behind is told so, and the runtime
 *    is destroyed then.
 * 10. *Ordering.* All that a body did is visible to whoever has seen its task
 *    end, and all that was done before a future was completed to whoever has
 *    seen it complete.
 */

struct ktask;
struct ktask_executor;
struct ktask_runtime;

/* --- Tasks ---------------------------------------------------------------- */

/**
 * typedef ktask_poll_t - what a resume function tells its executor
 *
 * %KTASK_READY: the body has ended, ktask_set_result() has been called;
 * %KTASK_PENDING: it awaits something; %KTASK_AGAIN: call it again after the
 * others. The KTASK_* macros return these.
 */
typedef unsigned int __bitwise ktask_poll_t;

#define KTASK_READY	((__force ktask_poll_t)0)
#define KTASK_PENDING	((__force ktask_poll_t)1)
#define KTASK_AGAIN	((__force ktask_poll_t)2)

/**
 * typedef ktask_resume_t - body of an async task
 * @t: the task
 *
 * Context: process context; may sleep, but not for long. Never called on two
 * CPUs at once. No lock may be held across an await.
 */
typedef ktask_poll_t (*ktask_resume_t)(struct ktask *t);

/**
 * typedef ktask_blocking_t - body of a blocking task
 * @t: the task
 *
 * Context: process context, in a worker of its own; may sleep for as long as it
 * needs, and should look at ktask_aborted() from time to time.
 * Return: the task's result. After an abort, -ECANCELED, -EINTR or -ERESTARTSYS
 * means that the body has given up because of it: the task then counts as
 * cancelled.
 */
typedef long (*ktask_blocking_t)(struct ktask *t);

/**
 * struct ktask_defer - a cleanup that a task has registered
 *
 * Lives in the task's frame, so that registering it cannot fail. See
 * ktask_defer().
 */
struct ktask_defer {
	/* private: */
	struct ktask_defer *next;
	void (*fn)(void *arg);
	void *arg;
};

/* Bits of struct ktask_attr.flags */

/* A joiner must not run the task in its own context. */
#define KTASK_NO_HELP	BIT(0)
/*
 * The task does not pin its module. For tasks of a private runtime that live as
 * long as the module and are ended by its exit function, by
 * ktask_runtime_destroy().
 */
#define KTASK_NO_PIN	BIT(1)
/*
 * The task is aborted when the last reference but the runtime's is put. For
 * work that is of use to the owner of the handle only: without it, a put
 * detaches, and an error path that forgets to abort leaves the task at work.
 */
#define KTASK_ABORT_ON_PUT	BIT(2)

/**
 * enum ktask_prio - which tasks come first
 * @KTASK_PRIO_NORMAL: as most work of the kernel
 * @KTASK_PRIO_HIGH: before that, as in a WQ_HIGHPRI workqueue
 * @KTASK_PRIO_IDLE: when the CPU has little else to do, as at nice 19
 * @KTASK_PRIO_COUNT: how many there are
 */
enum ktask_prio {
	KTASK_PRIO_NORMAL,
	KTASK_PRIO_HIGH,
	KTASK_PRIO_IDLE,
	KTASK_PRIO_COUNT
};

/* Values of struct ktask_attr.place; 0 is anywhere. */

/* On this CPU and no other, as long as it is online; so joiners do not help. */
#define KTASK_ON_CPU(cpu)	((cpu) + 1)
/*
 * On the CPUs of this memory node, in turn, and in its memory; joiners do not
 * help either. With NUMA_NO_NODE the same as 0.
 */
#define KTASK_ON_NODE(node)	(-1 - (node))

/**
 * struct ktask_site - what the tasks that are made by one line have in common
 * @frame_size: bytes of the frame
 * @owner: the module that is pinned
 * @fn_name: name of the function
 * @key: the lockdep class
 */
struct ktask_site {
	size_t frame_size;
	struct module *owner;
	const char *fn_name;
	struct lock_class_key *key;
};

/**
 * struct ktask_attr - how a task shall be
 * @name: for listings and warnings; must stay valid until the task has ended;
 *	by default the name of its function
 * @runtime: where it runs; by default in the default runtime
 * @init: what its frame begins as; by default zero
 * @wq: of a blocking task: where it runs; by default in an unbound workqueue of
 *	@runtime's
 * @flags: %KTASK_NO_HELP, %KTASK_NO_PIN, %KTASK_ABORT_ON_PUT
 * @prio: before or after which others it runs
 * @place: KTASK_ON_CPU(), KTASK_ON_NODE(), or by default anywhere: it begins on
 *	the CPU that starts it, and goes where one is idle. With an @wq that is
 *	not per CPU, of no effect on a blocking task
 * @gfp: how to allocate it; by default %GFP_KERNEL
 * @after: a future that must be complete before the task runs, or NULL. It must
 *	stay valid until the task runs or ends
 * @delay: ktime_t from the start that must have passed before the task runs.
 *	With @after as well, the task runs when one of the two has happened, and
 *	ktask_timed_out() tells its body which
 * @id: ktask_set_spawn() only: where to put the number of the task in its set,
 *	or NULL
 * @handle: ktask_set_spawn() only: where to put the task, with a reference for
 *	the caller, or NULL
 * @release: ktask_init() only: called at the last put, in any context, instead
 *	of freeing the task
 * @resume: its function, if it is an async task; set by the macros
 * @blocking: its function, if it is a blocking task; set by the macros
 * @site: what else the line has set; by the macros
 */
struct ktask_attr {
	const char *name;
	struct ktask_runtime *runtime;
	const void *init;
	struct workqueue_struct *wq;
	unsigned int flags;
	enum ktask_prio prio;
	int place;
	gfp_t gfp;
	struct ktask_future *after;
	ktime_t delay;
	u64 *id;
	struct ktask **handle;
	void (*release)(struct ktask *t);
	ktask_resume_t resume;
	ktask_blocking_t blocking;
	const struct ktask_site *site;
};

/**
 * struct ktask - a task; the pointer is the handle to join it by
 *
 * All members are private. The frame follows the structure.
 */
struct ktask {
	/* private: */
	atomic_t state;			/* transitions: kernel/engine/task.c */
	refcount_t refs;
	struct ktask_future done;	/* complete when the task has ended */
	union {
		struct list_head run;	/* ex->queue; under ex->lock */
		struct llist_node inbox; /* ex->inbox */
	};
	struct ktask_executor *ex;	/* where it is queued when woken */
	union {
		ktask_resume_t resume;
		ktask_blocking_t blocking;
	};
	void (*release)(struct ktask *t);
	struct module *owner;
	const char *name;
	struct workqueue_struct *wq;	/* of a blocking task */
	struct ktask_defer *defers;	/* last registered first */
	struct list_head owned;		/* rt->tasks; under rt->lock */
	u8 on_queue;			/* TASK_ON_QUEUE...; under ex->lock */
	u8 kind;			/* KTASK_NO_*, __KTASK_*; final once started */

	/* The rest belongs to whoever runs the task. */
	u8 outcome;			/* enum ktask_outcome */
	u8 armed;			/* who shall wake it: KT_FIRED_* */
	u8 fired;			/* which of them did */
	u8 timed_out;
	u8 budget;			/* awaits left until it must yield */
	u8 resumed_at;			/* in jiffies */
	u32 pc;				/* where the body goes on */
	u8 spare;			/* whether its memory is kept, and how */
	struct ktask_future *awaited;
	union {
		struct {		/* async */
			struct ktask_waiter waiter;
			struct hrtimer timer;
		};
		struct {		/* blocking */
			struct work_struct work;
			struct ktask_future abort_asked;
			struct task_struct *worker; /* while the body runs */
		};
	};
	struct lockdep_map lockdep_map;	/* held while the body runs */
} __aligned(8);

/* Further bits of struct ktask.kind */
#define __KTASK_BLOCKING	BIT(3)
#define __KTASK_BOUND		BIT(4)	/* stays with its executor */
#define __KTASK_ON_NODE		BIT(5)	/* ... which is one of a node */
#define __KTASK_TRACKED		BIT(6)	/* on the list of live tasks */

int __ktask_init(struct ktask *t, const struct ktask_attr *attr);
struct ktask *__ktask_new(const struct ktask_attr *attr);
struct ktask *__ktask_spawn(const struct ktask_attr *attr);
struct ktask *__ktask_spawn_plain(ktask_resume_t fn, const void *init,
				  const char *name,
				  const struct ktask_site *site);
int ktask_start(struct ktask *t);

#define __KTASK_SITE(fn, frame)						\
({									\
	static struct lock_class_key __ktask_key;			\
	static const struct ktask_site __ktask_site = {			\
		.frame_size = sizeof(frame),				\
		.owner = THIS_MODULE,					\
		.fn_name = #fn,						\
		.key = &__ktask_key,					\
	};								\
									\
	&__ktask_site;							\
})

#define __KTASK_ATTR(kind, fn, frame, ...)				\
	(&(const struct ktask_attr){					\
		.kind = fn,						\
		.site = __KTASK_SITE(fn, frame),			\
		##__VA_ARGS__						\
	})

/*
 * Whether the compiler sees that @attr has no more than what most have, which goes
 * into registers, so that the others need not even be cleared.
 */
#define __KTASK_IS_ZERO(x)	(__builtin_constant_p(!(x)) && !(x))
#define __KTASK_IS_PLAIN(attr)						\
	(__KTASK_IS_ZERO((attr)->runtime) &&				\
	 __KTASK_IS_ZERO((attr)->wq) &&					\
	 __KTASK_IS_ZERO((attr)->flags) &&				\
	 __KTASK_IS_ZERO((attr)->prio) &&				\
	 __KTASK_IS_ZERO((attr)->place) &&				\
	 __KTASK_IS_ZERO((attr)->gfp) &&				\
	 __KTASK_IS_ZERO((attr)->after) &&				\
	 __KTASK_IS_ZERO((attr)->delay) &&				\
	 __KTASK_IS_ZERO((attr)->id) &&					\
	 __KTASK_IS_ZERO((attr)->handle) &&				\
	 __KTASK_IS_ZERO((attr)->release))

static __always_inline struct ktask *
__ktask_spawn_async(const struct ktask_attr *attr)
{
	if (__KTASK_IS_PLAIN(attr))
		return __ktask_spawn_plain(attr->resume, attr->init, attr->name,
					   attr->site);
	return __ktask_spawn(attr);
}

/**
 * ktask_spawn - start an async task
 * @fn: its resume function, a ktask_resume_t
 * @frame: type of its frame, or void
 * @...: further members of &struct ktask_attr, such as .name = "fetch"
 *
 * Context: any that suits the gfp flags.
 * Return: the task, with a reference for the caller; or ERR_PTR(): -ENOMEM,
 * -ESHUTDOWN (the runtime or the module is going away), -EINVAL (attributes that
 * do not exist, or not together), -ENXIO (the CPU is offline).
 */
#define ktask_spawn(fn, frame, ...)					\
	__ktask_spawn_async(__KTASK_ATTR(resume, fn, frame, ##__VA_ARGS__))

/**
 * ktask_spawn_blocking - start a blocking task
 * @fn: the function it runs, a ktask_blocking_t
 * @frame: type of its frame, or void
 * @...: further members of &struct ktask_attr
 *
 * Context: any that suits the gfp flags.
 * Return: as ktask_spawn().
 */
#define ktask_spawn_blocking(fn, frame, ...)				\
	__ktask_spawn(__KTASK_ATTR(blocking, fn, frame, ##__VA_ARGS__))

/**
 * ktask_new - make an async task that is started later
 * @fn: its resume function
 * @frame: type of its frame, or void
 * @...: further members of &struct ktask_attr
 *
 * The caller fills the frame, then calls ktask_start(), or ktask_put() to drop
 * it.
 *
 * Context: any that suits the gfp flags.
 * Return: the task, with a reference for the caller; or ERR_PTR(): -ENOMEM,
 * -EINVAL (attributes that do not exist, or not together).
 */
#define ktask_new(fn, frame, ...)					\
	__ktask_new(__KTASK_ATTR(resume, fn, frame, ##__VA_ARGS__))

/**
 * ktask_new_blocking - make a blocking task that is started later
 * @fn: the function it runs
 * @frame: type of its frame, or void
 * @...: further members of &struct ktask_attr
 *
 * Context: any that suits the gfp flags.
 * Return: as ktask_new().
 */
#define ktask_new_blocking(fn, frame, ...)				\
	__ktask_new(__KTASK_ATTR(blocking, fn, frame, ##__VA_ARGS__))

/**
 * ktask_init - make an async task in storage of the caller's
 * @t: the storage, followed by room for the frame
 * @fn: its resume function
 * @frame: type of its frame, or void
 * @...: further members of &struct ktask_attr; .release is required
 *
 * For those who cannot fail, or who embed the task. The caller has one
 * reference, and starts the task with ktask_start(). The storage is free again
 * when .release is called, never before; so it cannot be on a stack, which goes
 * when its function returns, with whoever still has a reference looking on.
 *
 * Context: any.
 * Return: 0; -EINVAL if .release is missing or @t is on the caller's stack. Need
 * not be looked at: ktask_start() will fail as well.
 */
#define ktask_init(t, fn, frame, ...)					\
	__ktask_init(t, __KTASK_ATTR(resume, fn, frame, ##__VA_ARGS__))

/**
 * ktask_init_blocking - make a blocking task in storage of the caller's
 * @t: the storage, followed by room for the frame
 * @fn: the function it runs
 * @frame: type of its frame, or void
 * @...: further members of &struct ktask_attr; .release is required
 *
 * See ktask_init().
 */
#define ktask_init_blocking(t, fn, frame, ...)				\
	__ktask_init(t, __KTASK_ATTR(blocking, fn, frame, ##__VA_ARGS__))

/**
 * ktask_frame - the frame of a task
 * @t: the task
 *
 * Return: its frame; readable as long as there is a reference to @t.
 */
static inline void *ktask_frame(struct ktask *t)
{
	return t + 1;
}

/**
 * ktask_name - the name of a task
 * @t: a task that has not ended
 *
 * Return: the name, never NULL.
 */
static inline const char *ktask_name(const struct ktask *t)
{
	return t->name;
}

/**
 * ktask_get - take a reference
 * @t: a task to which the caller has, or knows of, a reference
 *
 * Context: any.
 * Return: @t.
 */
static inline struct ktask *ktask_get(struct ktask *t)
{
	refcount_inc(&t->refs);
	return t;
}

void ktask_put(struct ktask *t);

/**
 * ktask_detach - let a task go on without a handle
 * @t: the task; not used by the caller any more
 *
 * The same as ktask_put(), and says that it is meant: nobody will join or abort
 * the task, it ends by itself or with its runtime. Its result is lost; if it can
 * fail in a way that somebody should know of, it is not to be detached.
 *
 * Context: any but NMI.
 */
static inline void ktask_detach(struct ktask *t)
{
	ktask_put(t);
}

/* --- Abort ---------------------------------------------------------------- */

bool ktask_abort(struct ktask *t);
void ktask_abort_and_wait(struct ktask *t);
bool ktask_aborted(const struct ktask *t);

/* --- Join ----------------------------------------------------------------- */

/**
 * ktask_future - the future that is complete when a task has ended
 * @t: the task
 *
 * Its value is the task's result. A waiter needs a reference to @t.
 *
 * Return: the future, part of @t.
 */
static inline struct ktask_future *ktask_future(struct ktask *t)
{
	return &t->done;
}

/**
 * ktask_done - whether a task has ended
 * @t: the task
 *
 * Context: any.
 * Return: true from the moment on when ktask_outcome() and ktask_result() may
 * be asked.
 */
static inline bool ktask_done(const struct ktask *t)
{
	return ktask_future_done(&t->done);
}

/**
 * ktask_outcome - how a task has ended
 * @t: a task that has ended
 *
 * Return: %KTASK_RETURNED, %KTASK_CANCELLED or %KTASK_FAILED.
 */
static inline enum ktask_outcome ktask_outcome(const struct ktask *t)
{
	return t->outcome;
}

/**
 * ktask_result - the result of a task
 * @t: a task that has ended
 *
 * Return: what the body returned; -ECANCELED if the task was cancelled; why, if
 * it failed to run.
 */
static inline long ktask_result(const struct ktask *t)
{
	return ktask_future_value(&t->done);
}

int ktask_join(struct ktask *t, long *result);
int ktask_join_interruptible(struct ktask *t, long *result);
int ktask_join_killable(struct ktask *t, long *result);
int ktask_join_timeout(struct ktask *t, long *result, unsigned long timeout);
int ktask_join_until(struct ktask *t, long *result, unsigned int state,
		     ktime_t deadline);
int ktask_try_join(struct ktask *t, long *result);

/* --- What a body may do --------------------------------------------------- */

bool ktask_should_yield(const struct ktask *t);
void ktask_defer(struct ktask *t, struct ktask_defer *d, void (*fn)(void *arg),
		 void *arg);
bool ktask_undefer(struct ktask *t, struct ktask_defer *d);
int ktask_sleep(ktime_t duration);

/**
 * ktask_set_result - what an async task's body returns
 * @t: the task
 * @result: a value, or a negative errno
 *
 * Context: the body of @t. KTASK_RETURN() does this.
 */
static inline void ktask_set_result(struct ktask *t, long result)
{
	t->done.value = result;
}

/**
 * ktask_timed_out - whether the last await ran into its timeout
 * @t: the task
 *
 * Context: the body of @t, after KTASK_AWAIT_TIMEOUT().
 * Return: true if the future was not complete in time. It may be complete by
 * now.
 */
static inline bool ktask_timed_out(const struct ktask *t)
{
	return t->timed_out;
}

#include <linux/ktask_runtime.h>
#include <linux/ktask_await.h>
#include <linux/ktask_request.h>
#include <linux/ktask_select.h>
#include <linux/ktask_time.h>
#include <linux/ktask_token.h>
#include <linux/ktask_semaphore.h>
#include <linux/ktask_mutex.h>
#include <linux/ktask_rwlock.h>
#include <linux/ktask_notify.h>
#include <linux/ktask_barrier.h>
#include <linux/ktask_once.h>
#include <linux/ktask_join_all.h>
#include <linux/ktask_set.h>
#include <linux/ktask_channel.h>
#include <linux/ktask_oneshot.h>
#include <linux/ktask_feed.h>
#include <linux/ktask_broadcast.h>
#include <linux/ktask_watch.h>
#include <linux/ktask_defer.h>
#include <linux/ktask_promise.h>
#include <linux/ktask_abort_handle.h>

#endif /* _LINUX_KTASK_H */
