// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_JOIN_ANY: the first of several tasks.
 */
#include <limits.h>

#include "helpers.h"

#define GATES		4

FIXTURE(any) {
	int fd;
	struct gate gates[GATES];
	__u64 ids[GATES];
	unsigned int index;
	struct ktask_join_any join;	/* for a thread that waits */
	struct caller caller;
	struct ktask_completion c;
};

FIXTURE_SETUP(any)
{
	int i;

	SETUP_OPEN(self->fd, 0);
	for (i = 0; i < GATES; i++) {
		struct ktask_desc desc = { .user_data = i };

		ASSERT_LT(0, gate_spawn_as(self->fd, &self->gates[i], &desc));
		self->ids[i] = self->gates[i].id;
	}
	self->join.size = sizeof(self->join);
	self->join.ids = to_u64(self->ids);
	self->join.nr = GATES;
	self->join.timeout_ns = FOREVER;
	self->join.completion = to_u64(&self->c);
	self->join.index = 99;
}

FIXTURE_TEARDOWN(any)
{
	int i;

	for (i = 0; i < GATES; i++)
		gate_close(&self->gates[i]);
	close(self->fd);
}

static int join_any(FIXTURE_DATA(any) *self, __s64 timeout_ns)
{
	return kt_join_any(self->fd, 0, self->ids, GATES, timeout_ns, &self->c,
			   &self->index);
}

static int joiner(FIXTURE_DATA(any) *self)
{
	return caller_start(&self->caller, self->fd, KTASK_JOIN_ANY, &self->join);
}

/* Open the gate, and wait until its task has ended. */
#define PASS(n)								\
do {									\
	ASSERT_EQ(0, gate_open(&self->gates[n]));			\
	ASSERT_TRUE(wait_state(self->fd, self->ids[n], KTASK_STATE_ENDED)); \
} while (0)

/* The @n-th has been taken, and the others go on. */
#define EXPECT_TOOK(n)							\
do {									\
	int _i;								\
									\
	EXPECT_EQ(self->gates[n].id, self->c.id);			\
	EXPECT_EQ(n, self->c.user_data);				\
	EXPECT_EQ(POLLIN, self->c.result);				\
	EXPECT_EQ(-ENOENT, task_state(self->fd, self->gates[n].id));	\
	for (_i = 0; _i < GATES; _i++) {				\
		if (_i == (n))						\
			continue;					\
		EXPECT_TRUE(wait_state(self->fd, self->gates[_i].id,	\
				       KTASK_STATE_WAITING));		\
	}								\
} while (0)

/* --- Which one ------------------------------------------------------------ */

TEST_F(any, first_wins)
{
	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, gate_open(&self->gates[2]));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_EQ(2, self->join.index);
	EXPECT_TOOK(2);
}

TEST_F(any, one_has_ended_already)
{
	PASS(3);
	ASSERT_EQ(0, join_any(self, 0));
	EXPECT_EQ(3, self->index);
	EXPECT_TOOK(3);
}

TEST_F(any, of_several_the_one_that_ended_first)
{
	static const int order[] = { 2, 0, 3, 1 };
	int i;

	for (i = 0; i < GATES; i++)
		PASS(order[i]);
	for (i = 0; i < GATES; i++) {
		__u64 ids[GATES];
		int k, nr = 0;

		/* Of those that are left. */
		for (k = 0; k < GATES; k++) {
			if (task_state(self->fd, self->ids[k]) > 0)
				ids[nr++] = self->ids[k];
		}
		ASSERT_EQ(0, kt_join_any(self->fd, 0, ids, nr, FOREVER, &self->c,
					 &self->index));
		EXPECT_EQ(order[i], self->c.user_data);
		EXPECT_EQ(ids[self->index], self->c.id);
	}
}

TEST_F(any, one_of_one)
{
	self->join.nr = 1;
	ASSERT_EQ(0, joiner(self));
	PASS(1);
	ASSERT_EQ(0, gate_open(&self->gates[0]));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_EQ(0, self->join.index);
	EXPECT_EQ(self->gates[0].id, self->c.id);
	/* The other is still there. */
	EXPECT_EQ(KTASK_STATE_ENDED, task_state(self->fd, self->ids[1]));
}

TEST_F(any, same_one_twice)
{
	__u64 ids[] = { self->ids[0], self->ids[1], self->ids[1], self->ids[0] };

	self->join.ids = to_u64(ids);
	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, gate_open(&self->gates[1]));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_TRUE(self->join.index == 1 || self->join.index == 2);
	EXPECT_TOOK(1);
}

TEST_F_TIMEOUT(any, of_as_many_as_may_be, SLOW)
{
	__u64 *ids = calloc(KTASK_IDS_MAX + 1, sizeof(*ids));
	struct ktask_args_sleep args = { .duration_ns = HOUR };
	struct ktask_desc *descs = calloc(KTASK_IDS_MAX, sizeof(*descs));
	int i;

	ASSERT_NE(NULL, ids);
	ASSERT_NE(NULL, descs);
	for (i = 0; i < KTASK_IDS_MAX; i++)
		descs[i] = i ? descs[0] :
			   kt_desc(self->fd, "sleep", &args, sizeof(args));
	ASSERT_EQ(KTASK_IDS_MAX, kt_spawn(self->fd, descs, KTASK_IDS_MAX, NULL));
	for (i = 0; i < KTASK_IDS_MAX; i++)
		ids[i] = descs[i].id;
	EXPECT_EQ(-ETIMEDOUT, kt_join_any(self->fd, 0, ids, KTASK_IDS_MAX, 0,
					  &self->c, NULL));
	ASSERT_EQ(0, kt_abort(self->fd, ids[4000]));
	ASSERT_EQ(0, kt_join_any(self->fd, 0, ids, KTASK_IDS_MAX, FOREVER,
				 &self->c, &self->index));
	EXPECT_EQ(4000, self->index);
	EXPECT_EQ(ids[4000], self->c.id);
	free(ids);
	free(descs);
}

/* --- The rest ------------------------------------------------------------- */

TEST_F(any, abort_rest)
{
	int i;

	self->join.flags = KTASK_JOIN_ANY_ABORT_REST;
	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, gate_open(&self->gates[1]));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_EQ(1, self->join.index);
	EXPECT_EQ(POLLIN, self->c.result);
	for (i = 0; i < GATES; i++) {
		if (i == 1)
			continue;
		ASSERT_EQ(0, kt_join(self->fd, self->ids[i], FOREVER, &self->c));
		EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);
		EXPECT_EQ(KTASK_CAUSE_ABORT, self->c.cause);
	}
}

TEST_F(any, abort_rest_leaves_alone_what_has_ended_or_is_not_named)
{
	PASS(0);
	PASS(1);
	ASSERT_EQ(0, kt_join_any(self->fd, KTASK_JOIN_ANY_ABORT_REST, self->ids,
				 GATES - 1, FOREVER, &self->c, &self->index));
	EXPECT_EQ(0, self->index);
	ASSERT_EQ(0, kt_join(self->fd, self->ids[1], FOREVER, &self->c));
	EXPECT_EQ(POLLIN, self->c.result);
	ASSERT_EQ(0, kt_join(self->fd, self->ids[2], FOREVER, &self->c));
	EXPECT_EQ(KTASK_CAUSE_ABORT, self->c.cause);
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, self->ids[3], 10 * MSEC, &self->c));
}

/* Only when one has ended. */
TEST_F(any, abort_rest_does_nothing_when_the_time_runs_out)
{
	EXPECT_EQ(-ETIMEDOUT, kt_join_any(self->fd, KTASK_JOIN_ANY_ABORT_REST,
					  self->ids, GATES, 20 * MSEC, &self->c,
					  NULL));
	PASS(0);
	ASSERT_EQ(0, join_any(self, FOREVER));
	EXPECT_TOOK(0);
}

/* --- What is not there ---------------------------------------------------- */

TEST_F(any, unknown_id_is_ENOENT_with_its_index)
{
	const __u64 wrong[] = {
		0, self->ids[3] + 1, 1ULL << 63, UINT64_MAX,
		1ULL << 32 | self->ids[0],
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		self->ids[2] = wrong[i];
		EXPECT_EQ(-ENOENT, join_any(self, FOREVER));
		EXPECT_EQ(2, self->index);
	}
	/* Also if another has ended; that is not taken. */
	PASS(1);
	EXPECT_EQ(-ENOENT, join_any(self, FOREVER));
	EXPECT_EQ(2, self->index);
	EXPECT_EQ(0, kt_join(self->fd, self->ids[1], 0, &self->c));
}

TEST_F(any, taken_id_is_ENOENT_with_its_index)
{
	PASS(3);
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(-ENOENT, join_any(self, FOREVER));
	EXPECT_EQ(3, self->index);
}

TEST_F(any, id_of_another_file_is_ENOENT)
{
	int other = kt_open(0), i;
	int64_t id = 0;

	ASSERT_LE(0, other);
	for (i = 0; i < 10; i++)
		ASSERT_LT(0, id = kt_nop(other, 0, 0));
	self->ids[0] = id;
	EXPECT_EQ(-ENOENT, join_any(self, FOREVER));
	EXPECT_EQ(0, self->index);
	close(other);
}

TEST_F(any, none_or_too_many_is_EINVAL)
{
	static __u64 ids[KTASK_IDS_MAX + 1];

	EXPECT_EQ(-EINVAL, kt_join_any(self->fd, 0, self->ids, 0, FOREVER,
				       &self->c, NULL));
	EXPECT_EQ(-EINVAL, kt_join_any(self->fd, 0, ids, KTASK_IDS_MAX + 1,
				       FOREVER, &self->c, NULL));
	EXPECT_EQ(-EINVAL, kt_join_any(self->fd, 0, ids, UINT_MAX, FOREVER,
				       &self->c, NULL));
}

/* --- For how long --------------------------------------------------------- */

TEST_F(any, timeouts)
{
	int64_t start = now_ns();

	EXPECT_EQ(-ETIMEDOUT, join_any(self, 0));
	EXPECT_EQ(-ETIMEDOUT, join_any(self, 1));
	EXPECT_EQ(-ETIMEDOUT, join_any(self, 20 * MSEC));
	EXPECT_LE(20 * MSEC, now_ns() - start);
	EXPECT_EQ(-EINVAL, join_any(self, -2));
	EXPECT_EQ(-EINVAL, join_any(self, LLONG_MIN));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, join_any(self, FOREVER));
	/* A time that is named is waited for all the same. */
	start = now_ns();
	EXPECT_EQ(-ETIMEDOUT, join_any(self, 20 * MSEC));
	EXPECT_LE(20 * MSEC, now_ns() - start);
	PASS(1);
	ASSERT_EQ(0, join_any(self, FOREVER));
	EXPECT_TOOK(1);
}

TEST_F(any, timeout_of_292_years_is_enough)
{
	self->join.timeout_ns = LLONG_MAX;
	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, gate_open(&self->gates[0]));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_TOOK(0);
}

TEST_F(any, signal)
{
	ASSERT_EQ(0, catch_signal(SIGUSR1, SA_RESTART));
	self->join.timeout_ns = HOUR;
	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, pthread_kill(self->caller.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, caller_wait(&self->caller));

	ASSERT_EQ(0, catch_signal(SIGUSR1, SA_RESTART));
	self->join.timeout_ns = FOREVER;
	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, pthread_kill(self->caller.thread, SIGUSR1));
	while (!signals_seen)
		sched_yield();
	wait_asleep(&self->caller.tid);
	ASSERT_EQ(0, gate_open(&self->gates[3]));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_TOOK(3);
}

/* --- Where to ------------------------------------------------------------- */

TEST_F(any, bad_pointer_to_ids_is_EFAULT)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	__u64 *ids = (void *)(mem + page - 8);

	ASSERT_NE(NULL, mem);
	ids[0] = self->ids[0];
	PASS(0);
	EXPECT_EQ(-EFAULT, kt_join_any(self->fd, 0, NULL, 1, 0, &self->c, NULL));
	EXPECT_EQ(-EFAULT, kt_join_any(self->fd, 0, (void *)-8L, 1, 0, &self->c, NULL));
	EXPECT_EQ(-EFAULT, kt_join_any(self->fd, 0, ids + 1, 1, 0, &self->c, NULL));
	EXPECT_EQ(-EFAULT, kt_join_any(self->fd, 0, ids, 2, 0, &self->c, NULL));
	EXPECT_EQ(0, kt_join_any(self->fd, 0, ids, 1, 0, &self->c, NULL));
	munmap(mem, 2 * page);
}

TEST_F(any, bad_pointer_to_the_completion_loses_nothing)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	struct ktask_completion *bad[] = {
		NULL,
		(void *)(mem + page),
		(void *)(mem + page - sizeof(*bad[0]) + 1),
		(void *)-4096L,
	};
	int order[] = { 2, 1, 3 };
	size_t i;

	ASSERT_NE(NULL, mem);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		PASS(order[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EFAULT, kt_join_any(self->fd, 0, self->ids, GATES, 0,
					       bad[i], NULL));
	/* Nor does it lose its place. */
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		EXPECT_EQ(order[i], self->c.user_data);
	}
	munmap(mem, 2 * page);
}

/* Which one it is could not be told. */
TEST_F(any, structure_in_read_only_memory_takes_nothing)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);

	ASSERT_NE(NULL, mem);
	memcpy(mem, &self->join, sizeof(self->join));
	ASSERT_EQ(0, mprotect(mem, page, PROT_READ));
	PASS(0);
	EXPECT_EQ(-EFAULT, kt_ioctl(self->fd, KTASK_JOIN_ANY, mem));
	ASSERT_EQ(0, join_any(self, 0));
	EXPECT_TOOK(0);
	munmap(mem, 2 * page);
}

/* --- Beside others -------------------------------------------------------- */

TEST_F(any, reader_does_not_get_what_is_waited_for)
{
	struct taker reader;
	int64_t other = kt_sleep(self->fd, HOUR, 77);

	ASSERT_LT(0, other);
	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, reader_start(&reader, self->fd));
	ASSERT_EQ(0, gate_open(&self->gates[1]));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_EQ(1, self->join.index);
	/* What is not named is the reader's. */
	ASSERT_EQ(0, kt_abort(self->fd, other));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(77, reader.completion.user_data);
}

/* When one has been taken, the others are everybody's again. */
TEST_F(any, reader_gets_the_others_afterwards)
{
	struct taker reader;

	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, gate_open(&self->gates[1]));
	EXPECT_EQ(0, caller_wait(&self->caller));
	ASSERT_EQ(0, reader_start(&reader, self->fd));
	ASSERT_EQ(0, gate_open(&self->gates[2]));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(2, reader.completion.user_data);
	/* And if none was. */
	EXPECT_EQ(-ENOENT, join_any(self, 0));
	self->ids[1] = self->ids[0];
	self->ids[2] = self->ids[0];
	EXPECT_EQ(-ETIMEDOUT, join_any(self, 10 * MSEC));
	ASSERT_EQ(0, reader_start(&reader, self->fd));
	ASSERT_EQ(0, gate_open(&self->gates[3]));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(3, reader.completion.user_data);
}

/* One who waits for one of them has the same right to it. */
TEST_F(any, joiner_of_one_of_them)
{
	struct taker one;
	int ret, got;

	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, joiner_start(&one, self->fd, self->ids[1], FOREVER));
	ASSERT_EQ(0, gate_open(&self->gates[1]));
	got = taker_wait(&one);
	if (got) {
		EXPECT_EQ(-ENOENT, got);
		EXPECT_EQ(0, caller_wait(&self->caller));
		EXPECT_EQ(1, self->join.index);
		return;
	}
	EXPECT_EQ(self->gates[1].id, one.completion.id);
	ret = caller_wait(&self->caller);
	EXPECT_EQ(-ENOENT, ret);
	EXPECT_EQ(1, self->join.index);
}

TEST_F(any, detached_one_is_ENOENT_when_it_has_ended)
{
	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, kt_detach(self->fd, self->ids[2]));
	EXPECT_EQ(-ENOENT, join_any(self, FOREVER));
	EXPECT_EQ(2, self->index);
	ASSERT_EQ(0, gate_open(&self->gates[2]));
	EXPECT_EQ(-ENOENT, caller_wait(&self->caller));
	EXPECT_EQ(2, self->join.index);
}

TEST_F(any, other_one_wins_when_one_is_detached)
{
	ASSERT_EQ(0, joiner(self));
	ASSERT_EQ(0, kt_detach(self->fd, self->ids[2]));
	ASSERT_EQ(0, gate_open(&self->gates[1]));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_EQ(1, self->join.index);
	EXPECT_TOOK(1);
}

/* A group's room is made by it as by others. */
TEST_F(any, of_tasks_of_several_groups)
{
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);
	struct ktask_group group;

	ASSERT_LT(0, desc.group = kt_group_new(self->fd, 1, 1));
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	self->ids[2] = desc.id;
	ASSERT_EQ(0, join_any(self, FOREVER));
	EXPECT_EQ(2, self->index);
	ASSERT_EQ(0, kt_group_get(self->fd, desc.group, &group));
	EXPECT_EQ(0, group.nr_tasks);
}

/* --- Many ----------------------------------------------------------------- */

#define CROWD		4
#define ROUNDS		200

struct racer {
	pthread_t thread;
	int fd;
	const __u64 *ids;
	int kind;
	struct ktask_completion c;
	unsigned int index;
	int ret;
};

static void *racer_main(void *arg)
{
	struct racer *r = arg;

	if (r->kind == 0)
		r->ret = kt_join(r->fd, r->ids[2], FOREVER, &r->c);
	else
		r->ret = kt_join_any(r->fd, r->kind == 1 ? KTASK_JOIN_ANY_ABORT_REST : 0,
				     r->ids, 5, FOREVER, &r->c, &r->index);
	return NULL;
}

/* Each completion is given once, and nobody waits for ever. */
TEST_F_TIMEOUT(any, many_threads_many_rounds, SLOW)
{
	struct racer r[CROWD];
	__u64 ids[5];
	int round, i, k;

	for (round = 0; round < ROUNDS; round++) {
		int seen[5] = {}, left = 0;

		for (i = 0; i < 5; i++)
			ASSERT_LT(0, ids[i] = kt_sleep(self->fd, (round + i * 3) % 7 *
						       200000, 100 + i));
		for (i = 0; i < CROWD; i++) {
			r[i] = (struct racer){ .fd = self->fd, .ids = ids, .kind = i };
			ASSERT_EQ(0, pthread_create(&r[i].thread, NULL, racer_main,
						    &r[i]));
		}
		for (i = 0; i < CROWD; i++) {
			ASSERT_EQ(0, pthread_join(r[i].thread, NULL));
			if (r[i].ret) {
				ASSERT_EQ(-ENOENT, r[i].ret);
				continue;
			}
			ASSERT_LE(100, r[i].c.user_data);
			ASSERT_GE(0, seen[r[i].c.user_data - 100]++);
			if (i)
				ASSERT_EQ(ids[r[i].index], r[i].c.id);
		}
		for (i = 0; i < 5; i++)
			left += !seen[i];
		for (k = 0; k < left; k++) {
			ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
			ASSERT_LE(100, self->c.user_data);
			ASSERT_GE(0, seen[self->c.user_data - 100]++);
		}
	}
	EXPECT_EQ(GATES, file_tasks(self->fd));
}

TEST_HARNESS_MAIN
