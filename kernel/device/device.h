/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How userspace reaches tasks. Private to kernel/device.
 */
#ifndef _KTASK_DEVICE_H
#define _KTASK_DEVICE_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/ktask_op.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "../compat.h"

struct eventfd_ctx;
struct file;
struct files_struct;
struct io_uring_cmd;
struct iov_iter;
struct job;
struct maker;
struct plan;
struct account;

/* --- Sessions ------------------------------------------------------------- */

/**
 * struct limit - how many jobs may run at once
 * @max: so many; 0: any number
 * @running: so many do
 * @held: jobs that wait for room, first come first
 *
 * Under the session's lock.
 */
struct limit {
	unsigned int max;
	unsigned int running;
	struct list_head held;
};

/* A counter that changes under a lock, and is looked at without. */
#define counter_add(counter, n)	WRITE_ONCE(counter, (counter) + (n))

/**
 * struct group - a group of jobs of one session
 * @id: its number; 0: the session's own, which has all jobs
 * @ref: one for the session, while it has the group, and one for each descriptor
 * @run: how many may run at once
 * @max_jobs: how many there may be; 0: any number
 * @nr_jobs: how many there are
 * @nr_joinable: of these, how many have a completion to come
 * @nr_active: of these, how many have not ended, and are not held back
 * @nr_done: length of @done
 * @done: jobs whose completion waits to be read, first ended first
 * @event: told of each; or NULL
 * @account: the session's, to which it is charged; NULL if @id is 0
 *
 * Under the session's lock, but for @ref.
 */
struct group {
	u32 id;
	struct kref ref;
	struct limit run;
	unsigned int max_jobs;
	unsigned int nr_jobs;
	unsigned int nr_joinable;
	unsigned int nr_active;
	unsigned int nr_done;
	struct list_head done;
	struct eventfd_ctx *event;
	struct account *account;
};

/**
 * struct session - an open file: a task set of a program
 * @ref: one for the open file, and one for each descriptor made of it
 * @jobs: all jobs, by id. Its lock guards what follows. It is also taken where a
 *	timer has fired, so with softirqs off
 * @all: the group that all jobs are in
 * @groups: the others, by number
 * @blocking: how many blocking jobs may run at once, so that one file's, which
 *	may be stuck, do not keep the others of its user waiting
 * @nr_running: jobs whose end has not been noted yet
 * @nr_bound: jobs that end with the descriptors of who spawned them
 * @nr_spare: length of @spare
 * @spare: memory of jobs that have gone, for the next ones: see spare.c
 * @last_id: id given last; to those in @jobs under the lock
 * @last_end: counts the ends of jobs
 * @left: the last close() has not waited for the jobs; @finish_work comes when
 *	they have ended
 * @closed: the last close() is over; no job is left
 * @limits_fixed: the limits of @all cannot be set any more
 * @allowed: if not NULL, the ops that may be spawned
 * @readers: threads in read() and the like, and in the last close()
 * @pollers: who polls it, or a descriptor made of it
 * @room: threads that wait until they can spawn
 * @account: of who opened it
 * @opener: the process that did
 * @nr: its number in listings
 * @list: in the list of all sessions
 * @finish_work: see @left
 * @uring_watch: looks for commands that io_uring wants to be rid of
 */
struct session {
	struct kref ref;
	struct xarray jobs;
	struct group all;
	struct xarray groups;
	struct limit blocking;
	unsigned int nr_running;
	unsigned int nr_bound;
	unsigned int nr_spare;
	struct list_head spare;
	atomic64_t last_id;
	u64 last_end;
	bool left;
	bool closed;
	bool limits_fixed;
	struct op_list *allowed;
	wait_queue_head_t readers;
	wait_queue_head_t pollers;
	wait_queue_head_t room;
	struct account *account;
	struct pid *opener;
	u64 nr;
	struct list_head list;
	struct work_struct finish_work;
#ifdef KTASK_URING_WATCH
	struct delayed_work uring_watch;
#endif
};

static inline void session_lock(struct session *s)
	__acquires(&s->jobs.xa_lock)
{
	xa_lock_bh(&s->jobs);
}

static inline void session_unlock(struct session *s)
	__releases(&s->jobs.xa_lock)
{
	xa_unlock_bh(&s->jobs);
}

static inline void session_assert_locked(struct session *s)
{
	lockdep_assert_held(&s->jobs.xa_lock);
}

/* --- Jobs ----------------------------------------------------------------- */

/**
 * enum job_stage - how far a job is on its way to the engine
 * @JOB_HELD: it waits for others to end
 * @JOB_DELAYED: it waits for its time
 * @JOB_LIMITED: it waits in a limit's list
 * @JOB_READY: nothing holds it back; it is started once it is visible
 * @JOB_STARTED: its task has been started
 *
 * From the first three it goes on in this order, or, aborted, to the last at
 * once. Changes under the session's lock, but for the step from %JOB_READY to
 * %JOB_STARTED, which is the spawner's alone while the job is not visible.
 */
enum job_stage {
	JOB_HELD,
	JOB_DELAYED,
	JOB_LIMITED,
	JOB_READY,
	JOB_STARTED
};

/* Limits that a job has to pass: of its group, the session, for blocking jobs. */
#define JOB_LIMITS	3

/**
 * struct place - a place in a list of jobs whose completion can be read
 * @node: in group->done
 * @nr: the how many-th of the session it was to end
 */
struct place {
	struct list_head node;
	u64 nr;
};

/**
 * struct job - a task of a program
 * @session: its session; not to be used after job_ended() has counted it off
 * @op: what it does; its module is pinned until job_ended()
 * @account: who it works for, to whom it is charged
 * @group: its group, or NULL; as long as it is in the session
 * @plan: what it waits for before it runs, and until when it may; or NULL
 * @id: its id
 * @user_data: the program's
 * @cred: credentials of the thread that spawned it, unless the op is pure
 * @memcg: memory cgroup of that thread, likewise; may be NULL
 * @files: it ends when the process with this descriptor table has closed the set;
 *	or NULL. Only compared
 * @uring: the io_uring command that it is the answer to; or NULL. Under
 *	@cancel_lock
 * @keeps_output: if that is not joinable, a long output is kept all the same
 * @spawned_ns: when it was spawned
 * @run_ns: CPU time that it has taken; written by who runs it
 * @place: in session->all.done, or in limit->held; under the session's lock
 * @group_place: in group->done; under the session's lock
 * @successors: edges to jobs that wait for it to end; under the session's lock
 * @joiners: threads that wait for just this job; under the session's lock
 * @op_nr: number of its op
 * @priority: as spawned
 * @stage: see &enum job_stage
 * @limits: how many limits it has passed; under the session's lock
 * @cause: why it was aborted; under the session's lock
 * @blocking: its body is a blocking one
 * @cancelable: its op has a .cancel
 * @spareable: it has the usual size
 * @prompt: nothing has held it back when it was added
 * @visible: others may find it in the session
 * @joinable: its completion will be there to be taken; under the session's lock
 * @kept: only its output is still there to be taken; under the session's lock
 * @ended: its end has been noted; under the session's lock
 * @taken: somebody takes its completion; under the session's lock
 * @dropped: the session was closed, and has forgotten it; under the session's lock
 * @body_over: op->cancel must not be called any more; under @cancel_lock
 * @cancel_lock: see @body_over
 * @ended_waiter: calls job_ended()
 * @end_defer: calls job_end()
 * @out_len: bytes of output
 * @out_users: those who may look at the output, of which the session is one; they
 *	have references to the task, too: see job_leave()
 * @out_size: bytes of @out_buf
 * @out_buf: the output, if @out has no room for it; or NULL
 * @out: the output
 * @name: given by the program; or empty
 * @task: the task; its frame, which is the op's, follows
 */
struct job {
	struct session *session;
	const struct ktask_op *op;
	struct account *account;
	struct group *group;
	struct plan *plan;
	u64 id;
	u64 user_data;
	const struct cred *cred;
	struct mem_cgroup *memcg;
	const struct files_struct *files;
	struct io_uring_cmd *uring;
	u64 spawned_ns;
	u64 run_ns;
	struct place place;
	struct place group_place;
	struct hlist_head successors;
	unsigned int joiners;
	u32 op_nr;
	u8 priority;
	u8 stage;
	u8 limits;
	u8 cause;
	bool blocking;
	bool cancelable;
	bool spareable;
	bool prompt;
	bool visible;
	bool joinable;
	bool kept;
	bool keeps_output;
	bool ended;
	bool taken;
	bool dropped;
	bool body_over;
	spinlock_t cancel_lock; /* see above */
	struct ktask_waiter ended_waiter;
	struct ktask_defer end_defer;
	u32 out_len;
	u32 out_size;
	refcount_t out_users;
	void *out_buf;
	/* What comes before this is zero at first. */
	u8 out[KTASK_OUT_MAX];
	char name[KTASK_NAME_MAX];
	struct ktask task;
};

static inline struct job *job_of(struct ktask *t)
{
	return container_of(t, struct job, task);
}

/* Sessions, and the jobs in them, for KTASK_INFO. */
extern atomic_long_t session_count;
extern atomic_long_t job_count;

/* account.c */
struct account *account_get_current(struct session *s);
void account_put(struct account *u);
struct workqueue_struct *account_wq(struct account *u, bool bound, bool high);
struct workqueue_struct *account_fput_wq(struct account *a);
void account_fput_begin(struct account *a);
void account_fput_end(struct account *a);
bool account_has_room(const struct account *a);
int account_charge_job(struct account *u);
void account_uncharge_job(struct account *u);
int account_charge_bytes(struct account *u, size_t bytes);
void account_uncharge_bytes(struct account *u, size_t bytes);
void account_ran(struct account *u, u64 ns);
bool account_is(const struct account *u, kuid_t uid);
u32 account_uid(const struct account *u);
void account_info(struct account *u, struct ktask_info *info);
int account_init(void);
void account_exit(void);

/* spare.c */
void spare_take(struct session *s, struct list_head *spare, unsigned int max);
void spare_give(struct session *s, struct list_head *spare);
bool spare_put(struct session *s, struct job *job);
void spare_free(struct session *s);

/* job.c */
struct job *job_new(struct session *s, const struct ktask_op *op,
		    const struct ktask_desc *desc, struct list_head *spare);
void job_launch(struct job *job);
void job_launch_here(struct job *job);
void job_drop(struct job *job);
void job_memory_free(struct job *job);
void job_output_free(struct job *job);
bool job_abort(struct job *job, enum ktask_cause cause);
bool job_succeeded(const struct job *job);
u64 job_run_ns(struct job *job);
void job_completion(struct job *job, struct ktask_completion *c);
void job_leave(struct job *job);
void job_bind(struct job *job);
int job_cache_init(void);
void job_cache_exit(void);

/* From whoever may look at the output, for one more; with a reference to the task. */
static inline void job_output_get(struct job *job)
{
	refcount_inc(&job->out_users);
}

static inline const void *job_out(const struct job *job)
{
	return job->out_buf ?: job->out;
}

/* Whether @job, which has ended, has output that its completion cannot carry. */
static inline bool job_output_is_long(const struct job *job)
{
	return job->out_buf && job->out_len > KTASK_OUT_MAX &&
	       ktask_outcome(&job->task) == KTASK_RETURNED;
}

/* plan.c */
int plan_make(struct job *job, const struct ktask_desc *desc);
int plan_link(struct job *job, struct job *const *batch, u32 nr);
void plan_unlink(struct job *job);
bool plan_over(struct job *job);
void plan_begin(struct job *job);
void plan_succeed(struct job *job);
void plan_end(struct job *job);
void plan_free(struct job *job);
unsigned int plan_waits(const struct job *job);
bool plan_has_input(const struct job *job);
const void *plan_input(struct job *job, size_t *len);

/* limit.c */
void limit_init(struct limit *l, unsigned int max);
bool limits_pass(struct job *job);
void limits_leave(struct job *job);
void limit_set(struct limit *l, unsigned int max);

/* group.c */
void group_init(struct group *g, u32 id);
struct group *group_find(struct session *s, u32 id);
struct group *group_get(struct session *s, u32 id);
void group_put(struct group *g);
int group_ioctl(struct session *s, struct ktask_group *arg);
void group_free_all(struct session *s);

/* session.c */
int session_init(void);
void session_exit(void);
struct session *session_new(void);
void session_put(struct session *s);
void session_close(struct session *s);
int session_add(struct session *s, struct job *job, u32 group,
		struct job *const *batch, u32 nr_batch);
u64 session_reserve_ids(struct session *s, u32 max);
void session_remove(struct session *s, struct job *job);
void session_commit(struct session *s, struct job *job, bool here);
bool session_has_room(struct session *s, u32 group);
void session_advance(struct job *job);
void session_ready(struct job *job);
void session_job_ended(struct session *s, struct job *job);
void session_wake_room(struct session *s);
void session_unreadable(struct session *s, struct job *job);
void session_make_readable(struct session *s, struct job *job);
void session_keep(struct session *s, struct job *job);
void session_forget(struct session *s, struct job *job);
void session_unjoinable(struct session *s, struct job *job);
struct session *session_next(u64 after);

/* abort.c */
void session_flush(struct session *s, struct file *file,
		   struct files_struct *files);
struct job *session_lookup(struct session *s, u64 id);
int session_abort(struct session *s, u64 id);
int session_abort_group(struct session *s, u32 group);
void session_abort_all(struct session *s);
void session_check_bound(struct session *s, struct file *file);

/* restrict.c */
int session_restrict(struct session *s, const struct ktask_restrict *arg);
bool session_lists(struct session *s, u32 op);

/* Whether @op may be spawned. */
static inline bool session_allows(struct session *s, u32 op)
{
	return likely(!READ_ONCE(s->allowed)) || session_lists(s, op);
}

/* take.c */

/**
 * struct delivery - where to put a completion
 * @to: room for it
 * @out: room for its output; or NULL
 * @out_size: bytes there
 */
struct delivery {
	struct iov_iter *to;
	void __user *out;
	u64 out_size;
};

int session_join(struct session *s, u64 id, ktime_t deadline,
		 struct delivery *to);
int session_join_next(struct session *s, u32 group, ktime_t deadline,
		      struct delivery *to);
ssize_t session_collect(struct session *s, struct iov_iter *to, u32 min,
			ktime_t deadline, int *error);
ssize_t session_read(struct session *s, struct group *g, struct iov_iter *to,
		     bool nonblock);
__poll_t session_poll(struct session *s, struct group *g);
struct job *session_join_begin(struct session *s, u64 id);
void session_join_cancel(struct session *s, struct job *job);
int session_join_take(struct session *s, struct job *job, struct delivery *to);
int session_detach(struct session *s, u64 id);
int session_output(struct session *s, struct ktask_output *arg);

/* any.c */
int session_join_any(struct session *s, const struct ktask_join_any *arg,
		     u32 __user *index, ktime_t deadline);

/* list.c */
int session_status(struct session *s, const struct ktask_status *arg);
int session_list(struct session *s, struct ktask_list *arg);

/* fd.c */
int session_fd(struct session *s, const struct ktask_fd *arg, s32 __user *to);

/* event.c */
int session_eventfd(struct session *s, const struct ktask_eventfd *arg);
void event_signal(struct eventfd_ctx *event);
void event_put(struct eventfd_ctx *event);

/* spawn.c */

/**
 * struct maker - what makes the jobs of one call
 * @s: their session
 * @op: the op of the last one, its module pinned; or NULL
 * @spare: memory to make them of, if there is any
 * @desc: room for a descriptor, for the caller
 * @args: room for an op's arguments
 */
struct maker {
	struct session *s;
	const struct ktask_op *op;
	struct list_head spare;
	struct ktask_desc desc;
	u64 args[KTASK_OP_ARGS_MAX / sizeof(u64)];
};

void maker_init(struct maker *m, struct session *s);
const struct ktask_op *maker_read(struct maker *m);
struct job *maker_make(struct maker *m, const struct ktask_op *op, u32 left);
void maker_end(struct maker *m);
int session_spawn(struct file *file, struct ktask_spawn *spawn);

/* uring.c */
#ifdef CONFIG_IO_URING
int ktask_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);
void uring_job_ended(struct job *job);
#else
#define ktask_uring_cmd	NULL
static inline void uring_job_ended(struct job *job)
{
}
#endif

#ifdef KTASK_URING_WATCH
void uring_watch_init(struct session *s);
void uring_watch_start(struct session *s);
void uring_watch_stop(struct session *s);
#else
static inline void uring_watch_init(struct session *s)
{
}

static inline void uring_watch_start(struct session *s)
{
}

static inline void uring_watch_stop(struct session *s)
{
}
#endif

/* ioctl.c */
long ktask_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
ktime_t timeout_deadline(struct file *file, s64 timeout_ns);

/* chardev.c */
extern const struct file_operations ktask_fops;

int ktask_chardev_init(void);
void ktask_chardev_exit(void);

#endif /* _KTASK_DEVICE_H */
