// SPDX-License-Identifier: GPL-2.0
/*
 * Brief tasks: those that are over before anybody could hear of them.
 *
 * A program that spawns and waits in one call sees of such a task its completion,
 * and nothing else. If its op can do what it does in one go, and nothing else is
 * wanted of it, then there need be no job for that: it is done at once, as io_uring
 * does what it need not wait for, and the completion written.
 */
#include "device.h"
#include "user.h"

/* Whether @desc wants nothing but that the op is done. */
static bool desc_is_plain(const struct ktask_desc *desc)
{
	return !(desc->flags | desc->group | desc->nr_after | desc->priority |
		 desc->delay_ns | desc->timeout_ns);
}

/* In the order of the ends: others have not ended before it. */
static bool brief_is_next(const struct brief *b)
{
	return b->nr < b->max && !READ_ONCE(b->s->all.nr_done);
}

static bool brief_reserve(struct brief *b, u32 left)
{
	int err;

	if (b->nr_ids)
		return true;
	/* As any other, it needs what its user may have. */
	err = account_charge_job(b->s->account);
	if (err)
		return false;
	account_uncharge_job(b->s->account);
	b->id = session_reserve_ids(b->s, left);
	b->nr_ids = b->id ? left : 0;
	return b->id;
}

/*
 * Do what @m->desc says, if it can be done at once. @left: how many descriptors
 * there are from this one on. @id: where the program finds the id. Return: false if
 * it was not done; then it is to be spawned as any other, which will find out what
 * is wrong, if anything is.
 */
bool brief_spawn(struct brief *b, const struct ktask_op *op,
		 const struct maker *m, u32 left, u64 __user *id)
{
	struct ktask_completion c = {
		.user_data = m->desc.user_data,
	};

	if (!op->now || !b->to || !desc_is_plain(&m->desc) || !brief_is_next(b) ||
	    !brief_reserve(b, left))
		return false;

	c.id = b->id;
	c.result = op->now(m->args);
	if (put_user(c.id, id) || write_words(&b->to[b->nr], &c, sizeof(c)))
		return false;
	b->id++;
	b->nr_ids--;
	b->nr++;
	return true;
}
