// SPDX-License-Identifier: GPL-2.0
/*
 * Semaphores: see linux/ktask_semaphore.h.
 *
 * Whoever waits is in the queue, and is granted his permits by who makes them
 * available, in the order of the queue and never out of it. So as long as
 * somebody waits, available is what has been put by for the first of them.
 *
 * sem->queue.lock is the last that a release touches of the semaphore. So who is
 * granted the last permit may free the semaphore, as with a spinlock in it.
 */
#include <linux/kernel.h>

#include "../engine/engine.h"
#include "semaphore.h"

/* Put those who can have what they want, now, on @granted. */
static void semaphore_grant(struct ktask_semaphore *sem,
			    struct list_head *granted)
{
	struct ktask_queued *w;
	struct ktask_permit *p;

	lockdep_assert_held(&sem->queue.lock);
	while ((w = queue_first(&sem->queue))) {
		p = container_of(w, struct ktask_permit, wait);
		if (p->n > sem->available)
			break;
		sem->available -= p->n;
		queue_take(&sem->queue, w, granted);
	}
}

/* Take @n permits, if nobody waits for them. Return: 0, or why not. */
static int semaphore_take(struct ktask_semaphore *sem, unsigned int n)
{
	lockdep_assert_held(&sem->queue.lock);
	if (sem->closed)
		return -ESHUTDOWN;
	if (n > sem->available || queue_first(&sem->queue))
		return -EAGAIN;
	sem->available -= n;
	return 0;
}

static void semaphore_give(struct ktask_semaphore *sem, unsigned int n)
{
	unsigned long flags;
	LIST_HEAD(granted);

	raw_spin_lock_irqsave(&sem->queue.lock, flags);
	sem->available += n;
	semaphore_grant(sem, &granted);
	raw_spin_unlock_irqrestore(&sem->queue.lock, flags);
	queue_complete(&granted, 0);
}

/* --- For what is made of semaphores --------------------------------------- */

/* Begin to acquire; @p is known to nobody before permit_request(). */
void permit_begin(struct ktask_permit *p, struct ktask_semaphore *sem,
		  struct ktask *t, unsigned int n,
		  const struct ktask_request_ops *ops)
{
	queue_begin(&p->wait, t, ops);
	p->sem = sem;
	p->n = n;
}

void permit_request(struct ktask_permit *p)
{
	struct ktask_semaphore *sem = p->sem;
	unsigned long flags;
	int status;

	if (p->n > KTASK_SEMAPHORE_MAX) {
		queue_settle(&p->wait, -EINVAL);
		return;
	}
	raw_spin_lock_irqsave(&sem->queue.lock, flags);
	status = semaphore_take(sem, p->n);
	if (status == -EAGAIN)
		queue_add(&sem->queue, &p->wait);
	raw_spin_unlock_irqrestore(&sem->queue.lock, flags);
	if (status != -EAGAIN)
		queue_settle(&p->wait, status);
}

int permit_try(struct ktask_permit *p, struct ktask_semaphore *sem,
	       struct ktask *t, unsigned int n,
	       const struct ktask_request_ops *ops)
{
	unsigned long flags;
	int status;

	if (n > KTASK_SEMAPHORE_MAX) {
		status = -EINVAL;
	} else {
		raw_spin_lock_irqsave(&sem->queue.lock, flags);
		status = semaphore_take(sem, n);
		raw_spin_unlock_irqrestore(&sem->queue.lock, flags);
	}
	/* If it failed, a release has nothing to do. */
	if (status)
		permit_begin(p, sem, NULL, n, NULL);
	else
		permit_begin(p, sem, t, n, ops);
	queue_settle(&p->wait, status);
	return status;
}

bool permit_withdraw(struct ktask_request *r)
{
	struct ktask_permit *p = permit_of(r);
	struct ktask_semaphore *sem = p->sem;
	unsigned long flags;
	LIST_HEAD(granted);
	bool withdrawn;

	raw_spin_lock_irqsave(&sem->queue.lock, flags);
	withdrawn = queue_remove(&sem->queue, &p->wait);
	/* The next ones may want less than was put by for this one. */
	if (withdrawn)
		semaphore_grant(sem, &granted);
	raw_spin_unlock_irqrestore(&sem->queue.lock, flags);
	queue_complete(&granted, 0);
	return withdrawn;
}

void permit_give_back(struct ktask_request *r)
{
	struct ktask_permit *p = permit_of(r);

	semaphore_give(p->sem, p->n);
}

/* Of what the caller holds, keep @n permits. */
void permit_shrink(struct ktask_permit *p, unsigned int n)
{
	unsigned int more = p->n - n;

	p->n = n;
	semaphore_give(p->sem, more);
}

static const struct ktask_request_ops permit_ops = {
	.withdraw = permit_withdraw,
	.give_back = permit_give_back,
};

/* --- For everybody -------------------------------------------------------- */

/**
 * ktask_semaphore_init - make a semaphore
 * @sem: storage for it
 * @permits: how many it begins with, up to %KTASK_SEMAPHORE_MAX
 *
 * Holds no resources, but see ktask_semaphore_destroy().
 *
 * Context: any.
 */
void ktask_semaphore_init(struct ktask_semaphore *sem, unsigned int permits)
{
	if (WARN_ON_ONCE(permits > KTASK_SEMAPHORE_MAX))
		permits = KTASK_SEMAPHORE_MAX;
	queue_init(&sem->queue);
	sem->available = permits;
	sem->total = permits;
	sem->closed = false;
}
EXPORT_SYMBOL_NS_GPL(ktask_semaphore_init, KTASK_NS);

/**
 * ktask_semaphore_destroy - say that a semaphore will not be used any more
 * @sem: the semaphore
 *
 * Warns if somebody holds a permit or waits for one, and refuses those who
 * wait.
 *
 * Context: any but NMI.
 */
void ktask_semaphore_destroy(struct ktask_semaphore *sem)
{
	unsigned long flags;
	LIST_HEAD(refused);
	bool held;

	raw_spin_lock_irqsave(&sem->queue.lock, flags);
	WRITE_ONCE(sem->closed, true);
	held = sem->available != sem->total;
	queue_take_all(&sem->queue, &refused);
	raw_spin_unlock_irqrestore(&sem->queue.lock, flags);
	WARN_ONCE(held || !list_empty(&refused),
		  "ktask: destroyed while somebody %s\n",
		  held ? "holds it" : "waits for it");
	queue_complete(&refused, -ESHUTDOWN);
}
EXPORT_SYMBOL_NS_GPL(ktask_semaphore_destroy, KTASK_NS);

/**
 * ktask_semaphore_request - ask for permits
 * @sem: the semaphore
 * @p: where to keep them, in the frame of @t; not in use
 * @t: the task that they shall belong to; NULL if the caller sees to it itself
 * @n: how many
 *
 * Does not wait: that is what KTASK_SEMAPHORE_ACQUIRE() does with what this
 * returns, or a select. To stop waiting, ktask_permit_release().
 *
 * Context: the body of @t, or its maker before ktask_start(); with NULL for it,
 * any but NMI.
 * Return: the request, part of @p. It is granted with 0, and refused as told at
 * ktask_permit_status().
 */
struct ktask_request *ktask_semaphore_request(struct ktask_semaphore *sem,
					      struct ktask_permit *p,
					      struct ktask *t, unsigned int n)
{
	permit_begin(p, sem, t, n, &permit_ops);
	permit_request(p);
	return &p->wait.request;
}
EXPORT_SYMBOL_NS_GPL(ktask_semaphore_request, KTASK_NS);

/**
 * ktask_semaphore_try_acquire - acquire permits, if they are there
 * @sem: the semaphore
 * @p: where to keep them; not in use
 * @t: the task that they shall belong to, or NULL
 * @n: how many
 *
 * Context: as ktask_semaphore_request().
 * Return: 0; -EAGAIN if there are less than @n, or somebody waits for them;
 * -ESHUTDOWN if the semaphore is closed; -EINVAL if @n is more than
 * %KTASK_SEMAPHORE_MAX.
 */
int ktask_semaphore_try_acquire(struct ktask_semaphore *sem,
				struct ktask_permit *p, struct ktask *t,
				unsigned int n)
{
	return permit_try(p, sem, t, n, &permit_ops);
}
EXPORT_SYMBOL_NS_GPL(ktask_semaphore_try_acquire, KTASK_NS);

/**
 * ktask_semaphore_add - add permits
 * @sem: the semaphore
 * @n: how many
 *
 * New ones, or such that were forgotten. Warns if there would be more than
 * %KTASK_SEMAPHORE_MAX, and adds as many as there can be.
 *
 * Context: any but NMI.
 */
void ktask_semaphore_add(struct ktask_semaphore *sem, unsigned int n)
{
	unsigned int most, added;
	unsigned long flags;
	LIST_HEAD(granted);

	raw_spin_lock_irqsave(&sem->queue.lock, flags);
	most = KTASK_SEMAPHORE_MAX - sem->total;
	added = min(n, most);
	sem->total += added;
	sem->available += added;
	semaphore_grant(sem, &granted);
	raw_spin_unlock_irqrestore(&sem->queue.lock, flags);
	queue_complete(&granted, 0);
	WARN_ONCE(n > most, "ktask: a semaphore cannot have %u permits more\n",
		  n);
}
EXPORT_SYMBOL_NS_GPL(ktask_semaphore_add, KTASK_NS);

/**
 * ktask_semaphore_close - grant no more permits
 * @sem: the semaphore
 *
 * Those who wait are refused with -ESHUTDOWN, and so is who comes later. Who has
 * permits keeps them, and releases them as ever.
 *
 * Context: any but NMI.
 */
void ktask_semaphore_close(struct ktask_semaphore *sem)
{
	unsigned long flags;
	LIST_HEAD(refused);

	raw_spin_lock_irqsave(&sem->queue.lock, flags);
	WRITE_ONCE(sem->closed, true);
	queue_take_all(&sem->queue, &refused);
	raw_spin_unlock_irqrestore(&sem->queue.lock, flags);
	queue_complete(&refused, -ESHUTDOWN);
}
EXPORT_SYMBOL_NS_GPL(ktask_semaphore_close, KTASK_NS);

/**
 * ktask_semaphore_closed - whether a semaphore has been closed
 * @sem: the semaphore
 *
 * Context: any.
 * Return: true from the moment on when ktask_semaphore_close() was called.
 */
bool ktask_semaphore_closed(struct ktask_semaphore *sem)
{
	return READ_ONCE(sem->closed);
}
EXPORT_SYMBOL_NS_GPL(ktask_semaphore_closed, KTASK_NS);

/**
 * ktask_semaphore_available - how many permits could be had at once
 * @sem: the semaphore
 *
 * Context: any but NMI.
 * Return: how many; 0 while somebody waits. It may have changed by now.
 */
unsigned int ktask_semaphore_available(struct ktask_semaphore *sem)
{
	unsigned int available = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&sem->queue.lock, flags);
	if (!queue_first(&sem->queue))
		available = sem->available;
	raw_spin_unlock_irqrestore(&sem->queue.lock, flags);
	return available;
}
EXPORT_SYMBOL_NS_GPL(ktask_semaphore_available, KTASK_NS);

/**
 * ktask_permit_forget - have permits that are not released with the task's end
 * @p: a permit that was granted; may be used again afterwards
 *
 * The semaphore has so many less. Somebody may add them again, from any context:
 * a task acquires a slot, starts a transfer and forgets; when the transfer is
 * over, its interrupt handler calls ktask_semaphore_add().
 *
 * Context: the body of the task that @p belongs to; with none, any but NMI.
 */
void ktask_permit_forget(struct ktask_permit *p)
{
	struct ktask_semaphore *sem = p->sem;
	unsigned long flags;

	if (WARN_ON_ONCE(!permit_held(p)))
		return;
	ktask_request_forget(&p->wait.request);
	raw_spin_lock_irqsave(&sem->queue.lock, flags);
	sem->total -= p->n;
	raw_spin_unlock_irqrestore(&sem->queue.lock, flags);
}
EXPORT_SYMBOL_NS_GPL(ktask_permit_forget, KTASK_NS);

/**
 * ktask_permit_move - pass permits on to a task that is about to be started
 * @to: where to keep them, in the frame of @t; not in use
 * @t: a task that was made by the caller and not started yet; or NULL, then they
 *	belong to no task
 * @from: a permit that was granted; may be used again afterwards
 *
 * They are released with the end of @t. If @t is not started after all, its
 * maker has to call ktask_permit_release() before the last put.
 *
 * Context: the body of the task that @from belongs to; with none, any but NMI.
 */
void ktask_permit_move(struct ktask_permit *to, struct ktask *t,
		       struct ktask_permit *from)
{
	if (WARN_ON_ONCE(!permit_held(from))) {
		permit_begin(to, from->sem, NULL, 0, NULL);
		queue_settle(&to->wait, -EINVAL);
		return;
	}
	ktask_request_forget(&from->wait.request);
	permit_begin(to, from->sem, t, from->n, &permit_ops);
	queue_settle(&to->wait, 0);
}
EXPORT_SYMBOL_NS_GPL(ktask_permit_move, KTASK_NS);
