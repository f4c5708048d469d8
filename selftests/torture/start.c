// SPDX-License-Identifier: GPL-2.0
/*
 * Starting a task as planned, in each of the ways there are.
 */
#include <linux/slab.h>

#include "torture.h"

/* A task in storage of ours. */
struct tt_own {
	struct ktask t;
	struct tt_frame f;
};

static struct kmem_cache *own_cache;
static atomic_long_t owns_live;

#define TT_ATTRS(p)							\
	.name = (p)->kind->name,					\
	.runtime = (p)->rt ? runtime_of((p)->rt) : NULL,		\
	.flags = (p)->flags,						\
	.prio = (p)->prio,						\
	.place = (p)->place,						\
	.wq = (p)->wq,							\
	.gfp = (p)->gfp,						\
	.delay = (p)->delay,						\
	.after = (p)->after ? event_future((p)->after) : NULL

/*
 * The makers of the tasks of a rank: lockdep knows tasks by the line that they
 * are made at.
 */
#define DEFINE_TT_MAKERS(rank)						\
static struct ktask *make_##rank(const struct tt_plan *p)		\
{									\
	if (p->kind->blocking)						\
		return ktask_new_blocking(tt_block, struct tt_frame,	\
					  TT_ATTRS(p));			\
	return ktask_new(tt_resume, struct tt_frame, TT_ATTRS(p));	\
}									\
									\
static struct ktask *spawn_##rank(const struct tt_plan *p,		\
				  const struct tt_frame *init)		\
{									\
	if (p->kind->blocking)						\
		return ktask_spawn_blocking(tt_block, struct tt_frame,	\
					    TT_ATTRS(p), .init = init);	\
	return ktask_spawn(tt_resume, struct tt_frame, TT_ATTRS(p),	\
			   .init = init);				\
}									\
									\
static int init_##rank(struct ktask *t, const struct tt_plan *p)	\
{									\
	if (p->kind->blocking)						\
		return ktask_init_blocking(t, tt_block, struct tt_frame, \
					   TT_ATTRS(p),			\
					   .release = own_release);	\
	return ktask_init(t, tt_resume, struct tt_frame, TT_ATTRS(p),	\
			  .release = own_release);			\
}									\
									\
static int set_spawn_##rank(const struct tt_plan *p,			\
			    const struct tt_frame *init,		\
			    struct ktask **t)				\
{									\
	if (p->kind->blocking)						\
		return ktask_set_spawn_blocking(set_of(p->set), tt_block, \
						struct tt_frame,	\
						TT_ATTRS(p),		\
						.init = init,		\
						.handle = t);		\
	return ktask_set_spawn(set_of(p->set), tt_resume,		\
			       struct tt_frame, TT_ATTRS(p),		\
			       .init = init, .handle = t);		\
}

/* The last reference has been put. Any context. */
static void own_release(struct ktask *t)
{
	struct tt_own *own = container_of(t, struct tt_own, t);
	struct subject *s = own->f.s;

	tt_note(TT_NOTE_RELEASED);
	if (s->started && s->on_put)
		subject_ended(s, ktask_outcome(t), ktask_result(t));
	else if (s->started && !atomic_read(&s->ended))
		tt_fault("%s %llu was released before its end", s->kind->name,
			 s->id);
	kmem_cache_free(own_cache, own);
	atomic_long_dec(&owns_live);
	subject_put(s);
}

DEFINE_TT_MAKERS(0)
DEFINE_TT_MAKERS(1)

/* Drop what was never started: its handle, and the other reference to it. */
static struct subject *start_failed(struct subject *s)
{
	tt_count(TT_OP_SPAWN_REFUSED);
	subject_put(s);
	subject_put(s);
	return NULL;
}

/* The task of @s has been made; start it. */
static struct subject *start_made(struct subject *s, const struct tt_plan *p)
{
	struct tt_frame *f = ktask_frame(s->t);
	struct ktask *t = s->t;

	f->s = s;
	/* Half of them, as chance has it. */
	if (s->seed & BIT_ULL(40))
		tt_defer(t, &f->made, NULL);
	if (p->abort_first) {
		s->late = true;
		tt_abort(s);
	}
	s->started = true;
	s->born = ktime_get();
	subject_watch(s);
	if (!ktask_start(t))
		return s;

	s->started = false;
	tt_count(TT_OP_SPAWN_REFUSED);
	subject_unwatch(s);
	ktask_put(t);
	subject_put(s);
	return NULL;
}

static struct subject *start_new(struct subject *s, const struct tt_plan *p)
{
	struct ktask *t = s->kind->rank ? make_1(p) : make_0(p);

	if (IS_ERR(t))
		return start_failed(s);
	s->t = t;
	return start_made(s, p);
}

static struct subject *start_own(struct subject *s, const struct tt_plan *p)
{
	struct tt_own *own = kmem_cache_zalloc(own_cache, p->gfp);

	if (!own)
		return start_failed(s);
	atomic_long_inc(&owns_live);
	tt_count(TT_OP_SPAWN_OWN);
	s->t = &own->t;
	s->own = true;
	s->on_put = p->flags & KTASK_ABORT_ON_PUT;
	/* The storage's. */
	refcount_inc(&s->refs);
	if (s->kind->rank ? init_1(s->t, p) : init_0(s->t, p))
		tt_fault("a task could not be made in storage of ours");
	/* ktask_init() leaves the frame as it is. */
	own->f.s = s;
	return start_made(s, p);
}

/* What it begins as; on no stack, for that is small in interrupts. */
static struct tt_frame *frame_init(struct subject *s, gfp_t gfp)
{
	struct tt_frame *init = kzalloc(sizeof(*init), gfp);

	if (init)
		init->s = s;
	return init;
}

static struct subject *start_spawn(struct subject *s, const struct tt_plan *p)
{
	struct tt_frame *init = frame_init(s, p->gfp);
	struct ktask *t;

	if (!init)
		return start_failed(s);
	s->started = true;
	s->born = ktime_get();
	t = s->kind->rank ? spawn_1(p, init) : spawn_0(p, init);
	kfree(init);
	if (IS_ERR(t))
		return start_failed(s);
	s->t = t;
	subject_watch(s);
	return s;
}

static struct subject *start_in_set(struct subject *s, const struct tt_plan *p)
{
	struct tt_frame *init = frame_init(s, p->gfp);
	struct ktask *t;
	int err;

	if (!init)
		return start_failed(s);
	s->started = true;
	s->born = ktime_get();
	err = s->kind->rank ? set_spawn_1(p, init, &t) :
		set_spawn_0(p, init, &t);
	kfree(init);
	if (err)
		return start_failed(s);
	tt_count(TT_OP_SPAWN_SET);
	s->t = t;
	set_spawned(p->set, s);
	subject_watch(s);
	return s;
}

/*
 * Return: the subject, with a handle for the caller; NULL if there is no memory,
 * or it was refused. Any context that suits p->gfp.
 */
struct subject *tt_start(const struct tt_plan *p)
{
	struct subject *s = subject_new(p->kind, p->seed, p->horizon, p->gfp);

	if (!s)
		return NULL;
	s->arg = p->arg;
	s->delay = p->delay;
	if (p->after)
		s->after = event_get(p->after);
	if (p->rt) {
		runtime_get(p->rt);
		s->rt = p->rt;
	}
	if (p->set) {
		set_get(p->set);
		s->set = p->set;
	}
	tt_count(p->kind->blocking ? TT_OP_SPAWN_BLOCKING : TT_OP_SPAWN);
	switch (p->how) {
	case TT_OWN:
		return start_own(s, p);
	case TT_NEW:
		return start_new(s, p);
	case TT_SPAWN:
		return start_spawn(s, p);
	default:
		return start_in_set(s, p);
	}
}

/* Tasks in storage of ours that were not released. */
long owns_left(void)
{
	return atomic_long_read(&owns_live);
}

int start_init(void)
{
	own_cache = KMEM_CACHE(tt_own, 0);
	return own_cache ? 0 : -ENOMEM;
}

/* Warns if there are any left. */
void start_exit(void)
{
	kmem_cache_destroy(own_cache);
}
