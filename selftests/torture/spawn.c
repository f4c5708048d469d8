// SPDX-License-Identifier: GPL-2.0
/*
 * Spawning at random: every kind, every place, every priority.
 */
#include <linux/cpumask.h>
#include <linux/nodemask.h>

#include "kernel/compat.h"
#include "torture.h"

static struct workqueue_struct *spawn_wq;
struct workqueue_struct *tt_courier_wq;

/* More of them would only wait for each other. */
bool tt_crowded(void)
{
	return subjects_live() >= tt_max_live;
}

static const struct tt_kind *pick_kind(const struct tt_ctx *ctx,
				       struct tt_runtime *rt)
{
	static const struct tt_kind * const kinds[] = {
		&time_kind, &time_kind, &time_kind, &join_kind, &join_kind,
		&sync_kind, &sync_kind, &channel_kind, &channel_kind,
		&value_kind, &member_kind, &blocking_kind, &wish_kind,
		&wish_kind, &wish_kind, &rwlock_kind, &barrier_kind, &once_kind,
		&feed_kind, &token_kind, &deadline_kind,
		/* rank 1 */
		&blocking_join_kind, &parent_kind, &join_end_kind,
		&join_end_kind,
	};
	const struct tt_kind *kind;

	/* It has no blocking tasks, and must not wait for itself. */
	bool local = rt && runtime_is_local(rt);

	do {
		kind = kinds[tt_below(ctx->rnd, ARRAY_SIZE(kinds))];
	} while (kind->rank > ctx->rank ||
		 (local && (kind->blocking || kind->rank)));
	return kind;
}

static int pick_place(struct rnd_state *rnd)
{
	int cpu, node;

	switch (tt_below(rnd, 6)) {
	case 0:
		/* It may be offline, then the spawn is refused. */
		cpu = tt_below(rnd, nr_cpu_ids);
		return cpu_possible(cpu) ? KTASK_ON_CPU(cpu) : 0;
	case 1:
		node = tt_below(rnd, nr_node_ids);
		return node_possible(node) ? KTASK_ON_NODE(node) : 0;
	default:
		return 0;
	}
}

static void plan_place(struct tt_plan *p, struct rnd_state *rnd)
{
	if (p->rt && runtime_is_local(p->rt))
		return;
	p->place = pick_place(rnd);
	p->prio = tt_below(rnd, 8);
	if (p->prio >= KTASK_PRIO_COUNT)
		p->prio = KTASK_PRIO_NORMAL;
	if (p->kind->blocking && tt_one_in(rnd, 4))
		p->wq = spawn_wq;
}

static void plan_flags(struct tt_plan *p, struct rnd_state *rnd)
{
	if (tt_one_in(rnd, 4))
		p->flags |= KTASK_NO_HELP;
	/* The runtime ends before this module does. */
	if (p->rt && tt_one_in(rnd, 2))
		p->flags |= KTASK_NO_PIN;
	/* What tells us of its end is its release. */
	if (p->how == TT_OWN && tt_one_in(rnd, 8))
		p->flags |= KTASK_ABORT_ON_PUT;
}

/* A set that has a limit takes none that wait. */
static void plan_start(struct tt_plan *p, struct rnd_state *rnd)
{
	if (p->how == TT_IN_SET)
		return;
	if (tt_one_in(rnd, 8))
		p->delay = tt_time(rnd, 300);
	if (tt_one_in(rnd, 8))
		p->after = event_new(rnd, tt_us(300), p->gfp);
	if (p->how != TT_SPAWN && tt_one_in(rnd, 32))
		p->abort_first = true;
}

/*
 * Return: a new task, with a handle for the caller; NULL if there was none.
 * Context: any that suits ctx->gfp; with a use of the set and the runtime.
 */
struct subject *tt_spawn(const struct tt_ctx *ctx)
{
	struct tt_plan p = {
		.how = ctx->set ? TT_IN_SET : tt_below(ctx->rnd, TT_IN_SET),
		.horizon = ctx->horizon,
		.gfp = ctx->gfp,
		.set = ctx->set,
		.rt = ctx->rt,
	};
	struct subject *s;

	if (tt_crowded())
		return NULL;
	p.kind = pick_kind(ctx, p.rt);
	p.seed = tt_seed(ctx->rnd);
	plan_place(&p, ctx->rnd);
	plan_flags(&p, ctx->rnd);
	plan_start(&p, ctx->rnd);
	s = tt_start(&p);
	event_put(p.after);
	return s;
}

int spawn_init(void)
{
	spawn_wq = alloc_workqueue("ktask_torture", WQ_PERCPU, 0);
	if (!spawn_wq)
		return -ENOMEM;
	tt_courier_wq = alloc_workqueue("ktask_torture_couriers", WQ_UNBOUND,
					0);
	if (tt_courier_wq)
		return 0;
	destroy_workqueue(spawn_wq);
	return -ENOMEM;
}

void spawn_exit(void)
{
	destroy_workqueue(tt_courier_wq);
	destroy_workqueue(spawn_wq);
}
