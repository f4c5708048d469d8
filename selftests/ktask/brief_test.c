// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that are over at once, spawned by who waits for them: that there is no
 * task for them inside must not be seen.
 */
#include <limits.h>
#include <sys/eventfd.h>

#include "helpers.h"

#define NR		8

FIXTURE(brief) {
	int fd;
	struct ktask_args_nop nop;
	struct ktask_args_sleep hour;
	struct ktask_desc descs[NR];	/* nops; user_data counts up from 0 */
	struct ktask_spawn spawn;
	struct ktask_completion c[2 * NR];
};

FIXTURE_SETUP(brief)
{
	int i;

	SETUP_OPEN(self->fd, 0);
	self->nop.result = -5;
	self->hour.duration_ns = HOUR;
	for (i = 0; i < NR; i++) {
		self->descs[i] = kt_desc(self->fd, "nop", &self->nop,
					 sizeof(self->nop));
		self->descs[i].user_data = i;
	}
	self->spawn.size = sizeof(self->spawn);
	self->spawn.nr = NR;
	self->spawn.desc_size = sizeof(self->descs[0]);
	self->spawn.descs = to_u64(self->descs);
	self->spawn.completions = to_u64(self->c);
	self->spawn.max_completions = 2 * NR;
	self->spawn.min_completions = NR;
	self->spawn.timeout_ns = FOREVER;
	memset(self->c, 0xee, sizeof(self->c));
}

FIXTURE_TEARDOWN(brief)
{
	close(self->fd);
}

static int spawn(FIXTURE_DATA(brief) *self)
{
	return kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn);
}

/* A nop that has ended, and whose completion waits. */
static int64_t ended_nop(int fd, __u64 user_data)
{
	int64_t id = kt_nop(fd, 0, user_data);

	return wait_state(fd, id, KTASK_STATE_ENDED) ? id : -1;
}

TEST_F(brief, completions_are_whole)
{
	static const __u8 nothing[KTASK_OUT_MAX];
	__u64 last = 0;
	int i;

	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(NR, self->spawn.spawned);
	EXPECT_EQ(0, self->spawn.error);
	ASSERT_EQ(NR, self->spawn.completed);
	EXPECT_EQ(0, self->spawn.wait_error);
	for (i = 0; i < NR; i++) {
		EXPECT_EQ(self->descs[i].id, self->c[i].id);
		EXPECT_LT(last, self->c[i].id);
		EXPECT_EQ(i, self->c[i].user_data);
		EXPECT_EQ(-5, self->c[i].result);
		EXPECT_EQ(KTASK_RETURNED, self->c[i].outcome);
		EXPECT_EQ(KTASK_CAUSE_NONE, self->c[i].cause);
		EXPECT_EQ(0, self->c[i].out_len);
		EXPECT_EQ(0, self->c[i].reserved[0]);
		EXPECT_EQ(0, memcmp(nothing, self->c[i].out, sizeof(nothing)));
		last = self->c[i].id;
	}
	/* Not given again. */
	EXPECT_LT((int64_t)last, kt_nop(self->fd, 0, 0));
}

TEST_F(brief, taken_is_taken)
{
	struct ktask_task task;

	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, self->descs[0].id, 0, &self->c[0]));
	EXPECT_EQ(-ENOENT, kt_status(self->fd, self->descs[0].id, &task));
	EXPECT_EQ(-ENOENT, kt_abort(self->fd, self->descs[0].id));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(brief, among_others)
{
	__u64 hour;

	self->descs[3] = kt_desc(self->fd, "sleep", &self->hour, sizeof(self->hour));
	self->descs[3].user_data = 3;
	self->spawn.min_completions = NR - 1;
	ASSERT_EQ(0, spawn(self));
	ASSERT_EQ(NR - 1, self->spawn.completed);
	EXPECT_EQ(2, self->c[2].user_data);
	EXPECT_EQ(4, self->c[3].user_data);
	hour = self->descs[3].id;
	/* It may still wait for a CPU. */
	EXPECT_TRUE(wait_state(self->fd, hour, KTASK_STATE_WAITING));
	ASSERT_EQ(0, kt_abort(self->fd, hour));
	ASSERT_EQ(0, kt_join(self->fd, hour, FOREVER, &self->c[0]));
	EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
}

TEST_F(brief, those_that_ended_before_come_before)
{
	bool seen[NR] = {};
	int i;

	ASSERT_LT(0, ended_nop(self->fd, 77));
	/* The others then end where there is a CPU for them, in any order. */
	self->spawn.min_completions = NR + 1;
	ASSERT_EQ(0, spawn(self));
	ASSERT_EQ(NR + 1, self->spawn.completed);
	EXPECT_EQ(77, self->c[0].user_data);
	for (i = 1; i <= NR; i++) {
		ASSERT_GT(NR, self->c[i].user_data);
		EXPECT_FALSE(seen[self->c[i].user_data]);
		seen[self->c[i].user_data] = true;
	}
}

TEST_F(brief, more_than_there_is_room_for)
{
	self->spawn.max_completions = 3;
	self->spawn.min_completions = 3;
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(NR, self->spawn.spawned);
	ASSERT_EQ(3, self->spawn.completed);
	EXPECT_EQ(2, self->c[2].user_data);
	/* The others are there, by id and by turn. */
	EXPECT_EQ(0, kt_join(self->fd, self->descs[6].id, FOREVER, &self->c[0]));
	EXPECT_EQ(6, self->c[0].user_data);
	self->spawn.nr = 0;
	self->spawn.max_completions = NR;
	self->spawn.min_completions = NR - 4;
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(NR - 4, self->spawn.completed);
}

TEST_F(brief, what_runs_after_it)
{
	struct ktask_after after = { .id = 0, .flags = KTASK_AFTER_INDEX };

	/* Fails, and so the other one does not run. */
	self->descs[1].after = to_u64(&after);
	self->descs[1].nr_after = 1;
	self->spawn.nr = 2;
	self->spawn.min_completions = 2;
	ASSERT_EQ(0, spawn(self));
	ASSERT_EQ(2, self->spawn.completed);
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
	EXPECT_EQ(KTASK_CAUSE_AFTER, self->c[1].cause);
}

TEST_F(brief, is_told_to_an_eventfd)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	eventfd_t count = 0;

	ASSERT_LE(0, event);
	ASSERT_EQ(0, kt_eventfd(self->fd, event, 0));
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(0, eventfd_read(event, &count));
	EXPECT_EQ(NR, count);
	close(event);
}

TEST_F(brief, is_counted)
{
	struct ktask_info before, after;

	ASSERT_EQ(0, kt_info(self->fd, &before));
	ASSERT_EQ(0, spawn(self));
	ASSERT_EQ(0, kt_info(self->fd, &after));
	EXPECT_LE(before.spawned + NR, after.spawned);
	EXPECT_LE(before.completed + NR, after.completed);
	EXPECT_LE(before.resumed + NR, after.resumed);
}

TEST_F(brief, needs_room)
{
	struct ktask_desc one = kt_desc(self->fd, "sleep", &self->hour,
					sizeof(self->hour));

	ASSERT_EQ(0, kt_group_set(self->fd, 0, 0, 1));
	ASSERT_EQ(1, kt_spawn(self->fd, &one, 1, NULL));
	self->spawn.flags = KTASK_SPAWN_NOWAIT;
	EXPECT_EQ(-EAGAIN, spawn(self));
	EXPECT_EQ(0, self->spawn.spawned);
	ASSERT_EQ(0, kt_abort(self->fd, one.id));
	ASSERT_EQ(0, kt_join(self->fd, one.id, FOREVER, &self->c[0]));
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(NR, self->spawn.completed);
}

TEST_F(brief, needs_to_be_allowed)
{
	__u32 op = kt_op(self->fd, "sleep");

	ASSERT_EQ(0, kt_restrict(self->fd, 0, &op, 1));
	EXPECT_EQ(-EPERM, spawn(self));
	EXPECT_EQ(0, self->spawn.completed);
}

/* An error in the middle: what was before it has been done. */
TEST_F(brief, before_one_that_is_wrong)
{
	self->descs[5].flags = 1U << 31;
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(5, self->spawn.spawned);
	EXPECT_EQ(-EOPNOTSUPP, self->spawn.error);
	EXPECT_EQ(5, self->spawn.completed);
}

TEST_F(brief, all_or_none)
{
	struct ktask_info before, after;

	self->spawn.flags = KTASK_SPAWN_ALL;
	self->descs[5].flags = 1U << 31;
	ASSERT_EQ(0, kt_info(self->fd, &before));
	EXPECT_EQ(-EOPNOTSUPP, spawn(self));
	EXPECT_EQ(0, self->spawn.spawned);
	EXPECT_EQ(0, self->spawn.completed);
	ASSERT_EQ(0, kt_info(self->fd, &after));
	EXPECT_EQ(before.file_tasks, after.file_tasks);
	self->descs[5].flags = 0;
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(NR, self->spawn.completed);
}

/* --- Many threads ------------------------------------------------------------ */

#define THREADS		4
#define ROUNDS		500

struct submitter {
	pthread_t thread;
	int fd;
	struct ktask_args_nop nop;
	struct ktask_desc desc;
	unsigned int taken;
	int err;
};

/* Spawns more than it takes, so that it takes what others have left. */
static void *submitter_main(void *arg)
{
	struct submitter *s = arg;
	struct ktask_desc descs[3] = { s->desc, s->desc, s->desc };
	struct ktask_completion c[4];
	unsigned int i, j;

	for (i = 0; i < ROUNDS && !s->err; i++) {
		struct ktask_spawn spawn = {
			.size = sizeof(spawn),
			.nr = 3,
			.desc_size = sizeof(descs[0]),
			.descs = to_u64(descs),
			.completions = to_u64(c),
			.max_completions = i % 2 ? 4 : 2,
			.min_completions = 2,
			.timeout_ns = FOREVER,
		};

		s->err = kt_ioctl(s->fd, KTASK_SPAWN, &spawn) ?: spawn.error;
		for (j = 0; j < spawn.completed; j++) {
			if (c[j].result != s->nop.result)
				s->err = -EBADMSG;
		}
		s->taken += spawn.completed;
	}
	return NULL;
}

TEST_F_TIMEOUT(brief, none_is_lost_among_threads, SLOW)
{
	struct submitter s[THREADS] = {};
	unsigned int i, taken = 0;
	int n;

	for (i = 0; i < THREADS; i++) {
		s[i].fd = self->fd;
		s[i].nop.result = 9;
		s[i].desc = kt_desc(self->fd, "nop", &s[i].nop, sizeof(s[i].nop));
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, submitter_main,
					    &s[i]));
	}
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(s[i].thread, NULL));
		EXPECT_EQ(0, s[i].err);
		taken += s[i].taken;
	}
	while ((n = kt_read(self->fd, self->c, 2 * NR)) > 0)
		taken += n;
	EXPECT_EQ(0, n);
	EXPECT_EQ(THREADS * ROUNDS * 3, taken);
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_HARNESS_MAIN
