/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much was done, and what was wrong.
 */
#ifndef _KTASK_TORTURE_STAT_H
#define _KTASK_TORTURE_STAT_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

/* Operations; the names are in stat.c. */
enum tt_op {
	TT_OP_SPAWN,
	TT_OP_SPAWN_BLOCKING,
	TT_OP_SPAWN_OWN,
	TT_OP_SPAWN_SET,
	TT_OP_SPAWN_REFUSED,
	TT_OP_RUNTIME_NEW,
	TT_OP_RUNTIME_END,
	TT_OP_SET_NEW,
	TT_OP_SET_JOIN,
	TT_OP_SET_ABORT,
	TT_OP_SET_DETACH,
	TT_OP_SET_END,
	TT_OP_YIELD,
	TT_OP_SLEEP,
	TT_OP_AWAIT,
	TT_OP_AWAIT_TASK,
	TT_OP_TIMEOUT,
	TT_OP_SELECT,
	TT_OP_JOIN,
	TT_OP_JOIN_ALL,
	TT_OP_TRY_JOIN,
	TT_OP_ABORT,
	TT_OP_ABORT_WAIT,
	TT_OP_PUT,
	TT_OP_COMPLETE,
	TT_OP_MUTEX,
	TT_OP_SEMAPHORE,
	TT_OP_NOTIFY,
	TT_OP_RWLOCK,
	TT_OP_BARRIER,
	TT_OP_ONCE,
	TT_OP_BROADCAST,
	TT_OP_WATCH,
	TT_OP_TICK,
	TT_OP_SEND,
	TT_OP_RECV,
	TT_OP_ONESHOT,
	TT_OP_PROMISE,
	TT_OP_TOKEN,
	TT_OP_CANCEL,
	TT_OPS
};

/* What tells where they were done, and with what end; not operations. */
enum tt_note {
	TT_NOTE_HARDIRQ,
	TT_NOTE_SOFTIRQ,
	TT_NOTE_IPI,
	TT_NOTE_THREAD,
	TT_NOTE_CPU_DOWN,
	TT_NOTE_CPU_UP,
	TT_NOTE_RETURNED,
	TT_NOTE_CANCELLED,
	TT_NOTE_UNRUN,
	TT_NOTE_RELEASED,
	TT_NOTES
};

struct seq_file;

void tt_count(enum tt_op op);
void tt_note(enum tt_note note);
u64 tt_total(void);
u64 tt_noted(enum tt_note note);
void tt_stats_show(struct seq_file *m);
void tt_stats_log(void);

/* Say what was wrong; any context. */
__printf(1, 2) void tt_fault(const char *fmt, ...);
unsigned int tt_faults(void);
const char *tt_first_fault(void);

#endif /* _KTASK_TORTURE_STAT_H */
