/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Once cells: a value that the first who needs it makes. Included by
 * linux/ktask.h.
 */
#ifndef _LINUX_KTASK_ONCE_H
#define _LINUX_KTASK_ONCE_H

#include <linux/ktask_queue.h>

/**
 * DOC: once cells
 *
 * A once cell is empty until somebody sets its value, and keeps that. The first
 * who needs the value has the *turn* to make it, and may await while he does;
 * the others wait. If he fails or is aborted, the turn goes to the next of them:
 *
 *	KTASK_ONCE_ENTER(t, &dev->firmware, &f->turn);
 *	if (ktask_once_my_turn(&f->turn)) {
 *		fw_request(&f->req);
 *		KTASK_AWAIT(t, &f->req.done);
 *		if (f->req.status)
 *			KTASK_RETURN(t, f->req.status);
 *		ktask_once_finish(&f->turn, f->req.fw);
 *	}
 *	fw = ktask_once_get(&dev->firmware);
 *
 * The shape is that of Tokio's OnceCell and its get_or_init().
 */

/**
 * struct ktask_once - a value that is set once
 */
struct ktask_once {
	/* private: written under queue.lock */
	struct ktask_queue queue; /* of who waits; empty unless @state is busy */
	int state; /* read without the lock; once it is "set", nothing changes */
	void *value;
};

/**
 * struct ktask_once_turn - who has the turn to make the value, or waits
 *
 * Lives in the frame of the task that needs the value.
 */
struct ktask_once_turn {
	/* private: */
	struct ktask_queued wait;
	struct ktask_once *once;
};

/**
 * DEFINE_KTASK_ONCE - a cell that needs no ktask_once_init()
 * @name: of the variable
 */
#define DEFINE_KTASK_ONCE(name)						\
	struct ktask_once name = {					\
		.queue = __KTASK_QUEUE_INIT((name).queue),		\
	}

void ktask_once_init(struct ktask_once *once);
void ktask_once_destroy(struct ktask_once *once);
struct ktask_request *ktask_once_request(struct ktask_once *once,
					 struct ktask_once_turn *turn,
					 struct ktask *t);
int ktask_once_enter_until(struct ktask_once *once,
			   struct ktask_once_turn *turn, struct ktask *t,
			   unsigned int state, ktime_t deadline);
void ktask_once_finish(struct ktask_once_turn *turn, void *value);
int ktask_once_set(struct ktask_once *once, void *value);
bool ktask_once_is_set(const struct ktask_once *once);
void *ktask_once_get(const struct ktask_once *once);
void __ktask_once_entered(struct ktask_once_turn *turn);

/**
 * ktask_once_my_turn - whether it is one's turn to make the value
 * @turn: what has been through KTASK_ONCE_ENTER()
 *
 * Context: the body of its task, or its thread.
 * Return: true until ktask_once_finish() or ktask_once_leave(); false if the
 * value is there, or the wait was given up.
 */
static inline bool ktask_once_my_turn(struct ktask_once_turn *turn)
{
	return turn->wait.request.ops &&
	       ktask_request_status(&turn->wait.request) == 1;
}

/**
 * ktask_once_leave - do without the value
 * @turn: who has the turn, or waits; may be used again afterwards
 *
 * The turn goes to the next who waits, or else comes. The end of the task does
 * this, if nobody did before. Does nothing the second time.
 *
 * Context: the body of its task, or its thread. Process context if it may still
 * be waiting.
 */
static inline void ktask_once_leave(struct ktask_once_turn *turn)
{
	ktask_request_drop(&turn->wait.request);
}

/**
 * ktask_once_enter - have the calling thread wait for the value or its turn
 * @once: the cell
 * @turn: who waits
 * @t: the blocking task that calls this, or NULL
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 1 if it is the caller's turn to make the value, 0 if it is there.
 */
static inline int ktask_once_enter(struct ktask_once *once,
				   struct ktask_once_turn *turn,
				   struct ktask *t)
{
	return ktask_once_enter_until(once, turn, t, TASK_UNINTERRUPTIBLE,
				      KTIME_MAX);
}

/**
 * KTASK_ONCE_ENTER - go on when there is the value, or the turn to make it
 * @t: the task
 * @once: the cell
 * @turn: who waits, in the frame of @t
 *
 * ktask_once_my_turn() tells which.
 */
#define KTASK_ONCE_ENTER(t, once, turn)					\
	KTASK_ONCE_ENTER_TIMEOUT(t, once, turn, KTIME_MAX)

/**
 * KTASK_ONCE_ENTER_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @once: the cell
 * @turn: who waits, in the frame of @t
 * @timeout: ktime_t from now; not above zero: only look
 *
 * ktask_timed_out() tells if there was neither.
 */
#define KTASK_ONCE_ENTER_TIMEOUT(t, once, turn, timeout)		\
do {									\
	ktask_once_request(once, turn, t);				\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(turn)->wait.request, timeout);	\
	__ktask_once_entered(turn);					\
} while (0)

#endif /* _LINUX_KTASK_ONCE_H */
