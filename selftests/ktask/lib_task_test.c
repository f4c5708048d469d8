// SPDX-License-Identifier: GPL-2.0
/*
 * libktask against the device: what tasks there are, descriptors that stand for
 * them, and eventfds that count them.
 */
#include <poll.h>
#include <sys/eventfd.h>

#include "lib.h"

/* --- Listings ------------------------------------------------------------- */

TEST_F(lib, task_status)
{
	struct ktask_args_sleep args = { .duration_ns = HOUR };
	struct ktask_task task;
	struct ktask_desc desc;

	ASSERT_DESC(&desc, "sleep", &args);
	ASSERT_EQ(0, ktask_desc_name(&desc, "a sleeper"));
	ktask_desc_delay(&desc, HOUR);
	desc.user_data = 6;
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	memset(&task, 0xee, sizeof(task));
	ASSERT_EQ(0, ktask_task_status(self->set, desc.id, &task));
	EXPECT_EQ(desc.id, task.id);
	EXPECT_EQ(6, task.user_data);
	EXPECT_EQ(KTASK_STATE_DELAYED, task.state);
	EXPECT_STREQ("a sleeper", task.name);
	EXPECT_STREQ("sleep", task.op_name);
	EXPECT_EQ(getuid(), task.uid);

	ASSERT_EQ(0, ktask_abort(self->set, desc.id));
	ASSERT_EQ(0, wait_ended(self->set, desc.id));
	ASSERT_EQ(0, ktask_task_status(self->set, desc.id, &task));
	EXPECT_EQ(KTASK_STATE_ENDED, task.state);
	EXPECT_EQ(KTASK_CANCELLED, task.outcome);
	EXPECT_EQ(KTASK_CAUSE_ABORT, task.cause);
	EXPECT_EQ(-EFAULT, ktask_task_status(self->set, desc.id, NULL));
	ASSERT_EQ(0, ktask_join(self->set, desc.id, self->c, 0));
	EXPECT_EQ(-ENOENT, ktask_task_status(self->set, desc.id, &task));
	EXPECT_EQ(-ENOENT, ktask_task_status(self->set, 0, &task));
}

TEST_F(lib, task_list)
{
	static const size_t steps[] = { 1, 7, 100, 1000 };
	struct ktask_task *tasks = calloc(1000, sizeof(*tasks)), *after;
	size_t i, seen;
	ssize_t n, k;
	int j;

	ASSERT_NE(NULL, tasks);
	EXPECT_EQ(0, ktask_task_list(self->set, 0, NULL, tasks, 1000));
	for (j = 0; j < 100; j++)
		ASSERT_LT(0, ktask_spawn_sleep(self->set, HOUR, j));
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		after = NULL;
		seen = 0;
		while ((n = ktask_task_list(self->set, 0, after, tasks, steps[i])) > 0) {
			ASSERT_GE(steps[i], n);
			for (k = 0; k < n; k++)
				EXPECT_EQ(seen++, tasks[k].user_data);
			after = &tasks[n - 1];
		}
		EXPECT_EQ(0, n);
		EXPECT_EQ(100, seen);
	}
	EXPECT_EQ(-EINVAL, ktask_task_list(self->set, 0, NULL, tasks, 0));
	EXPECT_EQ(-EOPNOTSUPP, ktask_task_list(self->set, 0x80, NULL, tasks, 1));
	EXPECT_EQ(-EFAULT, ktask_task_list(self->set, 0, NULL, NULL, 1));
	free(tasks);
}

TEST_F(lib, task_list_of_all_files)
{
	struct ktask_task tasks[10];
	struct ktask_set *other;
	ssize_t n;

	ASSERT_EQ(0, ktask_set_open(&other, 0));
	ASSERT_LT(0, ktask_spawn_sleep(self->set, HOUR, 1));
	ASSERT_LT(0, ktask_spawn_sleep(other, HOUR, 2));
	n = ktask_task_list(self->set, KTASK_LIST_ALL, NULL, tasks, ARRAY_SIZE(tasks));
	EXPECT_EQ(2, n);
	EXPECT_NE(tasks[0].file, tasks[1].file);
	EXPECT_EQ(getpid(), tasks[0].pid);
	/* What the user wants to have with its own tasks stays with these. */
	EXPECT_EQ(0, tasks[0].user_data);
	EXPECT_EQ(1, ktask_task_list(self->set, KTASK_LIST_ALL, tasks, tasks, 1));
	EXPECT_EQ(0, ktask_task_list(self->set, KTASK_LIST_ALL, tasks, tasks, 1));
	ktask_set_close(other);
}

struct each {
	struct ktask_set *set;
	uint64_t sum;
	unsigned int calls;
	unsigned int stop_at;
};

static int add_up(const struct ktask_task *task, void *data)
{
	struct each *each = data;

	each->sum += task->user_data;
	/* Any function may be called: such as one that ends what is listed. */
	ktask_abort(each->set, task->id);
	return ++each->calls == each->stop_at ? 17 : 0;
}

TEST_F(lib, task_for_each)
{
	struct each each = { .set = self->set };
	int i;

	EXPECT_EQ(0, ktask_task_for_each(self->set, 0, add_up, &each));
	EXPECT_EQ(0, each.calls);
	for (i = 1; i <= 100; i++)
		ASSERT_LT(0, ktask_spawn_sleep(self->set, HOUR, i));
	EXPECT_EQ(0, ktask_task_for_each(self->set, 0, add_up, &each));
	EXPECT_EQ(100, each.calls);
	EXPECT_EQ(5050, each.sum);
	each.calls = 0;
	each.stop_at = 40;
	EXPECT_EQ(17, ktask_task_for_each(self->set, 0, add_up, &each));
	EXPECT_EQ(40, each.calls);
	EXPECT_EQ(-EOPNOTSUPP, ktask_task_for_each(self->set, 0x80, add_up, &each));
}

/* --- Descriptors ---------------------------------------------------------- */

TEST_F(lib, task_fd)
{
	int64_t id = ktask_spawn_sleep(self->set, HOUR, 8);
	struct pollfd pfd = { .events = POLLIN };
	int fd = ktask_task_fd(self->set, id), i;

	ASSERT_LT(0, id);
	ASSERT_LE(0, fd);
	pfd.fd = fd;
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, ktask_fd_read(fd, self->c, 1));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, 0));
	ASSERT_EQ(0, ktask_abort(self->set, id));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(1, ktask_fd_read(fd, self->c, 64));
		EXPECT_EQ(8, self->c[0].user_data);
		EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
		EXPECT_EQ(1, poll(&pfd, 1, 0));
	}
	/* The set's own is still there. */
	EXPECT_EQ(0, ktask_join(self->set, id, self->c, 0));
	EXPECT_EQ(1, ktask_fd_read(fd, self->c, 64));
	close(fd);

	EXPECT_EQ(-ENOENT, ktask_task_fd(self->set, id));
	EXPECT_EQ(-ENOENT, ktask_task_fd(self->set, 0));
}

TEST_F(lib, group_fd)
{
	struct ktask_args_nop args = {};
	struct ktask_desc desc;
	struct pollfd pfd = { .events = POLLIN };
	struct ktask_set *set;
	uint32_t group;
	int fd, i;

	ASSERT_EQ(0, ktask_set_open(&set, 0));
	ASSERT_EQ(0, ktask_group_create(set, 0, 0, &group));
	fd = ktask_group_fd(set, group);
	ASSERT_LE(0, fd);
	pfd.fd = fd;
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	ASSERT_DESC(&desc, "nop", &args);
	desc.group = group;
	for (i = 0; i < 3; i++) {
		desc.user_data = i;
		ASSERT_LT(0, ktask_spawn_desc(set, &desc));
		ASSERT_EQ(0, wait_ended(set, desc.id));
	}
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_EQ(2, ktask_fd_read(fd, self->c, 2));
	EXPECT_EQ(1, self->c[1].user_data);
	EXPECT_EQ(1, ktask_fd_read(fd, self->c, 64));
	EXPECT_EQ(2, self->c[0].user_data);
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	/* It is empty. */
	EXPECT_EQ(0, ktask_fd_read(fd, self->c, 64));
	ktask_set_close(set);
	EXPECT_EQ(1, poll(&pfd, 1, 20000));
	EXPECT_NE(0, pfd.revents & POLLHUP);
	EXPECT_EQ(0, ktask_fd_read(fd, self->c, 64));
	close(fd);

	EXPECT_EQ(-ENOENT, ktask_group_fd(self->set, 77));
	EXPECT_EQ(-ENOENT, ktask_group_fd(self->set, 0));
}

TEST_F(lib, fds_when_there_are_none_left)
{
	int64_t id = ktask_spawn_nop(self->set, 0, 0);
	uint32_t group;
	int fds[1024], n = 0;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_group_create(self->set, 0, 0, &group));
	while (n < 1024 && (fds[n] = dup(0)) >= 0)
		n++;
	if (n == 1024)
		SKIP(goto close, "more than 1024 descriptors are allowed");
	EXPECT_EQ(-EMFILE, ktask_task_fd(self->set, id));
	EXPECT_EQ(-EMFILE, ktask_group_fd(self->set, group));
close:
	while (n--)
		close(fds[n]);
}

TEST_F(lib, fd_read_errors)
{
	int fd = ktask_set_fd(self->set);

	/* Also of a set. */
	EXPECT_EQ(0, ktask_fd_read(fd, self->c, 64));
	ASSERT_LT(0, ktask_spawn_nop(self->set, 0, 0));
	EXPECT_EQ(-EINVAL, ktask_fd_read(fd, self->c, 0));
	EXPECT_EQ(-EBADF, ktask_fd_read(-1, self->c, 1));
	EXPECT_EQ(-EFAULT, ktask_fd_read(fd, NULL, 1));
	EXPECT_EQ(1, ktask_fd_read(fd, self->c, 64));
}

/* --- Eventfds ------------------------------------------------------------- */

TEST_F(lib, eventfd)
{
	struct ktask_args_nop args = {};
	int set_event = eventfd(0, EFD_CLOEXEC), group_event = eventfd(0, EFD_CLOEXEC);
	struct ktask_desc desc;
	eventfd_t count = 0;
	uint32_t group;
	int i;

	ASSERT_LE(0, set_event);
	ASSERT_LE(0, group_event);
	ASSERT_EQ(0, ktask_group_create(self->set, 0, 0, &group));
	ASSERT_EQ(0, ktask_set_eventfd(self->set, set_event));
	ASSERT_EQ(0, ktask_group_eventfd(self->set, group, group_event));
	ASSERT_DESC(&desc, "nop", &args);
	for (i = 0; i < 6; i++) {
		desc.group = i % 2 ? group : 0;
		ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
		ASSERT_EQ(0, wait_ended(self->set, desc.id));
	}
	ASSERT_EQ(0, eventfd_read(set_event, &count));
	EXPECT_EQ(6, count);
	ASSERT_EQ(0, eventfd_read(group_event, &count));
	EXPECT_EQ(3, count);

	/* Not any more. */
	ASSERT_EQ(0, ktask_set_eventfd(self->set, -1));
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	ASSERT_EQ(0, wait_ended(self->set, desc.id));
	ASSERT_EQ(0, eventfd_read(group_event, &count));
	ASSERT_EQ(0, fcntl(set_event, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, eventfd_read(set_event, &count));

	EXPECT_EQ(-ENOENT, ktask_group_eventfd(self->set, 77, set_event));
	EXPECT_EQ(-EBADF, ktask_set_eventfd(self->set, 12345));
	EXPECT_EQ(-EBADF, ktask_set_eventfd(self->set, ktask_set_fd(self->set)));
	close(set_event);
	close(group_event);
}

TEST_HARNESS_MAIN
