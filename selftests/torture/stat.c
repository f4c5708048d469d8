// SPDX-License-Identifier: GPL-2.0
/*
 * How much was done, and what was wrong.
 */
#include <linux/bug.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "torture.h"

/* As many faults are printed. */
#define FAULTS_PRINTED	20

static const char * const op_names[] = {
	[TT_OP_SPAWN] = "spawn",
	[TT_OP_SPAWN_BLOCKING] = "spawn_blocking",
	[TT_OP_SPAWN_OWN] = "spawn_own_storage",
	[TT_OP_SPAWN_SET] = "spawn_in_set",
	[TT_OP_SPAWN_REFUSED] = "spawn_refused",
	[TT_OP_RUNTIME_NEW] = "runtime_new",
	[TT_OP_RUNTIME_END] = "runtime_destroy",
	[TT_OP_SET_NEW] = "set_new",
	[TT_OP_SET_JOIN] = "set_join",
	[TT_OP_SET_ABORT] = "set_abort_all",
	[TT_OP_SET_DETACH] = "set_detach_all",
	[TT_OP_SET_END] = "set_destroy",
	[TT_OP_YIELD] = "yield",
	[TT_OP_SLEEP] = "sleep",
	[TT_OP_AWAIT] = "await",
	[TT_OP_AWAIT_TASK] = "await_task",
	[TT_OP_TIMEOUT] = "await_timeout",
	[TT_OP_SELECT] = "select",
	[TT_OP_JOIN] = "join",
	[TT_OP_JOIN_ALL] = "join_all",
	[TT_OP_TRY_JOIN] = "try_join",
	[TT_OP_ABORT] = "abort",
	[TT_OP_ABORT_WAIT] = "abort_and_wait",
	[TT_OP_PUT] = "put",
	[TT_OP_COMPLETE] = "complete",
	[TT_OP_MUTEX] = "mutex",
	[TT_OP_SEMAPHORE] = "semaphore",
	[TT_OP_NOTIFY] = "notify",
	[TT_OP_RWLOCK] = "rwlock",
	[TT_OP_BARRIER] = "barrier",
	[TT_OP_ONCE] = "once",
	[TT_OP_BROADCAST] = "broadcast",
	[TT_OP_WATCH] = "watch",
	[TT_OP_TICK] = "tick",
	[TT_OP_SEND] = "send",
	[TT_OP_RECV] = "recv",
	[TT_OP_ONESHOT] = "oneshot",
	[TT_OP_PROMISE] = "promise",
	[TT_OP_TOKEN] = "token",
	[TT_OP_CANCEL] = "cancel_race",
};

static_assert(ARRAY_SIZE(op_names) == TT_OPS);

static const char * const note_names[] = {
	[TT_NOTE_HARDIRQ] = "in_hardirq",
	[TT_NOTE_SOFTIRQ] = "in_softirq",
	[TT_NOTE_IPI] = "in_ipi",
	[TT_NOTE_THREAD] = "in_thread",
	[TT_NOTE_CPU_DOWN] = "cpu_down",
	[TT_NOTE_CPU_UP] = "cpu_up",
	[TT_NOTE_RETURNED] = "tasks_returned",
	[TT_NOTE_CANCELLED] = "tasks_cancelled",
	[TT_NOTE_UNRUN] = "tasks_never_run",
	[TT_NOTE_RELEASED] = "storage_released",
};

static_assert(ARRAY_SIZE(note_names) == TT_NOTES);

static DEFINE_PER_CPU(u64[TT_OPS], ops);
static DEFINE_PER_CPU(u64[TT_NOTES], notes);

static atomic_t faults;
static char first_fault[160];

void tt_count(enum tt_op op)
{
	this_cpu_inc(ops[op]);
}

void tt_note(enum tt_note note)
{
	this_cpu_inc(notes[note]);
}

static u64 op_sum(enum tt_op op)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(ops, cpu)[op]);
	return sum;
}

u64 tt_noted(enum tt_note note)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(notes, cpu)[note]);
	return sum;
}

u64 tt_total(void)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < TT_OPS; i++)
		sum += op_sum(i);
	return sum;
}

void tt_stats_show(struct seq_file *m)
{
	int i;

	for (i = 0; i < TT_OPS; i++)
		seq_printf(m, "%-18s %llu\n", op_names[i], op_sum(i));
	for (i = 0; i < TT_NOTES; i++)
		seq_printf(m, "%-18s %llu\n", note_names[i], tt_noted(i));
}

void tt_stats_log(void)
{
	int i;

	for (i = 0; i < TT_OPS; i++)
		pr_info("%s %llu\n", op_names[i], op_sum(i));
	for (i = 0; i < TT_NOTES; i++)
		pr_info("%s %llu\n", note_names[i], tt_noted(i));
}

void tt_fault(const char *fmt, ...)
{
	int n = atomic_inc_return(&faults);
	struct va_format vaf;
	va_list args;

	if (n > FAULTS_PRINTED)
		return;
	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	if (n == 1)
		snprintf(first_fault, sizeof(first_fault), "%pV", &vaf);
	pr_err("violation: %pV\n", &vaf);
	va_end(args);
	WARN_ONCE(1, "ktask_torture: what must not be has been\n");
}

unsigned int tt_faults(void)
{
	return atomic_read(&faults);
}

const char *tt_first_fault(void)
{
	return first_fault;
}
