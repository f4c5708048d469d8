// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts: the users to whom jobs are charged, so that one cannot use up what all
 * share. A user's is there while they have an open file or a job.
 *
 * What is bounded is the number of jobs, the memory in their data and outputs, in
 * what they wait for and in groups, and how many blocking jobs are at work: those
 * have workqueues of their user's, so that what is stuck for one does not keep
 * another waiting. All memory is charged to the spawner's memory cgroup, too.
 */
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/refcount.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>

#include "device.h"

static unsigned int max_user_tasks;
module_param(max_user_tasks, uint, 0644);
MODULE_PARM_DESC(max_user_tasks,
		 "tasks that a user may have in all open files; 0: as many as fit in an eighth of the memory, up to a million");

static unsigned long max_user_bytes;
module_param(max_user_bytes, ulong, 0644);
MODULE_PARM_DESC(max_user_bytes,
		 "bytes of data and output that a user's tasks may hold; 0: an eighth of the memory");

static unsigned int max_user_blocking;
module_param(max_user_blocking, uint, 0644);
MODULE_PARM_DESC(max_user_blocking,
		 "blocking tasks that a user may have at work at once; 0: eight for each CPU");

/* Workqueues of a user: bound to a CPU or not, of high priority or not; */
#define ACCOUNT_WQS	5
/* and for letting go of files. */
#define ACCOUNT_FPUT_WQ	4

/**
 * struct account - a user of the device, and what they have
 * @node: in accounts; under accounts_lock
 * @uid: who
 * @ref: one for each session opened, and each job
 * @jobs: jobs in sessions
 * @fputs: files of jobs that are over that are still to be let go of
 * @bytes: what they hold
 * @run_ns: CPU time that jobs have taken which have ended
 * @wq: where its blocking jobs run, and files are let go of; each made for the
 *	first
 * @free_work: frees it, as workqueues cannot be destroyed in any context
 */
struct account {
	struct hlist_node node;
	kuid_t uid;
	refcount_t ref;
	atomic_long_t jobs;
	atomic_long_t fputs;
	atomic_long_t bytes;
	atomic64_t run_ns;
	struct workqueue_struct *wq[ACCOUNT_WQS];
	struct work_struct free_work;
};

static DEFINE_HASHTABLE(accounts, 6);
static DEFINE_SPINLOCK(accounts_lock);
static struct workqueue_struct *account_free_wq;

static void account_free(struct work_struct *work)
{
	struct account *a = container_of(work, struct account, free_work);
	int i;

	for (i = 0; i < ACCOUNT_WQS; i++) {
		if (a->wq[i])
			destroy_workqueue(a->wq[i]);
	}
	kfree(a);
}

static struct account *account_new(kuid_t uid)
{
	struct account *a = kzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);

	if (!a)
		return NULL;
	a->uid = uid;
	refcount_set(&a->ref, 1);
	INIT_WORK(&a->free_work, account_free);
	return a;
}

/* Under accounts_lock. Return: with a reference; or NULL. */
static struct account *account_find(kuid_t uid)
{
	struct account *a;

	hash_for_each_possible(accounts, a, node, __kuid_val(uid)) {
		if (uid_eq(a->uid, uid)) {
			refcount_inc(&a->ref);
			return a;
		}
	}
	return NULL;
}

static struct account *account_get(kuid_t uid)
{
	struct account *a, *new;

	spin_lock_bh(&accounts_lock);
	a = account_find(uid);
	spin_unlock_bh(&accounts_lock);
	if (a)
		return a;

	new = account_new(uid);
	if (!new)
		return NULL;
	spin_lock_bh(&accounts_lock);
	a = account_find(uid);
	if (!a)
		hash_add(accounts, &new->node, __kuid_val(uid));
	spin_unlock_bh(&accounts_lock);
	if (!a)
		return new;
	kfree(new);
	return a;
}

/*
 * Return: whoever the calling thread acts for, which is most often who has opened
 * @s, with a reference; NULL if there is no memory. @s may be NULL.
 */
struct account *account_get_current(struct session *s)
{
	kuid_t uid = current_uid();

	if (!s || !uid_eq(s->account->uid, uid))
		return account_get(uid);
	refcount_inc(&s->account->ref);
	return s->account;
}

void account_put(struct account *a)
{
	if (refcount_dec_not_one(&a->ref))
		return;
	spin_lock_bh(&accounts_lock);
	if (refcount_dec_and_test(&a->ref)) {
		hash_del(&a->node);
		queue_work(account_free_wq, &a->free_work);
	}
	spin_unlock_bh(&accounts_lock);
}

bool account_is(const struct account *a, kuid_t uid)
{
	return uid_eq(a->uid, uid);
}

/* As the calling process would say it. */
u32 account_uid(const struct account *a)
{
	return from_kuid_munged(current_user_ns(), a->uid);
}

/* --- Where its blocking jobs run ------------------------------------------- */

/* Return: NULL if there is no memory for it. */
static struct workqueue_struct *account_get_wq(struct account *a,
					       unsigned int i,
					       unsigned int flags)
{
	unsigned int max = READ_ONCE(max_user_blocking) ?:
			   8 * num_online_cpus();
	struct workqueue_struct *wq, *other;

	/* Pairs with the cmpxchg() below. */
	wq = smp_load_acquire(&a->wq[i]);
	if (wq)
		return wq;
	wq = alloc_workqueue("ktask_user", flags, min(max, 512U));
	if (!wq)
		return NULL;
	other = cmpxchg(&a->wq[i], NULL, wq);
	if (!other)
		return wq;
	destroy_workqueue(wq);
	return other;
}

struct workqueue_struct *account_wq(struct account *a, bool bound, bool high)
{
	return account_get_wq(a, 2 * bound + high,
			      (bound ? WQ_PERCPU : WQ_UNBOUND) |
			      (high ? WQ_HIGHPRI : 0));
}

/*
 * Where files are let go of that may take their time; apart from blocking jobs,
 * which may wait for just that.
 */
struct workqueue_struct *account_fput_wq(struct account *a)
{
	return account_get_wq(a, ACCOUNT_FPUT_WQ, WQ_UNBOUND);
}

/* --- What it is charged ----------------------------------------------------- */

static unsigned long bytes_limit(void)
{
	return READ_ONCE(max_user_bytes) ?: totalram_pages() / 8 * PAGE_SIZE;
}

/* A task and what belongs to it is a little less than a kilobyte. */
static unsigned long jobs_limit(void)
{
	return READ_ONCE(max_user_tasks) ?:
	       min(totalram_pages() / 8 * (PAGE_SIZE / SZ_1K), 1UL << 20);
}

/* Whether one more job could be charged, as it happens to be now. */
bool account_has_room(const struct account *a)
{
	unsigned long sum = atomic_long_read(&a->jobs) +
			    atomic_long_read(&a->fputs);

	return sum < jobs_limit();
}

int account_charge_job(struct account *a)
{
	unsigned long sum = atomic_long_inc_return(&a->jobs);

	/* What is still to be let go of is not free either. */
	if (sum + atomic_long_read(&a->fputs) <= jobs_limit())
		return 0;
	atomic_long_dec(&a->jobs);
	return -EDQUOT;
}

void account_uncharge_job(struct account *a)
{
	atomic_long_dec(&a->jobs);
}

void account_fput_begin(struct account *a)
{
	atomic_long_inc(&a->fputs);
}

void account_fput_end(struct account *a)
{
	atomic_long_dec(&a->fputs);
}

int account_charge_bytes(struct account *a, size_t bytes)
{
	unsigned long sum = atomic_long_add_return(bytes, &a->bytes);

	if (sum <= bytes_limit())
		return 0;
	account_uncharge_bytes(a, bytes);
	return -EDQUOT;
}

void account_uncharge_bytes(struct account *a, size_t bytes)
{
	atomic_long_sub(bytes, &a->bytes);
}

void account_ran(struct account *a, u64 ns)
{
	atomic64_add(ns, &a->run_ns);
}

/* The part of KTASK_INFO that is about a user. */
void account_info(struct account *a, struct ktask_info *info)
{
	info->user_tasks = atomic_long_read(&a->jobs);
	info->user_bytes = atomic_long_read(&a->bytes);
	info->user_run_ns = atomic64_read(&a->run_ns);
	info->max_user_tasks = jobs_limit();
	info->max_user_bytes = bytes_limit();
}

int __init account_init(void)
{
	/* One may wait for its files. */
	account_free_wq = alloc_workqueue("ktask_free", WQ_UNBOUND, 0);
	return account_free_wq ? 0 : -ENOMEM;
}

/* The last user has been put. */
void account_exit(void)
{
	destroy_workqueue(account_free_wq);
}
