// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that use the set they are in, and tasks that have a set of their own,
 * which ends with them.
 */
#include "torture.h"

/* Spawn one into @set, which may have been closed. */
static void spawn_into(struct tt_frame *f, struct tt_set *set)
{
	struct tt_ctx ctx = {
		.rnd = &f->rnd, .horizon = f->s->horizon, .gfp = GFP_KERNEL,
		.set = set,
	};
	struct subject *s = tt_spawn(&ctx);

	if (s)
		hand_pass(&f->rnd, s);
}

static void take_joined(struct tt_frame *f, struct tt_set *set)
{
	struct ktask *t = ktask_set_take(&f->u.wait, NULL);

	if (t)
		set_joined(set, t);
}

/* --- Members -------------------------------------------------------------- */

static ktask_poll_t member_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	f->set = f->s->set;
	/* It may be let go, and then its set is not there for it. */
	if (f->set && !set_is_for_members(f->set))
		f->set = NULL;
	for (f->left = 1 + tt_below(rnd, 4); f->left; f->left--) {
		f->op = tt_below(rnd, 4);
		if (!f->set || f->op == 0) {
			tt_count(TT_OP_YIELD);
			KTASK_YIELD(t);
		} else if (f->op == 1) {
			spawn_into(f, f->set);
		} else {
			KTASK_JOIN_NEXT_TIMEOUT(t, &f->u.wait, set_of(f->set),
						tt_time(rnd, 100));
			take_joined(f, f->set);
		}
	}
	KTASK_END(t);
}

const struct tt_kind member_kind = { .name = "member", .resume = member_body };

/* --- Parents -------------------------------------------------------------- */

static void end_children(struct tt_frame *f)
{
	set_end(f->set, f->s->seed & BIT_ULL(41));
	f->set = NULL;
}

static ktask_poll_t parent_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	f->set = set_new(rnd, GFP_KERNEL);
	if (!f->set)
		KTASK_RETURN(t, 0);
	tt_defer(t, &f->more, end_children);
	for (f->left = 2 + tt_below(rnd, 5); f->left; f->left--) {
		f->op = tt_below(rnd, 8);
		if (f->op < 4) {
			spawn_into(f, f->set);
		} else if (f->op < 6) {
			KTASK_JOIN_NEXT(t, &f->u.wait, set_of(f->set));
			take_joined(f, f->set);
		} else if (f->op == 6) {
			KTASK_SET_WAIT_IDLE(t, &f->u.wait, set_of(f->set));
		} else {
			KTASK_SET_WAIT_IDLE_TIMEOUT(t, &f->u.wait,
						    set_of(f->set),
						    tt_time(rnd, 100));
		}
	}
	KTASK_END(t);
}

const struct tt_kind parent_kind = {
	.name = "parent", .resume = parent_body, .rank = 1,
};
