/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Couriers: have a function called once, a little later, from anywhere.
 */
#ifndef _KTASK_TORTURE_COURIER_H
#define _KTASK_TORTURE_COURIER_H

#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

struct rnd_state;

/**
 * struct tt_courier - one of them
 *
 * What it is in may be freed when it has called, but not before an RCU grace
 * period has passed, as tasklets and the like are looked at once more.
 */
struct tt_courier {
	void (*fn)(struct tt_courier *c);
	enum {
		COURIER_TIMER,		/* in the hard interrupt of a timer */
		COURIER_TASKLET,	/* in softirq */
		COURIER_IPI,		/* in an interrupt of another CPU */
		COURIER_WORK,		/* in a thread */
		COURIER_KINDS
	} kind;
	unsigned int cpu;
	struct hrtimer timer;
	struct tasklet_struct tasklet;
	call_single_data_t csd;
	struct work_struct work;
};

/* Call @fn in up to @max. Any context. */
void courier_send(struct tt_courier *c, struct rnd_state *rnd, ktime_t max,
		  void (*fn)(struct tt_courier *c));

/* Note in which context one is. */
void courier_note_context(void);

#endif /* _KTASK_TORTURE_COURIER_H */
