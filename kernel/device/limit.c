// SPDX-License-Identifier: GPL-2.0
/*
 * Limits of how many jobs run at once: of a group, of the whole session, and of
 * the blocking jobs of one. A job passes those that concern it in this order, and
 * waits in the list of the first that has no room, with those before it passed.
 *
 * All under the session's lock.
 */
#include "device.h"

void limit_init(struct limit *l, unsigned int max)
{
	l->max = max;
	INIT_LIST_HEAD(&l->held);
}

/* The limit that @job has to pass as number @i; NULL: none. */
static struct limit *job_limit(struct job *job, unsigned int i)
{
	switch (i) {
	case 0:
		return job->group ? &job->group->run : NULL;
	case 1:
		return &job->session->all.run;
	default:
		return job->blocking ? &job->session->blocking : NULL;
	}
}

static bool limit_has_room(const struct limit *l)
{
	return !l->max || l->running < l->max;
}

/* Go on with the limits of @job. Return: false if it has to wait at one. */
bool limits_pass(struct job *job)
{
	session_assert_locked(job->session);
	for (; job->limits < JOB_LIMITS; job->limits++) {
		struct limit *l = job_limit(job, job->limits);

		if (!l)
			continue;
		if (!limit_has_room(l)) {
			job->stage = JOB_LIMITED;
			list_add_tail(&job->place.node, &l->held);
			return false;
		}
		l->running++;
	}
	return true;
}

/* Have those go on that there is room for. */
static void limit_fill(struct limit *l)
{
	while (!list_empty(&l->held) && limit_has_room(l)) {
		struct job *job = list_first_entry(&l->held, struct job,
						   place.node);

		list_del_init(&job->place.node);
		l->running++;
		job->limits++;
		if (limits_pass(job))
			session_ready(job);
	}
}

/* @job has ended, or is removed: what it has passed has room. */
void limits_leave(struct job *job)
{
	unsigned int i, passed = job->limits;

	session_assert_locked(job->session);
	job->limits = 0;
	for (i = 0; i < passed; i++) {
		struct limit *l = job_limit(job, i);

		if (!l)
			continue;
		l->running--;
		limit_fill(l);
	}
}

void limit_set(struct limit *l, unsigned int max)
{
	l->max = max;
	limit_fill(l);
}
