// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of jobs within a session. A job is in the session's own group, and may be
 * in one more. A group is there from its making until it is removed, which it
 * cannot be while it has jobs; a descriptor that stands for it keeps its memory.
 */
#include <linux/slab.h>

#include "device.h"

void group_init(struct group *g, u32 id)
{
	g->id = id;
	kref_init(&g->ref);
	limit_init(&g->run, 0);
	INIT_LIST_HEAD(&g->done);
}

static void group_free(struct kref *ref)
{
	struct group *g = container_of(ref, struct group, ref);

	event_put(g->event);
	account_uncharge_bytes(g->account, sizeof(*g));
	kfree(g);
}

/* Not of the session's own, and as long as there is the session. */
void group_put(struct group *g)
{
	kref_put(&g->ref, group_free);
}

/* Under the lock. Return: NULL if there is no such group, or it is 0. */
struct group *group_find(struct session *s, u32 id)
{
	session_assert_locked(s);
	return id ? xa_load(&s->groups, id) : NULL;
}

/* Return: the group, which is not 0, with a reference; or NULL. */
struct group *group_get(struct session *s, u32 id)
{
	struct group *g;

	session_lock(s);
	g = group_find(s, id);
	if (g)
		kref_get(&g->ref);
	session_unlock(s);
	return g;
}

static int group_new(struct session *s, struct ktask_group *arg)
{
	struct group *g;
	int err;

	if (arg->group)
		return -EINVAL;
	err = account_charge_bytes(s->account, sizeof(*g));
	if (err)
		return err;
	g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);
	if (!g) {
		account_uncharge_bytes(s->account, sizeof(*g));
		return -ENOMEM;
	}
	group_init(g, 0);
	g->account = s->account;
	limit_init(&g->run, arg->max_running);
	g->max_jobs = arg->max_tasks;
	/* Who guesses its number may remove it before we are done with it. */
	kref_get(&g->ref);
	err = xa_alloc_bh(&s->groups, &g->id, g, XA_LIMIT(1, KTASK_GROUPS_MAX),
			  GFP_KERNEL_ACCOUNT);
	if (err)
		group_put(g);
	arg->group = g->id;
	arg->nr_tasks = 0;
	arg->nr_running = 0;
	group_put(g);
	return err == -EBUSY ? -ENOSPC : err;
}

/* Under the lock. */
static int group_set(struct session *s, struct group *g,
		     const struct ktask_group *arg)
{
	if (g == &s->all && s->limits_fixed)
		return -EPERM;
	g->max_jobs = arg->max_tasks;
	limit_set(&g->run, arg->max_running);
	/* There may be room now. */
	session_wake_room(s);
	return 0;
}

/* Under the lock. */
static int group_remove(struct session *s, struct group *g)
{
	if (g == &s->all)
		return -EINVAL;
	if (g->nr_jobs)
		return -EBUSY;
	xa_erase(&s->groups, g->id);
	return 0;
}

static void group_tell(const struct group *g, struct ktask_group *arg)
{
	arg->max_running = g->run.max;
	arg->max_tasks = g->max_jobs;
	arg->nr_tasks = g->nr_jobs;
	arg->nr_running = g->nr_active;
}

/* KTASK_GROUP */
int group_ioctl(struct session *s, struct ktask_group *arg)
{
	struct group *g;
	int err = 0;

	if (arg->flags & ~(KTASK_GROUP_NEW | KTASK_GROUP_SET |
			   KTASK_GROUP_REMOVE))
		return -EOPNOTSUPP;
	if (arg->reserved || (arg->flags & (arg->flags - 1)))
		return -EINVAL;
	if (arg->flags == KTASK_GROUP_NEW)
		return group_new(s, arg);

	session_lock(s);
	g = arg->group ? group_find(s, arg->group) : &s->all;
	if (!g)
		err = -ENOENT;
	else if (arg->flags == KTASK_GROUP_SET)
		err = group_set(s, g, arg);
	else if (arg->flags == KTASK_GROUP_REMOVE)
		err = group_remove(s, g);
	if (!err)
		group_tell(g, arg);
	session_unlock(s);

	if (!err && arg->flags == KTASK_GROUP_REMOVE)
		group_put(g);
	return err;
}

/* The session is closed, and has no jobs. */
void group_free_all(struct session *s)
{
	unsigned long id;
	struct group *g;

	xa_for_each(&s->groups, id, g)
		group_put(g);
	xa_destroy(&s->groups);
}
