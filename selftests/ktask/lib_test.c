// SPDX-License-Identifier: GPL-2.0
/*
 * libktask against the device: sets, operations, and threads that share a set.
 */
#include <grp.h>

#include "lib.h"

/* --- Sets ----------------------------------------------------------------- */

TEST_F(lib, set_open_unknown_flags_is_EINVAL)
{
	struct ktask_set *set = self->set;

	EXPECT_EQ(-EINVAL, ktask_set_open(&set, ~KTASK_SET_NONBLOCK));
	EXPECT_EQ(NULL, set);
}

TEST_F(lib, set_open_without_descriptors_is_EMFILE)
{
	struct ktask_set *set = self->set;
	int fds[1024], n = 0;

	while (n < 1024 && (fds[n] = dup(0)) >= 0)
		n++;
	if (n == 1024)
		SKIP(goto close, "more than 1024 descriptors are allowed");
	EXPECT_EQ(-EMFILE, ktask_set_open(&set, 0));
	EXPECT_EQ(NULL, set);
close:
	while (n--)
		close(fds[n]);
}

/* What open(2) says to who is neither root nor in the group of the device. */
TEST_F(lib, set_open_by_somebody_else_is_EACCES)
{
	struct ktask_set *set;
	pid_t pid;

	if (getuid())
		SKIP(return, "needs to be root to be somebody else");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(2);
		_exit(ktask_set_open(&set, 0) == -EACCES && !set ? 0 : 1);
	}
	EXPECT_EQ(0, child_status(pid));
}

TEST_F(lib, set_close_of_null)
{
	ktask_set_close(NULL);
}

TEST_F(lib, set_close_ends_the_tasks)
{
	struct ktask_set *set;
	struct ktask_info info;
	int i;

	ASSERT_EQ(0, ktask_set_open(&set, 0));
	for (i = 0; i < 100; i++)
		ASSERT_LT(0, ktask_spawn_sleep(set, HOUR, i));
	ktask_set_close(set);
	ASSERT_EQ(0, ktask_info(self->set, &info));
	EXPECT_EQ(1, info.files);
	EXPECT_EQ(0, info.file_tasks);
}

TEST_F(lib, set_fd_is_close_on_exec_and_polls)
{
	struct pollfd pfd = { .fd = ktask_set_fd(self->set), .events = POLLIN };

	EXPECT_EQ(FD_CLOEXEC, fcntl(pfd.fd, F_GETFD));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_LT(0, ktask_spawn_nop(self->set, 0, 0));
	EXPECT_EQ(1, poll(&pfd, 1, 20000));
	EXPECT_EQ(1, ktask_join_next(self->set, self->c, 0));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
}

TEST_F(lib, info)
{
	struct ktask_info info;

	memset(&info, 0xee, sizeof(info));
	ASSERT_EQ(0, ktask_info(self->set, &info));
	EXPECT_EQ(KTASK_ABI_VERSION, info.abi_version);
	EXPECT_EQ(1, info.files);
}

/* --- Words ---------------------------------------------------------------- */

TEST_F(lib, words)
{
	EXPECT_STREQ("returned", ktask_outcome_name(KTASK_RETURNED));
	EXPECT_STREQ("cancelled", ktask_outcome_name(KTASK_CANCELLED));
	EXPECT_STREQ("failed", ktask_outcome_name(KTASK_FAILED));
	EXPECT_STREQ("unknown", ktask_outcome_name(KTASK_FAILED + 1));

	EXPECT_STREQ("none", ktask_cause_name(KTASK_CAUSE_NONE));
	EXPECT_STREQ("abort", ktask_cause_name(KTASK_CAUSE_ABORT));
	EXPECT_STREQ("timeout", ktask_cause_name(KTASK_CAUSE_TIMEOUT));
	EXPECT_STREQ("after", ktask_cause_name(KTASK_CAUSE_AFTER));
	EXPECT_STREQ("unknown", ktask_cause_name(KTASK_CAUSE_AFTER + 1));

	EXPECT_STREQ("unknown", ktask_state_name(0));
	EXPECT_STREQ("held", ktask_state_name(KTASK_STATE_HELD));
	EXPECT_STREQ("delayed", ktask_state_name(KTASK_STATE_DELAYED));
	EXPECT_STREQ("limited", ktask_state_name(KTASK_STATE_LIMITED));
	EXPECT_STREQ("queued", ktask_state_name(KTASK_STATE_QUEUED));
	EXPECT_STREQ("running", ktask_state_name(KTASK_STATE_RUNNING));
	EXPECT_STREQ("waiting", ktask_state_name(KTASK_STATE_WAITING));
	EXPECT_STREQ("ended", ktask_state_name(KTASK_STATE_ENDED));
	EXPECT_STREQ("unknown", ktask_state_name(KTASK_STATE_ENDED + 1));

	EXPECT_STREQ("normal", ktask_priority_name(KTASK_PRIORITY_NORMAL));
	EXPECT_STREQ("high", ktask_priority_name(KTASK_PRIORITY_HIGH));
	EXPECT_STREQ("idle", ktask_priority_name(KTASK_PRIORITY_IDLE));
	EXPECT_STREQ("unknown", ktask_priority_name(UINT_MAX));
}

/* --- Adopted sets, restricted sets ---------------------------------------- */

TEST_F(lib, set_adopt)
{
	struct ktask_set *set;
	int64_t id = ktask_spawn_nop(self->set, 5, 0);
	int fd = dup(ktask_set_fd(self->set));

	ASSERT_LT(0, id);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ktask_set_adopt(&set, fd));
	EXPECT_EQ(fd, ktask_set_fd(set));
	/* It is the same set. */
	ASSERT_EQ(0, ktask_join(set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(5, self->c[0].result);
	ASSERT_LT(0, ktask_spawn_sleep(set, HOUR, 0));
	/* And this is not the last one to close it. */
	ktask_set_close(set);
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(self->set, self->c, 0));
}

TEST_F(lib, set_adopt_errors)
{
	struct ktask_set *set = self->set;
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int64_t id = ktask_spawn_nop(self->set, 0, 0);
	int task = ktask_task_fd(self->set, id);

	EXPECT_EQ(-EBADF, ktask_set_adopt(&set, -1));
	EXPECT_EQ(NULL, set);
	EXPECT_EQ(-ENOTTY, ktask_set_adopt(&set, file));
	ASSERT_LE(0, task);
	EXPECT_EQ(-ENOTTY, ktask_set_adopt(&set, task));
	/* They are still the caller's. */
	EXPECT_EQ(0, close(file));
	EXPECT_EQ(0, close(task));
}

/* What a process that is trusted less does with what it was sent: 0, or a line. */
static int less_trusted(int from)
{
	struct ktask_completion c;
	struct ktask_set *set;
	int64_t id;

	if (ktask_set_adopt(&set, receive_fd(from)))
		return __LINE__;
	if (ktask_spawn_nop(set, 0, 0) != -EPERM)
		return __LINE__;
	if (ktask_group_limit(set, 0, 0, 0) != -EPERM)
		return __LINE__;
	id = ktask_spawn_sleep(set, MSEC, 0);
	if (id <= 0 || ktask_join(set, id, &c, KTASK_FOREVER) || c.result)
		return __LINE__;
	/* There is room for two. */
	if (ktask_spawn_sleep(set, HOUR, 0) <= 0 || ktask_spawn_sleep(set, HOUR, 0) <= 0)
		return __LINE__;
	fcntl(ktask_set_fd(set), F_SETFL, O_NONBLOCK);
	if (ktask_spawn_sleep(set, HOUR, 0) != -EAGAIN)
		return __LINE__;
	ktask_set_close(set);
	return 0;
}

TEST_F(lib, set_restrict_and_send)
{
	static const char *const ops[] = { "sleep" };
	int64_t id = ktask_spawn_nop(self->set, 3, 0);
	int sv[2];
	pid_t pid;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_group_limit(self->set, 0, 0, 2));
	ASSERT_EQ(0, ktask_set_restrict(self->set, ops, 1, KTASK_RESTRICT_LIMITS));
	/* What was there before is left alone. */
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(3, self->c[0].result);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(ktask_set_fd(self->set));
		_exit(less_trusted(sv[1]) % 250);
	}
	ASSERT_EQ(0, send_fd(sv[0], ktask_set_fd(self->set)));
	EXPECT_EQ(0, child_status(pid));
	/* The same holds here. */
	EXPECT_EQ(-EPERM, ktask_spawn_nop(self->set, 0, 0));
	close(sv[0]);
	close(sv[1]);
}

TEST_F(lib, set_restrict_errors)
{
	static const char *const ops[] = { "nop", "no such op" };
	static const char *const two[] = { "nop", "sleep" };
	const char *many[KTASK_RESTRICT_MAX + 1];
	const char *longest = "a name of more than thirty-one bytes";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = "nop";
	EXPECT_EQ(-ENOENT, ktask_set_restrict(self->set, ops, 2, 0));
	EXPECT_EQ(-ENAMETOOLONG, ktask_set_restrict(self->set, &longest, 1, 0));
	EXPECT_EQ(-EINVAL, ktask_set_restrict(self->set, many, KTASK_RESTRICT_MAX + 1, 0));
	EXPECT_EQ(-EOPNOTSUPP, ktask_set_restrict(self->set, ops, 1, 0x80));
	/* Nothing of that has restricted it. */
	EXPECT_LT(0, ktask_spawn_sleep(self->set, 0, 0));
	EXPECT_EQ(0, ktask_group_limit(self->set, 0, 0, 0));

	EXPECT_EQ(0, ktask_set_restrict(self->set, many, KTASK_RESTRICT_MAX, 0));
	EXPECT_LT(0, ktask_spawn_nop(self->set, 0, 0));
	EXPECT_EQ(-EPERM, ktask_spawn_sleep(self->set, 0, 0));
	/* Never more than before; in the end nothing. */
	EXPECT_EQ(0, ktask_set_restrict(self->set, two, 2, 0));
	EXPECT_EQ(-EPERM, ktask_spawn_sleep(self->set, 0, 0));
	EXPECT_EQ(0, ktask_set_restrict(self->set, NULL, 0, 0));
	EXPECT_EQ(-EPERM, ktask_spawn_nop(self->set, 0, 0));
	/* But limits can be set. */
	EXPECT_EQ(0, ktask_group_limit(self->set, 0, 1, 1));
}

/* --- Operations ----------------------------------------------------------- */

TEST_F(lib, op_find)
{
	uint32_t op = 99, again = 98;

	EXPECT_EQ(0, ktask_op_find(self->set, "sleep", &op));
	EXPECT_EQ(kt_op(ktask_set_fd(self->set), "sleep"), op);
	EXPECT_EQ(0, ktask_op_find(self->set, "sleep", &again));
	EXPECT_EQ(op, again);
	EXPECT_EQ(-ENOENT, ktask_op_find(self->set, "no such op", &op));
	EXPECT_EQ(-ENOENT, ktask_op_find(self->set, "", &op));
	EXPECT_EQ(-ENAMETOOLONG,
		  ktask_op_find(self->set, "a name of more than thirty-one bytes", &op));
}

TEST_F(lib, op_get)
{
	struct ktask_op_info *info;
	const struct ktask_arg_info *args;

	ASSERT_EQ(0, ktask_op_get(self->set, "hash", &info));
	EXPECT_STREQ("hash", info->name);
	ASSERT_EQ(4, info->nr_args);
	args = ktask_op_args(info);
	EXPECT_STREQ("fd", args[0].name);
	EXPECT_STREQ("alg", args[3].name);
	ktask_op_free(info);

	EXPECT_EQ(-ENOENT, ktask_op_get(self->set, "no such op", &info));
	EXPECT_EQ(NULL, info);
	ktask_op_free(NULL);
}

TEST_F(lib, op_next_lists_all)
{
	struct ktask_op_info *op;
	struct ktask_info info;
	uint32_t from = 0, n = 0;
	int err;

	while (!(err = ktask_op_next(self->set, from, &op))) {
		EXPECT_LE(from, op->op);
		from = op->op + 1;
		n++;
		ktask_op_free(op);
	}
	EXPECT_EQ(-ENOENT, err);
	ASSERT_EQ(0, ktask_info(self->set, &info));
	EXPECT_EQ(info.nr_ops, n);
}

/* --- Threads -------------------------------------------------------------- */

#define THREADS		6
#define EACH		1000

struct worker {
	pthread_t thread;
	struct ktask_set *set;
	_Atomic unsigned int *seen;
	int number;
	int wrong;
};

/* Spawns, and takes as many as it has spawned: by id, one by one, or many. */
static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct ktask_completion c[8];
	ssize_t n;
	int taken = 0, i;

	for (i = 0; i < EACH; i++) {
		int64_t id = ktask_spawn_nop(w->set, i, w->number * EACH + i);

		if (id <= 0) {
			w->wrong = -__LINE__;
			return NULL;
		}
	}
	while (taken < EACH) {
		if (w->number % 3 == 0)
			n = ktask_join_next(w->set, c, KTASK_FOREVER);
		else if (w->number % 3 == 1)
			n = ktask_join_next(w->set, c, 20 * SEC);
		else
			n = ktask_join_many(w->set, c, 8, KTASK_FOREVER);
		/* The set is empty when others have taken more than they gave. */
		if (n <= 0) {
			w->wrong = n;
			return NULL;
		}
		for (i = 0; i < n; i++)
			w->seen[c[i].user_data]++;
		taken += n;
	}
	return NULL;
}

TEST_F_TIMEOUT(lib, several_threads_share_a_set, SLOW)
{
	static _Atomic unsigned int seen[THREADS * EACH];
	struct worker w[THREADS];
	ssize_t n, k;
	int i;

	for (i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .set = self->set, .seen = seen, .number = i };
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, worker_main, &w[i]));
	}
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_EQ(0, w[i].wrong);
	}
	while ((n = ktask_join_many(self->set, self->c, 64, KTASK_FOREVER)) > 0) {
		for (k = 0; k < n; k++)
			seen[self->c[k].user_data]++;
	}
	for (i = 0; i < THREADS * EACH; i++) {
		ASSERT_EQ(1, seen[i]);
	}
}

static void *own_set_main(void *arg)
{
	struct worker *w = arg;
	struct ktask_completion c;
	int i;

	for (i = 0; i < 30 && !w->wrong; i++) {
		int64_t id;

		if (ktask_set_open(&w->set, 0))
			w->wrong = __LINE__;
		id = ktask_spawn_sleep(w->set, MSEC, i);
		if (id <= 0 || ktask_spawn_sleep(w->set, HOUR, 0) <= 0)
			w->wrong = __LINE__;
		if (ktask_join(w->set, id, &c, KTASK_FOREVER) || c.result)
			w->wrong = __LINE__;
		ktask_set_close(w->set);
	}
	return NULL;
}

TEST_F_TIMEOUT(lib, several_threads_with_sets_of_their_own, SLOW)
{
	struct worker w[THREADS] = {};
	struct ktask_info info;
	int i;

	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, own_set_main, &w[i]));
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_EQ(0, w[i].wrong);
	}
	ASSERT_EQ(0, ktask_info(self->set, &info));
	EXPECT_EQ(1, info.files);
	EXPECT_EQ(0, info.file_tasks);
}

TEST_HARNESS_MAIN
