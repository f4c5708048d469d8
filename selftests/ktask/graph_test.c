// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that run after others: whether they do, and when. What they are given is
 * in input_test.c, whole graphs against a model are in dag_test.c.
 */
#include <limits.h>

#include "helpers.h"

#define WIDE		KTASK_IDS_MAX

FIXTURE(graph) {
	int fd;
	int64_t nop;
	struct ktask_args_nop good;
	struct ktask_args_nop bad;
	struct ktask_args_sleep hour;
	struct ktask_completion c;
};

FIXTURE_SETUP(graph)
{
	SETUP_OPEN(self->fd, 0);
	ASSERT_LE(0, self->nop = kt_op(self->fd, "nop"));
	self->good.result = 7;
	self->bad.result = -EIO;
	self->hour.duration_ns = HOUR;
}

FIXTURE_TEARDOWN(graph)
{
	close(self->fd);
}

/* A nop that succeeds or not, after @nr others. */
static struct ktask_desc nop_after(FIXTURE_DATA(graph) *self, bool succeeds,
				   const struct ktask_after *after, unsigned int nr)
{
	return (struct ktask_desc){
		.op = self->nop,
		.args = to_u64(succeeds ? &self->good : &self->bad),
		.args_size = sizeof(self->good),
		.after = to_u64(after),
		.nr_after = nr,
	};
}

/* The same, after one task; spawned. */
static int64_t spawn_after(FIXTURE_DATA(graph) *self, __u64 id, __u32 flags)
{
	struct ktask_after after = { .id = id, .flags = flags };
	struct ktask_desc desc = nop_after(self, true, &after, 1);

	return kt_spawn_desc(self->fd, &desc);
}

#define EXPECT_RETURNS(which, value)					\
do {									\
	__u64 _id = which;						\
									\
	ASSERT_EQ(0, kt_join(self->fd, _id, FOREVER, &self->c));	\
	EXPECT_EQ(_id, self->c.id);					\
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);			\
	EXPECT_EQ(KTASK_CAUSE_NONE, self->c.cause);			\
	EXPECT_EQ(value, self->c.result);				\
} while (0)

#define EXPECT_CANCELLED(which, why)					\
do {									\
	__u64 _id = which;						\
									\
	ASSERT_EQ(0, kt_join(self->fd, _id, FOREVER, &self->c));	\
	EXPECT_EQ(_id, self->c.id);					\
	EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);			\
	EXPECT_EQ(-ECANCELED, self->c.result);				\
	EXPECT_EQ(why, self->c.cause);					\
	EXPECT_EQ(0, self->c.out_len);					\
} while (0)

/* The spawn of @desc fails so, and there is no more than there was. */
#define EXPECT_REFUSED(err, desc)					\
do {									\
	int64_t _before = file_tasks(self->fd);				\
									\
	EXPECT_EQ(-(err), kt_spawn_desc(self->fd, desc));		\
	EXPECT_EQ(_before, file_tasks(self->fd));			\
} while (0)

/* --- One after another ---------------------------------------------------- */

TEST_F(graph, waits_for_the_other)
{
	struct ktask_task task;
	struct gate gate;
	int64_t id;

	ASSERT_LT(0, gate_spawn(self->fd, &gate));
	ASSERT_LT(0, id = spawn_after(self, gate.id, 0));
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 20 * MSEC, &self->c));
	ASSERT_EQ(0, kt_status(self->fd, id, &task));
	EXPECT_EQ(KTASK_STATE_HELD, task.state);
	EXPECT_EQ(1, task.waits_for);
	ASSERT_EQ(0, gate_open(&gate));
	EXPECT_RETURNS(id, 7);
	EXPECT_RETURNS(gate.id, POLLIN);
	gate_close(&gate);
}

TEST_F(graph, other_has_ended_but_is_not_taken)
{
	int64_t good = kt_nop(self->fd, 0, 0);
	int64_t bad = kt_nop(self->fd, -1, 0);
	int64_t id;

	ASSERT_LT(0, good);
	ASSERT_LT(0, bad);
	ASSERT_TRUE(wait_state(self->fd, good, KTASK_STATE_ENDED));
	ASSERT_TRUE(wait_state(self->fd, bad, KTASK_STATE_ENDED));
	ASSERT_LT(0, id = spawn_after(self, good, 0));
	EXPECT_RETURNS(id, 7);
	ASSERT_LT(0, id = spawn_after(self, bad, 0));
	EXPECT_CANCELLED(id, KTASK_CAUSE_AFTER);
	ASSERT_LT(0, id = spawn_after(self, bad, KTASK_AFTER_ANY));
	EXPECT_RETURNS(id, 7);
}

TEST_F(graph, success_is_zero_or_more)
{
	static const __s64 results[] = { 0, 1, INT64_MAX, -1, INT64_MIN };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		int64_t first = kt_nop(self->fd, results[i], 0);
		int64_t id;

		ASSERT_LT(0, first);
		ASSERT_LT(0, id = spawn_after(self, first, 0));
		if (results[i] < 0)
			EXPECT_CANCELLED(id, KTASK_CAUSE_AFTER);
		else
			EXPECT_RETURNS(id, 7);
		EXPECT_RETURNS(first, results[i]);
	}
}

TEST_F(graph, any_runs_in_whatever_way_the_other_ends)
{
	struct ktask_desc late = kt_desc(self->fd, "sleep", &self->hour,
					 sizeof(self->hour));
	int64_t bad = kt_nop(self->fd, -EIO, 0);
	int64_t aborted = kt_sleep(self->fd, HOUR, 0);
	int64_t ids[4], cancelled;

	late.timeout_ns = 20 * MSEC;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &late));
	ASSERT_LT(0, cancelled = spawn_after(self, bad, 0));
	ASSERT_LT(0, ids[0] = spawn_after(self, bad, KTASK_AFTER_ANY));
	ASSERT_LT(0, ids[1] = spawn_after(self, aborted, KTASK_AFTER_ANY));
	ASSERT_LT(0, ids[2] = spawn_after(self, late.id, KTASK_AFTER_ANY));
	ASSERT_LT(0, ids[3] = spawn_after(self, cancelled, KTASK_AFTER_ANY));
	EXPECT_RETURNS(ids[0], 7);
	EXPECT_RETURNS(ids[2], 7);
	EXPECT_RETURNS(ids[3], 7);
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, ids[1], 0, &self->c));
	ASSERT_EQ(0, kt_abort(self->fd, aborted));
	EXPECT_RETURNS(ids[1], 7);
}

TEST_F(graph, aborted_other_cancels)
{
	int64_t first = kt_sleep(self->fd, HOUR, 0);
	int64_t id = spawn_after(self, first, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, kt_abort(self->fd, first));
	EXPECT_CANCELLED(id, KTASK_CAUSE_AFTER);
	EXPECT_CANCELLED(first, KTASK_CAUSE_ABORT);
}

TEST_F(graph, other_that_times_out_cancels)
{
	struct ktask_desc desc = kt_desc(self->fd, "sleep", &self->hour,
					 sizeof(self->hour));
	int64_t id;

	desc.timeout_ns = 20 * MSEC;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	ASSERT_LT(0, id = spawn_after(self, desc.id, 0));
	EXPECT_CANCELLED(id, KTASK_CAUSE_AFTER);
	EXPECT_CANCELLED(desc.id, KTASK_CAUSE_TIMEOUT);
}

TEST_F(graph, detached_other)
{
	struct ktask_after after = { .flags = KTASK_AFTER_INDEX };
	struct ktask_desc descs[2];
	struct gate gate = {};
	int64_t id;

	/* From the start, */
	descs[0] = nop_after(self, true, NULL, 0);
	descs[0].flags = KTASK_DESC_DETACHED;
	descs[1] = nop_after(self, true, &after, 1);
	ASSERT_EQ(2, kt_spawn_flags(self->fd, KTASK_SPAWN_ALL, descs, 2, NULL));
	EXPECT_RETURNS(descs[1].id, 7);

	/* and later. */
	ASSERT_LT(0, gate_spawn(self->fd, &gate));
	ASSERT_LT(0, id = spawn_after(self, gate.id, 0));
	ASSERT_EQ(0, kt_detach(self->fd, gate.id));
	ASSERT_EQ(0, gate_open(&gate));
	EXPECT_RETURNS(id, 7);
	EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));
	gate_close(&gate);
}

/* What became of the other is known, though its completion is gone. */
TEST_F(graph, other_is_taken_while_a_task_is_held)
{
	struct ktask_after after[2] = {};
	struct ktask_desc desc;
	struct gate gate;
	int round;

	for (round = 0; round < 2; round++) {
		ASSERT_LT(0, gate_spawn(self->fd, &gate));
		after[0].id = kt_nop(self->fd, round ? -1 : 0, 0);
		after[1].id = gate.id;
		desc = nop_after(self, true, after, 2);
		ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
		EXPECT_RETURNS(after[0].id, round ? -1 : 0);
		ASSERT_EQ(0, gate_open(&gate));
		if (round)
			EXPECT_CANCELLED(desc.id, KTASK_CAUSE_AFTER);
		else
			EXPECT_RETURNS(desc.id, 7);
		EXPECT_RETURNS(gate.id, POLLIN);
		gate_close(&gate);
	}
}

TEST_F(graph, named_twice)
{
	struct ktask_after after[3];
	struct ktask_desc desc;
	struct gate gate;
	int i;

	ASSERT_LT(0, gate_spawn(self->fd, &gate));
	for (i = 0; i < 3; i++)
		after[i] = (struct ktask_after){
			.id = gate.id,
			.flags = i == 1 ? KTASK_AFTER_ANY : 0,
		};
	desc = nop_after(self, true, after, 3);
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	ASSERT_EQ(0, gate_open(&gate));
	EXPECT_RETURNS(desc.id, 7);
	gate_close(&gate);
}

/* --- Abort, timeout and delay of a task that is held ---------------------- */

TEST_F(graph, abort_of_a_held_task_does_not_wait)
{
	int64_t first = kt_sleep(self->fd, HOUR, 0);
	int64_t held = spawn_after(self, first, 0);
	int64_t last = spawn_after(self, held, 0);

	ASSERT_LT(0, last);
	ASSERT_EQ(0, kt_abort(self->fd, held));
	EXPECT_CANCELLED(held, KTASK_CAUSE_ABORT);
	EXPECT_CANCELLED(last, KTASK_CAUSE_AFTER);
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, first, 0, &self->c));
	/* It ends without them. */
	ASSERT_EQ(0, kt_abort(self->fd, first));
	EXPECT_CANCELLED(first, KTASK_CAUSE_ABORT);
}

TEST_F(graph, held_task_times_out)
{
	struct ktask_after after = { .id = kt_sleep(self->fd, HOUR, 0) };
	struct ktask_desc desc = nop_after(self, true, &after, 1);

	desc.timeout_ns = 50 * MSEC;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_CANCELLED(desc.id, KTASK_CAUSE_TIMEOUT);
}

TEST_F(graph, delay_runs_while_a_task_is_held)
{
	int64_t start = now_ns();
	struct ktask_after after = { .id = kt_sleep(self->fd, 300 * MSEC, 0) };
	struct ktask_desc desc = nop_after(self, true, &after, 1);

	/* Were they added up, it would be more than the timeout. */
	desc.delay_ns = 200 * MSEC;
	desc.timeout_ns = 30 * SEC;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_RETURNS(desc.id, 7);
	EXPECT_LE(300 * MSEC, now_ns() - start);

	/* And the other way round: both must be over. */
	start = now_ns();
	after.id = kt_nop(self->fd, 0, 0);
	desc.delay_ns = 200 * MSEC;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_RETURNS(after.id, 0);
	EXPECT_EQ(KTASK_STATE_DELAYED, task_state(self->fd, desc.id));
	EXPECT_RETURNS(desc.id, 7);
	EXPECT_LE(200 * MSEC, now_ns() - start);
}

/* A failure need not wait for the time to come. */
TEST_F(graph, failure_cancels_what_is_delayed)
{
	struct ktask_after after = { .id = kt_nop(self->fd, -1, 0) };
	struct ktask_desc desc = nop_after(self, true, &after, 1);

	desc.delay_ns = HOUR;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_CANCELLED(desc.id, KTASK_CAUSE_AFTER);
}

/* --- Shapes --------------------------------------------------------------- */

TEST_F(graph, chain_in_one_call)
{
	struct ktask_after after[1000];
	struct ktask_desc descs[1000];
	int i;

	for (i = 0; i < 1000; i++) {
		after[i] = (struct ktask_after){
			.id = i - 1,
			.flags = KTASK_AFTER_INDEX,
		};
		descs[i] = nop_after(self, true, &after[i], i > 0);
		descs[i].user_data = i;
	}
	ASSERT_EQ(1000, kt_spawn(self->fd, descs, 1000, NULL));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		ASSERT_EQ(i, self->c.user_data);
		ASSERT_EQ(7, self->c.result);
	}
}

TEST_F(graph, failure_goes_down_a_chain_until_any)
{
	struct ktask_after after[100];
	struct ktask_desc descs[100];
	int i;

	for (i = 0; i < 100; i++) {
		after[i] = (struct ktask_after){
			.id = i - 1,
			.flags = KTASK_AFTER_INDEX | (i == 60 ? KTASK_AFTER_ANY : 0),
		};
		descs[i] = nop_after(self, i > 0, &after[i], i > 0);
	}
	ASSERT_EQ(100, kt_spawn(self->fd, descs, 100, NULL));
	EXPECT_RETURNS(descs[0].id, -EIO);
	for (i = 1; i < 60; i++)
		EXPECT_CANCELLED(descs[i].id, KTASK_CAUSE_AFTER);
	for (i = 60; i < 100; i++)
		EXPECT_RETURNS(descs[i].id, 7);
}

/* One after the other: nothing of it may be a recursion in the kernel. */
static int deep_chain(FIXTURE_DATA(graph) *self, int fd, __u64 first, int nr,
		      __u64 *last)
{
	struct ktask_after *after = calloc(KTASK_SPAWN_MAX, sizeof(*after));
	struct ktask_desc *descs = calloc(KTASK_SPAWN_MAX, sizeof(*descs));
	int done, i, err = 0;

	*last = first;
	for (done = 0; !err && done < nr; done += KTASK_SPAWN_MAX) {
		for (i = 0; i < KTASK_SPAWN_MAX; i++) {
			after[i].id = i ? (__u64)i - 1 : *last;
			after[i].flags = i ? KTASK_AFTER_INDEX : 0;
			descs[i] = nop_after(self, true, &after[i], 1);
		}
		if (kt_spawn(fd, descs, KTASK_SPAWN_MAX, NULL) != KTASK_SPAWN_MAX)
			err = -1;
		*last = descs[KTASK_SPAWN_MAX - 1].id;
	}
	free(after);
	free(descs);
	return err;
}

#define DEEP		(5 * KTASK_SPAWN_MAX)

TEST_F_TIMEOUT(graph, deep_chain_that_fails, SLOW)
{
	int64_t first = kt_sleep(self->fd, HOUR, 0);
	static struct ktask_completion c[256];
	int n, i, total = 0;
	__u64 last;

	ASSERT_LT(0, first);
	ASSERT_EQ(0, deep_chain(self, self->fd, first, DEEP, &last));
	ASSERT_EQ(0, kt_abort(self->fd, first));
	EXPECT_CANCELLED(last, KTASK_CAUSE_AFTER);
	while ((n = kt_read(self->fd, c, 256)) > 0) {
		for (i = 0; i < n; i++) {
			ASSERT_EQ(KTASK_CANCELLED, c[i].outcome);
			ASSERT_EQ(c[i].id == (__u64)first ? KTASK_CAUSE_ABORT :
				  KTASK_CAUSE_AFTER, c[i].cause);
		}
		total += n;
	}
	EXPECT_EQ(DEEP, total);
}

TEST_F_TIMEOUT(graph, deep_chain_that_succeeds, SLOW)
{
	struct gate gate;
	__u64 last;

	ASSERT_LT(0, gate_spawn(self->fd, &gate));
	ASSERT_EQ(0, deep_chain(self, self->fd, gate.id, DEEP, &last));
	ASSERT_EQ(0, gate_open(&gate));
	EXPECT_RETURNS(last, 7);
	EXPECT_EQ(DEEP, file_tasks(self->fd));
	gate_close(&gate);
}

TEST_F_TIMEOUT(graph, close_with_a_deep_chain, SLOW)
{
	int round;
	__u64 last;

	for (round = 0; round < 2; round++) {
		int fd = kt_open(0);
		int64_t first = kt_sleep(fd, round ? MSEC : HOUR, 0);

		ASSERT_LT(0, first);
		/* Held at the close, or in the midst of running. */
		ASSERT_EQ(0, deep_chain(self, fd, first, KTASK_SPAWN_MAX, &last));
		ASSERT_EQ(0, close(fd));
		ASSERT_NOTHING_LEFT();
	}
}

TEST_F(graph, diamond)
{
	static const char edges[][2] = {
		{ 0, 0 }, { 0, 0 }, { 0, 0 }, { 1, 2 },
	};
	struct ktask_after after[4][2];
	struct ktask_desc descs[4];
	int fails, i, k;

	/* Each of them fails in turn; then none. */
	for (fails = 0; fails <= 4; fails++) {
		for (i = 0; i < 4; i++) {
			for (k = 0; k < 2; k++)
				after[i][k] = (struct ktask_after){
					.id = edges[i][k],
					.flags = KTASK_AFTER_INDEX,
				};
			descs[i] = nop_after(self, i != fails, after[i],
					     i ? 2 : 0);
		}
		ASSERT_EQ(4, kt_spawn(self->fd, descs, 4, NULL));
		for (i = 0; i < 4; i++) {
			bool cancelled = fails < 4 && i > fails &&
					 (fails == 0 || i == 3);

			if (i == fails)
				EXPECT_RETURNS(descs[i].id, -EIO);
			else if (cancelled)
				EXPECT_CANCELLED(descs[i].id, KTASK_CAUSE_AFTER);
			else
				EXPECT_RETURNS(descs[i].id, 7);
		}
	}
}

TEST_F_TIMEOUT(graph, wide_fan_out, SLOW)
{
	struct ktask_desc *descs = calloc(WIDE, sizeof(*descs));
	struct ktask_after after = {};
	struct gate gate;
	int i;

	ASSERT_NE(NULL, descs);
	ASSERT_LT(0, gate_spawn(self->fd, &gate));
	after.id = gate.id;
	for (i = 0; i < WIDE; i++)
		descs[i] = nop_after(self, true, &after, 1);
	ASSERT_EQ(WIDE, kt_spawn(self->fd, descs, WIDE, NULL));
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, 0, 10 * MSEC, &self->c));
	ASSERT_EQ(0, gate_open(&gate));
	for (i = 0; i < WIDE + 1; i++)
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));
	gate_close(&gate);
	free(descs);
}

TEST_F_TIMEOUT(graph, wide_fan_in, SLOW)
{
	struct ktask_desc *descs = calloc(WIDE, sizeof(*descs));
	struct ktask_after *after = calloc(WIDE + 1, sizeof(*after));
	struct ktask_after gated = {};
	struct ktask_task task;
	struct ktask_desc last;
	struct gate gate;
	int round, i;

	ASSERT_NE(NULL, descs);
	ASSERT_NE(NULL, after);
	for (round = 0; round < 2; round++) {
		ASSERT_LT(0, gate_spawn(self->fd, &gate));
		gated.id = gate.id;
		/* In the second round one fails, before the others begin. */
		for (i = 0; i < WIDE; i++)
			descs[i] = nop_after(self, !round || i != 1234, &gated,
					     !round || i != 1234);
		ASSERT_EQ(WIDE, kt_spawn(self->fd, descs, WIDE, NULL));
		for (i = 0; i < WIDE; i++)
			after[i].id = descs[i].id;
		last = nop_after(self, true, after, WIDE + 1);
		EXPECT_REFUSED(EINVAL, &last);
		last.nr_after = UINT_MAX;
		EXPECT_REFUSED(EINVAL, &last);
		last.nr_after = WIDE;
		ASSERT_LT(0, kt_spawn_desc(self->fd, &last));
		if (round) {
			EXPECT_CANCELLED(last.id, KTASK_CAUSE_AFTER);
		} else {
			ASSERT_EQ(0, kt_status(self->fd, last.id, &task));
			EXPECT_EQ(WIDE, task.waits_for);
		}
		ASSERT_EQ(0, gate_open(&gate));
		if (!round)
			EXPECT_RETURNS(last.id, 7);
		for (i = 0; i < WIDE + 1; i++)
			ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));
		gate_close(&gate);
	}
	free(descs);
	free(after);
}

TEST_F(graph, abort_all_of_a_held_graph)
{
	int64_t first = kt_sleep(self->fd, HOUR, 0);
	int64_t id = first;
	int i;

	for (i = 0; i < 100; i++)
		ASSERT_LT(0, id = spawn_after(self, id, i % 2 ? KTASK_AFTER_ANY : 0));
	ASSERT_EQ(0, kt_abort_all(self->fd));
	for (i = 0; i < 101; i++) {
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);
		EXPECT_NE(KTASK_CAUSE_NONE, self->c.cause);
		EXPECT_NE(KTASK_CAUSE_TIMEOUT, self->c.cause);
	}
	EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));
}

/* --- Which task ----------------------------------------------------------- */

TEST_F(graph, index_of_itself_or_a_later_one_is_EINVAL)
{
	static const __u64 wrong[] = {
		2, 3, 4, 1000, UINT_MAX, 1ULL << 32, UINT64_MAX,
	};
	struct ktask_after after = { .flags = KTASK_AFTER_INDEX };
	struct ktask_desc descs[4];
	int error;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		after.id = wrong[i];
		descs[0] = nop_after(self, true, NULL, 0);
		descs[1] = nop_after(self, true, NULL, 0);
		descs[2] = nop_after(self, true, &after, 1);
		descs[3] = nop_after(self, true, NULL, 0);
		EXPECT_EQ(2, kt_spawn(self->fd, descs, 4, &error));
		EXPECT_EQ(-EINVAL, error);
		EXPECT_EQ(1, kt_read(self->fd, &self->c, 1));
		EXPECT_EQ(1, kt_read(self->fd, &self->c, 1));
	}
	after.id = 0;
	EXPECT_REFUSED(EINVAL, &descs[2]);
}

/* The index counts descriptors of this call, not of one before it. */
TEST_F(graph, index_is_of_this_call)
{
	struct ktask_after after = { .id = 1, .flags = KTASK_AFTER_INDEX };
	struct ktask_desc descs[3];
	int i;

	for (i = 0; i < 3; i++)
		descs[i] = nop_after(self, true, NULL, 0);
	ASSERT_EQ(3, kt_spawn(self->fd, descs, 3, NULL));
	for (i = 0; i < 3; i++)
		descs[i] = nop_after(self, i != 1, &after, i == 2);
	ASSERT_EQ(3, kt_spawn(self->fd, descs, 3, NULL));
	EXPECT_CANCELLED(descs[2].id, KTASK_CAUSE_AFTER);
}

TEST_F(graph, unknown_id_is_ENOENT)
{
	int64_t id = kt_nop(self->fd, 0, 0);
	struct ktask_after after[2] = { { .id = id } };
	struct ktask_desc desc = nop_after(self, true, after, 2);
	const __u64 wrong[] = {
		0, id + 1, id + 2, 1ULL << 32 | id, 1ULL << 63, UINT64_MAX,
	};
	size_t i;

	ASSERT_LT(0, id);
	/* Also if another one is there. */
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		after[1].id = wrong[i];
		EXPECT_REFUSED(ENOENT, &desc);
	}
	EXPECT_RETURNS(id, 0);
	after[1].id = id;
	EXPECT_REFUSED(ENOENT, &desc);
}

TEST_F(graph, taken_id_is_ENOENT)
{
	int64_t joined = kt_nop(self->fd, 0, 0);
	int64_t read;

	ASSERT_LT(0, joined);
	EXPECT_RETURNS(joined, 0);
	EXPECT_EQ(-ENOENT, spawn_after(self, joined, 0));
	EXPECT_EQ(-ENOENT, spawn_after(self, joined, KTASK_AFTER_ANY));
	ASSERT_LT(0, read = kt_nop(self->fd, 0, 0));
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(-ENOENT, spawn_after(self, read, KTASK_AFTER_ANY));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(graph, id_of_another_file_is_ENOENT)
{
	int other = kt_open(0), i;
	int64_t id = 0;

	ASSERT_LE(0, other);
	for (i = 0; i < 10; i++)
		ASSERT_LT(0, id = kt_nop(other, 0, 0));
	EXPECT_EQ(-ENOENT, spawn_after(self, id, 0));
	close(other);
}

/* --- The array ------------------------------------------------------------ */

TEST_F(graph, unknown_flags_are_EOPNOTSUPP)
{
	struct ktask_after after = { .id = kt_nop(self->fd, 0, 0) };
	struct ktask_desc desc = nop_after(self, true, &after, 1);
	int i;

	for (i = 3; i < 32; i++) {
		after.flags = 1U << i;
		EXPECT_REFUSED(EOPNOTSUPP, &desc);
	}
}

TEST_F(graph, reserved_is_EINVAL)
{
	struct ktask_after after = { .id = kt_nop(self->fd, 0, 0), .reserved = 1 };
	struct ktask_desc desc = nop_after(self, true, &after, 1);

	EXPECT_REFUSED(EINVAL, &desc);
	after.reserved = 1U << 31;
	EXPECT_REFUSED(EINVAL, &desc);
}

TEST_F(graph, bad_pointer_is_EFAULT)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	struct ktask_after *after = (void *)(mem + page - sizeof(*after));
	struct ktask_desc desc;

	ASSERT_NE(NULL, mem);
	after->id = kt_nop(self->fd, 0, 0);
	desc = nop_after(self, true, NULL, 1);
	EXPECT_REFUSED(EFAULT, &desc);
	desc = nop_after(self, true, (void *)(mem + page), 1);
	EXPECT_REFUSED(EFAULT, &desc);
	desc = nop_after(self, true, (void *)-8L, 1);
	EXPECT_REFUSED(EFAULT, &desc);
	/* The second is not there. */
	desc = nop_after(self, true, after, 2);
	EXPECT_REFUSED(EFAULT, &desc);
	desc = nop_after(self, true, after, 1);
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_RETURNS(desc.id, 7);
	munmap(mem, 2 * page);
}

TEST_F(graph, bad_pointer_to_none_is_not_looked_at)
{
	struct ktask_desc desc = nop_after(self, true, (void *)-8L, 0);

	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_RETURNS(desc.id, 7);
}

TEST_HARNESS_MAIN
