/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Brief tasks: those that are over before anybody could hear of them.
 *
 * A program that spawns and waits in one call sees of such a task its completion,
 * and nothing else. If its op can do what it does in one go, and nothing else is
 * wanted of it, then there need be no job for that: it is done at once, as io_uring
 * does what it need not wait for, and the completion written.
 *
 * Only spawn.c is to do so; apart, and inline as it is gone through for each.
 */
#ifndef _KTASK_DEVICE_BRIEF_H
#define _KTASK_DEVICE_BRIEF_H

#include "device.h"
#include "user.h"

/**
 * struct brief - tasks of one call that are over at once
 * @s: the session
 * @to: room for their completions; NULL: there are to be none of such tasks
 * @max: for so many
 * @nr: how many there were
 * @nr_ids: how many more ids are reserved
 * @id: the next of these
 */
struct brief {
	struct session *s;
	struct ktask_completion __user *to;
	u32 max;
	u32 nr;
	u32 nr_ids;
	u64 id;
};

/* Whether @desc wants nothing but that the op is done. */
static inline bool desc_is_plain(const struct ktask_desc *desc)
{
	return !(desc->flags | desc->group | desc->nr_after | desc->priority |
		 desc->delay_ns | desc->timeout_ns);
}

/* In the order of the ends: others have not ended before it. */
static inline bool brief_is_next(const struct brief *b)
{
	return b->nr < b->max && !READ_ONCE(b->s->all.nr_done);
}

static inline bool brief_reserve(struct brief *b, u32 left)
{
	if (b->nr_ids)
		return true;
	/* As any other, it needs what its user may have. */
	if (!account_has_room(b->s->account))
		return false;
	b->id = session_reserve_ids(b->s, left);
	b->nr_ids = b->id ? left : 0;
	return b->id;
}

/*
 * Write the id of a task to @id_to, and its completion to @to. Return: false if that
 * cannot be.
 */
static __always_inline bool brief_deliver(struct ktask_completion __user *to,
					  u64 __user *id_to, u64 id,
					  u64 user_data, long result)
{
	u64 __user *word = (u64 __user *)to;
	size_t i;

	if (!access_ok(id_to, sizeof(*id_to)) || should_fail_usercopy() ||
	    !user_write_access_begin(to, sizeof(*to)))
		return false;
	unsafe_put_user(id, id_to, fault);
	unsafe_put_user(id, &to->id, fault);
	unsafe_put_user(user_data, &to->user_data, fault);
	unsafe_put_user(result, &to->result, fault);
	/* It has returned, and left nothing else. */
#ifndef __clang__ /* which warns where it cannot */
#pragma GCC unroll 16
#endif
	for (i = offsetofend(struct ktask_completion, result) / sizeof(u64);
	     i < sizeof(*to) / sizeof(u64); i++)
		unsafe_put_user(0, &word[i], fault);
	user_write_access_end();
	return true;

fault:
	user_write_access_end();
	return false;
}

/*
 * Do what @m->desc says, if it can be done at once. @left: how many descriptors
 * there are from this one on. @id: where the program finds the id. Return: false if
 * it was not done; then it is to be spawned as any other, which will find out what
 * is wrong, if anything is.
 */
static __always_inline bool brief_spawn(struct brief *b,
					const struct ktask_op *op,
					const struct maker *m, u32 left,
					u64 __user *id)
{
	if (!op->now || !b->to || !is_of_words(b->to, sizeof(*b->to)) ||
	    !desc_is_plain(&m->desc) || !brief_is_next(b) ||
	    !brief_reserve(b, left))
		return false;

	if (!brief_deliver(&b->to[b->nr], id, b->id, m->desc.user_data,
			   op->now(m->args)))
		return false;
	b->id++;
	b->nr_ids--;
	b->nr++;
	return true;
}

#endif /* _KTASK_DEVICE_BRIEF_H */
