// SPDX-License-Identifier: GPL-2.0
/*
 * The watch: there is a verdict also if the attack itself does not come to an end,
 * because a thread waits for what does not come, or a set or runtime does not go.
 */
#include <linux/jiffies.h>
#include <linux/sched/debug.h>
#include <linux/workqueue.h>

#include "torture.h"

/* So long a stage may take, on a machine that is busy with others too. */
#define PATIENCE	(180 * HZ)

static const char *stage;
static unsigned long since;

static void watch_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch, watch_look);

static void watch_look(struct work_struct *work)
{
	const char *now = READ_ONCE(stage);

	if (!time_after(jiffies, READ_ONCE(since) + PATIENCE)) {
		schedule_delayed_work(&watch, HZ);
		return;
	}
	tt_fault("it does not end: %s", now);
	threads_dump();
	director_dump();
	subjects_dump();
	director_give_verdict();
}

/* From now on it is @what that is waited for; NULL: all is over. */
void watch_stage(const char *what)
{
	if (!what) {
		cancel_delayed_work_sync(&watch);
		return;
	}
	WRITE_ONCE(since, jiffies);
	WRITE_ONCE(stage, what);
	schedule_delayed_work(&watch, HZ);
}
