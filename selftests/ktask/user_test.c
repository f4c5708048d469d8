// SPDX-License-Identifier: GPL-2.0
/*
 * What a user may have, what it is charged, and that one does not keep another
 * from being served.
 */
#include <sys/wait.h>

#include "alg.h"
#include "helpers.h"

FIXTURE(user) {
	int fd;
	unsigned long long max_tasks;
	unsigned long long max_bytes;
	struct ktask_info info;
	struct ktask_completion c;
};

FIXTURE_SETUP(user)
{
	SETUP_OPEN(self->fd, 0);
	if (geteuid())
		SKIP(return, "only root can be several users");
	ASSERT_EQ(0, get_param("max_user_tasks", &self->max_tasks));
	ASSERT_EQ(0, get_param("max_user_bytes", &self->max_bytes));
}

FIXTURE_TEARDOWN(user)
{
	EXPECT_EQ(0, set_param("max_user_tasks", self->max_tasks));
	EXPECT_EQ(0, set_param("max_user_bytes", self->max_bytes));
	close(self->fd);
}

/*
 * What a process of that user does, in a file of its own, which must return 0.
 * What does not is told by its number.
 */
#define AS_USER(uid, function)						\
do {									\
	pid_t _pid = fork();						\
									\
	ASSERT_LE(0, _pid);						\
	if (!_pid) {							\
		int _fd;						\
									\
		if (become(uid))					\
			_exit(98);					\
		_fd = kt_open(0);					\
		if (_fd < 0)						\
			_exit(99);					\
		_exit(function(_fd, self->fd));				\
	}								\
	EXPECT_EQ(0, child_status(_pid));				\
} while (0)

/* Leave the function, which says where by the line. */
#define CHECK(condition)						\
do {									\
	if (!(condition)) {						\
		printf("# %s:%d: %s\n", __func__, __LINE__, #condition);\
		fflush(stdout);						\
		return 1;						\
	}								\
} while (0)

static struct ktask_info info_of(int fd)
{
	struct ktask_info info = {};

	if (kt_info(fd, &info))
		abort();
	return info;
}

/* --- What is told --------------------------------------------------------- */

TEST_F(user, limits_are_told)
{
	/* 0: by the memory that there is. */
	ASSERT_EQ(0, set_param("max_user_tasks", 0));
	ASSERT_EQ(0, set_param("max_user_bytes", 0));
	ASSERT_EQ(0, kt_info(self->fd, &self->info));
	EXPECT_LT(0, self->info.max_user_tasks);
	EXPECT_LT(0, self->info.max_user_bytes);
	ASSERT_EQ(0, set_param("max_user_tasks", 4321));
	ASSERT_EQ(0, set_param("max_user_bytes", 1234567));
	ASSERT_EQ(0, kt_info(self->fd, &self->info));
	EXPECT_EQ(4321, self->info.max_user_tasks);
	EXPECT_EQ(1234567, self->info.max_user_bytes);
}

static int count_own(int fd, int roots)
{
	struct ktask_completion c;
	int second = kt_open(0);

	CHECK(second >= 0);
	CHECK(info_of(fd).user_tasks == 0);
	CHECK(kt_sleep_many(fd, HOUR, 3) == 0);
	CHECK(kt_sleep_many(second, HOUR, 4) == 0);
	/* Of all files, told by each, whoever has opened it. */
	CHECK(info_of(fd).user_tasks == 7);
	CHECK(info_of(second).user_tasks == 7);
	CHECK(info_of(roots).user_tasks == 7);
	/* Who spawns it has it. */
	CHECK(kt_sleep(roots, HOUR, 0) > 0);
	CHECK(info_of(fd).user_tasks == 8);
	/* Until it is taken, */
	CHECK(kt_abort_all(second) == 0);
	CHECK(kt_read(second, &c, 1) == 1);
	CHECK(info_of(fd).user_tasks == 7);
	/* or its file goes. */
	CHECK(close(second) == 0);
	CHECK(info_of(fd).user_tasks == 4);
	return 0;
}

TEST_F(user, tasks_are_counted_for_who_spawns_them)
{
	ASSERT_EQ(0, kt_sleep_many(self->fd, HOUR, 5));
	AS_USER(ALICE, count_own);
	/* One of them is in this file. */
	ASSERT_EQ(0, kt_info(self->fd, &self->info));
	EXPECT_EQ(5, self->info.user_tasks);
	EXPECT_EQ(6, self->info.file_tasks);
}

static int run_and_look(int fd, int roots)
{
	struct ktask_completion c;
	struct ktask_task task;
	int64_t start = now_ns(), id, took;
	int file = sparse_file();

	(void)roots;
	CHECK(file >= 0);
	CHECK(info_of(fd).user_run_ns == 0);
	CHECK((id = kt_hash_range(fd, file, "sha256", 0, 4 << 20, 0)) > 0);
	CHECK(wait_state(fd, id, KTASK_STATE_ENDED));
	took = now_ns() - start;
	CHECK(kt_status(fd, id, &task) == 0);
	CHECK(task.run_ns > 0);
	CHECK((int64_t)task.run_ns <= took);
	CHECK(kt_join(fd, id, FOREVER, &c) == 0);
	CHECK(c.result == 4 << 20);
	CHECK(info_of(fd).user_run_ns >= task.run_ns);
	CHECK((int64_t)info_of(fd).user_run_ns <= took);
	return 0;
}

TEST_F(user, cpu_time_is_told)
{
	AS_USER(ALICE, run_and_look);
	/* It is not another's. */
	ASSERT_EQ(0, kt_info(self->fd, &self->info));
	EXPECT_EQ(0, self->info.user_run_ns);
}

/* --- What may be ---------------------------------------------------------- */

#define FEW		10

static int reach_max_tasks(int fd, int roots)
{
	struct ktask_desc descs[FEW + 5];
	struct ktask_completion c;
	int second = kt_open(0), error, i;

	for (i = 0; i < FEW + 5; i++)
		descs[i] = kt_desc(fd, "nop", NULL, 0);
	CHECK(kt_spawn(fd, descs, 4, &error) == 4);
	/* All files count, */
	CHECK(kt_spawn(second, descs, FEW + 5, &error) == FEW - 4);
	CHECK(error == -EDQUOT);
	/* and it is no matter of waiting. */
	CHECK(kt_spawn(fd, descs, 1, &error) == -EDQUOT);
	CHECK(kt_spawn_flags(fd, KTASK_SPAWN_ALL, descs, 1, &error) == -EDQUOT);
	CHECK(kt_nop(roots, 0, 0) == -EDQUOT);
	CHECK(kt_read(second, &c, 1) == 1);
	CHECK(kt_nop(fd, 0, 0) > 0);
	CHECK(kt_nop(fd, 0, 0) == -EDQUOT);
	/* All or none: there is room for one. */
	CHECK(kt_read(second, &c, 1) == 1);
	CHECK(kt_spawn_flags(fd, KTASK_SPAWN_ALL, descs, 2, &error) == -EDQUOT);
	CHECK(info_of(fd).user_tasks == FEW - 1);
	CHECK(kt_spawn_flags(fd, KTASK_SPAWN_ALL, descs, 1, &error) == 1);
	CHECK(close(second) == 0);
	CHECK(kt_nop(fd, 0, 0) > 0);
	return 0;
}

TEST_F(user, as_many_tasks_as_may_be_then_EDQUOT)
{
	ASSERT_EQ(0, set_param("max_user_tasks", FEW));
	AS_USER(ALICE, reach_max_tasks);
	/* That was not ours. */
	EXPECT_LT(0, kt_nop(self->fd, 0, 0));
	AS_USER(BOB, reach_max_tasks);
}

#define BYTES		100000

static int64_t read_some(int fd, int file)
{
	struct ktask_args_read args = { .fd = file, .length = BYTES };

	return kt_spawn_op(fd, "read", &args, sizeof(args), 0);
}

static int reach_max_bytes(int fd, int roots)
{
	static char data[BYTES];
	struct ktask_args_write write = {
		.data = { .ptr = to_u64(data), .len = sizeof(data) },
	};
	struct ktask_completion c;
	int file = pattern_file(BYTES), i;
	int64_t id, ids[3];

	(void)roots;
	write.fd = file;
	for (i = 0; i < 3; i++) {
		CHECK((ids[i] = read_some(fd, file)) > 0);
		CHECK(kt_join(fd, ids[i], FOREVER, &c) == 0);
		CHECK(c.result == BYTES && c.out_len == BYTES);
	}
	CHECK(info_of(fd).user_bytes >= 3 * BYTES);
	/* At once, or as what becomes of it. */
	id = read_some(fd, file);
	if (id > 0) {
		CHECK(kt_join(fd, id, FOREVER, &c) == 0);
		CHECK(c.result == -EDQUOT);
	} else {
		CHECK(id == -EDQUOT);
	}
	CHECK(kt_spawn_op(fd, "write", &write, sizeof(write), 0) == -EDQUOT);
	/* Short ones need none of it. */
	CHECK(kt_nop(fd, 0, 0) > 0);
	CHECK(kt_read(fd, &c, 1) == 1);
	CHECK(kt_output(fd, 0, ids[1], 0, data, BYTES, NULL) == BYTES);
	CHECK((id = read_some(fd, file)) > 0);
	CHECK(kt_join_out(fd, id, FOREVER, &c, data, BYTES) == 0);
	CHECK((id = kt_spawn_op(fd, "write", &write, sizeof(write), 0)) > 0);
	CHECK(kt_join(fd, id, FOREVER, &c) == 0);
	CHECK(c.result == BYTES);
	CHECK(info_of(fd).user_bytes >= 2 * BYTES);
	CHECK(info_of(fd).user_bytes < 3 * BYTES);
	return 0;
}

TEST_F(user, as_many_bytes_as_may_be_then_EDQUOT)
{
	ASSERT_EQ(0, set_param("max_user_bytes", 3 * BYTES + BYTES / 2));
	AS_USER(ALICE, reach_max_bytes);
	AS_USER(BOB, reach_max_bytes);
	ASSERT_EQ(0, kt_info(self->fd, &self->info));
	EXPECT_EQ(0, self->info.user_bytes);
}

/* Who has taken the one output has room for the next. */
static int take_turns(int fd, int roots)
{
	static char data[BYTES];
	struct ktask_completion c;
	int file = pattern_file(BYTES), i;
	int64_t id;

	(void)roots;
	for (i = 0; i < 500; i++) {
		CHECK((id = read_some(fd, file)) > 0);
		if (i % 2) {
			CHECK(kt_join_out(fd, id, FOREVER, &c, data, BYTES) == 0);
		} else {
			CHECK(kt_join(fd, id, FOREVER, &c) == 0);
			CHECK(kt_output(fd, 0, id, 0, data, BYTES, NULL) == BYTES);
		}
		CHECK(c.result == BYTES);
		CHECK(info_of(fd).user_bytes == 0);
	}
	return 0;
}

TEST_F(user, taken_output_does_not_count)
{
	ASSERT_EQ(0, set_param("max_user_bytes", BYTES + BYTES / 2));
	AS_USER(ALICE, take_turns);
}

/* Put together of two outputs it is too much. */
static int reach_max_bytes_of_input(int fd, int roots)
{
	struct ktask_after after[2] = {};
	struct ktask_desc desc = kt_desc(fd, "nop", NULL, 0);
	struct ktask_completion c;
	int file = pattern_file(BYTES), i;

	(void)roots;
	for (i = 0; i < 2; i++) {
		after[i].flags = KTASK_AFTER_INPUT;
		CHECK((int64_t)(after[i].id = read_some(fd, file)) > 0);
	}
	desc.after = to_u64(after);
	desc.nr_after = 2;
	CHECK(kt_spawn_desc(fd, &desc) > 0);
	CHECK(kt_join(fd, desc.id, FOREVER, &c) == 0);
	CHECK(c.result == -EDQUOT);
	CHECK(c.out_len == 0);
	CHECK(kt_detach(fd, after[0].id) == 0);
	CHECK(kt_detach(fd, after[1].id) == 0);
	CHECK(info_of(fd).user_bytes == 0);
	return 0;
}

TEST_F(user, input_counts_too)
{
	ASSERT_EQ(0, set_param("max_user_bytes", 3 * BYTES));
	AS_USER(ALICE, reach_max_bytes_of_input);
}

/* --- Memory cgroup -------------------------------------------------------- */

#define CGROUP		"/sys/fs/cgroup/ktask-test"

static int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/*
 * Spawn until there is no memory; and then nothing is left. It needs none itself
 * meanwhile: a page that is touched would be waited for, for ever.
 */
static int reach_the_cgroup(int fd)
{
	struct ktask_args_sleep sleep = { .duration_ns = HOUR };
	struct ktask_desc *descs = calloc(KTASK_SPAWN_MAX, sizeof(*descs));
	int error = 0, n = 0, i, total = 0;
	struct ktask_info before, now;

	CHECK(descs);
	CHECK(kt_info(fd, &before) == 0);
	for (i = 0; i < KTASK_SPAWN_MAX; i++)
		descs[i] = i ? descs[0] : kt_desc(fd, "sleep", &sleep, sizeof(sleep));
	do {
		n = kt_spawn(fd, descs, KTASK_SPAWN_MAX, &error);
		total += n > 0 ? n : 0;
	} while (n == KTASK_SPAWN_MAX);
	i = kt_info(fd, &now);
	close(fd);
	CHECK(i == 0);
	CHECK((n < 0 ? n : error) == -ENOMEM);
	CHECK(now.file_tasks == before.file_tasks + total);
	printf("# %d tasks, then ENOMEM\n", total);
	fflush(stdout);
	return 0;
}

TEST_F_TIMEOUT(user, memory_cgroup_at_its_limit_is_ENOMEM, SLOW)
{
	char text[32];
	pid_t pid;
	int err;

	put_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) || access(CGROUP "/memory.max", W_OK)) {
		rmdir(CGROUP);
		SKIP(return, "no memory cgroups");
	}
	err = put_text(CGROUP "/memory.max", "16M");
	ASSERT_EQ(0, err);
	put_text(CGROUP "/memory.swap.max", "0");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		snprintf(text, sizeof(text), "%d", getpid());
		/* It is to see an error, not to be killed. */
		if (mlockall(MCL_CURRENT | MCL_FUTURE) ||
		    put_text("/proc/self/oom_score_adj", "-1000") ||
		    put_text(CGROUP "/cgroup.procs", text))
			_exit(97);
		_exit(reach_the_cgroup(kt_open(0)));
	}
	EXPECT_EQ(0, child_status(pid));
	ASSERT_NOTHING_LEFT();
	EXPECT_EQ(0, rmdir(CGROUP));
}

/* --- One and another ------------------------------------------------------ */

/* Seconds in which another user is served; far more than it takes. */
#define SERVED		30

/* Until killed. */
static void flood_with_nops(int fd)
{
	struct ktask_completion c[64];

	for (;;) {
		kt_spawn_many(fd, "nop", NULL, 0, 1000);
		while (kt_join(fd, 0, 0, c) == 0)
			;
	}
}

static void flood_with_hashes(int fd)
{
	hash_for_ever(fd, 1000);
	pause();
}

static void flood_with_files(int fd)
{
	int fds[200], i;

	for (i = 0; i < 200; i++) {
		fds[i] = kt_open(0);
		kt_sleep_many(fds[i], HOUR, 100);
		hash_for_ever(fds[i], 5);
	}
	flood_with_nops(fd);
}

static void flood_with_stuck_reads(int fd)
{
	struct ktask_args_read args = { .offset = KTASK_OFFSET_FILE, .length = 1 };
	int fds[2];

	if (!pipe(fds)) {
		args.fd = fds[0];
		kt_spawn_many(fd, "read", &args, sizeof(args), 1000);
	}
	pause();
}

static void flood_with_chains(int fd)
{
	struct ktask_args_sleep sleep = { .duration_ns = MSEC };
	struct ktask_desc descs[1000];
	struct ktask_after after[1000];
	struct ktask_completion c;
	int i;

	for (i = 0; i < 1000; i++) {
		after[i] = (struct ktask_after){
			.id = i - 1,
			.flags = KTASK_AFTER_INDEX,
		};
		descs[i] = i % 10 ? kt_desc(fd, "nop", NULL, 0) :
				    kt_desc(fd, "sleep", &sleep, sizeof(sleep));
		descs[i].after = to_u64(&after[i]);
		descs[i].nr_after = i % 100 > 0;
	}
	for (;;) {
		kt_spawn(fd, descs, 1000, NULL);
		while (kt_join(fd, 0, 0, &c) == 0)
			;
	}
}

FIXTURE(flood) {
	int fd;
	pid_t pid;
	struct ktask_info info;
};

FIXTURE_VARIANT(flood) {
	void (*flood)(int fd);
};

FIXTURE_VARIANT_ADD(flood, nops) {
	.flood = flood_with_nops,
};

FIXTURE_VARIANT_ADD(flood, hashes) {
	.flood = flood_with_hashes,
};

FIXTURE_VARIANT_ADD(flood, files) {
	.flood = flood_with_files,
};

FIXTURE_VARIANT_ADD(flood, stuck_reads) {
	.flood = flood_with_stuck_reads,
};

FIXTURE_VARIANT_ADD(flood, chains) {
	.flood = flood_with_chains,
};

FIXTURE_SETUP(flood)
{
	SETUP_OPEN(self->fd, 0);
	if (geteuid())
		SKIP(return, "only root can be several users");
}

FIXTURE_TEARDOWN(flood)
{
	close(self->fd);
}

/* Each kind of work, to its end. */
static int be_served(int fd)
{
	struct ktask_args_read args = { .length = 1000 };
	struct ktask_completion c;
	int file = sparse_file(), i;
	int64_t longest = 0;

	args.fd = file;
	for (i = 0; i < 15; i++) {
		int64_t start = now_ns(), id;

		switch (i % 5) {
		case 0:
			id = kt_nop(fd, 0, 0);
			break;
		case 1:
			id = kt_sleep(fd, MSEC, 0);
			break;
		case 2:
			id = kt_hash_range(fd, file, "sha256", 0, 4096, 0);
			break;
		case 3:
			id = kt_spawn_op(fd, "read", &args, sizeof(args), 0);
			break;
		default:
			CHECK((id = kt_sleep(fd, HOUR, 0)) > 0);
			CHECK(kt_abort(fd, id) == 0);
		}
		CHECK(id > 0);
		CHECK(kt_join(fd, id, SERVED * SEC, &c) == 0);
		if (c.out_len > KTASK_OUT_MAX)
			CHECK(kt_output(fd, 0, id, 0, NULL, 0, NULL) == 0);
		if (now_ns() - start > longest)
			longest = now_ns() - start;
	}
	printf("# %lld ms at most\n", (long long)(longest / MSEC));
	fflush(stdout);
	return 0;
}

TEST_F_TIMEOUT(flood, leaves_others_served, SLOW)
{
	int pipe_fds[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipe_fds));
	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid) {
		int fd;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(self->fd);
		if (become(ALICE))
			_exit(98);
		fd = kt_open(0);
		if (fd < 0 || write(pipe_fds[1], "", 1) != 1)
			_exit(99);
		variant->flood(fd);
	}
	ASSERT_EQ(1, read(pipe_fds[0], &byte, 1));
	/* Until it is under way. */
	do {
		ASSERT_EQ(0, kt_info(self->fd, &self->info));
		sched_yield();
	} while (self->info.file_tasks < 500);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(become(BOB) ? 98 : be_served(kt_open(0)));
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(0, kill(self->pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, child_status(self->pid));
	ASSERT_NOTHING_LEFT();
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

TEST_HARNESS_MAIN
