// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_STATUS and KTASK_LIST: what is told of tasks, and to whom.
 */
#include <limits.h>
#include <stddef.h>

#include "helpers.h"

FIXTURE(status) {
	int fd;
	struct ktask_task task;
	struct ktask_task tasks[64];
	struct ktask_completion c;
};

FIXTURE_SETUP(status)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(status)
{
	close(self->fd);
}

#define EXPECT_STATE(which, what)					\
do {									\
	ASSERT_EQ(0, kt_status(self->fd, which, &self->task));		\
	EXPECT_EQ(what, self->task.state);				\
} while (0)

/* --- One ------------------------------------------------------------------ */

TEST_F(status, all_that_is_told)
{
	struct ktask_args_sleep args = { .duration_ns = HOUR };
	struct ktask_desc desc = kt_desc(self->fd, "sleep", &args, sizeof(args));
	int64_t start = now_ns(), id;

	strcpy(desc.name, "sleeper");
	desc.user_data = 0xfeedfacecafebeefULL;
	desc.priority = KTASK_PRIORITY_IDLE;
	ASSERT_LT(0, desc.group = kt_group_new(self->fd, 0, 0));
	ASSERT_LT(0, id = kt_spawn_desc(self->fd, &desc));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_WAITING));
	ASSERT_EQ(0, kt_status(self->fd, id, &self->task));
	EXPECT_LT(0, self->task.file);
	EXPECT_EQ(id, self->task.id);
	EXPECT_EQ(desc.user_data, self->task.user_data);
	/* To a tick of the clock, of which a slow machine may lose some. */
	EXPECT_LE(start - 100 * MSEC, (int64_t)self->task.spawned_ns);
	EXPECT_GE(now_ns(), (int64_t)self->task.spawned_ns);
	EXPECT_GE(now_ns() - start, (int64_t)self->task.run_ns);
	EXPECT_EQ(0, self->task.result);
	EXPECT_EQ(KTASK_STATE_WAITING, self->task.state);
	EXPECT_EQ(0, self->task.outcome);
	EXPECT_EQ(0, self->task.cause);
	EXPECT_EQ(desc.op, self->task.op);
	EXPECT_EQ(desc.group, self->task.group);
	EXPECT_EQ(KTASK_PRIORITY_IDLE, self->task.priority);
	EXPECT_EQ(getuid(), self->task.uid);
	EXPECT_EQ(getpid(), self->task.pid);
	EXPECT_EQ(0, self->task.waits_for);
	EXPECT_EQ(0, self->task.out_len);
	EXPECT_STREQ("sleeper", self->task.name);
	EXPECT_STREQ("sleep", self->task.op_name);
}

TEST_F(status, ended)
{
	int64_t id = kt_nop(self->fd, -7, 0);

	ASSERT_LT(0, id);
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	EXPECT_STATE(id, KTASK_STATE_ENDED);
	EXPECT_EQ(-7, self->task.result);
	EXPECT_EQ(KTASK_RETURNED, self->task.outcome);
	EXPECT_EQ(KTASK_CAUSE_NONE, self->task.cause);

	ASSERT_LT(0, id = kt_sleep(self->fd, HOUR, 0));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	EXPECT_STATE(id, KTASK_STATE_ENDED);
	EXPECT_EQ(-ECANCELED, self->task.result);
	EXPECT_EQ(KTASK_CANCELLED, self->task.outcome);
	EXPECT_EQ(KTASK_CAUSE_ABORT, self->task.cause);
	/* Asking does not take it. */
	EXPECT_EQ(0, kt_join(self->fd, id, 0, &self->c));
	EXPECT_EQ(-ENOENT, kt_status(self->fd, id, &self->task));
}

TEST_F(status, output_of_an_ended_task)
{
	int file = sparse_file();
	int64_t id = kt_hash_range(self->fd, file, "sha256", 0, 10, 0);

	ASSERT_LT(0, id);
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	EXPECT_STATE(id, KTASK_STATE_ENDED);
	EXPECT_EQ(32, self->task.out_len);
	EXPECT_EQ(10, self->task.result);
	close(file);
}

TEST_F(status, held)
{
	struct ktask_after after[2] = {
		{ .id = kt_sleep(self->fd, HOUR, 0) },
		{ .id = kt_sleep(self->fd, HOUR, 0), .flags = KTASK_AFTER_ANY },
	};
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);

	desc.after = to_u64(after);
	desc.nr_after = 2;
	/* This comes later, and is not told first. */
	desc.delay_ns = HOUR;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_STATE(desc.id, KTASK_STATE_HELD);
	EXPECT_EQ(2, self->task.waits_for);
	ASSERT_EQ(0, kt_abort(self->fd, after[1].id));
	ASSERT_TRUE(wait_state(self->fd, after[1].id, KTASK_STATE_ENDED));
	do {
		EXPECT_STATE(desc.id, KTASK_STATE_HELD);
	} while (self->task.waits_for != 1);
}

TEST_F(status, delayed)
{
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);

	desc.delay_ns = HOUR;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_STATE(desc.id, KTASK_STATE_DELAYED);
	EXPECT_EQ(0, self->task.waits_for);
}

TEST_F(status, limited)
{
	struct ktask_args_sleep args = { .duration_ns = HOUR };
	struct ktask_desc desc = kt_desc(self->fd, "sleep", &args, sizeof(args));

	ASSERT_LT(0, desc.group = kt_group_new(self->fd, 1, 0));
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_STATE(desc.id, KTASK_STATE_LIMITED);
}

TEST_F(status, queued)
{
	int err = outrank_workers();
	int64_t id;

	if (err)
		SKIP(return, "no real-time priority: %s", strerror(-err));
	ASSERT_LT(0, id = kt_nop(self->fd, 0, 0));
	EXPECT_STATE(id, KTASK_STATE_QUEUED);
}

TEST_F(status, running)
{
	int64_t id;

	ASSERT_EQ(0, hash_for_ever(self->fd, 1));
	ASSERT_EQ(1, kt_list(self->fd, 0, &(__u64){ 0 }, &(__u64){ 0 }, self->tasks, 64));
	id = self->tasks[0].id;
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_RUNNING));
	/* And takes CPU time, which is told meanwhile. */
	do {
		EXPECT_STATE(id, KTASK_STATE_RUNNING);
	} while (!self->task.run_ns);
}

TEST_F(status, waiting)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);

	ASSERT_LT(0, id);
	EXPECT_TRUE(wait_state(self->fd, id, KTASK_STATE_WAITING));
}

TEST_F(status, unknown_id_is_ENOENT)
{
	int other = kt_open(0);
	int64_t id = 0, i;

	ASSERT_LE(0, other);
	for (i = 0; i < 5; i++)
		ASSERT_LT(0, id = kt_nop(other, 0, 0));
	EXPECT_EQ(-ENOENT, kt_status(self->fd, 0, &self->task));
	EXPECT_EQ(-ENOENT, kt_status(self->fd, id, &self->task));
	EXPECT_EQ(-ENOENT, kt_status(self->fd, UINT64_MAX, &self->task));
	close(other);
}

TEST_F(status, task_longer_than_the_kernel_knows_ends_in_zeroes)
{
	unsigned char *mem = malloc(4096);
	struct ktask_status status = {
		.size = sizeof(status),
		.id = kt_sleep(self->fd, HOUR, 0),
		.task = to_u64(mem),
		.task_size = sizeof(self->task) + 100,
	};
	size_t i;

	ASSERT_NE(NULL, mem);
	memset(mem, 0xee, 4096);
	ASSERT_EQ(0, kt_ioctl(self->fd, KTASK_STATUS, &status));
	EXPECT_STREQ("sleep", ((struct ktask_task *)mem)->op_name);
	for (i = sizeof(self->task); i < status.task_size; i++)
		ASSERT_EQ(0, mem[i]);
	EXPECT_EQ(0xee, mem[status.task_size]);
	free(mem);
}

/* Whatever else of it: no byte more than there is room for. */
TEST_F(status, task_shorter_than_the_kernel_knows)
{
	unsigned char *mem = malloc(4096);
	struct ktask_status status = {
		.size = sizeof(status),
		.id = kt_sleep(self->fd, HOUR, 0),
		.task = to_u64(mem),
	};
	struct ktask_list list = {
		.size = sizeof(list),
		.tasks = to_u64(mem),
		.nr = 1,
	};

	ASSERT_NE(NULL, mem);
	for (status.task_size = 0; status.task_size < sizeof(self->task);
	     status.task_size++) {
		list.task_size = status.task_size;
		memset(mem, 0xee, 4096);
		/* So long it was in the first version. */
		ASSERT_EQ(-EINVAL, kt_ioctl(self->fd, KTASK_STATUS, &status));
		ASSERT_EQ(0xee, mem[status.task_size]);
		ASSERT_EQ(-EINVAL, kt_ioctl(self->fd, KTASK_LIST, &list));
		ASSERT_EQ(0xee, mem[status.task_size]);
	}
	free(mem);
}

TEST_F(status, task_above_a_page_is_E2BIG)
{
	struct ktask_status status = {
		.size = sizeof(status),
		.id = kt_sleep(self->fd, HOUR, 0),
		.task = to_u64(&self->task),
		.task_size = sysconf(_SC_PAGESIZE) + 1,
	};
	struct ktask_list list = {
		.size = sizeof(list),
		.tasks = to_u64(&self->task),
		.task_size = sysconf(_SC_PAGESIZE) + 1,
		.nr = 1,
	};

	EXPECT_EQ(-E2BIG, kt_ioctl(self->fd, KTASK_STATUS, &status));
	EXPECT_EQ(-E2BIG, kt_ioctl(self->fd, KTASK_LIST, &list));
	status.task_size = UINT_MAX;
	list.task_size = UINT_MAX;
	EXPECT_EQ(-E2BIG, kt_ioctl(self->fd, KTASK_STATUS, &status));
	EXPECT_EQ(-E2BIG, kt_ioctl(self->fd, KTASK_LIST, &list));
}

TEST_F(status, bad_pointer_is_EFAULT)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	struct ktask_task *bad[] = {
		NULL, (void *)(mem + page), (void *)-4096L,
		(void *)(mem + page - sizeof(*bad[0]) + 1),
	};
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	__u64 file = 0, last = 0;
	size_t i;

	ASSERT_NE(NULL, mem);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EFAULT, kt_status(self->fd, id, bad[i]));
		file = last = 0;
		EXPECT_EQ(-EFAULT, kt_list(self->fd, 0, &file, &last, bad[i], 1));
	}
	EXPECT_EQ(0, kt_status(self->fd, id, (void *)(mem + page - sizeof(*bad[0]))));
	munmap(mem, 2 * page);
}

/* --- Many ----------------------------------------------------------------- */

TEST_F(status, list_of_an_empty_set)
{
	__u64 file = 0, last = 0;

	EXPECT_EQ(0, kt_list(self->fd, 0, &file, &last, self->tasks, 64));
}

TEST_F(status, list_in_pages)
{
	static bool seen[501];
	unsigned int page;
	int i, n, total;

	ASSERT_EQ(0, kt_sleep_many(self->fd, HOUR, 500));
	for (page = 1; page <= 64; page = page * 2 + 1) {
		__u64 file = 0, last = 0;

		memset(seen, 0, sizeof(seen));
		for (total = 0; ; total += n) {
			n = kt_list(self->fd, 0, &file, &last, self->tasks, page);
			ASSERT_LE(0, n);
			ASSERT_GE(page, n);
			if (!n)
				break;
			for (i = 0; i < n; i++) {
				ASSERT_GE(500, self->tasks[i].id);
				ASSERT_FALSE(seen[self->tasks[i].id]);
				seen[self->tasks[i].id] = true;
				EXPECT_EQ(self->tasks[i].id - 1,
					  self->tasks[i].user_data);
			}
			EXPECT_EQ(self->tasks[n - 1].id, last);
		}
		EXPECT_EQ(500, total);
	}
}

/* Those that stay are listed, each once, whatever becomes of the others. */
struct comer {
	pthread_t thread;
	int fd;
	_Atomic bool stop;
};

static void *comer_main(void *arg)
{
	struct comer *c = arg;
	struct ktask_completion done;

	while (!c->stop) {
		kt_spawn_many(c->fd, "nop", NULL, 0, 50);
		while (kt_join(c->fd, 0, 0, &done) == 0)
			;
	}
	return NULL;
}

TEST_F_TIMEOUT(status, list_while_tasks_come_and_go, SLOW)
{
	struct comer c = { .fd = self->fd };
	int round, i, n;

	/* These have even places among the others. */
	for (i = 0; i < 100; i++) {
		ASSERT_LT(0, kt_sleep(self->fd, HOUR, 1000 + i));
		ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	}
	ASSERT_EQ(0, pthread_create(&c.thread, NULL, comer_main, &c));
	for (round = 0; round < 100; round++) {
		__u64 file = 0, last = 0, before = 0;
		int stayed = 0;

		while ((n = kt_list(self->fd, 0, &file, &last, self->tasks,
				    1 + round % 64)) > 0) {
			for (i = 0; i < n; i++) {
				ASSERT_LT(before, self->tasks[i].id);
				before = self->tasks[i].id;
				if (self->tasks[i].user_data < 1000)
					continue;
				ASSERT_STREQ("sleep", self->tasks[i].op_name);
				ASSERT_NE(KTASK_STATE_ENDED, self->tasks[i].state);
				stayed++;
			}
		}
		ASSERT_EQ(0, n);
		ASSERT_EQ(100, stayed);
	}
	c.stop = true;
	ASSERT_EQ(0, pthread_join(c.thread, NULL));
}

TEST_F(status, list_partly_to_bad_memory)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	struct ktask_task *few = (void *)(mem + page - 5 * sizeof(*few) / 2);
	__u64 file = 0, last = 0;
	int n;

	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, kt_sleep_many(self->fd, HOUR, 10));
	n = kt_list(self->fd, 0, &file, &last, few, 10);
	/* An error, or what fits: then the rest can be listed still. */
	if (n != -EFAULT) {
		EXPECT_EQ(2, n);
		EXPECT_EQ(8, kt_list(self->fd, 0, &file, &last, self->tasks, 64));
	}
	munmap(mem, 2 * page);
}

/* --- All files ------------------------------------------------------------ */

/* A process of that user with a file of @nr tasks. */
struct other {
	pid_t pid;
	int in;
	int out;
};

static void other_main(uid_t uid, int nr, int in, int out)
{
	char byte;
	int fd;

	if (uid && become(uid))
		_exit(1);
	fd = kt_open(0);
	if (fd < 0 || kt_sleep_many(fd, HOUR, nr) || write(out, "", 1) != 1)
		_exit(2);
	_exit(read(in, &byte, 1) != 1);
}

static int other_start(struct other *o, uid_t uid, int nr)
{
	int in[2], out[2];
	char byte;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return -1;
	o->pid = fork();
	if (!o->pid) {
		close(in[1]);
		close(out[0]);
		other_main(uid, nr, in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	o->in = in[1];
	o->out = out[0];
	return read(o->out, &byte, 1) == 1 ? 0 : -1;
}

/* Others have copies of the pipe's end: closing it would tell nobody. */
static int other_end(struct other *o)
{
	int told = write(o->in, "", 1);

	close(o->in);
	close(o->out);
	return told == 1 ? child_status(o->pid) : -1;
}

/* Go through all files. Counts tasks of each user; -1: something is wrong. */
static int list_all(FIXTURE_DATA(status) *self, int fd, uid_t uid, pid_t pid)
{
	__u64 file = 0, last = 0, before = 0;
	int n, i, found = 0;

	while ((n = kt_list(fd, KTASK_LIST_ALL, &file, &last, self->tasks, 7)) > 0) {
		for (i = 0; i < n; i++) {
			const struct ktask_task *t = &self->tasks[i];

			/* What a program told itself is nobody else's. */
			if (t->user_data || t->file < before)
				return -1;
			before = t->file;
			if (t->uid == uid && (!pid || t->pid == (__u32)pid))
				found++;
		}
	}
	return n < 0 ? n : found;
}

TEST_F_TIMEOUT(status, list_of_all_files_as_far_as_may_be_seen, SLOW)
{
	struct other alice, bob;
	int status, fd;
	pid_t pid;

	if (geteuid())
		SKIP(return, "only root can be several users");
	ASSERT_EQ(0, kt_sleep_many(self->fd, HOUR, 5));
	ASSERT_EQ(0, other_start(&alice, ALICE, 20));
	ASSERT_EQ(0, other_start(&bob, BOB, 30));
	/* Root sees everybody's. */
	EXPECT_EQ(5, list_all(self, self->fd, 0, getpid()));
	EXPECT_EQ(20, list_all(self, self->fd, ALICE, alice.pid));
	EXPECT_EQ(30, list_all(self, self->fd, BOB, bob.pid));

	/* A user sees her own, of whatever process. */
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (become(ALICE))
			_exit(1);
		fd = kt_open(0);
		if (fd < 0 || kt_sleep(fd, HOUR, 0) < 0)
			_exit(2);
		if (list_all(self, fd, ALICE, 0) != 21 ||
		    list_all(self, fd, ALICE, alice.pid) != 20)
			_exit(3);
		if (list_all(self, fd, BOB, 0) || list_all(self, fd, 0, 0))
			_exit(4);
		/* Nor does a file that root has opened show more. */
		if (list_all(self, self->fd, BOB, 0))
			_exit(5);
		_exit(0);
	}
	status = child_status(pid);
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, other_end(&alice));
	EXPECT_EQ(0, other_end(&bob));
	EXPECT_EQ(0, list_all(self, self->fd, BOB, 0));
}

/* Who spawned it counts, not who opened the file. */
TEST_F(status, user_is_who_spawned_it)
{
	int64_t id;
	pid_t pid;

	if (geteuid())
		SKIP(return, "only root can be several users");
	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (become(BOB))
			_exit(1);
		id = kt_sleep(self->fd, HOUR, 0);
		if (id < 0 || kt_status(self->fd, id, &self->task))
			_exit(2);
		if (self->task.uid != BOB)
			_exit(3);
		/* Of the other one, though in the same file, she sees nothing. */
		_exit(list_all(self, self->fd, BOB, 0) == 1 &&
		      list_all(self, self->fd, 0, 0) == 0 ? 0 : 4);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(1, list_all(self, self->fd, BOB, 0));
	EXPECT_EQ(1, list_all(self, self->fd, 0, getpid()));
}

TEST_F_TIMEOUT(status, list_of_all_files_while_files_come_and_go, SLOW)
{
	int round, i, fds[10];
	struct other o;

	for (i = 0; i < 10; i++)
		fds[i] = -1;
	ASSERT_EQ(0, other_start(&o, 0, 50));
	for (round = 0; round < 100; round++) {
		__u64 file = 0, last = 0;
		int n, stayed = 0;

		while ((n = kt_list(self->fd, KTASK_LIST_ALL, &file, &last,
				    self->tasks, 5)) > 0) {
			for (i = 0; i < n; i++)
				stayed += self->tasks[i].pid == (__u32)o.pid;
			/* Between two pages, one goes and one comes. */
			i = (round + stayed) % 10;
			if (fds[i] >= 0)
				close(fds[i]);
			ASSERT_LE(0, fds[i] = kt_open(0));
			ASSERT_EQ(0, kt_sleep_many(fds[i], HOUR, 3));
			/* New ones come behind: this could go on for ever. */
			if (stayed == 50)
				break;
		}
		ASSERT_LE(0, n);
		ASSERT_EQ(50, stayed);
	}
	for (i = 0; i < 10; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	EXPECT_EQ(0, other_end(&o));
}

TEST_HARNESS_MAIN
