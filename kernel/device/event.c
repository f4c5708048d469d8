// SPDX-License-Identifier: GPL-2.0
/*
 * Event descriptors that count completions: see KTASK_EVENTFD.
 */
#include <linux/eventfd.h>

#include "device.h"

void event_signal(struct eventfd_ctx *event)
{
	eventfd_signal(event);
}

/* @event may be NULL. */
void event_put(struct eventfd_ctx *event)
{
	if (event)
		eventfd_ctx_put(event);
}

/* KTASK_EVENTFD */
int session_eventfd(struct session *s, const struct ktask_eventfd *arg)
{
	struct eventfd_ctx *event = NULL;
	struct group *g;

	if (arg->flags)
		return -EOPNOTSUPP;
	if (arg->fd != -1) {
		event = eventfd_ctx_fdget(arg->fd);
		if (IS_ERR(event))
			return -EBADF;
	}
	session_lock(s);
	g = arg->group ? group_find(s, arg->group) : &s->all;
	if (g)
		swap(g->event, event);
	session_unlock(s);
	event_put(event);
	return g ? 0 : -ENOENT;
}
