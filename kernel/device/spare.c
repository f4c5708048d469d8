// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of jobs that have gone, kept for the next ones of the same session: most
 * of what a small job costs otherwise is to have its memory found, zeroed, charged
 * to a memory cgroup, and given back.
 *
 * Only what holds nothing else is kept, and no more than a few: they remain charged
 * to whoever spawned the first. Each keeps its reference to the account.
 */
#include "../engine/engine.h"
#include "device.h"

#define SPARE_MAX	128

/* Take up to @max, of which the caller has to give back what it does not use. */
void spare_take(struct session *s, struct list_head *spare, unsigned int max)
{
	/* Just a guess. */
	if (!READ_ONCE(s->nr_spare))
		return;
	session_lock(s);
	while (max-- && s->nr_spare) {
		list_move(s->spare.next, spare);
		counter_add(s->nr_spare, -1);
	}
	session_unlock(s);
}

void spare_give(struct session *s, struct list_head *spare)
{
	struct job *job;

	session_lock(s);
	list_for_each_entry(job, spare, place.node)
		counter_add(s->nr_spare, 1);
	list_splice(spare, &s->spare);
	session_unlock(s);
}

/*
 * Keep the memory of @job, which @s has forgotten, of which the caller has a
 * reference. Under the lock. Return: false if that cannot be; it is to be put.
 */
bool spare_put(struct session *s, struct job *job)
{
	session_assert_locked(s);
	if (s->closed || s->nr_spare >= SPARE_MAX || !job->spareable ||
	    job->cred || job->plan || job->out_buf)
		return false;
	/*
	 * Nobody can find it any more, so a reference that is the only one will
	 * stay so. Pairs with the release in refcount_dec_and_test().
	 */
	if (atomic_read_acquire(&job->task.refs.refs) != 1)
		return false;
	list_add(&job->place.node, &s->spare);
	counter_add(s->nr_spare, 1);
	return true;
}

/* Nobody uses @s any more. */
void spare_free(struct session *s)
{
	struct job *job, *next;

	list_for_each_entry_safe(job, next, &s->spare, place.node) {
		account_put(job->account);
		job_memory_free(job);
	}
}
