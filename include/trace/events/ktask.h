/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens to tasks.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ktask

#if !defined(_TRACE_KTASK_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_KTASK_H

#include <linux/ktask.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#define KTASK_TRACE_NAME_LEN	24

TRACE_DEFINE_ENUM(KTASK_RETURNED);
TRACE_DEFINE_ENUM(KTASK_CANCELLED);
TRACE_DEFINE_ENUM(KTASK_FAILED);

#define show_ktask_outcome(outcome)					\
	__print_symbolic(outcome,					\
			 { KTASK_RETURNED, "returned" },		\
			 { KTASK_CANCELLED, "cancelled" },		\
			 { KTASK_FAILED, "failed" })

/* What wakes a task: see kernel/engine/engine.h. */
#define show_ktask_why(why)						\
	__print_flags(why, "|",						\
		      { BIT(5), "abort" },				\
		      { BIT(6), "future" },				\
		      { BIT(7), "timer" })

DECLARE_EVENT_CLASS(ktask_class,
	TP_PROTO(const struct ktask *t),
	TP_ARGS(t),
	TP_STRUCT__entry(
		__field(const void *, task)
		__array(char, name, KTASK_TRACE_NAME_LEN)
	),
	TP_fast_assign(
		__entry->task = t;
		strscpy(__entry->name, t->name, KTASK_TRACE_NAME_LEN);
	),
	TP_printk("task=%p name=\"%s\"", __entry->task, __entry->name)
);

/**
 * ktask_spawn - a task is being started
 * @t: the task
 * @fn: its function
 * @blocking: it is a blocking task
 */
TRACE_EVENT(ktask_spawn,
	TP_PROTO(const struct ktask *t, const void *fn, bool blocking),
	TP_ARGS(t, fn, blocking),
	TP_STRUCT__entry(
		__field(const void *, task)
		__field(const void *, fn)
		__field(bool, blocking)
		__array(char, name, KTASK_TRACE_NAME_LEN)
	),
	TP_fast_assign(
		__entry->task = t;
		__entry->fn = fn;
		__entry->blocking = blocking;
		strscpy(__entry->name, t->name, KTASK_TRACE_NAME_LEN);
	),
	TP_printk("task=%p name=\"%s\" function=%ps blocking=%d", __entry->task,
		  __entry->name, __entry->fn, __entry->blocking)
);

/**
 * ktask_resume - a task is given a CPU
 * @t: the task
 */
DEFINE_EVENT(ktask_class, ktask_resume,
	TP_PROTO(const struct ktask *t),
	TP_ARGS(t)
);

/**
 * ktask_suspend - a task gives its CPU back
 * @t: the task
 * @armed: what shall wake it; nothing if it only lets others go first
 * @line: where its body stopped
 */
TRACE_EVENT(ktask_suspend,
	TP_PROTO(const struct ktask *t, unsigned int armed, unsigned int line),
	TP_ARGS(t, armed, line),
	TP_STRUCT__entry(
		__field(const void *, task)
		__field(unsigned int, armed)
		__field(unsigned int, line)
		__array(char, name, KTASK_TRACE_NAME_LEN)
	),
	TP_fast_assign(
		__entry->task = t;
		__entry->armed = armed;
		__entry->line = line;
		strscpy(__entry->name, t->name, KTASK_TRACE_NAME_LEN);
	),
	TP_printk("task=%p name=\"%s\" line=%u awaits=%s", __entry->task,
		  __entry->name, __entry->line, show_ktask_why(__entry->armed))
);

/**
 * ktask_wake - somebody has a task run
 * @t: the task; it may be running already
 * @why: what for
 */
TRACE_EVENT(ktask_wake,
	TP_PROTO(const struct ktask *t, unsigned int why),
	TP_ARGS(t, why),
	TP_STRUCT__entry(
		__field(const void *, task)
		__field(unsigned int, why)
		__array(char, name, KTASK_TRACE_NAME_LEN)
	),
	TP_fast_assign(
		__entry->task = t;
		__entry->why = why;
		strscpy(__entry->name, t->name, KTASK_TRACE_NAME_LEN);
	),
	TP_printk("task=%p name=\"%s\" why=%s", __entry->task, __entry->name,
		  show_ktask_why(__entry->why))
);

/**
 * ktask_abort - somebody wants a task to end, for the first time or again
 * @t: the task
 */
DEFINE_EVENT(ktask_class, ktask_abort,
	TP_PROTO(const struct ktask *t),
	TP_ARGS(t)
);

/**
 * ktask_complete - a task has ended, and its cleanups have run
 * @t: the task
 * @outcome: &enum ktask_outcome
 * @result: its result
 */
TRACE_EVENT(ktask_complete,
	TP_PROTO(const struct ktask *t, unsigned int outcome, long result),
	TP_ARGS(t, outcome, result),
	TP_STRUCT__entry(
		__field(const void *, task)
		__field(unsigned int, outcome)
		__field(long, result)
		__array(char, name, KTASK_TRACE_NAME_LEN)
	),
	TP_fast_assign(
		__entry->task = t;
		__entry->outcome = outcome;
		__entry->result = result;
		strscpy(__entry->name, t->name, KTASK_TRACE_NAME_LEN);
	),
	TP_printk("task=%p name=\"%s\" outcome=%s result=%ld", __entry->task,
		  __entry->name, show_ktask_outcome(__entry->outcome),
		  __entry->result)
);

#endif /* _TRACE_KTASK_H */

#include <trace/define_trace.h>
