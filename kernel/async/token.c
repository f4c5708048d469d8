// SPDX-License-Identifier: GPL-2.0
/*
 * Cancellation tokens: see linux/ktask_token.h.
 *
 * A child has a reference to its parent; the parent links its children without
 * one. All links of a tree are guarded by the lock of its root, which is there
 * as long as any token below it. Only its parent's cancellation matters to a
 * token, so it is unlinked when it is cancelled or freed.
 *
 * A cancel visits the tokens below one by one, with a list of those still to be
 * visited, onto which each puts its children as a whole. So neither the stack
 * nor the lock is held for longer if the tree is deep or wide, and callbacks
 * are called without it. A token on that list may be freed, or be cancelled by
 * somebody else, meanwhile: it leaves the list like any other.
 */
#include <linux/kernel.h>
#include <linux/slab.h>

#include "../engine/engine.h"

/**
 * struct ktask_token - a cancellation token
 * @refs: its users', its children's, and those of cancels on their way
 * @done: complete when it is cancelled
 * @root: of the tree it was made in; itself if it has no parent
 * @parent: or NULL; never changes
 * @lock: of the root: guards all that follows, of the whole tree; interrupts off
 * @children: those that were not cancelled
 * @sibling: in @parent's children, in the list of a cancel, or in none
 * @cancelled: its new children are born cancelled
 */
struct ktask_token {
	refcount_t refs;
	struct ktask_future done;
	struct ktask_token *root;
	struct ktask_token *parent;
	spinlock_t lock; /* see above */
	struct list_head children;
	struct list_head sibling;
	bool cancelled;
};

/* Make @token a child of its parent. Return: false if that is cancelled. */
static bool token_link(struct ktask_token *token)
{
	struct ktask_token *parent = token->parent;
	unsigned long flags;
	bool linked;

	spin_lock_irqsave(&token->root->lock, flags);
	linked = !parent->cancelled;
	if (linked)
		list_add_tail(&token->sibling, &parent->children);
	else
		token->cancelled = true;
	spin_unlock_irqrestore(&token->root->lock, flags);
	return linked;
}

static void token_unlink(struct ktask_token *token)
{
	unsigned long flags;

	spin_lock_irqsave(&token->root->lock, flags);
	list_del_init(&token->sibling);
	spin_unlock_irqrestore(&token->root->lock, flags);
}

/**
 * ktask_token_create - make a token
 * @parent: the token that it is cancelled with, to which the caller has a
 *	reference; or NULL
 * @gfp: how to allocate it
 *
 * Context: any that suits @gfp, but NMI.
 * Return: the token, with a reference for the caller; it is cancelled if @parent
 * is. Or ERR_PTR(-ENOMEM).
 */
struct ktask_token *ktask_token_create(struct ktask_token *parent, gfp_t gfp)
{
	struct ktask_token *token = kzalloc(sizeof(*token), gfp);

	if (!token)
		return ERR_PTR(-ENOMEM);
	refcount_set(&token->refs, 1);
	spin_lock_init(&token->lock);
	INIT_LIST_HEAD(&token->children);
	INIT_LIST_HEAD(&token->sibling);
	token->root = token;
	if (parent) {
		token->root = parent->root;
		token->parent = ktask_token_get(parent);
		if (!token_link(token))
			ktask_future_complete(&token->done, -ECANCELED);
	}
	return token;
}
EXPORT_SYMBOL_NS_GPL(ktask_token_create, KTASK_NS);

/**
 * ktask_token_get - take a reference
 * @token: a token to which the caller has, or knows of, a reference
 *
 * Context: any.
 * Return: @token.
 */
struct ktask_token *ktask_token_get(struct ktask_token *token)
{
	refcount_inc(&token->refs);
	return token;
}
EXPORT_SYMBOL_NS_GPL(ktask_token_get, KTASK_NS);

/**
 * ktask_token_put - drop a reference
 * @token: the token, or NULL; not used by the caller any more
 *
 * Cancels nothing. The last put frees the token, and those above it that only it
 * has kept.
 *
 * Context: any but NMI.
 */
void ktask_token_put(struct ktask_token *token)
{
	while (token && refcount_dec_and_test(&token->refs)) {
		struct ktask_token *parent = token->parent;

		if (parent)
			token_unlink(token);
		kfree(token);
		token = parent;
	}
}
EXPORT_SYMBOL_NS_GPL(ktask_token_put, KTASK_NS);

/*
 * Mark @token, unless it is cancelled already, and put its children on @todo.
 * Return: true if it is up to the caller to complete it, with a reference.
 */
static bool token_mark(struct ktask_token *token, struct list_head *todo)
{
	lockdep_assert_held(&token->root->lock);
	list_del_init(&token->sibling);
	/* One that is just being freed has no children. */
	if (token->cancelled || !refcount_inc_not_zero(&token->refs))
		return false;
	token->cancelled = true;
	list_splice_tail_init(&token->children, todo);
	return true;
}

static struct ktask_token *token_next(struct list_head *todo)
{
	struct ktask_token *token;

	while ((token = list_first_entry_or_null(todo, struct ktask_token,
						 sibling))) {
		if (token_mark(token, todo))
			break;
	}
	return token;
}

/**
 * ktask_token_cancel - cancel a token and its children
 * @token: the token; the caller has a reference
 *
 * Calls the callbacks of all that wait for these tokens, parents first. When it
 * returns all are cancelled, unless somebody else is just about to cancel some
 * of them. Does nothing if @token is cancelled already.
 *
 * Context: any but NMI. Takes as long as there are tokens and waiters; the lock,
 * and interrupts, are off for one token at a time.
 */
void ktask_token_cancel(struct ktask_token *token)
{
	struct ktask_token *root = token->root;
	struct ktask_token *next;
	unsigned long flags;
	LIST_HEAD(todo);

	if (ktask_future_done(&token->done))
		return;
	/* Keeps the root until the end, even if a callback puts the rest. */
	ktask_token_get(token);
	spin_lock_irqsave(&root->lock, flags);
	next = token_mark(token, &todo) ? token : NULL;
	while (next) {
		spin_unlock_irqrestore(&root->lock, flags);
		ktask_future_complete(&next->done, -ECANCELED);
		ktask_token_put(next);
		spin_lock_irqsave(&root->lock, flags);
		next = token_next(&todo);
	}
	spin_unlock_irqrestore(&root->lock, flags);
	ktask_token_put(token);
}
EXPORT_SYMBOL_NS_GPL(ktask_token_cancel, KTASK_NS);

/**
 * ktask_token_future - the future that is complete when a token is cancelled
 * @token: the token
 *
 * Its value is -ECANCELED. A waiter needs a reference to @token.
 *
 * Context: any.
 * Return: the future, part of @token.
 */
struct ktask_future *ktask_token_future(struct ktask_token *token)
{
	return &token->done;
}
EXPORT_SYMBOL_NS_GPL(ktask_token_future, KTASK_NS);

/**
 * ktask_token_cancelled - whether a token is cancelled
 * @token: the token
 *
 * Context: any.
 * Return: true from the moment on when it was.
 */
bool ktask_token_cancelled(struct ktask_token *token)
{
	return ktask_future_done(&token->done);
}
EXPORT_SYMBOL_NS_GPL(ktask_token_cancelled, KTASK_NS);

static void token_cleanup(void *token)
{
	__ktask_token_end(token, true);
}

/**
 * ktask_token_defer - cancel a token when a task ends
 * @t: the task
 * @d: storage for the cleanup, in the task's frame
 * @token: the token; the caller's reference is taken over, and put then
 *
 * ktask_undefer() takes it back, and the reference is the caller's again. As a
 * DropGuard in Tokio; a thread writes __free(ktask_token_cancel).
 *
 * Context: as ktask_defer().
 */
void ktask_token_defer(struct ktask *t, struct ktask_defer *d,
		       struct ktask_token *token)
{
	ktask_defer(t, d, token_cleanup, token);
}
EXPORT_SYMBOL_NS_GPL(ktask_token_defer, KTASK_NS);

/**
 * ktask_wait_or_cancelled - have the calling thread wait for something or a
 *	token
 * @arm: what: ktask_arm_future(), ktask_arm_request(), ...
 * @token: the token; the caller has a reference
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function:
 * KTASK_AWAIT_OR_CANCELLED().
 * Return: 0 if it is there; -ECANCELED if @token is cancelled, or the calling
 * blocking task was aborted; or -ETIMEDOUT, -ERESTARTSYS. If not 0, @arm is
 * cancelled as the loser of a select.
 */
int ktask_wait_or_cancelled(struct ktask_arm arm, struct ktask_token *token,
			    unsigned int state, ktime_t deadline)
{
	struct ktask_arm arms[] = { ktask_arm_token(token), arm };
	int winner;

	winner = ktask_select_until(arms, ARRAY_SIZE(arms), 0, state, deadline);
	if (winner < 0)
		return winner;
	return winner == 0 ? -ECANCELED : 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_wait_or_cancelled, KTASK_NS);
