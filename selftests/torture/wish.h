/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wishes: what tasks and threads ask for and wait for, each alone or several at
 * once; and what they share.
 */
#ifndef _KTASK_TORTURE_WISH_H
#define _KTASK_TORTURE_WISH_H

#include <linux/ktask.h>

#include "stat.h"

struct rnd_state;
struct subject;
struct tt_cell;
struct tt_event;
struct tt_feed;
struct tt_msg;
struct tt_parcel;
struct tt_set;
struct tt_wish;

/**
 * struct tt_wish_kind - a kind of wish
 * @op: what is counted when one is granted
 * @sure: one is granted in a short time, whatever happens
 * @refusals: errnos that it may be refused with
 * @ask: ask for it, for a task, or for a thread if that is NULL. Return: false if
 *	there is nothing to ask for
 * @granted: it was, and the request holds what it was granted
 * @let_go: that is about to be given back; or NULL
 * @over: nobody waits any more, and nothing is held; or NULL
 */
struct tt_wish_kind {
	enum tt_op op;
	bool sure;
	int refusals[2];
	bool (*ask)(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd);
	void (*granted)(struct tt_wish *w, long status);
	void (*let_go)(struct tt_wish *w);
	void (*over)(struct tt_wish *w);
};

/* CPUs whose values are numbered in a feed. */
#define TT_LANES	8

/**
 * struct tt_follower - who follows a feed, and what he has seen
 * @rx: the receiver
 * @feed: the feed
 * @watch: he looks at the latest value only
 * @got: values that he got
 * @last: number of the last of each CPU, or of all
 * @gaps: values that he did not get, by their numbers
 * @lost: values that he was told to have missed
 */
struct tt_follower {
	struct ktask_receiver rx;
	struct tt_feed *feed;
	bool watch;
	u64 got;
	u64 last[TT_LANES];
	u64 gaps;
	u64 lost;
};

/**
 * struct tt_wish - one of them
 * @kind: what is asked for; NULL: nothing
 * @request: the request, or NULL
 * @arm: what a select waits for
 * @orphan: the task that held it has ended
 */
struct tt_wish {
	const struct tt_wish_kind *kind;
	struct ktask_request *request;
	struct ktask_arm arm;
	bool orphan;
	union {
		struct ktask_mutex_guard guard;
		struct {
			struct ktask_permit permit;
			unsigned int n;
		};
		struct {
			struct ktask_rwlock_guard rw;
			bool writes;
		};
		struct ktask_notified notified;
		struct ktask_barrier_wait barrier;
		struct {
			struct ktask_once_turn turn;
			struct tt_cell *cell;
			bool makes;
		};
		struct {
			struct ktask_send send;
			struct tt_msg *msg;
		};
		struct ktask_recv recv;
		struct tt_follower follower;
		struct {
			struct ktask_timer timer;
			ktime_t until;
		};
		struct {
			struct ktask_set_wait wait;
			struct tt_set *set;
		};
		struct tt_event *event;
		struct tt_parcel *parcel;
		struct ktask_token *token;
		struct subject *other;
	};
};

extern const struct tt_wish_kind mutex_wish, permit_wish, notified_wish,
	read_wish, write_wish, barrier_wish, once_wish, send_wish, recv_wish,
	news_wish, timer_wish, set_join_wish, set_idle_wish, event_wish,
	parcel_wish, token_wish, task_wish;

/* Fill in what is waited for. */
static inline bool tt_wish_request(struct tt_wish *w, struct ktask_request *r)
{
	w->request = r;
	w->arm = ktask_arm_request(r);
	return true;
}

static inline bool tt_wish_future(struct tt_wish *w, struct ktask_future *f)
{
	w->arm = ktask_arm_future(f);
	return true;
}

struct tt_wishes;

void tt_wishes_drop(struct tt_wishes *ws);
int tt_wishes_wait(struct ktask *t, struct rnd_state *rnd);

/**
 * struct tt_shared - what all tasks, threads and interrupts share
 * @init: before the attack
 * @step: what a thread does with it
 * @step_atomic: what anybody does with it, in any context
 * @close: nobody attacks any more; who waits for an attacker goes on. Or NULL
 * @help: the same, and is called until all tasks have ended. Or NULL
 * @check: all tasks have ended
 */
struct tt_shared {
	void (*init)(void);
	void (*step)(struct rnd_state *rnd);
	void (*step_atomic)(struct rnd_state *rnd);
	void (*close)(void);
	void (*help)(void);
	void (*check)(void);
};

extern const struct tt_shared sync_shared, channel_shared, value_shared,
	rwlock_shared, barrier_shared, once_shared, feed_shared, token_shared;

void shared_init(void);
void shared_step(struct rnd_state *rnd);
void shared_step_atomic(struct rnd_state *rnd);
void shared_close(void);
void shared_help(void);
void shared_check(void);

#endif /* _KTASK_TORTURE_WISH_H */
