/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cancel races: what two CPUs do at about the same time to one task.
 */
#ifndef _KTASK_TORTURE_CANCEL_H
#define _KTASK_TORTURE_CANCEL_H

#include <linux/completion.h>

#include "torture.h"

/**
 * struct cancel - the scene of the races
 * @rnd: decisions of the one side
 * @rival_rnd: of the other, which is a thread on another CPU
 * @thread: that
 * @go: what it waits for
 * @act: what it does then
 * @ready: it is about to do it
 * @over: it has done it
 * @s: the task that it is about
 * @other: another one
 * @several: two more
 * @future: what tasks of the scene await
 * @lock: what they lock
 * @us: how long they take, about
 */
struct cancel {
	struct rnd_state rnd, rival_rnd;
	struct task_struct *thread;
	struct completion go;
	void (*act)(struct cancel *c);
	bool ready;
	bool over;
	struct subject *s, *other, **several;
	struct ktask_future future;
	raw_spinlock_t lock;
	u32 us;
};

/**
 * struct cancel_race - one of them
 * @name: as it is logged
 * @round: one time; leaves no task of it behind
 * @share: one in so many rounds is run, as it takes long
 */
struct cancel_race {
	const char *name;
	void (*round)(struct cancel *c);
	unsigned int share;
};

extern const struct cancel_race cancel_state_races[], cancel_by_races[],
	cancel_group_races[], cancel_grant_races[];

struct subject *cancel_start(struct cancel *c, const struct tt_kind *kind);
struct subject *cancel_plan(struct cancel *c, struct tt_plan *p);
void cancel_go(struct cancel *c, void (*act)(struct cancel *c));
void cancel_over(struct cancel *c);
void cancel_dither(struct cancel *c, struct rnd_state *rnd);
void cancel_abort(struct cancel *c);
void cancel_nothing(struct cancel *c);
void cancel_finish(struct subject *s);

#endif /* _KTASK_TORTURE_CANCEL_H */
