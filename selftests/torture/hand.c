// SPDX-License-Identifier: GPL-2.0
/*
 * Hands: handles of tasks that are passed around, so that all do with them what
 * they like. Any context.
 */
#include "torture.h"

#define HANDS	64

/* Each has a handle; under hands_lock. */
static struct subject *hands[HANDS];
static DEFINE_RAW_SPINLOCK(hands_lock);

/*
 * Return: a task with an id below @below and a rank of at most @rank, with a
 * handle for the caller; or NULL.
 */
struct subject *hand_pick(struct rnd_state *rnd, u64 below, u8 rank)
{
	u32 first = tt_below(rnd, HANDS);
	struct subject *found = NULL;
	unsigned long flags;
	int i;

	raw_spin_lock_irqsave(&hands_lock, flags);
	for (i = 0; i < HANDS && !found; i++) {
		struct subject *s = hands[(first + i) % HANDS];

		if (s && s->id < below && s->kind->rank <= rank)
			found = tt_get(s);
	}
	raw_spin_unlock_irqrestore(&hands_lock, flags);
	return found;
}

/* Let others have @s, of which the caller gives its handle; or NULL. */
void hand_pass(struct rnd_state *rnd, struct subject *s)
{
	u32 i = tt_below(rnd, HANDS);
	struct subject *old;
	unsigned long flags;

	raw_spin_lock_irqsave(&hands_lock, flags);
	old = hands[i];
	hands[i] = s;
	raw_spin_unlock_irqrestore(&hands_lock, flags);
	if (!old)
		return;
	tt_count(TT_OP_PUT);
	tt_put(old);
}

void hands_drop(void)
{
	unsigned long flags;
	int i;

	for (i = 0; i < HANDS; i++) {
		struct subject *s;

		raw_spin_lock_irqsave(&hands_lock, flags);
		s = hands[i];
		hands[i] = NULL;
		raw_spin_unlock_irqrestore(&hands_lock, flags);
		if (s)
			tt_put(s);
	}
}
