/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Select: waiting for the first of several things. Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_SELECT_H
#define _LINUX_KTASK_SELECT_H

/**
 * DOC: select
 *
 * A select waits for several things, its *arms*, and goes on when the first of
 * them is there: the winner. The others are the losers. By default these are
 * cancelled, so that nothing is left that nobody waits for: a request is
 * dropped, which gives back what was granted at the last moment; a task is
 * aborted, and the select goes on when it has ended; a plain future has nothing
 * to cancel. The same happens to all arms if the task is aborted while it
 * selects.
 *
 *	f->arms[0] = ktask_arm_request(&f->message.request);
 *	f->arms[1] = ktask_arm_future(&f->closing);
 *	f->arms[2] = ktask_arm_timeout(ms_to_ktime(50));
 *	KTASK_SELECT(t, &f->select, f->arms, 0);
 *	if (ktask_selected(&f->select) == 0)
 *		...
 *
 * If several arms are there at once the first of the array wins, so an arm that
 * always is keeps those behind it from their turn; %KTASK_SELECT_FAIR begins at
 * a random one instead. What is behind an arm must stay valid until the select
 * is over.
 *
 * The shape is that of Tokio's select!, its "biased" being the default here.
 */

struct ktask_select;

/**
 * struct ktask_arm - one of the things that a select waits for
 *
 * Assigned from ktask_arm_future() and the like, while no select uses it. All
 * zero it is ktask_arm_none().
 */
struct ktask_arm {
	/* private: */
	struct ktask_waiter waiter;
	struct ktask_select *sel;
	struct ktask_future *f;		/* NULL: nothing that completes */
	enum {
		__KTASK_ARM_NONE,
		__KTASK_ARM_FUTURE,
		__KTASK_ARM_REQUEST,
		__KTASK_ARM_TASK,
		__KTASK_ARM_TIMEOUT,
	} kind;
	union {
		struct ktask_request *request;
		struct ktask *task;
		ktime_t timeout;
	};
};

/* Begin at a random arm when looking for one that is there. */
#define KTASK_SELECT_FAIR	BIT(0)
/*
 * Leave the losers alone, to select on them again. They are the caller's: a
 * request sees to its end itself, a task needs somebody to abort it.
 */
#define KTASK_SELECT_KEEP	BIT(1)
/* Abort the losing tasks, but do not wait for their end. */
#define KTASK_SELECT_NO_WAIT	BIT(2)

/**
 * struct ktask_select - a select
 *
 * In the frame of the task that selects. Needs no initialisation, and may be
 * used again when the select is over.
 */
struct ktask_select {
	/* private: */
	struct ktask_future done;	/* an arm is complete */
	struct ktask_future quiet;	/* no callback is running any more */
	atomic_t state;			/* see kernel/async/select.c */
	unsigned int flags;
	struct ktask_arm *arms;
	unsigned int n;
	unsigned int armed;		/* of those before, all have a waiter */
	int winner;
	int timeout_arm;		/* the one with the shortest timeout */
	ktime_t timeout;
	struct ktask_future *awaited;
	struct ktask_defer end;
};

/**
 * ktask_arm_none - an arm that never wins
 *
 * For what is not to be waited for this time.
 *
 * Return: the arm.
 */
static inline struct ktask_arm ktask_arm_none(void)
{
	return (struct ktask_arm){ .kind = __KTASK_ARM_NONE };
}

/**
 * ktask_arm_future - an arm that waits for a future
 * @f: the future; if it loses, it is left alone
 *
 * Return: the arm.
 */
static inline struct ktask_arm ktask_arm_future(struct ktask_future *f)
{
	return (struct ktask_arm){ .kind = __KTASK_ARM_FUTURE, .f = f };
}

/**
 * ktask_arm_request - an arm that waits until a request is granted or refused
 * @r: the request; if it loses, ktask_request_drop() is called
 *
 * ktask_request_status() tells which.
 *
 * Return: the arm.
 */
static inline struct ktask_arm ktask_arm_request(struct ktask_request *r)
{
	return (struct ktask_arm){
		.kind = __KTASK_ARM_REQUEST,
		.f = ktask_request_future(r),
		.request = r,
	};
}

/**
 * ktask_arm_task - an arm that waits for the end of a task
 * @task: the task; the caller has a reference, and keeps it. If it loses, it is
 *	aborted, and the select waits for its end
 *
 * ktask_try_join() tells its outcome, whether it has won or lost.
 *
 * Return: the arm.
 */
static inline struct ktask_arm ktask_arm_task(struct ktask *task)
{
	return (struct ktask_arm){
		.kind = __KTASK_ARM_TASK,
		.f = ktask_future(task),
		.task = task,
	};
}

/**
 * ktask_arm_timeout - an arm that wins after a time
 * @timeout: ktime_t from when the select begins; not above zero: only look
 *
 * It wins only if no other arm is there, wherever it is in the array. It begins
 * anew with each select; see &struct ktask_timer for a time that goes on.
 *
 * Return: the arm.
 */
static inline struct ktask_arm ktask_arm_timeout(ktime_t timeout)
{
	return (struct ktask_arm){
		.kind = __KTASK_ARM_TIMEOUT,
		.timeout = timeout,
	};
}

void __ktask_select_begin(struct ktask *t, struct ktask_select *sel,
			  struct ktask_arm *arms, unsigned int n,
			  unsigned int flags);
bool __ktask_select_again(struct ktask *t, struct ktask_select *sel);

/**
 * KTASK_SELECT - go on when the first of several things is there
 * @t: the task
 * @sel: a &struct ktask_select in its frame
 * @arms: an array of &struct ktask_arm in its frame
 * @flags: 0, or %KTASK_SELECT_FAIR, %KTASK_SELECT_KEEP, %KTASK_SELECT_NO_WAIT
 *
 * ktask_selected() tells which. If one is there already the task does not
 * suspend, unless it has to wait for the end of a task that has lost. If @t is
 * aborted meanwhile, its body does not go on.
 */
#define KTASK_SELECT(t, sel, arms, flags)				\
	KTASK_SELECT_N(t, sel, arms, ARRAY_SIZE(arms), flags)

/**
 * KTASK_SELECT_N - go on when the first of a number of things is there
 * @t: the task
 * @sel: a &struct ktask_select in its frame
 * @arms: &struct ktask_arm, in its frame or elsewhere
 * @n: how many
 * @flags: as for KTASK_SELECT()
 */
#define KTASK_SELECT_N(t, sel, arms, n, flags)				\
do {									\
	__ktask_select_begin(t, sel, arms, n, flags);			\
	while (__ktask_select_again(t, sel))				\
		KTASK_AWAIT_TIMEOUT(t, (sel)->awaited, (sel)->timeout);	\
} while (0)

/**
 * ktask_selected - which arm has won
 * @sel: a select that is over
 *
 * Context: the body of the task. Beware of the switch statement: no await is
 * possible inside of one.
 * Return: its index; -ENOENT if all were ktask_arm_none().
 */
static inline int ktask_selected(const struct ktask_select *sel)
{
	return sel->winner;
}

int ktask_select_until(struct ktask_arm *arms, unsigned int n,
		       unsigned int flags, unsigned int state,
		       ktime_t deadline);
int ktask_select_interruptible(struct ktask_arm *arms, unsigned int n,
			       unsigned int flags);
int ktask_select_killable(struct ktask_arm *arms, unsigned int n,
			  unsigned int flags);

#endif /* _LINUX_KTASK_SELECT_H */
