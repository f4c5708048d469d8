// SPDX-License-Identifier: GPL-2.0
/*
 * Couriers. Each begins with a timer, so that what has sent it is through with
 * it by then, and need not even be allowed to do what it does.
 */
#include <linux/cpumask.h>
#include <linux/preempt.h>

#include "kernel/compat.h"
#include "torture.h"

void courier_note_context(void)
{
	if (in_hardirq())
		tt_note(TT_NOTE_HARDIRQ);
	else if (in_serving_softirq())
		tt_note(TT_NOTE_SOFTIRQ);
	else
		tt_note(TT_NOTE_THREAD);
}

static void courier_arrive(struct tt_courier *c)
{
	courier_note_context();
	c->fn(c);
}

static void courier_tasklet(struct tasklet_struct *tasklet)
{
	courier_arrive(container_of(tasklet, struct tt_courier, tasklet));
}

static void courier_ipi(void *c)
{
	tt_note(TT_NOTE_IPI);
	courier_arrive(c);
}

static void courier_work(struct work_struct *work)
{
	courier_arrive(container_of(work, struct tt_courier, work));
}

static enum hrtimer_restart courier_timer(struct hrtimer *timer)
{
	struct tt_courier *c = container_of(timer, struct tt_courier, timer);

	switch (c->kind) {
	case COURIER_TASKLET:
		tasklet_schedule(&c->tasklet);
		break;
	case COURIER_IPI:
		/* It may be offline, or this one. */
		if (smp_call_function_single_async(c->cpu, &c->csd))
			courier_arrive(c);
		break;
	case COURIER_WORK:
		queue_work(tt_courier_wq, &c->work);
		break;
	default:
		courier_arrive(c);
	}
	return HRTIMER_NORESTART;
}

void courier_send(struct tt_courier *c, struct rnd_state *rnd, ktime_t max,
		  void (*fn)(struct tt_courier *c))
{
	u32 us = ktime_to_us(max);

	c->fn = fn;
	c->kind = tt_below(rnd, COURIER_KINDS);
	c->cpu = tt_below(rnd, nr_cpu_ids);
	hrtimer_setup(&c->timer, courier_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	tasklet_setup(&c->tasklet, courier_tasklet);
	INIT_CSD(&c->csd, courier_ipi, c);
	INIT_WORK(&c->work, courier_work);
	hrtimer_start(&c->timer, tt_time(rnd, us), HRTIMER_MODE_REL_HARD);
}
