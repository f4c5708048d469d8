// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that nobody will join: from the start, or by KTASK_DETACH.
 */
#include "helpers.h"

FIXTURE(detach) {
	int fd;
	struct ktask_completion c;
};

FIXTURE_SETUP(detach)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(detach)
{
	close(self->fd);
}

/* A detached task that sleeps. */
static int64_t sleep_detached(FIXTURE_DATA(detach) *self, int fd, __u64 duration)
{
	struct ktask_args_sleep args = { .duration_ns = duration };
	struct ktask_desc desc = kt_desc(fd, "sleep", &args, sizeof(args));

	(void)self;
	desc.flags = KTASK_DESC_DETACHED;
	return kt_spawn_desc(fd, &desc);
}

/* Wait until nothing is left of what had been detached. */
static void wait_gone(FIXTURE_DATA(detach) *self, __u64 id)
{
	while (task_state(self->fd, id) != -ENOENT)
		sched_yield();
}

/* There is nothing to take, nor will there be. */
#define EXPECT_EMPTY()							\
do {									\
	EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));			\
	EXPECT_EQ(-ENOENT, kt_join(self->fd, 0, FOREVER, &self->c));	\
} while (0)

/* --- From the start ------------------------------------------------------- */

TEST_F(detach, leaves_no_completion)
{
	struct ktask_desc desc = { .flags = KTASK_DESC_DETACHED };
	struct gate gate;

	ASSERT_LT(0, gate_spawn_as(self->fd, &gate, &desc));
	EXPECT_EMPTY();
	EXPECT_EQ(-ENOENT, kt_join(self->fd, gate.id, FOREVER, &self->c));
	ASSERT_TRUE(wait_state(self->fd, gate.id, KTASK_STATE_WAITING));
	ASSERT_EQ(0, gate_open(&gate));
	wait_gone(self, gate.id);
	EXPECT_EMPTY();
	EXPECT_EQ(-ENOENT, kt_join(self->fd, gate.id, FOREVER, &self->c));
	ASSERT_NOTHING_LEFT();
	gate_close(&gate);
}

TEST_F(detach, beside_others)
{
	struct ktask_desc descs[20];
	int i;

	for (i = 0; i < 20; i++) {
		descs[i] = kt_desc(self->fd, "nop", NULL, 0);
		descs[i].flags = i % 2 ? KTASK_DESC_DETACHED : 0;
		descs[i].user_data = i;
	}
	ASSERT_EQ(20, kt_spawn(self->fd, descs, 20, NULL));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		EXPECT_EQ(0, self->c.user_data % 2);
	}
	EXPECT_EMPTY();
}

TEST_F(detach, close_ends_it)
{
	int fd = kt_open(0), i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 100; i++)
		ASSERT_LT(0, sleep_detached(self, fd, HOUR));
	ASSERT_EQ(0, close(fd));
	ASSERT_NOTHING_LEFT();
}

TEST_F(detach, can_be_aborted_by_its_id)
{
	int64_t id = sleep_detached(self, self->fd, HOUR);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, kt_abort(self->fd, id));
	wait_gone(self, id);
	EXPECT_EQ(-ENOENT, kt_abort(self->fd, id));
}

TEST_F(detach, is_one_of_all_that_are_aborted)
{
	int64_t a = sleep_detached(self, self->fd, HOUR), b;

	ASSERT_LT(0, a);
	ASSERT_EQ(0, kt_abort_all(self->fd));
	wait_gone(self, a);
	ASSERT_LT(0, b = kt_sleep(self->fd, HOUR, 0));
	ASSERT_EQ(0, kt_detach(self->fd, b));
	ASSERT_EQ(0, kt_abort_all(self->fd));
	wait_gone(self, b);
}

TEST_F(detach, times_out)
{
	struct ktask_args_sleep args = { .duration_ns = HOUR };
	struct ktask_desc desc = kt_desc(self->fd, "sleep", &args, sizeof(args));

	desc.flags = KTASK_DESC_DETACHED;
	desc.timeout_ns = 20 * MSEC;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	wait_gone(self, desc.id);
}

TEST_F(detach, is_counted_and_listed_while_it_is_there)
{
	int64_t id = sleep_detached(self, self->fd, HOUR);
	__u64 file = 0, last = 0;
	struct ktask_group group;
	struct ktask_task task;

	ASSERT_LT(0, id);
	ASSERT_EQ(1, kt_list(self->fd, 0, &file, &last, &task, 1));
	EXPECT_EQ(id, task.id);
	ASSERT_EQ(0, kt_group_get(self->fd, 0, &group));
	EXPECT_EQ(1, group.nr_running);
}

TEST_F_TIMEOUT(detach, thousands, SLOW)
{
	struct ktask_args_sleep args = { .duration_ns = MSEC };
	struct ktask_desc *descs = calloc(4000, sizeof(*descs));
	int i;

	ASSERT_NE(NULL, descs);
	for (i = 0; i < 4000; i++) {
		descs[i] = i > 1 ? descs[i % 2] :
			   i ? kt_desc(self->fd, "sleep", &args, sizeof(args)) :
			       kt_desc(self->fd, "nop", NULL, 0);
		descs[i].flags = KTASK_DESC_DETACHED;
	}
	ASSERT_EQ(4000, kt_spawn(self->fd, descs, 4000, NULL));
	EXPECT_EMPTY();
	for (i = 0; i < 4000; i++)
		wait_gone(self, descs[i].id);
	ASSERT_NOTHING_LEFT();
	free(descs);
}

/* --- Later ---------------------------------------------------------------- */

TEST_F(detach, running_task_goes_on)
{
	struct gate gate;

	ASSERT_LT(0, gate_spawn(self->fd, &gate));
	ASSERT_EQ(0, kt_detach(self->fd, gate.id));
	EXPECT_EMPTY();
	EXPECT_EQ(-ENOENT, kt_join(self->fd, gate.id, 0, &self->c));
	ASSERT_TRUE(wait_state(self->fd, gate.id, KTASK_STATE_WAITING));
	ASSERT_EQ(0, gate_open(&gate));
	wait_gone(self, gate.id);
	EXPECT_EMPTY();
	ASSERT_NOTHING_LEFT();
	gate_close(&gate);
}

TEST_F(detach, ended_task_is_forgotten)
{
	int64_t id = kt_nop(self->fd, 0, 0);

	ASSERT_LT(0, id);
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	ASSERT_EQ(0, kt_detach(self->fd, id));
	EXPECT_EQ(-ENOENT, task_state(self->fd, id));
	EXPECT_EMPTY();
	ASSERT_NOTHING_LEFT();
	EXPECT_EQ(-ENOENT, kt_detach(self->fd, id));
}

TEST_F(detach, held_and_delayed_tasks_go_on)
{
	struct ktask_after after = {};
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);
	struct gate gate;
	int64_t held;

	ASSERT_LT(0, gate_spawn(self->fd, &gate));
	after.id = gate.id;
	desc.after = to_u64(&after);
	desc.nr_after = 1;
	ASSERT_LT(0, held = kt_spawn_desc(self->fd, &desc));
	desc.nr_after = 0;
	desc.delay_ns = 50 * MSEC;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	ASSERT_EQ(0, kt_detach(self->fd, held));
	ASSERT_EQ(0, kt_detach(self->fd, desc.id));
	wait_gone(self, desc.id);
	EXPECT_EQ(KTASK_STATE_HELD, task_state(self->fd, held));
	ASSERT_EQ(0, gate_open(&gate));
	wait_gone(self, held);
	gate_close(&gate);
}

TEST_F(detach, unknown_id_is_ENOENT)
{
	int other = kt_open(0);
	int64_t id = 0, taken = kt_nop(self->fd, 0, 0), i;

	ASSERT_LE(0, other);
	for (i = 0; i < 5; i++)
		ASSERT_LT(0, id = kt_nop(other, 0, 0));
	EXPECT_EQ(-ENOENT, kt_detach(self->fd, 0));
	EXPECT_EQ(-ENOENT, kt_detach(self->fd, id));
	EXPECT_EQ(-ENOENT, kt_detach(self->fd, UINT64_MAX));
	ASSERT_EQ(0, kt_join(self->fd, taken, FOREVER, &self->c));
	EXPECT_EQ(-ENOENT, kt_detach(self->fd, taken));
	close(other);
}

/* --- While somebody waits ------------------------------------------------- */

TEST_F(detach, joiner_gets_ENOENT_when_it_has_ended)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker joiners[3];
	int i;

	ASSERT_LT(0, id);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, joiner_start(&joiners[i], self->fd, id,
					  i ? FOREVER : HOUR));
	ASSERT_EQ(0, kt_detach(self->fd, id));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, id, FOREVER, &self->c));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-ENOENT, taker_wait(&joiners[i]));
}

TEST_F(detach, who_waits_for_any_gets_ENOENT_when_none_is_left)
{
	int64_t first = kt_sleep(self->fd, HOUR, 1), second = kt_sleep(self->fd, HOUR, 2);
	struct taker any, reader;

	ASSERT_LT(0, first);
	ASSERT_LT(0, second);
	ASSERT_EQ(0, joiner_start(&any, self->fd, 0, FOREVER));
	ASSERT_EQ(0, reader_start(&reader, self->fd));
	ASSERT_EQ(0, kt_detach(self->fd, first));
	wait_asleep(&any.tid);
	wait_asleep(&reader.tid);
	ASSERT_EQ(0, kt_detach(self->fd, second));
	EXPECT_EQ(-ENOENT, taker_wait(&any));
	EXPECT_EQ(0, taker_wait(&reader));
}

TEST_F(detach, who_waits_for_a_group_gets_ENOENT_when_it_is_empty)
{
	struct ktask_args_sleep args = { .duration_ns = HOUR };
	struct ktask_desc desc = kt_desc(self->fd, "sleep", &args, sizeof(args));
	struct ktask_join join = {
		.size = sizeof(join),
		.timeout_ns = FOREVER,
		.completion = to_u64(&self->c),
	};
	struct caller caller;

	/* The set is not. */
	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	ASSERT_LT(0, desc.group = kt_group_new(self->fd, 0, 0));
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	join.group = desc.group;
	ASSERT_EQ(0, caller_start(&caller, self->fd, KTASK_JOIN, &join));
	ASSERT_EQ(0, kt_detach(self->fd, desc.id));
	EXPECT_EQ(-ENOENT, caller_wait(&caller));
}

TEST_F(detach, what_could_be_read_is_not_any_more)
{
	struct pollfd pfd = { .fd = self->fd, .events = POLLIN };
	int64_t id = kt_nop(self->fd, 0, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(1, poll(&pfd, 1, -1));
	ASSERT_EQ(0, kt_detach(self->fd, id));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
}

struct detacher {
	pthread_t thread;
	int fd;
	__u64 id;
	int ret;
};

static void *detacher_main(void *arg)
{
	struct detacher *d = arg;

	d->ret = kt_detach(d->fd, d->id);
	return NULL;
}

/* With the end, and with who takes it: one of the two has it. */
TEST_F_TIMEOUT(detach, races, SLOW)
{
	int joined = 0, round;

	for (round = 0; round < 500; round++) {
		struct detacher d = { .fd = self->fd };
		int64_t id = round % 2 ? kt_nop(self->fd, 0, 0) :
					 kt_sleep(self->fd, round * 1000, 0);
		int ret;

		ASSERT_LT(0, id);
		d.id = id;
		ASSERT_EQ(0, pthread_create(&d.thread, NULL, detacher_main, &d));
		switch (round % 3) {
		case 0:
			ret = kt_join(self->fd, id, FOREVER, &self->c);
			break;
		case 1:
			ret = kt_read(self->fd, &self->c, 1) == 1 ? 0 : -ENOENT;
			break;
		default:
			ret = kt_join_any(self->fd, 0, (__u64 *)&id, 1, FOREVER,
					  &self->c, NULL);
		}
		ASSERT_EQ(0, pthread_join(d.thread, NULL));
		ASSERT_TRUE((!ret && d.ret == -ENOENT) || (ret == -ENOENT && !d.ret)) {
			TH_LOG("join gave %d, detach %d", ret, d.ret);
		}
		joined += !ret;
		wait_gone(self, id);
		ASSERT_EQ(0, file_tasks(self->fd));
	}
	TH_LOG("%d of 500 were joined", joined);
}

TEST_HARNESS_MAIN
