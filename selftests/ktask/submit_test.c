// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_SPAWN that waits for completions too.
 */
#include <limits.h>

#include "helpers.h"

#define MAX		16

FIXTURE(submit) {
	int fd;
	size_t page;
	char *mem;			/* a page, then one not to be used */
	struct ktask_args_nop nop;
	struct ktask_args_sleep hour;
	struct ktask_desc descs[MAX];	/* nops; user_data counts up from 0 */
	struct ktask_spawn spawn;
	struct caller caller;
	struct ktask_completion c[2 * MAX];
};

FIXTURE_SETUP(submit)
{
	int i;

	SETUP_OPEN(self->fd, 0);
	self->page = sysconf(_SC_PAGESIZE);
	ASSERT_NE(NULL, self->mem = guarded_alloc(1));
	self->nop.result = 5;
	self->hour.duration_ns = HOUR;
	for (i = 0; i < MAX; i++) {
		self->descs[i] = kt_desc(self->fd, "nop", &self->nop,
					 sizeof(self->nop));
		self->descs[i].user_data = i;
	}
	self->spawn.size = sizeof(self->spawn);
	self->spawn.nr = 3;
	self->spawn.desc_size = sizeof(self->descs[0]);
	self->spawn.descs = to_u64(self->descs);
	self->spawn.completions = to_u64(self->c);
	self->spawn.max_completions = MAX;
	self->spawn.min_completions = 3;
	self->spawn.timeout_ns = FOREVER;
	/* To be overwritten. */
	self->spawn.spawned = 77;
	self->spawn.error = 77;
	self->spawn.completed = 77;
	self->spawn.wait_error = 77;
	memset(self->c, 0xee, sizeof(self->c));
}

FIXTURE_TEARDOWN(submit)
{
	munmap(self->mem, 2 * self->page);
	close(self->fd);
}

static int submit(FIXTURE_DATA(submit) *self)
{
	return kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn);
}

/* Have the @n-th sleep for an hour. */
static void be_sleep(FIXTURE_DATA(submit) *self, int n)
{
	__u64 user_data = self->descs[n].user_data;

	self->descs[n] = kt_desc(self->fd, "sleep", &self->hour, sizeof(self->hour));
	self->descs[n].user_data = user_data;
}

#define EXPECT_TOLD(spawned_nr, spawn_err, completed_nr, wait_err)	\
do {									\
	EXPECT_EQ(spawned_nr, self->spawn.spawned);			\
	EXPECT_EQ(spawn_err, self->spawn.error);			\
	EXPECT_EQ(completed_nr, self->spawn.completed);			\
	EXPECT_EQ(wait_err, self->spawn.wait_error);			\
} while (0)

/* --- How many ------------------------------------------------------------- */

TEST_F(submit, all_that_was_spawned)
{
	bool seen[3] = {};
	int i;

	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 3, 0);
	for (i = 0; i < 3; i++) {
		ASSERT_GT(3, self->c[i].user_data);
		EXPECT_FALSE(seen[self->c[i].user_data]);
		seen[self->c[i].user_data] = true;
		EXPECT_EQ(5, self->c[i].result);
		EXPECT_EQ(KTASK_RETURNED, self->c[i].outcome);
		EXPECT_EQ(self->descs[self->c[i].user_data].id, self->c[i].id);
	}
	/* Nothing behind that is written. */
	EXPECT_EQ(0xee, self->c[3].out[0]);
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(submit, least_is_there_before_the_rest)
{
	be_sleep(self, 1);
	self->spawn.min_completions = 2;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 2, 0);
	EXPECT_NE(1, self->c[0].user_data);
	EXPECT_NE(1, self->c[1].user_data);
	EXPECT_EQ(1, file_tasks(self->fd));
}

TEST_F(submit, no_more_than_there_is_room_for)
{
	self->spawn.max_completions = 1;
	self->spawn.min_completions = 1;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 1, 0);
	EXPECT_EQ(0xee, self->c[1].out[0]);
	EXPECT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));
}

TEST_F(submit, those_of_before_count_too)
{
	int64_t id = kt_nop(self->fd, 0, 99);

	ASSERT_LT(0, id);
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	be_sleep(self, 0);
	self->spawn.nr = 1;
	self->spawn.min_completions = 1;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(1, 0, 1, 0);
	EXPECT_EQ(99, self->c[0].user_data);
}

TEST_F(submit, order_is_that_of_the_ends)
{
	int ep = ready_open(self->fd), i;

	ASSERT_LE(0, ep);
	for (i = 0; i < 10; i++) {
		ASSERT_LT(0, kt_nop(self->fd, 0, i));
		ASSERT_EQ(1, ready_wait(ep));
	}
	self->spawn.nr = 0;
	self->spawn.min_completions = 10;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(0, 0, 10, 0);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(i, self->c[i].user_data);
	close(ep);
}

TEST_F(submit, none_to_start)
{
	ASSERT_LT(0, kt_nop(self->fd, 0, 8));
	self->spawn.nr = 0;
	self->spawn.descs = 0;
	self->spawn.min_completions = 1;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(0, 0, 1, 0);
	EXPECT_EQ(8, self->c[0].user_data);
}

TEST_F(submit, none_to_wait_for_takes_what_is_there)
{
	int64_t id = kt_nop(self->fd, 0, 9);

	ASSERT_LT(0, id);
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	be_sleep(self, 0);
	self->spawn.nr = 1;
	self->spawn.min_completions = 0;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(1, 0, 1, 0);
	EXPECT_EQ(9, self->c[0].user_data);
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(1, 0, 0, 0);
	/* Of nothing, nothing. */
	self->spawn.nr = 0;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(0, 0, 0, 0);
}

/* More than are taken in one go. */
TEST_F(submit, takes_many_that_are_there)
{
	struct ktask_completion c[150];
	int64_t id;
	int i;

	for (i = 0; i < 150; i++) {
		ASSERT_LT(0, id = kt_nop(self->fd, 0, i));
		ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	}
	self->spawn.nr = 0;
	self->spawn.completions = to_u64(c);
	self->spawn.max_completions = 150;
	self->spawn.min_completions = 100;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(0, 0, 150, 0);
	for (i = 0; i < 150; i++)
		EXPECT_EQ(i, c[i].user_data);
}

TEST_F(submit, room_for_none_is_a_spawn)
{
	self->spawn.max_completions = 0;
	self->spawn.min_completions = 0;
	self->spawn.completions = to_u64(self->mem + self->page);
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 0, 0);
	EXPECT_EQ(3, file_tasks(self->fd));
}

TEST_F(submit, nothing_to_start_and_room_for_none_is_EINVAL)
{
	self->spawn.nr = 0;
	self->spawn.max_completions = 0;
	self->spawn.min_completions = 0;
	EXPECT_EQ(-EINVAL, submit(self));
}

TEST_F(submit, least_above_most_is_EINVAL)
{
	self->spawn.max_completions = 2;
	EXPECT_EQ(-EINVAL, submit(self));
	self->spawn.max_completions = 0;
	EXPECT_EQ(-EINVAL, submit(self));
	self->spawn.max_completions = MAX;
	self->spawn.min_completions = UINT_MAX;
	EXPECT_EQ(-EINVAL, submit(self));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(submit, room_is_no_promise)
{
	self->spawn.max_completions = 1 << 20;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 3, 0);
}

TEST_F_TIMEOUT(submit, as_many_as_may_be, SLOW)
{
	struct ktask_completion *c = calloc(KTASK_SPAWN_MAX, sizeof(*c));
	struct ktask_desc *descs = calloc(KTASK_SPAWN_MAX, sizeof(*descs));
	char *seen = calloc(KTASK_SPAWN_MAX, 1);
	int i;

	ASSERT_TRUE(c && descs && seen);
	for (i = 0; i < KTASK_SPAWN_MAX; i++) {
		descs[i] = self->descs[0];
		descs[i].user_data = i;
	}
	self->spawn.nr = KTASK_SPAWN_MAX;
	self->spawn.descs = to_u64(descs);
	self->spawn.completions = to_u64(c);
	self->spawn.max_completions = KTASK_SPAWN_MAX;
	self->spawn.min_completions = KTASK_SPAWN_MAX;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(KTASK_SPAWN_MAX, 0, KTASK_SPAWN_MAX, 0);
	for (i = 0; i < KTASK_SPAWN_MAX; i++) {
		ASSERT_GT(KTASK_SPAWN_MAX, c[i].user_data);
		ASSERT_EQ(0, seen[c[i].user_data]++);
	}
	free(c);
	free(descs);
	free(seen);
}

TEST_F(submit, graph_of_all)
{
	struct ktask_after after[MAX];
	int i;

	for (i = 0; i < MAX; i++) {
		after[i] = (struct ktask_after){
			.id = i - 1,
			.flags = KTASK_AFTER_INDEX,
		};
		self->descs[i].after = to_u64(&after[i]);
		self->descs[i].nr_after = i > 0;
	}
	self->spawn.flags = KTASK_SPAWN_ALL;
	self->spawn.nr = MAX;
	self->spawn.min_completions = MAX;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(MAX, 0, MAX, 0);
	for (i = 0; i < MAX; i++)
		EXPECT_EQ(i, self->c[i].user_data);
}

/* --- For how long --------------------------------------------------------- */

TEST_F(submit, timeout_tells_how_far_it_came)
{
	int64_t start = now_ns();

	be_sleep(self, 0);
	self->spawn.timeout_ns = 300 * MSEC;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 2, -ETIMEDOUT);
	EXPECT_LE(300 * MSEC, now_ns() - start);
	/* What had been started goes on, and nothing is lost. */
	EXPECT_EQ(1, file_tasks(self->fd));
}

TEST_F(submit, timeout_with_nothing_to_start_fails)
{
	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	self->spawn.nr = 0;
	self->spawn.min_completions = 1;
	self->spawn.timeout_ns = 20 * MSEC;
	EXPECT_EQ(-ETIMEDOUT, submit(self));
	EXPECT_TOLD(0, 0, 0, -ETIMEDOUT);
	self->spawn.timeout_ns = 0;
	EXPECT_EQ(-ETIMEDOUT, submit(self));
	EXPECT_TOLD(0, 0, 0, -ETIMEDOUT);
	/* Unless one is there. */
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	self->spawn.min_completions = 2;
	self->spawn.timeout_ns = 500 * MSEC;
	EXPECT_EQ(0, submit(self));
	EXPECT_TOLD(0, 0, 1, -ETIMEDOUT);
}

TEST_F(submit, timeout_zero_does_not_wait)
{
	be_sleep(self, 0);
	be_sleep(self, 1);
	be_sleep(self, 2);
	self->spawn.timeout_ns = 0;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 0, -ETIMEDOUT);
}

TEST_F(submit, timeout_of_292_years_is_enough)
{
	self->spawn.timeout_ns = LLONG_MAX;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 3, 0);
}

TEST_F(submit, timeout_below_minus_one_is_EINVAL)
{
	self->spawn.timeout_ns = -2;
	EXPECT_EQ(-EINVAL, submit(self));
	self->spawn.timeout_ns = LLONG_MIN;
	EXPECT_EQ(-EINVAL, submit(self));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(submit, nonblock_forever_is_EAGAIN)
{
	be_sleep(self, 0);
	self->spawn.nr = 1;
	self->spawn.min_completions = 1;
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(1, 0, 0, -EAGAIN);
	self->spawn.nr = 0;
	EXPECT_EQ(-EAGAIN, submit(self));
	EXPECT_TOLD(0, 0, 0, -EAGAIN);
	/* A time that is named is waited for all the same. */
	self->spawn.timeout_ns = 20 * MSEC;
	EXPECT_EQ(-ETIMEDOUT, submit(self));
	ASSERT_LT(0, kt_sleep(self->fd, 20 * MSEC, 0));
	self->spawn.timeout_ns = 30 * SEC;
	EXPECT_EQ(0, submit(self));
	EXPECT_TOLD(0, 0, 1, 0);
}

TEST_F(submit, set_that_empties_is_ENOENT)
{
	self->spawn.min_completions = 5;
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 3, -ENOENT);
	self->spawn.nr = 0;
	EXPECT_EQ(-ENOENT, submit(self));
	EXPECT_TOLD(0, 0, 0, -ENOENT);
}

TEST_F(submit, set_that_others_empty_is_ENOENT)
{
	struct taker joiner;
	int64_t id = kt_sleep(self->fd, HOUR, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	self->spawn.nr = 0;
	self->spawn.min_completions = 1;
	ASSERT_EQ(0, caller_start(&self->caller, self->fd, KTASK_SPAWN, &self->spawn));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&joiner));
	EXPECT_EQ(-ENOENT, caller_wait(&self->caller));
	EXPECT_TOLD(0, 0, 0, -ENOENT);
}

/* Each that comes is given out only when the least is there; or a signal is. */
TEST_F(submit, signal_tells_how_far_it_came)
{
	int state, i;

	be_sleep(self, 2);
	ASSERT_EQ(0, catch_signal(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, caller_start(&self->caller, self->fd, KTASK_SPAWN, &self->spawn));
	/* Two have ended, and may have been taken; it waits for the third. */
	for (i = 0; i < 2; i++) {
		while ((state = task_state(self->fd, self->descs[i].id)) > 0 &&
		       state != KTASK_STATE_ENDED)
			sched_yield();
	}
	wait_asleep(&self->caller.tid);
	ASSERT_EQ(0, pthread_kill(self->caller.thread, SIGUSR1));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_TOLD(3, 0, 2, -EINTR);
}

TEST_F(submit, signal_with_nothing_to_start_fails)
{
	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	self->spawn.nr = 0;
	self->spawn.timeout_ns = HOUR;
	ASSERT_EQ(0, caller_start(&self->caller, self->fd, KTASK_SPAWN, &self->spawn));
	ASSERT_EQ(0, pthread_kill(self->caller.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, caller_wait(&self->caller));
	EXPECT_TOLD(0, 0, 0, -EINTR);
}

/* --- Not all started ------------------------------------------------------ */

TEST_F(submit, partial_spawn_does_not_wait)
{
	be_sleep(self, 0);
	self->descs[2].op = UINT_MAX;
	ASSERT_EQ(0, submit(self));
	EXPECT_EQ(2, self->spawn.spawned);
	EXPECT_EQ(-ENOENT, self->spawn.error);
	EXPECT_GE(1, self->spawn.completed);
	EXPECT_EQ(2 - self->spawn.completed, file_tasks(self->fd));
}

TEST_F(submit, partial_spawn_takes_what_is_there)
{
	int64_t id = kt_nop(self->fd, 0, 66);

	ASSERT_LT(0, id);
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	be_sleep(self, 0);
	be_sleep(self, 1);
	self->descs[2].op = UINT_MAX;
	ASSERT_EQ(0, submit(self));
	EXPECT_EQ(2, self->spawn.spawned);
	EXPECT_EQ(-ENOENT, self->spawn.error);
	EXPECT_EQ(1, self->spawn.completed);
	EXPECT_EQ(66, self->c[0].user_data);
}

TEST_F(submit, nothing_started_fails)
{
	self->descs[0].op = UINT_MAX;
	EXPECT_EQ(-ENOENT, submit(self));
	EXPECT_EQ(0, self->spawn.spawned);
	EXPECT_EQ(-ENOENT, self->spawn.error);
	EXPECT_EQ(0, self->spawn.completed);
}

/* --- Where to ------------------------------------------------------------- */

TEST_F(submit, bad_pointer_loses_nothing)
{
	const __u64 bad[] = {
		0, to_u64(self->mem + self->page), (__u64)-4096, 1ULL << 63,
		to_u64(self->mem + self->page - sizeof(self->c[0]) + 1),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		self->spawn.completions = bad[i];
		ASSERT_EQ(0, submit(self));
		EXPECT_TOLD(3, 0, 0, -EFAULT);
	}
	/* Or in a call of its own. */
	self->spawn.nr = 0;
	EXPECT_EQ(-EFAULT, submit(self));
	EXPECT_TOLD(0, 0, 0, -EFAULT);
	for (i = 0; i < 3 * ARRAY_SIZE(bad); i++)
		ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));
}

TEST_F(submit, room_that_is_partly_bad)
{
	struct ktask_completion *few = (void *)(self->mem + self->page -
						5 * sizeof(*few) / 2);

	self->spawn.completions = to_u64(few);
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 2, -EFAULT);
	EXPECT_EQ(5, few[0].result);
	EXPECT_EQ(5, few[1].result);
	/* That which did not fit is still there. */
	EXPECT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));
}

/* Then nothing has been done: neither spawned nor taken. */
TEST_F(submit, structure_in_read_only_memory)
{
	int64_t id = kt_nop(self->fd, 0, 0);

	ASSERT_LT(0, id);
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	memcpy(self->mem, &self->spawn, sizeof(self->spawn));
	ASSERT_EQ(0, mprotect(self->mem, self->page, PROT_READ));
	EXPECT_EQ(-EFAULT, kt_ioctl(self->fd, KTASK_SPAWN, self->mem));
	EXPECT_EQ(1, file_tasks(self->fd));
	EXPECT_EQ(1, kt_read(self->fd, self->c, 1));
}

/* What is given out has room behind it in the same array as the descriptors. */
TEST_F(submit, pointer_that_is_misaligned)
{
	struct ktask_completion c;

	self->spawn.completions = to_u64(self->mem + 3);
	ASSERT_EQ(0, submit(self));
	EXPECT_TOLD(3, 0, 3, 0);
	memcpy(&c, self->mem + 3 + sizeof(c), sizeof(c));
	EXPECT_EQ(5, c.result);
}

/* --- Beside others -------------------------------------------------------- */

TEST_F(submit, does_not_take_what_is_joined)
{
	int64_t id = kt_sleep(self->fd, HOUR, 44);
	struct taker joiner;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	be_sleep(self, 0);
	self->spawn.nr = 1;
	self->spawn.min_completions = 1;
	ASSERT_EQ(0, caller_start(&self->caller, self->fd, KTASK_SPAWN, &self->spawn));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&joiner));
	ASSERT_EQ(0, kt_abort_all(self->fd));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_TOLD(1, 0, 1, 0);
	EXPECT_EQ(0, self->c[0].user_data);
}

#define THREADS		4
#define ROUNDS		200

struct submitter {
	pthread_t thread;
	int fd;
	int taken;
	int wrong;
};

static void *submitter_main(void *arg)
{
	struct submitter *s = arg;
	struct ktask_completion c[8];
	struct ktask_desc descs[4];
	int round, i;

	for (i = 0; i < 4; i++)
		descs[i] = kt_desc(s->fd, "nop", NULL, 0);
	for (round = 0; round < ROUNDS; round++) {
		struct ktask_spawn spawn = {
			.size = sizeof(spawn),
			.nr = 4,
			.desc_size = sizeof(descs[0]),
			.descs = to_u64(descs),
			.completions = to_u64(c),
			.max_completions = 8,
			.min_completions = round % 6,
			.timeout_ns = FOREVER,
		};

		if (kt_ioctl(s->fd, KTASK_SPAWN, &spawn) || spawn.spawned != 4 ||
		    (spawn.wait_error && spawn.wait_error != -ENOENT) ||
		    (!spawn.wait_error && spawn.completed < spawn.min_completions))
			s->wrong++;
		s->taken += spawn.completed;
	}
	return NULL;
}

TEST_F_TIMEOUT(submit, many_threads, SLOW)
{
	struct submitter s[THREADS];
	int taken = 0, i;

	for (i = 0; i < THREADS; i++) {
		s[i] = (struct submitter){ .fd = self->fd };
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, submitter_main, &s[i]));
	}
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(s[i].thread, NULL));
		EXPECT_EQ(0, s[i].wrong);
		taken += s[i].taken;
	}
	while (kt_read(self->fd, self->c, 1) == 1)
		taken++;
	EXPECT_EQ(THREADS * ROUNDS * 4, taken);
}

TEST_HARNESS_MAIN
