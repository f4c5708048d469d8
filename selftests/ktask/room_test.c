// SPDX-License-Identifier: GPL-2.0
/*
 * How many tasks may be in a set or a group: a spawn beyond that waits, or fails
 * at once, as the caller has it.
 */
#include "helpers.h"

#define ROOM		4
#define NR		10

/* Limits of the set and of a group do the same. */
FIXTURE(room) {
	int fd;
	__u32 nr;
	struct ktask_spawn spawn;
	struct ktask_desc descs[NR];
	struct ktask_group group;
	struct ktask_completion c;
	struct caller caller;
};

FIXTURE_VARIANT(room) {
	bool set;
};

FIXTURE_VARIANT_ADD(room, set) {
	.set = true,
};

FIXTURE_VARIANT_ADD(room, group) {
};

FIXTURE_SETUP(room)
{
	int64_t nr = 0;
	int i;

	SETUP_OPEN(self->fd, 0);
	if (!variant->set)
		ASSERT_LT(0, nr = kt_group_new(self->fd, 0, 0));
	self->nr = nr;
	ASSERT_EQ(0, kt_group_set(self->fd, nr, 0, ROOM));
	for (i = 0; i < NR; i++) {
		self->descs[i] = kt_desc(self->fd, "nop", NULL, 0);
		self->descs[i].group = nr;
		self->descs[i].user_data = i;
	}
	self->spawn.size = sizeof(self->spawn);
	self->spawn.nr = NR;
	self->spawn.desc_size = sizeof(self->descs[0]);
	self->spawn.descs = to_u64(self->descs);
}

FIXTURE_TEARDOWN(room)
{
	close(self->fd);
}

static int spawn_start(FIXTURE_DATA(room) *self)
{
	return caller_start(&self->caller, self->fd, KTASK_SPAWN, &self->spawn);
}

/* There are as many as may be. */
#define EXPECT_FULL()							\
do {									\
	ASSERT_EQ(0, kt_group_get(self->fd, self->nr, &self->group));	\
	EXPECT_EQ(ROOM, self->group.nr_tasks);				\
} while (0)

#define EXPECT_SPAWNED(how_many, err)					\
do {									\
	EXPECT_EQ(how_many, self->spawn.spawned);			\
	EXPECT_EQ(err, self->spawn.error);				\
} while (0)

TEST_F(room, spawn_goes_on_as_others_are_taken)
{
	int i;

	ASSERT_EQ(0, spawn_start(self));
	for (i = 0; i < NR; i++) {
		int ret;

		/* For a moment there may be none. */
		do {
			ret = kt_join_group(self->fd, self->nr, FOREVER, &self->c);
		} while (ret == -ENOENT);
		ASSERT_EQ(0, ret);
		ASSERT_EQ(0, kt_group_get(self->fd, self->nr, &self->group));
		EXPECT_GE(ROOM, self->group.nr_tasks);
	}
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_SPAWNED(NR, 0);
	EXPECT_EQ(0, file_tasks(self->fd));
}

/* Ended ones take room too, until they are taken. */
TEST_F(room, spawn_does_not_go_on_as_others_end)
{
	int i;

	ASSERT_EQ(0, spawn_start(self));
	for (i = 0; i < ROOM; i++)
		ASSERT_TRUE(wait_state(self->fd, self->descs[i].id,
				       KTASK_STATE_ENDED));
	wait_asleep(&self->caller.tid);
	EXPECT_FULL();
	EXPECT_EQ(0, self->group.nr_running);
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 0, 0));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_SPAWNED(NR, 0);
}

TEST_F(room, spawn_goes_on_when_there_is_more_room)
{
	ASSERT_EQ(0, spawn_start(self));
	EXPECT_FULL();
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 0, NR - 1));
	wait_asleep(&self->caller.tid);
	do {
		ASSERT_EQ(0, kt_group_get(self->fd, self->nr, &self->group));
	} while (self->group.nr_tasks < NR - 1);
	EXPECT_EQ(NR - 1, self->group.nr_tasks);
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 0, NR));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_SPAWNED(NR, 0);
}

TEST_F(room, spawn_goes_on_when_a_detached_task_ends)
{
	struct gate gate;
	int i;

	self->descs[0].flags = KTASK_DESC_DETACHED;
	ASSERT_LT(0, gate_spawn_as(self->fd, &gate, &self->descs[0]));
	self->descs[0] = self->descs[1];
	self->spawn.nr = ROOM;
	ASSERT_EQ(0, spawn_start(self));
	for (i = 0; i < ROOM - 1; i++)
		ASSERT_TRUE(wait_state(self->fd, self->descs[i].id,
				       KTASK_STATE_ENDED));
	EXPECT_FULL();
	ASSERT_EQ(0, gate_open(&gate));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_SPAWNED(ROOM, 0);
	gate_close(&gate);
}

TEST_F(room, spawn_goes_on_when_a_task_is_detached)
{
	ASSERT_EQ(0, spawn_start(self));
	EXPECT_FULL();
	ASSERT_EQ(0, kt_detach(self->fd, self->descs[0].id));
	ASSERT_EQ(0, kt_detach(self->fd, self->descs[1].id));
	while (!*(volatile __u64 *)&self->descs[ROOM + 1].id)
		sched_yield();
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 0, 0));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_SPAWNED(NR, 0);
}

TEST_F(room, signal_ends_the_wait_with_the_count)
{
	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	ASSERT_EQ(0, spawn_start(self));
	EXPECT_FULL();
	ASSERT_EQ(0, pthread_kill(self->caller.thread, SIGUSR1));
	EXPECT_EQ(0, caller_wait(&self->caller));
	EXPECT_SPAWNED(ROOM, -EINTR);
	EXPECT_FULL();
	/* When there was room for none, it fails. */
	ASSERT_EQ(0, spawn_start(self));
	ASSERT_EQ(0, pthread_kill(self->caller.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, caller_wait(&self->caller));
	EXPECT_SPAWNED(0, -EINTR);
	EXPECT_FULL();
}

TEST_F(room, nowait_is_EAGAIN)
{
	self->spawn.flags = KTASK_SPAWN_NOWAIT;
	EXPECT_EQ(0, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
	EXPECT_SPAWNED(ROOM, -EAGAIN);
	EXPECT_EQ(-EAGAIN, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
	EXPECT_SPAWNED(0, -EAGAIN);
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(0, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
	EXPECT_SPAWNED(1, -EAGAIN);
}

TEST_F(room, nonblock_is_EAGAIN)
{
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(0, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
	EXPECT_SPAWNED(ROOM, -EAGAIN);
	EXPECT_EQ(-EAGAIN, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
	EXPECT_SPAWNED(0, -EAGAIN);
}

/* What is wrong in itself is told without a wait. */
TEST_F(room, wrong_one_does_not_wait)
{
	self->descs[ROOM].op = 12345;
	EXPECT_EQ(0, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
	EXPECT_SPAWNED(ROOM, -ENOENT);
}

/* A lower limit takes nothing away. */
TEST_F(room, lowered_below_what_is_there)
{
	int i;

	self->spawn.flags = KTASK_SPAWN_NOWAIT;
	ASSERT_EQ(0, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
	ASSERT_EQ(0, kt_group_set(self->fd, self->nr, 0, 2));
	EXPECT_FULL();
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EAGAIN, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
		ASSERT_EQ(0, kt_join(self->fd, self->descs[i].id, FOREVER, &self->c));
	}
	EXPECT_EQ(-EAGAIN, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
	ASSERT_EQ(0, kt_join(self->fd, self->descs[2].id, FOREVER, &self->c));
	EXPECT_EQ(0, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
	EXPECT_SPAWNED(1, -EAGAIN);
}

/* The set's own parameter is no limit that anybody has chosen to wait for. */
TEST_F(room, max_tasks_does_not_wait)
{
	unsigned long long before;

	ASSERT_EQ(0, get_param("max_tasks", &before));
	if (set_param("max_tasks", ROOM - 1))
		SKIP(return, "only root may change max_tasks");
	EXPECT_EQ(0, kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn));
	EXPECT_SPAWNED(ROOM - 1, -EAGAIN);
	EXPECT_EQ(0, set_param("max_tasks", before));
}

#define SPAWNERS	4
#define EACH		300

struct spawner {
	pthread_t thread;
	int fd;
	__u32 group;
	int spawned;
	int ret;
};

static void *spawner_main(void *arg)
{
	struct spawner *s = arg;
	struct ktask_desc descs[NR] = {};
	int error, i;

	for (i = 0; i < NR; i++) {
		descs[i] = kt_desc(s->fd, "nop", NULL, 0);
		descs[i].group = s->group;
	}
	while (s->spawned < EACH) {
		s->ret = kt_spawn(s->fd, descs, NR, &error);
		if (s->ret != NR)
			break;
		s->spawned += NR;
	}
	return NULL;
}

TEST_F_TIMEOUT(room, many_spawners_and_one_who_takes, SLOW)
{
	struct spawner s[SPAWNERS];
	int i, taken = 0;

	for (i = 0; i < SPAWNERS; i++) {
		s[i] = (struct spawner){ .fd = self->fd, .group = self->nr };
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, spawner_main, &s[i]));
	}
	while (taken < SPAWNERS * EACH) {
		int ret = kt_join_group(self->fd, self->nr, FOREVER, &self->c);

		/* For a moment there may be none. */
		ASSERT_TRUE(!ret || ret == -ENOENT);
		taken += !ret;
		ASSERT_EQ(0, kt_group_get(self->fd, self->nr, &self->group));
		ASSERT_GE(ROOM, self->group.nr_tasks);
	}
	for (i = 0; i < SPAWNERS; i++) {
		ASSERT_EQ(0, pthread_join(s[i].thread, NULL));
		EXPECT_EQ(NR, s[i].ret);
		EXPECT_EQ(EACH, s[i].spawned);
	}
	EXPECT_EQ(0, file_tasks(self->fd));
}

/* --- Both ----------------------------------------------------------------- */

FIXTURE(both) {
	int fd;
	struct ktask_completion c;
};

FIXTURE_SETUP(both)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(both)
{
	close(self->fd);
}

/* One group that is full leaves room for the others. */
TEST_F(both, group_that_is_full_and_one_that_is_not)
{
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);
	int64_t full = kt_group_new(self->fd, 0, 1), other = kt_group_new(self->fd, 0, 1);
	struct ktask_desc descs[3] = { desc, desc, desc };
	int error;

	ASSERT_LT(0, other);
	ASSERT_EQ(0, kt_group_set(self->fd, 0, 0, 3));
	descs[0].group = full;
	descs[1].group = other;
	descs[2].group = full;
	EXPECT_EQ(2, kt_spawn_flags(self->fd, KTASK_SPAWN_NOWAIT, descs, 3, &error));
	EXPECT_EQ(-EAGAIN, error);
	/* The third of the set, after which the set is full as well. */
	EXPECT_LT(0, kt_spawn_desc(self->fd, &desc));
	desc.group = kt_group_new(self->fd, 0, 0);
	EXPECT_EQ(-EAGAIN, kt_spawn_flags(self->fd, KTASK_SPAWN_NOWAIT, &desc, 1, NULL));
	ASSERT_EQ(0, kt_join_group(self->fd, other, FOREVER, &self->c));
	EXPECT_EQ(1, kt_spawn_flags(self->fd, KTASK_SPAWN_NOWAIT, &desc, 1, NULL));
}

/* A spawn that waits for room does not keep others of the file from anything. */
TEST_F(both, spawn_that_waits_is_in_nobodys_way)
{
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);
	struct ktask_desc descs[2] = { desc, desc };
	struct ktask_spawn spawn = {
		.size = sizeof(spawn),
		.nr = 2,
		.desc_size = sizeof(desc),
		.descs = to_u64(descs),
	};
	int64_t nr = kt_group_new(self->fd, 0, 1), id;
	struct caller caller;

	ASSERT_LT(0, nr);
	descs[0].group = nr;
	descs[1].group = nr;
	ASSERT_EQ(0, caller_start(&caller, self->fd, KTASK_SPAWN, &spawn));
	EXPECT_LT(0, id = kt_nop(self->fd, 3, 0));
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(3, self->c.result);
	EXPECT_LT(0, id = kt_sleep(self->fd, HOUR, 0));
	EXPECT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(-EBUSY, kt_group_remove(self->fd, nr));
	ASSERT_EQ(0, kt_join_group(self->fd, nr, FOREVER, &self->c));
	EXPECT_EQ(0, caller_wait(&caller));
	EXPECT_EQ(2, spawn.spawned);
}

TEST_HARNESS_MAIN
