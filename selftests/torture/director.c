// SPDX-License-Identifier: GPL-2.0
/*
 * The director: has all attackers begin, has them end, waits until the last task
 * has ended, compares the counts, and says how it went.
 */
#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>

#include "torture.h"

/* So long the last tasks may take to end. */
#define PATIENCE	(60 * HZ)

static struct task_struct *director;
static DECLARE_COMPLETION(verdict_given);
static char verdict[320];
static unsigned long given;
static u64 seed;

/* --- The end -------------------------------------------------------------- */

/*
 * What the last tasks pass on is dropped while they end: some end only then.
 * Return: false if there are still some when patience is over.
 */
static bool all_ended(void)
{
	unsigned long late = jiffies + PATIENCE;

	while (subjects_live()) {
		if (time_after(jiffies, late))
			return false;
		hands_drop();
		shared_help();
		schedule_timeout_idle(1);
	}
	return true;
}

/*
 * References that are put a moment after the end, and couriers that nobody waits
 * for any more.
 */
static void check_references(void)
{
	unsigned long late = jiffies + PATIENCE;

	hands_drop();
	while (subjects_left() || owns_left() || events_left()) {
		if (time_after(jiffies, late)) {
			tt_fault("%ld subjects, %ld tasks of ours, %ld events were left",
				 subjects_left(), owns_left(), events_left());
			return;
		}
		schedule_timeout_idle(1);
	}
}

/* Nobody attacks any more. */
static void settle(void)
{
	watch_stage("the last use of what is shared");
	hands_drop();
	shared_close();
	watch_stage("the last sets");
	sets_end();
	watch_stage("the last runtimes");
	runtimes_end();
	watch_stage("the last tasks");
	pr_info("%lu tasks are left to end\n", subjects_live());
	if (!all_ended()) {
		tt_fault("%lu tasks did not end", subjects_live());
		subjects_dump();
		return;
	}
	check_references();
	shared_check();
	runtimes_check();
	sets_check();
}

/* --- The attack ----------------------------------------------------------- */

static bool enough(unsigned long end)
{
	return kthread_should_stop() || time_after(jiffies, end) ||
		(tt_ops && tt_total() >= tt_ops) || tt_faults();
}

static void torture(void)
{
	unsigned long end = jiffies + tt_seconds * HZ;
	int err;

	err = agents_start(seed + 1000, tt_threads);
	if (!err)
		err = threads_start(seed + 2000, tt_threads);
	if (!err)
		err = hotplug_start(seed + 3000, tt_hotplug);
	if (err)
		tt_fault("the attack could not begin: %d", err);
	while (!err && !enough(end))
		schedule_timeout_idle(HZ / 50);
	pr_info("enough: %llu operations\n", tt_total());
	watch_stage("the last change of a CPU");
	hotplug_stop();
	/* The agents last, as threads may wait for what these bring. */
	watch_stage("the last step of each thread");
	threads_stop();
	watch_stage("the last step of each agent");
	agents_stop();
}

static bool suite_has(const char *name)
{
	return !strcmp(tt_suite, name) || !strcmp(tt_suite, "all");
}

void director_give_verdict(void)
{
	unsigned int faults = tt_faults();

	/* The watch may have been first. */
	if (test_and_set_bit(0, &given))
		return;
	if (faults)
		snprintf(verdict, sizeof(verdict),
			 "FAILURE: %u violations, the first: %s (seed=%llu ops=%llu)",
			 faults, tt_first_fault(), seed, tt_total());
	else
		snprintf(verdict, sizeof(verdict),
			 "SUCCESS ops=%llu tasks=%llu seed=%llu", tt_total(),
			 tt_noted(TT_NOTE_RETURNED) +
			 tt_noted(TT_NOTE_CANCELLED), seed);
	tt_stats_log();
	if (faults)
		pr_err("%s\n", verdict);
	else
		pr_info("%s\n", verdict);
	complete_all(&verdict_given);
}

static int director_main(void *arg)
{
	shared_init();
	if (suite_has("cancel"))
		cancel_run(seed, tt_rounds);
	if (suite_has("torture") && !tt_faults())
		torture();
	settle();
	watch_stage(NULL);
	director_give_verdict();
	while (!kthread_should_stop())
		schedule_timeout_idle(HZ / 10);
	return 0;
}

int director_start(void)
{
	struct task_struct *thread;

	seed = tt_seed_param ?: get_random_u32();
	pr_info("suite=%s seed=%llu threads=%u seconds=%u hotplug=%u\n",
		tt_suite, seed, tt_threads, tt_seconds, tt_hotplug);
	thread = kthread_run(director_main, NULL, "ktask_torture_d");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	director = thread;
	return 0;
}

/* Say where the director is. */
void director_dump(void)
{
	sched_show_task(director);
}

/* The attack is cut short, if it goes on. */
void director_stop(void)
{
	kthread_stop(director);
}

bool director_over(void)
{
	return completion_done(&verdict_given);
}

int director_wait(void)
{
	return wait_for_completion_interruptible(&verdict_given);
}

const char *director_verdict(void)
{
	return verdict;
}
