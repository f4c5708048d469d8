/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of ktask_torture know of each other. All of ktask that is used
 * is what any driver may use.
 *
 * Rules by which the attackers keep, so that what goes wrong is ktask's fault:
 *
 * - A task has an id. Without a timeout one waits only for tasks whose id is below
 *   one's horizon, which is one's own id, or that of the task whose set one is in.
 *   So nobody waits in a circle.
 * - A task has a rank. Only one of rank 1 waits with its thread, in a body that
 *   may sleep or in a cleanup, and only for tasks of rank 0. So lockdep, which
 *   knows nothing of ids, sees no circle either.
 * - Runtimes and sets have users, who are waited for before they are destroyed;
 *   their own tasks need not be.
 */
#ifndef _KTASK_TORTURE_H
#define _KTASK_TORTURE_H

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/ktask.h>
#include <linux/llist.h>
#include <linux/prandom.h>
#include <linux/printk.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "courier.h"
#include "stat.h"
#include "wish.h"

/* --- Chance --------------------------------------------------------------- */

/* Return: a number below @n, 0 if that is 0. */
static inline u32 tt_below(struct rnd_state *rnd, u32 n)
{
	return ((u64)prandom_u32_state(rnd) * n) >> 32;
}

static inline bool tt_one_in(struct rnd_state *rnd, u32 n)
{
	return !tt_below(rnd, n);
}

static inline u64 tt_seed(struct rnd_state *rnd)
{
	return (u64)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);
}

static inline ktime_t tt_us(u32 us)
{
	return ns_to_ktime((u64)us * NSEC_PER_USEC);
}

/* A time up to @us microseconds, most of them short. */
static inline ktime_t tt_time(struct rnd_state *rnd, u32 us)
{
	return ns_to_ktime(tt_below(rnd, 1 + tt_below(rnd, us * 1000)));
}

void tt_spin(struct rnd_state *rnd, u32 us);

/* --- Subjects ------------------------------------------------------------- */

struct tt_frame;
struct tt_runtime;
struct tt_set;
struct tt_event;

/**
 * struct tt_kind - a kind of task
 * @name: of its tasks
 * @resume: body of an async task; or
 * @blocking: body of a blocking one; a negative errno: it gives up
 * @rank: 1 if it waits with its thread
 */
struct tt_kind {
	const char *name;
	ktask_resume_t resume;
	ktask_blocking_t blocking;
	u8 rank;
};

/**
 * struct subject - what is known of a task, beside it
 * @t: the task
 * @refs: one of the task's until it has ended, one of each handle, one of storage
 *	of ours
 * @id: its number
 * @horizon: it waits without a timeout for tasks with lower numbers only
 * @kind: what it does
 * @seed: of its decisions
 * @node: in the list of live ones
 * @of_set: in the list of its set
 * @end: called when the task has ended
 * @own: the task is in storage of ours, and @end is not used if @on_put
 * @on_put: %KTASK_ABORT_ON_PUT
 * @started: it was started, or is about to be
 * @late: it was aborted before it was started
 * @inside: threads in its body or a cleanup of it
 * @begun: times that the body has begun
 * @returned: the body has returned, with @value
 * @value: ...
 * @result: what the body returns if nothing comes between
 * @depth: cleanups that are registered
 * @registered: cleanups that have ever been
 * @cleaned: cleanups that have run, or were taken back
 * @asked: somebody has aborted it, or is about to
 * @ended: times that its end was told
 * @taken: times that its set gave it to a joiner
 * @rt: runtime of ours that it is in, or NULL
 * @set: set of ours that it is in, or NULL
 * @after: what it begins after, or NULL
 * @delay: how long it is not to begin
 * @born: when it was started
 * @arg: of a kind that needs more
 */
struct subject {
	struct ktask *t;
	refcount_t refs;
	u64 id;
	u64 horizon;
	const struct tt_kind *kind;
	u64 seed;
	struct list_head node;
	struct llist_node of_set;
	struct ktask_waiter end;
	bool own;
	bool on_put;
	bool started;
	bool late;
	atomic_t inside;
	atomic_t begun;
	bool returned;
	long value;
	long result;
	u8 depth;
	u8 registered;
	u8 cleaned;
	atomic_t asked;
	atomic_t ended;
	atomic_t taken;
	struct tt_runtime *rt;
	struct tt_set *set;
	struct tt_event *after;
	ktime_t delay;
	ktime_t born;
	void *arg;
};

/**
 * struct tt_cleanup - a cleanup that is counted
 */
struct tt_cleanup {
	struct ktask_defer d;
	struct subject *s;
	u8 nr;
	void (*fn)(struct tt_frame *f);
};

/* As many others a body holds at most. */
#define TT_OTHERS	3

/**
 * struct tt_frame - the frame of every task
 * @s: its subject
 * @rnd: its decisions
 * @left: steps that it has left
 * @op: which it is in
 * @until: when it may go on
 * @made: a cleanup that its maker has registered
 * @last: the cleanup that gives back what follows
 * @more: one more
 * @event: an event that it awaits
 * @other: other tasks, with a handle of each
 * @msg: a message that it sends
 * @set: its own set
 * @wishes: what it asks for
 * @winner: which of them was granted first
 * @u: what it awaits with
 */
struct tt_frame {
	struct subject *s;
	struct rnd_state rnd;
	u8 left;
	u8 op;
	u8 n;
	ktime_t until;
	struct tt_cleanup made, last, more;
	struct tt_event *event;
	struct subject *other[TT_OTHERS];
	struct ktask *tasks[TT_OTHERS];
	struct tt_msg *msg;
	struct tt_set *set;
	struct tt_wishes *wishes;
	int winner;
	union {
		struct {
			struct ktask_select select;
			struct ktask_arm arms[4];
		};
		struct {
			struct ktask_join_all all;
			struct ktask_join_slot slots[TT_OTHERS];
		};
		struct {
			union {
				struct ktask_permit permit;
				struct ktask_mutex_guard guard;
				struct ktask_rwlock_guard rw;
			};
			struct ktask_defer unmark;
		};
		struct {
			struct ktask_once_turn turn;
			struct tt_cell *cell;
			struct ktask_defer unmark_turn;
		};
		struct {
			struct tt_follower follower;
			struct ktask_defer sender[2];
		};
		struct {
			struct ktask_token *token;
			struct ktask_defer cancel;
			struct ktask_or_cancelled or_cancelled;
		};
		struct {
			struct ktask_interval interval;
			enum ktask_missed_tick policy;
			ktime_t first, period, due;
			s64 ticks;
		};
		struct ktask_barrier_wait barrier;
		struct ktask_notified notified;
		struct ktask_send send;
		struct ktask_recv recv;
		struct ktask_set_wait wait;
		struct ktask_timer timer;
		struct {
			struct tt_parcel *parcel;
			struct ktask_defer parcel_end;
		};
	} u;
};

struct subject *subject_new(const struct tt_kind *kind, u64 seed, u64 horizon,
			    gfp_t gfp);
void subject_put(struct subject *s);
void subject_ended(struct subject *s, enum ktask_outcome outcome, long value);
void subject_watch(struct subject *s);
bool subject_unwatch(struct subject *s);
void subject_seen(struct subject *s, int err, long result);
u64 subject_newest(void);
unsigned long subjects_live(void);
long subjects_left(void);
void subjects_dump(void);
int subjects_init(void);
void subjects_exit(void);

ktask_poll_t tt_resume(struct ktask *t);
long tt_block(struct ktask *t);
void tt_defer(struct ktask *t, struct tt_cleanup *c,
	      void (*fn)(struct tt_frame *f));
void tt_undefer(struct ktask *t, struct tt_cleanup *c);

struct subject *tt_get(struct subject *s);
void tt_put(struct subject *s);
bool tt_abort(struct subject *s);

static inline struct subject *subject_of(struct ktask *t)
{
	return ((struct tt_frame *)ktask_frame(t))->s;
}

/* --- Starting them -------------------------------------------------------- */

enum tt_how {
	TT_OWN,		/* in storage of ours */
	TT_NEW,		/* ktask_new(), then ktask_start() */
	TT_SPAWN,	/* ktask_spawn() */
	TT_IN_SET,	/* ktask_set_spawn() */
};

/**
 * struct tt_plan - how a task shall be
 */
struct tt_plan {
	const struct tt_kind *kind;
	enum tt_how how;
	u64 seed;
	u64 horizon;
	gfp_t gfp;
	unsigned int flags;
	enum ktask_prio prio;
	int place;
	ktime_t delay;
	struct workqueue_struct *wq;
	struct tt_event *after;
	struct tt_runtime *rt;
	struct tt_set *set;
	bool abort_first;
	void *arg;
};

struct subject *tt_start(const struct tt_plan *p);
long owns_left(void);
int start_init(void);
void start_exit(void);

/**
 * struct tt_ctx - who spawns
 * @rnd: its decisions
 * @horizon: at least this is the new task's; 0: its own number
 * @rank: most that the new task may have
 * @gfp: how to allocate
 * @set: where to spawn into, or NULL
 * @rt: where it runs, or NULL
 */
struct tt_ctx {
	struct rnd_state *rnd;
	u64 horizon;
	u8 rank;
	gfp_t gfp;
	struct tt_set *set;
	struct tt_runtime *rt;
};

struct subject *tt_spawn(const struct tt_ctx *ctx);
bool tt_crowded(void);
int spawn_init(void);
void spawn_exit(void);

/* What couriers and some blocking tasks run in. */
extern struct workqueue_struct *tt_courier_wq;

extern const struct tt_kind time_kind, join_kind, join_end_kind, sync_kind,
	channel_kind, value_kind, member_kind, parent_kind, blocking_kind,
	blocking_join_kind, wish_kind, rwlock_kind, barrier_kind, once_kind,
	feed_kind, token_kind, deadline_kind;

/* What bodies share: gives back what the frame holds. */
void tt_frame_clean(struct tt_frame *f);

/* --- Hands: tasks that are passed around ---------------------------------- */

#define TT_ANY_RANK	1
#define TT_ANY_ID	U64_MAX

struct subject *hand_pick(struct rnd_state *rnd, u64 below, u8 rank);
void hand_pass(struct rnd_state *rnd, struct subject *s);
void hands_drop(void);

/* --- Events --------------------------------------------------------------- */

struct tt_event *event_new(struct rnd_state *rnd, ktime_t max, gfp_t gfp);
void event_put(struct tt_event *e);
struct tt_event *event_get(struct tt_event *e);
struct ktask_future *event_future(struct tt_event *e);
void event_seen(struct tt_event *e);
long events_left(void);

/* --- Runtimes and sets ---------------------------------------------------- */

struct ktask_runtime *runtime_of(struct tt_runtime *rt);
bool runtime_is_local(struct tt_runtime *rt);
bool runtime_dying(struct tt_runtime *rt);
struct tt_runtime *runtime_pick(struct rnd_state *rnd);
void runtime_unuse(struct tt_runtime *rt);
struct tt_runtime *runtime_new(struct rnd_state *rnd);
void runtime_end(struct tt_runtime *rt);
void runtime_get(struct tt_runtime *rt);
void runtime_put(struct tt_runtime *rt);
void runtime_step(struct rnd_state *rnd);
void runtimes_end(void);
void runtimes_check(void);

struct ktask_set *set_of(struct tt_set *set);
bool set_dying(struct tt_set *set);
struct tt_set *set_new(struct rnd_state *rnd, gfp_t gfp);
void set_end(struct tt_set *set, bool drain);
struct tt_set *set_pick(struct rnd_state *rnd);
void set_unuse(struct tt_set *set);
void set_get(struct tt_set *set);
void set_put(struct tt_set *set);
void set_spawned(struct tt_set *set, struct subject *s);
bool set_is_for_members(struct tt_set *set);
void set_joined(struct tt_set *set, struct ktask *t);
void set_step(struct rnd_state *rnd);
void set_step_atomic(struct rnd_state *rnd);
void sets_end(void);
void sets_check(void);

void channel_drop(struct tt_frame *f);

/* --- Attackers ------------------------------------------------------------ */

void join_step(struct rnd_state *rnd);
void join_step_atomic(struct rnd_state *rnd);

int agents_start(u64 seed, unsigned int n);
void agents_stop(void);

int threads_start(u64 seed, unsigned int n);
void threads_stop(void);
void threads_dump(void);

int hotplug_start(u64 seed, unsigned int ms);
void hotplug_stop(void);

extern unsigned int tt_mix[];

int director_start(void);
void director_stop(void);
bool director_over(void);
int director_wait(void);
const char *director_verdict(void);
void director_give_verdict(void);
void director_dump(void);

void watch_stage(const char *what);

int cancel_run(u64 seed, unsigned int rounds);

extern char *tt_suite;
extern unsigned int tt_threads, tt_seconds, tt_ops, tt_rounds, tt_hotplug,
	tt_max_live;
extern unsigned long long tt_seed_param;

#endif /* _KTASK_TORTURE_H */
