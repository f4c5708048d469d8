/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cancellation tokens: how many are told to stop at once. Included by
 * linux/ktask.h.
 */
#ifndef _LINUX_KTASK_TOKEN_H
#define _LINUX_KTASK_TOKEN_H

#include <linux/cleanup.h>

/**
 * DOC: cancellation tokens
 *
 * A token is handed to all that belong together, such as the tasks of a device,
 * and cancelled once, when they shall stop. Where an abort ends a task at its
 * next await, a token is only told to the task, which looks, or awaits it, where
 * it can stop.
 *
 * A token may have children, which are cancelled with it, and whose own
 * cancellation is none of its. So one part can be stopped, or the whole.
 *
 * Tokens are refcounted. To put one cancels nothing, not even its children: a
 * child keeps alive what is above it, for what is above that may be cancelled
 * yet.
 *
 * The idea is that of CancellationToken in Tokio's tokio_util.
 */

struct ktask_token;

struct ktask_token *ktask_token_create(struct ktask_token *parent, gfp_t gfp);
struct ktask_token *ktask_token_get(struct ktask_token *token);
void ktask_token_put(struct ktask_token *token);
void ktask_token_cancel(struct ktask_token *token);
struct ktask_future *ktask_token_future(struct ktask_token *token);
bool ktask_token_cancelled(struct ktask_token *token);
void ktask_token_defer(struct ktask *t, struct ktask_defer *d,
		       struct ktask_token *token);

static inline void __ktask_token_end(struct ktask_token *token, bool cancel)
{
	if (IS_ERR_OR_NULL(token))
		return;
	if (cancel)
		ktask_token_cancel(token);
	ktask_token_put(token);
}

/* __free(ktask_token_put): put it at the end of the scope. */
DEFINE_FREE(ktask_token_put, struct ktask_token *, __ktask_token_end(_T, false))

/* __free(ktask_token_cancel): cancel and put it at the end of the scope. */
DEFINE_FREE(ktask_token_cancel, struct ktask_token *,
	    __ktask_token_end(_T, true))

/**
 * ktask_arm_token - an arm of a select that waits until a token is cancelled
 * @token: the token
 *
 * Return: the arm.
 */
static inline struct ktask_arm ktask_arm_token(struct ktask_token *token)
{
	return ktask_arm_future(ktask_token_future(token));
}

/**
 * struct ktask_or_cancelled - what KTASK_AWAIT_OR_CANCELLED() needs in a frame
 */
struct ktask_or_cancelled {
	/* private: */
	struct ktask_select select;
	struct ktask_arm arms[2];
};

/**
 * KTASK_AWAIT_OR_CANCELLED - go on when something is there, or a token cancelled
 * @t: the task
 * @oc: a &struct ktask_or_cancelled in its frame
 * @arm: what: ktask_arm_request(), ktask_arm_task(), ...
 * @token: the token; the caller has a reference
 *
 * ktask_was_cancelled() tells which. It is a select of two arms: once @token is
 * cancelled it always wins, also over what is there already, and @arm is
 * cancelled as a loser. As Tokio's run_until_cancelled().
 */
#define KTASK_AWAIT_OR_CANCELLED(t, oc, arm, token)			\
do {									\
	(oc)->arms[0] = ktask_arm_token(token);				\
	(oc)->arms[1] = (arm);						\
	KTASK_SELECT(t, &(oc)->select, (oc)->arms, 0);			\
} while (0)

/**
 * ktask_was_cancelled - whether an await ended because of its token
 * @oc: what KTASK_AWAIT_OR_CANCELLED() was given
 *
 * Context: the body of the task.
 * Return: true if the token was cancelled, and so is what was awaited.
 */
static inline bool ktask_was_cancelled(const struct ktask_or_cancelled *oc)
{
	return ktask_selected(&oc->select) == 0;
}

int ktask_wait_or_cancelled(struct ktask_arm arm, struct ktask_token *token,
			    unsigned int state, ktime_t deadline);

#endif /* _LINUX_KTASK_TOKEN_H */
