// SPDX-License-Identifier: GPL-2.0
/*
 * Groups: what they are told to have, join and abort of one, and how many of its
 * tasks run at once. How many may be there is in room_test.c.
 */
#include <limits.h>

#include "helpers.h"

FIXTURE(group) {
	int fd;
	struct ktask_group group;
	struct ktask_completion c;
};

FIXTURE_SETUP(group)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(group)
{
	close(self->fd);
}

static int64_t nop_in(FIXTURE_DATA(group) *self, __u32 group, __u64 user_data)
{
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);

	desc.group = group;
	desc.user_data = user_data;
	return kt_spawn_desc(self->fd, &desc);
}

static int64_t sleep_in(FIXTURE_DATA(group) *self, __u32 group, __u64 duration)
{
	struct ktask_args_sleep args = { .duration_ns = duration };
	struct ktask_desc desc = kt_desc(self->fd, "sleep", &args, sizeof(args));

	desc.group = group;
	return kt_spawn_desc(self->fd, &desc);
}

static int64_t gate_in(FIXTURE_DATA(group) *self, __u32 group, struct gate *g)
{
	struct ktask_desc desc = { .group = group };

	return gate_spawn_as(self->fd, g, &desc);
}

/* --- The group itself ----------------------------------------------------- */

TEST_F(group, new_ones_have_numbers_and_limits)
{
	int64_t a = kt_group_new(self->fd, 3, 40);
	int64_t b = kt_group_new(self->fd, 0, 0);

	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	EXPECT_NE(a, b);
	ASSERT_EQ(0, kt_group_get(self->fd, a, &self->group));
	EXPECT_EQ(a, self->group.group);
	EXPECT_EQ(3, self->group.max_running);
	EXPECT_EQ(40, self->group.max_tasks);
	EXPECT_EQ(0, self->group.nr_tasks);
	EXPECT_EQ(0, self->group.nr_running);
	ASSERT_EQ(0, kt_group_get(self->fd, b, &self->group));
	EXPECT_EQ(0, self->group.max_running);
	EXPECT_EQ(0, self->group.max_tasks);
}

TEST_F(group, limits_can_be_set)
{
	int64_t nr = kt_group_new(self->fd, 0, 0);

	ASSERT_LT(0, nr);
	ASSERT_EQ(0, kt_group_set(self->fd, nr, UINT_MAX, UINT_MAX));
	ASSERT_EQ(0, kt_group_get(self->fd, nr, &self->group));
	EXPECT_EQ(UINT_MAX, self->group.max_running);
	EXPECT_EQ(UINT_MAX, self->group.max_tasks);
	ASSERT_EQ(0, kt_group_set(self->fd, nr, 1, 2));
	ASSERT_EQ(0, kt_group_get(self->fd, nr, &self->group));
	EXPECT_EQ(1, self->group.max_running);
	EXPECT_EQ(2, self->group.max_tasks);
}

TEST_F(group, asking_changes_nothing)
{
	int64_t nr = kt_group_new(self->fd, 7, 8);

	ASSERT_LT(0, nr);
	self->group = (struct ktask_group){
		.group = nr,
		.max_running = 1,
		.max_tasks = 1,
	};
	ASSERT_EQ(0, kt_group(self->fd, &self->group));
	EXPECT_EQ(7, self->group.max_running);
	EXPECT_EQ(8, self->group.max_tasks);
}

TEST_F(group, counts_its_tasks)
{
	int64_t nr = kt_group_new(self->fd, 0, 0);
	int64_t id;

	ASSERT_LT(0, nr);
	ASSERT_LT(0, sleep_in(self, nr, HOUR));
	ASSERT_LT(0, sleep_in(self, 0, HOUR));
	ASSERT_LT(0, id = nop_in(self, nr, 0));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	ASSERT_EQ(0, kt_group_get(self->fd, nr, &self->group));
	EXPECT_EQ(2, self->group.nr_tasks);
	EXPECT_EQ(1, self->group.nr_running);
	/* Of the whole set. */
	ASSERT_EQ(0, kt_group_get(self->fd, 0, &self->group));
	EXPECT_EQ(3, self->group.nr_tasks);
	EXPECT_EQ(2, self->group.nr_running);
	ASSERT_EQ(0, kt_join(self->fd, id, 0, &self->c));
	ASSERT_EQ(0, kt_group_get(self->fd, nr, &self->group));
	EXPECT_EQ(1, self->group.nr_tasks);
}

TEST_F(group, unknown_is_ENOENT)
{
	static const __u32 wrong[] = { 1, 2, 1000, 1U << 31, UINT_MAX };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-ENOENT, kt_group_get(self->fd, wrong[i], &self->group));
		EXPECT_EQ(-ENOENT, kt_group_set(self->fd, wrong[i], 1, 1));
		EXPECT_EQ(-ENOENT, kt_group_remove(self->fd, wrong[i]));
		EXPECT_EQ(-ENOENT, nop_in(self, wrong[i], 0));
		EXPECT_EQ(-ENOENT, kt_join_group(self->fd, wrong[i], 0, &self->c));
		EXPECT_EQ(-ENOENT, kt_abort_group(self->fd, wrong[i]));
	}
}

TEST_F(group, of_another_file_is_ENOENT)
{
	int other = kt_open(0);
	int64_t nr;

	ASSERT_LE(0, other);
	ASSERT_LT(0, nr = kt_group_new(other, 0, 0));
	EXPECT_EQ(-ENOENT, nop_in(self, nr, 0));
	EXPECT_EQ(-ENOENT, kt_group_get(self->fd, nr, &self->group));
	close(other);
}

TEST_F(group, two_things_at_once_are_EINVAL)
{
	static const __u32 flags[] = {
		KTASK_GROUP_NEW | KTASK_GROUP_SET,
		KTASK_GROUP_NEW | KTASK_GROUP_REMOVE,
		KTASK_GROUP_SET | KTASK_GROUP_REMOVE,
		KTASK_GROUP_NEW | KTASK_GROUP_SET | KTASK_GROUP_REMOVE,
	};
	int64_t nr = kt_group_new(self->fd, 0, 0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		self->group = (struct ktask_group){ .flags = flags[i], .group = nr };
		EXPECT_EQ(-EINVAL, kt_group(self->fd, &self->group));
	}
	EXPECT_EQ(0, kt_group_get(self->fd, nr, &self->group));
}

TEST_F(group, remove)
{
	int64_t nr = kt_group_new(self->fd, 0, 0);

	ASSERT_LT(0, nr);
	EXPECT_EQ(0, kt_group_remove(self->fd, nr));
	EXPECT_EQ(-ENOENT, kt_group_remove(self->fd, nr));
	EXPECT_EQ(-ENOENT, nop_in(self, nr, 0));
}

TEST_F(group, remove_with_tasks_is_EBUSY)
{
	int64_t nr = kt_group_new(self->fd, 0, 0);
	int64_t id = sleep_in(self, nr, HOUR);

	ASSERT_LT(0, nr);
	ASSERT_LT(0, id);
	EXPECT_EQ(-EBUSY, kt_group_remove(self->fd, nr));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	/* As long as the last completion is not taken. */
	EXPECT_EQ(-EBUSY, kt_group_remove(self->fd, nr));
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(0, kt_group_remove(self->fd, nr));
}

TEST_F(group, remove_the_set_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kt_group_remove(self->fd, 0));
}

TEST_F_TIMEOUT(group, as_many_as_may_be_then_ENOSPC, SLOW)
{
	int64_t nr = 1, last = 0, some = 0;
	int n;

	for (n = 0; n <= KTASK_GROUPS_MAX; n++) {
		nr = kt_group_new(self->fd, 1, 1);
		if (nr < 0)
			break;
		last = nr;
		if (n == 30000)
			some = nr;
	}
	EXPECT_EQ(-ENOSPC, nr);
	/* The set itself may count as one. */
	EXPECT_LE(KTASK_GROUPS_MAX - 1, n);
	EXPECT_GE(KTASK_GROUPS_MAX, n);
	EXPECT_LT(0, nop_in(self, last, 0));
	/* Each that goes makes room. */
	EXPECT_EQ(0, kt_group_remove(self->fd, some));
	EXPECT_LT(0, kt_group_new(self->fd, 1, 1));
	EXPECT_EQ(-ENOSPC, kt_group_new(self->fd, 1, 1));
	/* All of it goes with the file. */
}

/* --- Join and abort ------------------------------------------------------- */

TEST_F(group, join_takes_of_the_group_only)
{
	int64_t a = kt_group_new(self->fd, 0, 0), b = kt_group_new(self->fd, 0, 0);
	int64_t id = nop_in(self, 0, 0);

	ASSERT_LT(0, b);
	ASSERT_LT(0, nop_in(self, a, 1));
	ASSERT_LT(0, nop_in(self, b, 2));
	ASSERT_LT(0, sleep_in(self, b, HOUR));
	ASSERT_EQ(0, kt_join_group(self->fd, b, FOREVER, &self->c));
	EXPECT_EQ(2, self->c.user_data);
	EXPECT_EQ(-ETIMEDOUT, kt_join_group(self->fd, b, 10 * MSEC, &self->c));
	ASSERT_EQ(0, kt_join_group(self->fd, a, FOREVER, &self->c));
	EXPECT_EQ(1, self->c.user_data);
	EXPECT_EQ(-ENOENT, kt_join_group(self->fd, a, FOREVER, &self->c));
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(id, self->c.id);
}

TEST_F(group, join_gives_those_that_ended_first)
{
	int64_t nr = kt_group_new(self->fd, 0, 0);
	int ep = ready_open(self->fd), i;

	ASSERT_LE(0, ep);
	for (i = 0; i < 10; i++) {
		ASSERT_LT(0, nop_in(self, i % 2 ? nr : 0, i));
		ASSERT_EQ(1, ready_wait(ep));
	}
	for (i = 1; i < 10; i += 2) {
		ASSERT_EQ(0, kt_join_group(self->fd, nr, 0, &self->c));
		EXPECT_EQ(i, self->c.user_data);
	}
	for (i = 0; i < 10; i += 2) {
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		EXPECT_EQ(i, self->c.user_data);
	}
	close(ep);
}

TEST_F(group, join_of_one_task_has_no_group)
{
	int64_t nr = kt_group_new(self->fd, 0, 0);
	struct ktask_join join = {
		.size = sizeof(join),
		.id = nop_in(self, nr, 0),
		.timeout_ns = FOREVER,
		.completion = to_u64(&self->c),
		.group = nr,
	};

	EXPECT_EQ(-EINVAL, kt_ioctl(self->fd, KTASK_JOIN, &join));
	join.group = 0;
	EXPECT_EQ(0, kt_ioctl(self->fd, KTASK_JOIN, &join));
}

/* Somebody else takes the last of it. */
TEST_F(group, join_ends_when_the_group_becomes_empty)
{
	int64_t nr = kt_group_new(self->fd, 0, 0);
	int64_t id = sleep_in(self, nr, HOUR);
	struct ktask_join join = {
		.size = sizeof(join),
		.timeout_ns = FOREVER,
		.completion = to_u64(&self->c),
		.group = nr,
	};
	struct taker joiner;
	struct caller caller;

	ASSERT_LT(0, id);
	/* The set is not empty for that. */
	ASSERT_LT(0, sleep_in(self, 0, HOUR));
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	ASSERT_EQ(0, caller_start(&caller, self->fd, KTASK_JOIN, &join));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&joiner));
	EXPECT_EQ(-ENOENT, caller_wait(&caller));
}

TEST_F(group, abort_is_of_the_group_only)
{
	int64_t nr = kt_group_new(self->fd, 2, 0);
	int64_t other = sleep_in(self, 0, HOUR);
	int i;

	ASSERT_LT(0, other);
	EXPECT_EQ(0, kt_abort_group(self->fd, nr));
	/* Some run, and some wait for that. */
	for (i = 0; i < 20; i++)
		ASSERT_LT(0, sleep_in(self, nr, HOUR));
	EXPECT_EQ(0, kt_abort_group(self->fd, nr));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, kt_join_group(self->fd, nr, FOREVER, &self->c));
		EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);
		EXPECT_EQ(KTASK_CAUSE_ABORT, self->c.cause);
	}
	EXPECT_EQ(-ENOENT, kt_join_group(self->fd, nr, FOREVER, &self->c));
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, other, 0, &self->c));
}

/* --- How many run --------------------------------------------------------- */

/*
 * Let the group run out, and look all the time how many are at work. Return: the
 * most there were.
 */
static int most_running(FIXTURE_DATA(group) *self, __u32 nr)
{
	struct ktask_group g;
	int most = 0, err;

	do {
		if (kt_group_get(self->fd, nr, &g))
			return -1;
		if (g.nr_running > (unsigned int)most)
			most = g.nr_running;
		err = kt_join_group(self->fd, nr, 0, &self->c);
		if (!err && self->c.outcome != KTASK_RETURNED)
			return -2;
	} while (err != -ENOENT);
	return most;
}

TEST_F_TIMEOUT(group, no_more_sleepers_at_once_than_may_be, SLOW)
{
	int64_t nr = kt_group_new(self->fd, 3, 0), start = now_ns();
	int i;

	ASSERT_LT(0, nr);
	for (i = 0; i < 30; i++)
		ASSERT_LT(0, sleep_in(self, nr, 20 * MSEC));
	EXPECT_EQ(3, most_running(self, nr));
	/* Which it cannot be faster than, in threes. */
	EXPECT_LE(10 * 20 * MSEC, now_ns() - start);
}

TEST_F_TIMEOUT(group, no_more_blocking_tasks_at_once_than_may_be, SLOW)
{
	int64_t nr = kt_group_new(self->fd, 2, 0);
	struct ktask_args_hash args = {
		.fd = sparse_file(),
		.length = 1 << 20,
		.alg = "crc32c",
	};
	struct ktask_desc desc = kt_desc(self->fd, "hash", &args, sizeof(args));
	int i, most;

	ASSERT_LE(0, args.fd);
	ASSERT_LT(0, nr);
	desc.group = nr;
	for (i = 0; i < 50; i++)
		ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	most = most_running(self, nr);
	EXPECT_LE(1, most);
	EXPECT_GE(2, most);
	close(args.fd);
}

#define GATES		6

/* Each of them is where it stays until a gate is opened. */
FIXTURE(limit) {
	int fd;
	struct ktask_group group;
	struct ktask_completion c;
	int64_t nr;
	struct gate gates[GATES];
};

FIXTURE_SETUP(limit)
{
	int i;

	SETUP_OPEN(self->fd, 0);
	ASSERT_LT(0, self->nr = kt_group_new(self->fd, 2, 0));
	for (i = 0; i < GATES; i++) {
		struct ktask_desc desc = { .group = self->nr };

		ASSERT_LT(0, gate_spawn_as(self->fd, &self->gates[i], &desc));
	}
}

FIXTURE_TEARDOWN(limit)
{
	int i;

	for (i = 0; i < GATES; i++)
		gate_close(&self->gates[i]);
	close(self->fd);
}

/* The gates for which @waiting has a 1 are at work, the others wait for room. */
#define EXPECT_AT_WORK(waiting)						\
do {									\
	const char *_w = waiting;					\
	unsigned int _running = 0;					\
	int _i;								\
									\
	for (_i = 0; _i < GATES; _i++) {				\
		if (_w[_i] == '.')					\
			continue;					\
		if (_w[_i] == '1') {					\
			_running++;					\
			EXPECT_TRUE(wait_state(self->fd, self->gates[_i].id, \
					       KTASK_STATE_WAITING));	\
		} else {						\
			EXPECT_EQ(KTASK_STATE_LIMITED,			\
				  task_state(self->fd, self->gates[_i].id)); \
		}							\
	}								\
	ASSERT_EQ(0, kt_group_get(self->fd, self->nr, &self->group));	\
	EXPECT_EQ(_running, self->group.nr_running);			\
} while (0)

/* Open the gate, and take its completion. */
#define PASS(n)								\
do {									\
	ASSERT_EQ(0, gate_open(&self->gates[n]));			\
	ASSERT_EQ(0, kt_join(self->fd, self->gates[n].id, FOREVER, &self->c)); \
	EXPECT_EQ(POLLIN, self->c.result);				\
} while (0)

TEST_F(limit, first_come_first_served)
{
	EXPECT_AT_WORK("110000");
	PASS(1);
	EXPECT_AT_WORK("1.1000");
	PASS(2);
	EXPECT_AT_WORK("1..100");
	PASS(0);
	EXPECT_AT_WORK("...110");
}

TEST_F(limit, raised)
{
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 4, 0));
	EXPECT_AT_WORK("111100");
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 0, 0));
	EXPECT_AT_WORK("111111");
}

TEST_F(limit, lowered_leaves_those_at_work_alone)
{
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 4, 0));
	EXPECT_AT_WORK("111100");
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 2, 0));
	EXPECT_AT_WORK("111100");
	PASS(0);
	PASS(1);
	EXPECT_AT_WORK("..1100");
	PASS(2);
	EXPECT_AT_WORK("...110");
}

TEST_F(limit, set_where_there_was_none)
{
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 0, 0));
	EXPECT_AT_WORK("111111");
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 1, 0));
	EXPECT_AT_WORK("111111");
	PASS(0);
	PASS(1);
	PASS(2);
	PASS(3);
	PASS(4);
	EXPECT_AT_WORK(".....1");
}

TEST_F(limit, abort_of_one_that_waits_for_room)
{
	ASSERT_EQ(0, kt_abort(self->fd, self->gates[3].id));
	ASSERT_EQ(0, kt_join(self->fd, self->gates[3].id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);
	EXPECT_EQ(KTASK_CAUSE_ABORT, self->c.cause);
	EXPECT_AT_WORK("110.00");
	PASS(0);
	PASS(1);
	EXPECT_AT_WORK("..1.10");
}

TEST_F(limit, abort_of_one_at_work_makes_room)
{
	ASSERT_EQ(0, kt_abort(self->fd, self->gates[0].id));
	ASSERT_EQ(0, kt_join(self->fd, self->gates[0].id, FOREVER, &self->c));
	EXPECT_AT_WORK(".11000");
}

TEST_F(limit, timeout_of_one_that_waits_for_room)
{
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);

	desc.group = self->nr;
	desc.timeout_ns = 50 * MSEC;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	ASSERT_EQ(0, kt_join(self->fd, desc.id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_CAUSE_TIMEOUT, self->c.cause);
	EXPECT_AT_WORK("110000");
}

TEST_F(limit, close_with_those_that_wait_for_room)
{
	ASSERT_EQ(0, close(self->fd));
	ASSERT_LE(0, self->fd = kt_open(0));
	ASSERT_NOTHING_LEFT();
}

/* What is held or delayed takes nobody's place, nor stands in the line. */
TEST_F(limit, held_and_delayed_tasks_take_no_room)
{
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);
	struct ktask_after after = {};
	int64_t held, late;

	ASSERT_LT(0, desc.group = kt_group_new(self->fd, 1, 0));
	after.id = self->gates[0].id;
	desc.after = to_u64(&after);
	desc.nr_after = 1;
	ASSERT_LT(0, held = kt_spawn_desc(self->fd, &desc));
	desc.nr_after = 0;
	desc.delay_ns = HOUR;
	ASSERT_LT(0, late = kt_spawn_desc(self->fd, &desc));
	desc.delay_ns = 0;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	ASSERT_EQ(0, kt_join(self->fd, desc.id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
	EXPECT_EQ(KTASK_STATE_HELD, task_state(self->fd, held));
	EXPECT_EQ(KTASK_STATE_DELAYED, task_state(self->fd, late));
	PASS(0);
	ASSERT_EQ(0, kt_join(self->fd, held, FOREVER, &self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
}

/* --- Set and groups ------------------------------------------------------- */

TEST_F(group, limit_of_the_set_counts_too)
{
	int64_t nr = kt_group_new(self->fd, 2, 0);
	struct gate in[3], out[2];
	int i;

	ASSERT_LT(0, nr);
	ASSERT_EQ(0, kt_group_set(self->fd, 0, 3, 0));
	for (i = 0; i < 3; i++)
		ASSERT_LT(0, gate_in(self, nr, &in[i]));
	for (i = 0; i < 2; i++)
		ASSERT_LT(0, gate_in(self, 0, &out[i]));
	/* Two of the group, and one of the others. */
	EXPECT_TRUE(wait_state(self->fd, in[0].id, KTASK_STATE_WAITING));
	EXPECT_TRUE(wait_state(self->fd, in[1].id, KTASK_STATE_WAITING));
	EXPECT_TRUE(wait_state(self->fd, out[0].id, KTASK_STATE_WAITING));
	EXPECT_EQ(KTASK_STATE_LIMITED, task_state(self->fd, in[2].id));
	EXPECT_EQ(KTASK_STATE_LIMITED, task_state(self->fd, out[1].id));
	ASSERT_EQ(0, kt_group_get(self->fd, 0, &self->group));
	EXPECT_EQ(3, self->group.nr_running);

	/* Room in the set, but not in the group. */
	ASSERT_EQ(0, gate_open(&out[0]));
	ASSERT_EQ(0, kt_join(self->fd, out[0].id, FOREVER, &self->c));
	EXPECT_TRUE(wait_state(self->fd, out[1].id, KTASK_STATE_WAITING));
	EXPECT_EQ(KTASK_STATE_LIMITED, task_state(self->fd, in[2].id));
	/* Room in both. */
	ASSERT_EQ(0, gate_open(&in[0]));
	ASSERT_EQ(0, kt_join(self->fd, in[0].id, FOREVER, &self->c));
	EXPECT_TRUE(wait_state(self->fd, in[2].id, KTASK_STATE_WAITING));
	for (i = 0; i < 3; i++)
		gate_close(&in[i]);
	for (i = 0; i < 2; i++)
		gate_close(&out[i]);
}

TEST_F_TIMEOUT(group, many_groups_within_a_limit_of_the_set, SLOW)
{
	struct ktask_args_sleep args = { .duration_ns = MSEC };
	struct ktask_desc desc = kt_desc(self->fd, "sleep", &args, sizeof(args));
	int64_t groups[20];
	unsigned int most = 0;
	int i;

	ASSERT_EQ(0, kt_group_set(self->fd, 0, 5, 0));
	for (i = 0; i < 20; i++)
		ASSERT_LT(0, groups[i] = kt_group_new(self->fd, 1 + i % 3, 0));
	for (i = 0; i < 1000; i++) {
		desc.group = groups[i % 20];
		ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	}
	for (i = 0; i < 1000; i++) {
		__u32 nr = groups[i % 20];

		ASSERT_EQ(0, kt_group_get(self->fd, 0, &self->group));
		if (self->group.nr_running > most)
			most = self->group.nr_running;
		ASSERT_EQ(0, kt_group_get(self->fd, nr, &self->group));
		ASSERT_GE(1 + i % 20 % 3, self->group.nr_running);
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		ASSERT_EQ(KTASK_RETURNED, self->c.outcome);
	}
	EXPECT_GE(5, most);
	for (i = 0; i < 20; i++)
		EXPECT_EQ(0, kt_group_remove(self->fd, groups[i]));
}

/* One at a time, in the order in which they came: so they end. */
TEST_F(group, one_at_a_time_is_in_order)
{
	int64_t nr = kt_group_new(self->fd, 1, 0);
	int i;

	ASSERT_LT(0, nr);
	for (i = 0; i < 500; i++)
		ASSERT_LT(0, nop_in(self, nr, i));
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		ASSERT_EQ(i, self->c.user_data);
	}
}

/* It does not wait for a place that one before it has, as that has ended. */
TEST_F(group, chain_within_a_group_of_one_at_a_time)
{
	struct ktask_after after[100];
	struct ktask_desc descs[100];
	int i;

	descs[0] = kt_desc(self->fd, "nop", NULL, 0);
	ASSERT_LT(0, descs[0].group = kt_group_new(self->fd, 1, 0));
	for (i = 0; i < 100; i++) {
		after[i] = (struct ktask_after){
			.id = i - 1,
			.flags = KTASK_AFTER_INDEX,
		};
		descs[i] = descs[0];
		descs[i].after = to_u64(&after[i]);
		descs[i].nr_after = i > 0;
		descs[i].user_data = i;
	}
	ASSERT_EQ(100, kt_spawn_flags(self->fd, KTASK_SPAWN_ALL, descs, 100, NULL));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		ASSERT_EQ(i, self->c.user_data);
		ASSERT_EQ(KTASK_RETURNED, self->c.outcome);
	}
}

/* Limits change while tasks come, run and go. */
struct changer {
	pthread_t thread;
	int fd;
	__u32 nr;
	_Atomic bool stop;
	int ret;
};

static void *changer_main(void *arg)
{
	struct changer *c = arg;
	unsigned int i;

	for (i = 0; !c->stop && !c->ret; i++)
		c->ret = kt_group_set(c->fd, i % 2 ? c->nr : 0, i / 2 % 4, 0);
	if (!c->ret)
		c->ret = kt_group_set(c->fd, c->nr, 1, 0);
	return NULL;
}

TEST_F_TIMEOUT(group, limits_change_meanwhile, SLOW)
{
	struct changer c = { .fd = self->fd, .nr = kt_group_new(self->fd, 1, 0) };
	int i;

	ASSERT_EQ(0, pthread_create(&c.thread, NULL, changer_main, &c));
	for (i = 0; i < 3000; i++)
		ASSERT_LT(0, i % 3 ? nop_in(self, c.nr, 0) :
				     sleep_in(self, c.nr, i % 7 * 10000));
	for (i = 0; i < 3000; i++)
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	c.stop = true;
	ASSERT_EQ(0, pthread_join(c.thread, NULL));
	EXPECT_EQ(0, c.ret);
	ASSERT_EQ(0, kt_group_get(self->fd, c.nr, &self->group));
	EXPECT_EQ(0, self->group.nr_tasks);
	EXPECT_EQ(0, self->group.nr_running);
	EXPECT_EQ(0, kt_group_remove(self->fd, c.nr));
}

TEST_HARNESS_MAIN
