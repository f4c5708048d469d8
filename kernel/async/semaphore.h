/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is made of semaphores needs more than their users. Private to
 * kernel/async.
 */
#ifndef _KTASK_SEMAPHORE_H
#define _KTASK_SEMAPHORE_H

#include "queue.h"

void permit_begin(struct ktask_permit *p, struct ktask_semaphore *sem,
		  struct ktask *t, unsigned int n,
		  const struct ktask_request_ops *ops);
void permit_request(struct ktask_permit *p);
int permit_try(struct ktask_permit *p, struct ktask_semaphore *sem,
	       struct ktask *t, unsigned int n,
	       const struct ktask_request_ops *ops);
bool permit_withdraw(struct ktask_request *r);
void permit_give_back(struct ktask_request *r);
void permit_shrink(struct ktask_permit *p, unsigned int n);

static inline struct ktask_permit *permit_of(struct ktask_request *r)
{
	return container_of(r, struct ktask_permit, wait.request);
}

/* Whether its owner holds it. */
static inline bool permit_held(struct ktask_permit *p)
{
	return p->wait.request.ops && !ktask_permit_status(p);
}

#endif /* _KTASK_SEMAPHORE_H */
