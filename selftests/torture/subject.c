// SPDX-License-Identifier: GPL-2.0
/*
 * Subjects: what is known of each task, to compare with how it ends.
 */
#include <linux/delay.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "torture.h"

/* As many of those that did not end are told. */
#define DUMPED	12

static struct kmem_cache *subject_cache;
static LIST_HEAD(subjects);
static DEFINE_RAW_SPINLOCK(subjects_lock);
static unsigned long nr_live;	/* of the list; under subjects_lock */
static atomic64_t last_id;
static atomic_long_t nr_records;

/* Compute for a while, so that what happens at once does so otherwise each time. */
void tt_spin(struct rnd_state *rnd, u32 us)
{
	u32 ns = tt_below(rnd, 1 + tt_below(rnd, us * 1000));

	while (ns > 1000) {
		ndelay(1000);
		ns -= 1000;
	}
	ndelay(ns);
}

/* What bodies return; errnos too, which must not be taken for outcomes. */
static long subject_result(u64 seed)
{
	static const long errnos[] = {
		-ECANCELED, -EINTR, -ERESTARTSYS, -ETIMEDOUT, -EDEADLK,
	};
	u32 x = seed;

	return x % 16 < ARRAY_SIZE(errnos) ? errnos[x % 16] : (long)(x >> 8);
}

struct subject *subject_new(const struct tt_kind *kind, u64 seed, u64 horizon,
			    gfp_t gfp)
{
	struct subject *s = kmem_cache_zalloc(subject_cache, gfp);

	if (!s)
		return NULL;
	atomic_long_inc(&nr_records);
	refcount_set(&s->refs, 2);
	s->id = atomic64_inc_return(&last_id);
	s->horizon = horizon ?: s->id;
	s->kind = kind;
	s->seed = seed;
	s->result = subject_result(seed);
	INIT_LIST_HEAD(&s->node);
	return s;
}

void subject_put(struct subject *s)
{
	if (!refcount_dec_and_test(&s->refs))
		return;
	event_put(s->after);
	if (s->rt)
		runtime_put(s->rt);
	if (s->set)
		set_put(s->set);
	kmem_cache_free(subject_cache, s);
	atomic_long_dec(&nr_records);
}

u64 subject_newest(void)
{
	return atomic64_read(&last_id);
}

/* --- Its end -------------------------------------------------------------- */

/* Whether it may be cancelled. */
static bool subject_asked(struct subject *s)
{
	return atomic_read(&s->asked) || (s->rt && runtime_dying(s->rt)) ||
		(s->set && set_dying(s->set));
}

static bool gives_up(long value)
{
	return value == -ECANCELED || value == -EINTR || value == -ERESTARTSYS;
}

static const char *subject_returned_fault(struct subject *s, long value)
{
	if (atomic_read(&s->begun) != 1)
		return "returned, but did not begin";
	if (!s->returned)
		return "returned, but its body did not";
	if (value != s->value)
		return "has another result than its body returned";
	if (s->late)
		return "was aborted before its start, and ran";
	return NULL;
}

static const char *subject_cancelled_fault(struct subject *s, long value)
{
	if (!subject_asked(s))
		return "was cancelled, and nobody asked for it";
	if (value != -ECANCELED)
		return "was cancelled, with another result";
	if (s->late && atomic_read(&s->begun))
		return "was aborted before its start, and began";
	/* What a blocking body returns may mean that it gives up. */
	if (s->returned && !(s->kind->blocking && gives_up(s->value)))
		return "was cancelled, though its body had returned";
	return NULL;
}

static const char *subject_fault(struct subject *s, enum ktask_outcome outcome,
				 long value)
{
	if (atomic_read(&s->inside))
		return "ended while it ran";
	if (s->depth || s->registered != s->cleaned)
		return "ended with cleanups that did not run";
	switch (outcome) {
	case KTASK_RETURNED:
		return subject_returned_fault(s, value);
	case KTASK_CANCELLED:
		return subject_cancelled_fault(s, value);
	default:
		return "failed";
	}
}

static void subject_unlist(struct subject *s)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&subjects_lock, flags);
	list_del_init(&s->node);
	WRITE_ONCE(nr_live, nr_live - 1);
	raw_spin_unlock_irqrestore(&subjects_lock, flags);
}

static void subject_enlist(struct subject *s)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&subjects_lock, flags);
	list_add_tail(&s->node, &subjects);
	WRITE_ONCE(nr_live, nr_live + 1);
	raw_spin_unlock_irqrestore(&subjects_lock, flags);
}

/* The task has ended. Any context. Drops its reference to @s. */
void subject_ended(struct subject *s, enum ktask_outcome outcome, long value)
{
	const char *fault;

	if (atomic_inc_return(&s->ended) != 1) {
		tt_fault("%s %llu ended twice", s->kind->name, s->id);
		return;
	}
	fault = subject_fault(s, outcome, value);
	if (fault)
		tt_fault("%s %llu %s (outcome %d, result %ld)", s->kind->name,
			 s->id, fault, outcome, value);
	tt_note(outcome == KTASK_RETURNED ? TT_NOTE_RETURNED :
		TT_NOTE_CANCELLED);
	if (!atomic_read(&s->begun))
		tt_note(TT_NOTE_UNRUN);
	subject_unlist(s);
	subject_put(s);
}

static void subject_told(struct ktask_waiter *waiter, long value)
{
	struct subject *s = container_of(waiter, struct subject, end);
	struct ktask *t = s->t;

	subject_ended(s, ktask_outcome(t), value);
	/* Whose it is that is put last is chance. */
	ktask_put(t);
}

/* It is about to be started, or was just now; the task has to be known. */
void subject_watch(struct subject *s)
{
	subject_enlist(s);
	if (s->on_put)
		return;
	ktask_get(s->t);
	if (ktask_future_add(ktask_future(s->t), &s->end, subject_told))
		return;
	subject_ended(s, ktask_outcome(s->t), ktask_result(s->t));
	ktask_put(s->t);
}

/* It was not started after all, and its end will not come. */
bool subject_unwatch(struct subject *s)
{
	if (!s->on_put) {
		if (!ktask_future_remove(ktask_future(s->t), &s->end)) {
			tt_fault("%s %llu was refused, and ended",
				 s->kind->name, s->id);
			return false;
		}
		ktask_put(s->t);
	}
	subject_unlist(s);
	subject_put(s);
	return true;
}

/* A joiner is told by @err and @result how the task has ended. */
void subject_seen(struct subject *s, int err, long result)
{
	enum ktask_outcome outcome = ktask_outcome(s->t);

	if (!ktask_done(s->t))
		tt_fault("%s %llu was joined before its end", s->kind->name,
			 s->id);
	else if (outcome == KTASK_RETURNED ?
		 err || result != s->value :
		 err != -ECANCELED || result != -ECANCELED)
		tt_fault("a joiner of %s %llu, outcome %d, got %d and %ld",
			 s->kind->name, s->id, outcome, err, result);
}

/* --- Its body ------------------------------------------------------------- */

static void subject_enter(struct subject *s)
{
	if (atomic_inc_return(&s->inside) != 1)
		tt_fault("%s %llu runs twice at once", s->kind->name, s->id);
	if (atomic_read(&s->ended))
		tt_fault("%s %llu runs after its end", s->kind->name, s->id);
}

static void subject_leave(struct subject *s)
{
	atomic_dec(&s->inside);
}

static bool began_early(struct subject *s)
{
	bool came = s->after && ktask_future_done(event_future(s->after));
	bool passed = s->delay &&
		ktime_compare(ktime_get(), ktime_add(s->born, s->delay)) >= 0;

	return (s->after || s->delay) && !came && !passed;
}

static void subject_begin(struct ktask *t, struct tt_frame *f)
{
	struct subject *s = f->s;

	if (atomic_inc_return(&s->begun) != 1)
		tt_fault("%s %llu began twice", s->kind->name, s->id);
	if (began_early(s))
		tt_fault("%s %llu began too early", s->kind->name, s->id);
	prandom_seed_state(&f->rnd, s->seed);
	tt_defer(t, &f->last, tt_frame_clean);
}

/* The function of all async tasks. */
ktask_poll_t tt_resume(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct subject *s = f->s;
	ktask_poll_t poll;

	subject_enter(s);
	if (!atomic_read(&s->begun))
		subject_begin(t, f);
	poll = s->kind->resume(t);
	if (poll == KTASK_READY) {
		/* Bodies need not say it. */
		ktask_set_result(t, s->result);
		s->value = s->result;
		s->returned = true;
	}
	subject_leave(s);
	return poll;
}

/* The function of all blocking tasks. */
long tt_block(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct subject *s = f->s;
	long err;

	subject_enter(s);
	subject_begin(t, f);
	err = s->kind->blocking(t);
	s->value = err ?: s->result;
	s->returned = true;
	subject_leave(s);
	return s->value;
}

static void cleanup_run(void *arg)
{
	struct tt_cleanup *c = arg;
	struct subject *s = c->s;
	struct tt_frame *f = ktask_frame(s->t);

	subject_enter(s);
	if (!in_task() || irqs_disabled())
		tt_fault("a cleanup of %s %llu does not run in a thread",
			 s->kind->name, s->id);
	if (c->nr != s->depth)
		tt_fault("cleanup %u of %s %llu runs, and %u is the next",
			 c->nr, s->kind->name, s->id, s->depth);
	s->depth--;
	s->cleaned++;
	if (c->fn)
		c->fn(f);
	subject_leave(s);
}

/* Register a cleanup that is counted; @fn may be NULL. */
void tt_defer(struct ktask *t, struct tt_cleanup *c,
	      void (*fn)(struct tt_frame *f))
{
	struct subject *s = subject_of(t);

	s->t = t;
	c->s = s;
	c->fn = fn;
	c->nr = ++s->depth;
	s->registered++;
	ktask_defer(t, &c->d, cleanup_run, c);
}

/* Take the last of them back. */
void tt_undefer(struct ktask *t, struct tt_cleanup *c)
{
	struct subject *s = c->s;

	if (!ktask_undefer(t, &c->d))
		tt_fault("a cleanup of %s %llu was not there",
			 s->kind->name, s->id);
	s->depth--;
	s->cleaned++;
}

/* --- Handles -------------------------------------------------------------- */

/* One more handle; the caller has one, or knows of one. */
struct subject *tt_get(struct subject *s)
{
	refcount_inc(&s->refs);
	ktask_get(s->t);
	return s;
}

void tt_put(struct subject *s)
{
	if (s->on_put)
		atomic_set(&s->asked, 1);
	ktask_put(s->t);
	subject_put(s);
}

bool tt_abort(struct subject *s)
{
	bool will_end;

	atomic_set(&s->asked, 1);
	will_end = ktask_abort(s->t);
	if (!will_end && !ktask_done(s->t))
		tt_fault("an abort of %s %llu found it ended, and it was not",
			 s->kind->name, s->id);
	if (!ktask_aborted(s->t) && !ktask_done(s->t))
		tt_fault("an abort of %s %llu was lost", s->kind->name, s->id);
	return will_end;
}

/* --- All of them ---------------------------------------------------------- */

unsigned long subjects_live(void)
{
	return READ_ONCE(nr_live);
}

/* Those that somebody still knows of, ended or not. */
long subjects_left(void)
{
	return atomic_long_read(&nr_records);
}

/* Say which did not end. */
void subjects_dump(void)
{
	struct subject *s;
	int n = 0;

	raw_spin_lock_irq(&subjects_lock);
	list_for_each_entry(s, &subjects, node) {
		struct tt_frame *f = ktask_frame(s->t);

		if (n++ == DUMPED)
			break;
		pr_err("not ended: %s %llu: step %u of op %u, begun %d, inside %d, asked %d, returned %d, %d cleanups left, runtime %d, set %d\n",
		       s->kind->name, s->id, f->left, f->op,
		       atomic_read(&s->begun), atomic_read(&s->inside),
		       atomic_read(&s->asked), s->returned, s->depth, !!s->rt,
		       !!s->set);
	}
	raw_spin_unlock_irq(&subjects_lock);
}

int subjects_init(void)
{
	subject_cache = KMEM_CACHE(subject, 0);
	return subject_cache ? 0 : -ENOMEM;
}

/* Warns if there are any left. */
void subjects_exit(void)
{
	kmem_cache_destroy(subject_cache);
}
