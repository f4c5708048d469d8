/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What others tell of themselves, to be looked at in debugfs. This room is called
 * by all and calls none; it reads the engine's structures.
 */
#ifndef _KTASK_OBSERVE_H
#define _KTASK_OBSERVE_H

#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/types.h>

struct ktask;
struct seq_file;

/**
 * struct observed_runtime - a runtime that is shown
 * @node: in the list of these
 */
struct observed_runtime {
	struct list_head node;
};

/* debugfs.c */
void observe_init(void);
void observe_exit(void);
void observe_runtime_begin(struct observed_runtime *o);
void observe_runtime_end(struct observed_runtime *o);

/* tasks.c */
extern bool observe_track;
bool observe_task_begin(struct ktask *t);
void observe_task_end(struct ktask *t);
void observe_task_ran(struct ktask *t, u64 ns);

/* Whether to list what starts now; KTASK_UNOBSERVED is for the bench, see there. */
static inline bool observe_tracks(void)
{
	return !__is_defined(KTASK_UNOBSERVED) && unlikely(READ_ONCE(observe_track));
}

#endif /* _KTASK_OBSERVE_H */
