// SPDX-License-Identifier: GPL-2.0
/*
 * The search for deadlocks among those who hold mutexes; only in kernels that
 * check mutexes.
 *
 * lockdep cannot know a mutex that a task holds across its awaits, since threads
 * come and go meanwhile. So all guards that hold a mutex or wait for one are
 * known here, by their mutex and by their owner, a task or a thread; and who is
 * about to wait follows the chain: this mutex is held by that owner, who waits
 * for that mutex, which is held by ... If it comes back to himself, it would
 * never end.
 *
 * One lock for all, so of several who close a circle together the last one sees
 * it. It is a leaf, and no lock of a semaphore is taken under it: whether a guard
 * still waits is read without, and that is good enough. He who closes a circle
 * sees all others in it as they are, since they have waited, and have known of
 * what they hold, before he came here. And nobody is taken for the holder of a
 * mutex that he has given back, since he is forgotten before.
 */
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "../engine/engine.h"
#include "deadlock.h"
#include "semaphore.h"

/* Longer chains are not followed. */
#define CHAIN_MAX	32

/* Guards deadlock_guards, and the lists of all mutexes. */
static DEFINE_RAW_SPINLOCK(deadlock_lock);
static DEFINE_HASHTABLE(deadlock_guards, 8);

void (*ktask_deadlock_report)(const char *report);
EXPORT_SYMBOL_NS_GPL(ktask_deadlock_report, KTASK_NS);

static struct ktask_mutex *mutex_of(struct ktask_mutex_guard *g)
{
	return container_of(g->permit.sem, struct ktask_mutex, sem);
}

static bool guard_waits(struct ktask_mutex_guard *g)
{
	return READ_ONCE(g->permit.wait.waits);
}

/* Who holds @m, or is about to be told so; or NULL. */
static struct ktask_mutex_guard *holder_of(struct ktask_mutex *m)
{
	struct ktask_mutex_guard *g;

	lockdep_assert_held(&deadlock_lock);
	list_for_each_entry(g, &m->guards, of_mutex) {
		if (!guard_waits(g))
			return g;
	}
	return NULL;
}

/* What @owner waits for, or NULL. */
static struct ktask_mutex_guard *waits_for(const void *owner)
{
	struct ktask_mutex_guard *g;

	lockdep_assert_held(&deadlock_lock);
	hash_for_each_possible(deadlock_guards, g, of_owner,
			       (unsigned long)owner) {
		if (g->owner == owner && guard_waits(g))
			return g;
	}
	return NULL;
}

static void remember(struct ktask_mutex *m, struct ktask_mutex_guard *g)
{
	lockdep_assert_held(&deadlock_lock);
	hash_add(deadlock_guards, &g->of_owner, (unsigned long)g->owner);
	list_add_tail(&g->of_mutex, &m->guards);
}

/*
 * Who asks for no task, and does not wait itself, may do so for anybody: he is
 * not known here.
 */
static bool guard_own(struct ktask_mutex_guard *g, struct ktask *t,
		      struct task_struct *thread)
{
	if (t) {
		g->owner = t;
		strscpy(g->name, ktask_name(t), sizeof(g->name));
	} else if (thread) {
		g->owner = thread;
		strscpy(g->name, thread->comm, sizeof(g->name));
	} else {
		g->owner = NULL;
	}
	return g->owner;
}

/*
 * Whether @g, which is not known yet, would wait for its own owner. Puts in
 * @report who waits for whom.
 */
static bool circle(struct ktask_mutex_guard *g, char *report, size_t size)
{
	struct ktask_mutex_guard *waiter = g, *holder;
	int i, len = 0;

	for (i = 0; i < CHAIN_MAX; i++) {
		holder = holder_of(mutex_of(waiter));
		if (!holder)
			return false;
		len += scnprintf(report + len, size - len,
				 "%s\"%s\" waits for a mutex that \"%s\" holds",
				 i ? ", " : "", waiter->name, holder->name);
		if (holder->owner == g->owner)
			return true;
		waiter = waits_for(holder->owner);
		if (!waiter)
			return false;
	}
	return false;
}

void deadlock_init(struct ktask_mutex *m)
{
	INIT_LIST_HEAD(&m->guards);
}

/* @m goes, even if somebody holds it. */
void deadlock_destroy(struct ktask_mutex *m)
{
	struct ktask_mutex_guard *g, *next;
	unsigned long flags;

	raw_spin_lock_irqsave(&deadlock_lock, flags);
	list_for_each_entry_safe(g, next, &m->guards, of_mutex) {
		hash_del(&g->of_owner);
		list_del_init(&g->of_mutex);
	}
	raw_spin_unlock_irqrestore(&deadlock_lock, flags);
}

/* Whether @g, of @t or @thread, would wait for ever; if not, it is remembered. */
bool deadlock_ahead(struct ktask_mutex *m, struct ktask_mutex_guard *g,
		    struct ktask *t, struct task_struct *thread)
{
	unsigned long flags;
	char report[256];
	bool ahead;

	if (!guard_own(g, t, thread))
		return false;
	raw_spin_lock_irqsave(&deadlock_lock, flags);
	ahead = circle(g, report, sizeof(report));
	if (!ahead)
		remember(m, g);
	raw_spin_unlock_irqrestore(&deadlock_lock, flags);
	if (!ahead)
		return false;
	if (ktask_deadlock_report)
		ktask_deadlock_report(report);
	else
		WARN_ONCE(1, "ktask: deadlock: %s\n", report);
	return true;
}

/* @g, of @t, holds @m without having waited. */
void deadlock_hold(struct ktask_mutex *m, struct ktask_mutex_guard *g,
		   struct ktask *t)
{
	unsigned long flags;

	if (!guard_own(g, t, NULL))
		return;
	raw_spin_lock_irqsave(&deadlock_lock, flags);
	remember(m, g);
	raw_spin_unlock_irqrestore(&deadlock_lock, flags);
}

/* @g waits no more, or is about to be given back. */
void deadlock_forget(struct ktask_mutex_guard *g)
{
	unsigned long flags;

	if (!g->owner)
		return;
	raw_spin_lock_irqsave(&deadlock_lock, flags);
	hash_del(&g->of_owner);
	list_del_init(&g->of_mutex);
	raw_spin_unlock_irqrestore(&deadlock_lock, flags);
}

/* What a task holds is its body's to unlock, or its cleanups'. */
void deadlock_check_unlock(struct ktask_mutex_guard *g)
{
	struct ktask *t = g->permit.wait.request.t;

	if (WARN_ONCE(!permit_held(&g->permit),
		      "ktask: unlocked by somebody who does not hold it\n"))
		return;
	WARN_ONCE(t && !(atomic_read(&t->state) & (KT_NEW | KT_RUNNING)),
		  "ktask: what \"%s\" holds was unlocked by somebody else\n",
		  t ? ktask_name(t) : "");
}
