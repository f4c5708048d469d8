// SPDX-License-Identifier: GPL-2.0
/*
 * Spreading: an executor that has nothing to do takes tasks from the queue of
 * one that has some to spare, as Tokio's workers and Cilk's do.
 *
 * Two masks say who is who. loaded: a drainer has left tasks in the queue behind
 * the one it runs, or so many are pushed that it will. idle: a drainer has ended
 * with nothing queued, and none has begun since. Whoever makes an executor loaded
 * wakes an idle one's drainer, which steals, and being loaded then, wakes the
 * next.
 *
 * Nobody is forgotten: making loaded is followed by a look at idle, and making
 * idle by a look at loaded, with a full barrier between, so one of the two sees
 * the other, but for one that has tasks of its own to start, see
 * spread_would_help(). But nothing depends on that: each executor drains its own
 * queue.
 *
 * The masks are read without a lock, while others change them: what is seen is a
 * guess, and a bit is believed only once test_and_clear has got it, or the lock of
 * the executor.
 *
 * CPUs that the system keeps free of such work are never idle in this sense.
 */
#include <linux/cpumask.h>
#include <linux/sched/isolation.h>

#include "engine.h"

/* Moved at once: half of what there is, but no more than this. */
#define STEAL_MAX	64

static bool mask_empty(const struct cpumask *mask)
{
	/* data_race: a guess, see above. */
	return data_race(cpumask_empty(mask));
}

/* The next CPU after @cpu that is in @mask and in @other. */
static unsigned int mask_next(int cpu, const struct cpumask *mask,
			      const struct cpumask *other)
{
	/* data_race: a guess, see above. */
	return data_race(cpumask_next_and(cpu, mask, other));
}

void spread_init(struct ktask_spread *s)
{
	cpumask_clear(&s->loaded);
	/* Of those not online yet nobody is woken. */
	cpumask_and(&s->idle, cpu_possible_mask,
		    housekeeping_cpumask(HK_TYPE_WQ));
}

static struct ktask_executor *spread_executor(struct ktask_executor *ex, int cpu)
{
	return &per_cpu_ptr(ex->rt->executors, cpu)->prio[ex->prio];
}

/*
 * Whether @cpu would be of help to @ex. Not if a thread there has just started some
 * that it may join: they would only be carried to and fro.
 */
static bool spread_would_help(struct ktask_executor *ex, int cpu)
{
	return cpu != ex->cpu && !READ_ONCE(spread_executor(ex, cpu)->is_late);
}

/* The next CPU after @cpu that is idle, and would be of help to @ex; or -1. */
static int spread_next_idle(struct ktask_executor *ex, int cpu)
{
	do {
		cpu = mask_next(cpu, &ex->spread->idle, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			return -1;
	} while (!spread_would_help(ex, cpu));
	return cpu;
}

/* Whether there is somebody who would take tasks of @ex; just a guess. */
bool spread_can_offer(struct ktask_executor *ex)
{
	return ex->spread && spread_next_idle(ex, -1) >= 0;
}

/* An idle CPU, of which the caller alone knows from now on; or -1. */
static int spread_claim_idle(struct ktask_executor *ex)
{
	int cpu = -1;

	do {
		cpu = spread_next_idle(ex, cpu);
	} while (cpu >= 0 &&
		 !cpumask_test_and_clear_cpu(cpu, &ex->spread->idle));
	return cpu;
}

static void spread_wake(struct ktask_executor *ex)
{
	struct ktask_drainer *d;

	if (!executor_trylock(ex)) {
		/* A helper or a thief may just look; let others find it idle. */
		cpumask_set_cpu(ex->cpu, &ex->spread->idle);
		return;
	}
	d = executor_take_drainer(ex);
	raw_spin_unlock(&ex->lock);
	drainer_kick(d);
}

/*
 * @ex has tasks to spare: wake somebody to take them. Any context, preemption
 * off or by a drainer of the runtime.
 */
void spread_offer(struct ktask_executor *ex)
{
	struct ktask_spread *s = ex->spread;
	int cpu;

	if (!s)
		return;
	/* Pairs with spread_idle(). */
	smp_mb();
	if (mask_empty(&s->idle))
		return;
	cpu = spread_claim_idle(ex);
	if (cpu >= 0)
		spread_wake(spread_executor(ex, cpu));
}

/* A drainer of @ex begins. */
void spread_busy(struct ktask_executor *ex)
{
	struct ktask_spread *s = ex->spread;

	if (s && cpumask_test_cpu(ex->cpu, &s->idle))
		cpumask_clear_cpu(ex->cpu, &s->idle);
}

/* @ex has nothing to do. */
void spread_idle(struct ktask_executor *ex)
{
	struct ktask_spread *s = ex->spread;

	if (!s || !housekeeping_test_cpu(ex->cpu, HK_TYPE_WQ))
		return;
	if (!cpumask_test_cpu(ex->cpu, &s->idle))
		cpumask_set_cpu(ex->cpu, &s->idle);
	/* Pairs with spread_offer(). */
	smp_mb();
	if (unlikely(!mask_empty(&s->loaded)) &&
	    cpumask_test_and_clear_cpu(ex->cpu, &s->idle))
		spread_wake(ex);
}

/* Take tasks off the queue of @victim. Return: how many. */
static unsigned int spread_rob(struct ktask_executor *victim,
			       struct ktask_executor *thief,
			       struct list_head *loot)
{
	unsigned int nr, i;
	struct ktask *t;

	raw_spin_lock(&victim->lock);
	nr = min_t(unsigned int, DIV_ROUND_UP(victim->nr_queue, 2), STEAL_MAX);
	for (i = 0; i < nr; i++) {
		t = list_first_entry(&victim->queue, struct ktask, run);
		executor_dequeue(victim, t);
		/*
		 * Pairs with executor_lock_of(): who finds the thief here, and
		 * gets its lock, shall not find the task on our queue.
		 */
		smp_store_release(&t->ex, thief);
		list_add_tail(&t->run, loot);
	}
	/* Joiners that help take tasks off without telling us. */
	spread_update(victim, victim->nr_queue);
	raw_spin_unlock(&victim->lock);
	return nr;
}

/*
 * Fill the empty queue of @ex from another's. Called by a drainer.
 * Return: true if there is something to do, or has been.
 */
bool spread_steal(struct ktask_executor *ex)
{
	struct ktask_spread *s = ex->spread;
	struct ktask *t, *next;
	unsigned int nr = 0;
	LIST_HEAD(loot);
	int cpu = -1;

	if (!s)
		return false;
	while (!nr) {
		cpu = mask_next(cpu, &s->loaded, cpu_possible_mask);
		if (cpu >= nr_cpu_ids)
			return false;
		if (cpu != ex->cpu)
			nr = spread_rob(spread_executor(ex, cpu), ex, &loot);
	}
	this_cpu_add(ex->rt->stats->stolen, nr);
	raw_spin_lock(&ex->lock);
	list_for_each_entry_safe(t, next, &loot, run)
		executor_enqueue(ex, t);
	raw_spin_unlock(&ex->lock);
	return true;
}
