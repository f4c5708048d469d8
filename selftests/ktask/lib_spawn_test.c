// SPDX-License-Identifier: GPL-2.0
/*
 * libktask against the device: descriptors, and the ways to spawn them.
 */
#include "lib.h"

/* --- Spawning ------------------------------------------------------------- */

TEST_F(lib, spawn)
{
	struct ktask_args_nop args = { .result = 21 };
	uint64_t id = 0;

	ASSERT_EQ(0, ktask_spawn(self->set, "nop", &args, sizeof(args), "a name", 42, &id));
	EXPECT_LT(0, id);
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(21, self->c[0].result);
	EXPECT_EQ(42, self->c[0].user_data);
	/* Neither a name nor an id. */
	ASSERT_EQ(0, ktask_spawn(self->set, "nop", NULL, 0, NULL, 43, NULL));
	EXPECT_EQ(1, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	EXPECT_EQ(43, self->c[0].user_data);
}

TEST_F(lib, spawn_errors)
{
	struct ktask_args_sleep args[2] = {};
	uint64_t id = 77;

	args[1].duration_ns = 1;
	EXPECT_EQ(-ENOENT, ktask_spawn(self->set, "no such op", NULL, 0, NULL, 0, &id));
	EXPECT_EQ(-ENAMETOOLONG,
		  ktask_spawn(self->set, "nop", NULL, 0,
			      "a name of more than thirty-one bytes", 0, &id));
	EXPECT_EQ(-EINVAL, ktask_spawn(self->set, "sleep", args, 1, NULL, 0, &id));
	EXPECT_EQ(-E2BIG, ktask_spawn(self->set, "sleep", args, sizeof(args), NULL, 0, &id));
	EXPECT_EQ(-EFAULT, ktask_spawn(self->set, "sleep", NULL, 8, NULL, 0, &id));
	EXPECT_EQ(77, id);
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, 0));
}

TEST_F_TIMEOUT(lib, spawn_many, SLOW)
{
	const size_t nr = 2 * KTASK_SPAWN_MAX + 100;
	struct ktask_desc *descs = calloc(nr, sizeof(*descs));
	uint32_t op;
	size_t total = 0, i;
	ssize_t n;
	int err = 99;

	ASSERT_NE(NULL, descs);
	ASSERT_EQ(0, ktask_op_find(self->set, "nop", &op));
	for (i = 0; i < nr; i++)
		descs[i].op = op;
	ASSERT_EQ(nr, ktask_spawn_many(self->set, descs, nr, &err));
	EXPECT_EQ(0, err);
	for (i = 0; i < nr; i++) {
		ASSERT_LT(0, descs[i].id);
	}
	while ((n = ktask_join_many(self->set, self->c, 64, KTASK_FOREVER)) > 0)
		total += n;
	EXPECT_EQ(0, n);
	EXPECT_EQ(nr, total);

	/* A wrong one, past what one system call takes. */
	descs[KTASK_SPAWN_MAX + 3].op = UINT_MAX;
	EXPECT_EQ(KTASK_SPAWN_MAX + 3, ktask_spawn_many(self->set, descs, nr, &err));
	EXPECT_EQ(-ENOENT, err);
	/* And the first. */
	EXPECT_EQ(-ENOENT, ktask_spawn_many(self->set, descs + KTASK_SPAWN_MAX + 3, 2, &err));
	EXPECT_EQ(-ENOENT, err);
	EXPECT_EQ(-ENOENT, ktask_spawn_many(self->set, descs + KTASK_SPAWN_MAX + 3, 2, NULL));
	EXPECT_EQ(0, ktask_spawn_many(self->set, descs, 0, &err));
	free(descs);
}

/* --- Descriptors ---------------------------------------------------------- */

TEST_F(lib, desc_init)
{
	struct ktask_args_nop args = { .result = 1 };
	struct ktask_desc desc, before;
	uint32_t op;

	memset(&desc, 0xee, sizeof(desc));
	before = desc;
	EXPECT_EQ(-ENOENT, ktask_desc_init(self->set, &desc, "no such op", NULL, 0));
	EXPECT_EQ(-ENAMETOOLONG,
		  ktask_desc_init(self->set, &desc, "a name of more than thirty-one bytes",
				  NULL, 0));
	EXPECT_EQ(0, memcmp(&before, &desc, sizeof(desc)));

	ASSERT_EQ(0, ktask_op_find(self->set, "nop", &op));
	ASSERT_DESC(&desc, "nop", &args);
	before = (struct ktask_desc){
		.op = op,
		.args = to_u64(&args),
		.args_size = sizeof(args),
	};
	EXPECT_EQ(0, memcmp(&before, &desc, sizeof(desc)));
}

/* Sizes that the members have no room for, where there are such. */
TEST_F(lib, sizes_beyond_32_bits)
{
	struct ktask_args_nop args = {};
	struct ktask_desc desc;
	size_t size = 1;

	size <<= 31;
	size *= 2;
	if (!size)
		SKIP(return, "a size_t has 32 bits here");
	EXPECT_EQ(-E2BIG, ktask_spawn(self->set, "nop", &args, size, NULL, 0, NULL));
	EXPECT_EQ(-E2BIG, ktask_desc_init(self->set, &desc, "nop", &args, size));
	EXPECT_EQ(-EINVAL, ktask_join_any(self->set, &(uint64_t){ 1 }, size + 1, 0, NULL,
					  self->c, 0));
}

TEST_F(lib, desc_name)
{
	struct ktask_desc desc = {};

	EXPECT_EQ(0, ktask_desc_name(&desc, "a long name, as they may be"));
	EXPECT_EQ(-ENAMETOOLONG,
		  ktask_desc_name(&desc, "a name of more than thirty-one bytes"));
	EXPECT_STREQ("a long name, as they may be", desc.name);
	EXPECT_EQ(0, ktask_desc_name(&desc, "short"));
	EXPECT_STREQ("short", desc.name);
	/* Nothing is left behind the zero. */
	EXPECT_EQ(0, desc.name[10]);
}

TEST_F(lib, desc_members)
{
	const struct ktask_after after = { .id = 1 };
	struct ktask_desc desc = {};

	ktask_desc_deadline(&desc, 11);
	ktask_desc_start_at(&desc, 12);
	EXPECT_EQ(KTASK_DESC_DEADLINE | KTASK_DESC_START_AT, desc.flags);
	EXPECT_EQ(11, desc.timeout_ns);
	EXPECT_EQ(12, desc.delay_ns);
	ktask_desc_timeout(&desc, 13);
	EXPECT_EQ(KTASK_DESC_START_AT, desc.flags);
	EXPECT_EQ(13, desc.timeout_ns);
	ktask_desc_delay(&desc, 14);
	EXPECT_EQ(0, desc.flags);
	EXPECT_EQ(14, desc.delay_ns);
	ktask_desc_cpu(&desc, 3);
	ktask_desc_detached(&desc);
	EXPECT_EQ(KTASK_DESC_ON_CPU | KTASK_DESC_DETACHED, desc.flags);
	EXPECT_EQ(3, desc.cpu);
	ktask_desc_after(&desc, &after, 1);
	EXPECT_EQ(to_u64(&after), desc.after);
	EXPECT_EQ(1, desc.nr_after);
}

TEST_F(lib, desc_timeout_and_deadline)
{
	struct ktask_args_sleep args = { .duration_ns = HOUR };
	struct ktask_desc desc;
	int64_t start = ktask_now();
	int i;

	ASSERT_DESC(&desc, "sleep", &args);
	for (i = 0; i < 2; i++) {
		if (i)
			ktask_desc_deadline(&desc, ktask_now() + 20 * MSEC);
		else
			ktask_desc_timeout(&desc, 20 * MSEC);
		ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
		ASSERT_EQ(0, ktask_join(self->set, desc.id, self->c, KTASK_FOREVER));
		EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
		EXPECT_EQ(KTASK_CAUSE_TIMEOUT, self->c[0].cause);
		EXPECT_LE(20 * MSEC * (i + 1), (int64_t)ktask_now() - start);
	}
	/* Never. */
	ktask_desc_timeout(&desc, 0);
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	EXPECT_EQ(-ETIMEDOUT, ktask_join(self->set, desc.id, self->c, 20 * MSEC));
}

TEST_F(lib, desc_delay_and_start_at)
{
	struct ktask_args_nop args = { .result = 7 };
	struct ktask_desc desc;
	uint64_t start;
	int i;

	ASSERT_DESC(&desc, "nop", &args);
	for (i = 0; i < 2; i++) {
		start = ktask_now();
		if (i)
			ktask_desc_start_at(&desc, start + 20 * MSEC);
		else
			ktask_desc_delay(&desc, 20 * MSEC);
		ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
		ASSERT_EQ(0, ktask_join(self->set, desc.id, self->c, KTASK_FOREVER));
		EXPECT_EQ(7, self->c[0].result);
		EXPECT_LE(start + 20 * MSEC, ktask_now());
	}
}

TEST_F(lib, desc_after)
{
	struct ktask_args_nop args = { .result = -EIO };
	struct ktask_after after = {};
	struct ktask_desc desc;
	int64_t id = ktask_spawn_nop(self->set, -EIO, 0);

	ASSERT_LT(0, id);
	after.id = id;
	ASSERT_DESC(&desc, "nop", &args);
	ktask_desc_after(&desc, &after, 1);
	/* Not after one that has failed, unless it is to run in any case. */
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	ASSERT_EQ(0, ktask_join(self->set, desc.id, self->c, KTASK_FOREVER));
	EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
	EXPECT_EQ(KTASK_CAUSE_AFTER, self->c[0].cause);
	after.flags = KTASK_AFTER_ANY;
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	ASSERT_EQ(0, ktask_join(self->set, desc.id, self->c, KTASK_FOREVER));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
	EXPECT_EQ(-EIO, self->c[0].result);
}

TEST_F(lib, desc_cpu_and_detached)
{
	struct ktask_args_nop args = {};
	struct ktask_desc desc;

	ASSERT_DESC(&desc, "nop", &args);
	ktask_desc_cpu(&desc, sched_getcpu());
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	EXPECT_EQ(0, ktask_join(self->set, desc.id, self->c, KTASK_FOREVER));
	ktask_desc_detached(&desc);
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	/* It may still run, and leaves nothing. */
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	EXPECT_EQ(-ENOENT, ktask_join(self->set, desc.id, self->c, 0));
}

TEST_F(lib, spawn_desc_errors)
{
	struct ktask_args_nop args = {};
	struct ktask_after after = { .id = 12345 };
	struct ktask_desc good, desc;

	ASSERT_DESC(&good, "nop", &args);
	desc = good;
	ktask_desc_after(&desc, &after, 1);
	EXPECT_EQ(-ENOENT, ktask_spawn_desc(self->set, &desc));
	after.flags = 0x80;
	EXPECT_EQ(-EOPNOTSUPP, ktask_spawn_desc(self->set, &desc));
	ktask_desc_after(&desc, &after, KTASK_IDS_MAX + 1);
	EXPECT_EQ(-EINVAL, ktask_spawn_desc(self->set, &desc));
	after = (struct ktask_after){ .flags = KTASK_AFTER_INDEX };
	ktask_desc_after(&desc, &after, 1);
	EXPECT_EQ(-EINVAL, ktask_spawn_desc(self->set, &desc));
	desc = good;
	desc.group = 99;
	EXPECT_EQ(-ENOENT, ktask_spawn_desc(self->set, &desc));
	desc = good;
	desc.flags = 0x80000000;
	EXPECT_EQ(-EOPNOTSUPP, ktask_spawn_desc(self->set, &desc));
	desc = good;
	desc.reserved = 1;
	EXPECT_EQ(-EINVAL, ktask_spawn_desc(self->set, &desc));
	EXPECT_EQ(-EFAULT, ktask_spawn_desc(self->set, NULL));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, 0));
}

/* --- Many, some, all ------------------------------------------------------ */

/* A call that spawns, in a thread of its own. */
struct spawning {
	pthread_t thread;
	_Atomic pid_t tid;
	struct ktask_set *set;
	struct ktask_desc *descs;
	size_t nr;
	struct ktask_spawn *wait;
	int error;
	ssize_t ret;
};

static void *spawning_main(void *arg)
{
	struct spawning *s = arg;

	s->tid = thread_id();
	if (s->wait)
		s->ret = ktask_spawn_wait(s->set, s->wait);
	else
		s->ret = ktask_spawn_many(s->set, s->descs, s->nr, &s->error);
	return NULL;
}

/* And signals do not end that. */
TEST_F(lib, spawn_many_waits_for_room)
{
	struct ktask_args_nop nop = { .result = 2 };
	struct ktask_desc descs[6] = {};
	struct spawning s = { .set = self->set, .descs = descs, .nr = ARRAY_SIZE(descs) };
	size_t i;

	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	ASSERT_EQ(0, ktask_group_limit(self->set, 0, 0, 4));
	for (i = 0; i < ARRAY_SIZE(descs); i++) {
		ASSERT_DESC(&descs[i], "nop", &nop);
	}

	ASSERT_EQ(0, pthread_create(&s.thread, NULL, spawning_main, &s));
	for (i = 1; i <= 3; i++) {
		wait_asleep(&s.tid);
		ASSERT_EQ(0, pthread_kill(s.thread, SIGUSR1));
		while (signals_seen < (int)i)
			sched_yield();
	}
	wait_asleep(&s.tid);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(1, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
	EXPECT_EQ(6, s.ret);
	EXPECT_EQ(0, s.error);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, ktask_join_next(self->set, self->c, KTASK_FOREVER));
		EXPECT_EQ(2, self->c[0].result);
	}
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, KTASK_FOREVER));
}

TEST_F(lib, spawn_nowait)
{
	struct ktask_args_sleep args = { .duration_ns = HOUR };
	struct ktask_desc descs[5];
	uint32_t group;
	size_t i;
	int err = 99;

	ASSERT_EQ(0, ktask_group_create(self->set, 0, 3, &group));
	for (i = 0; i < ARRAY_SIZE(descs); i++) {
		ASSERT_DESC(&descs[i], "sleep", &args);
		descs[i].group = group;
	}
	EXPECT_EQ(3, ktask_spawn_nowait(self->set, descs, 5, &err));
	EXPECT_EQ(-EAGAIN, err);
	EXPECT_EQ(-EAGAIN, ktask_spawn_nowait(self->set, descs + 3, 2, &err));
	EXPECT_EQ(-EAGAIN, err);
	EXPECT_EQ(-EAGAIN, ktask_spawn_nowait(self->set, descs + 3, 2, NULL));
	/* Room for one. */
	ASSERT_EQ(0, ktask_abort(self->set, descs[1].id));
	ASSERT_EQ(0, ktask_join(self->set, descs[1].id, self->c, KTASK_FOREVER));
	EXPECT_EQ(1, ktask_spawn_nowait(self->set, descs + 3, 2, &err));
	EXPECT_EQ(-EAGAIN, err);
	/* And room for all. */
	descs[4].group = 0;
	EXPECT_EQ(1, ktask_spawn_nowait(self->set, descs + 4, 1, &err));
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, ktask_spawn_nowait(self->set, descs, 0, &err));
}

TEST_F(lib, spawn_in_a_nonblocking_set_does_not_wait)
{
	struct ktask_set *set;

	ASSERT_EQ(0, ktask_set_open(&set, KTASK_SET_NONBLOCK));
	ASSERT_EQ(0, ktask_group_limit(set, 0, 0, 1));
	EXPECT_LT(0, ktask_spawn_sleep(set, HOUR, 0));
	EXPECT_EQ(-EAGAIN, ktask_spawn_sleep(set, HOUR, 0));
	ktask_set_close(set);
}

TEST_F(lib, spawn_all)
{
	struct ktask_args_nop args = { .result = 1 };
	struct ktask_desc *descs = calloc(KTASK_SPAWN_MAX + 1, sizeof(*descs));
	struct ktask_info before, after;
	size_t i;

	ASSERT_NE(NULL, descs);
	for (i = 0; i <= KTASK_SPAWN_MAX; i++) {
		ASSERT_DESC(&descs[i], "nop", &args);
	}
	EXPECT_EQ(-EINVAL, ktask_spawn_all(self->set, descs, KTASK_SPAWN_MAX + 1));
	EXPECT_EQ(0, ktask_spawn_all(self->set, descs, 0));
	ASSERT_EQ(0, ktask_info(self->set, &before));

	/* The last one is wrong, or there is no room for it. */
	descs[9].op = UINT_MAX;
	EXPECT_EQ(-ENOENT, ktask_spawn_all(self->set, descs, 10));
	descs[9].op = descs[0].op;
	ASSERT_EQ(0, ktask_group_limit(self->set, 0, 0, 9));
	EXPECT_EQ(-EAGAIN, ktask_spawn_all(self->set, descs, 10));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	ASSERT_EQ(0, ktask_info(self->set, &after));
	EXPECT_EQ(before.completed, after.completed);

	ASSERT_EQ(0, ktask_group_limit(self->set, 0, 0, 10));
	ASSERT_EQ(0, ktask_spawn_all(self->set, descs, 10));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, ktask_join(self->set, descs[i].id, self->c, KTASK_FOREVER));
		EXPECT_EQ(1, self->c[0].result);
	}
	free(descs);
}

/* Each after the one before it: the order is theirs, not that of the array. */
TEST_F(lib, spawn_all_by_index)
{
	struct ktask_args_nop args = {};
	struct ktask_desc descs[50];
	struct ktask_after after[50];
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_DESC(&descs[i], "nop", &args);
		descs[i].user_data = i;
		after[i] = (struct ktask_after){
			.id = i - 1,
			.flags = KTASK_AFTER_INDEX,
		};
		if (i)
			ktask_desc_after(&descs[i], &after[i], 1);
	}
	ASSERT_EQ(0, ktask_spawn_all(self->set, descs, 50));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(1, ktask_join_next(self->set, self->c, KTASK_FOREVER));
		EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
		EXPECT_EQ(i, self->c[0].user_data);
	}
	/* Not one that comes later, nor itself. */
	after[3].id = 3;
	EXPECT_EQ(-EINVAL, ktask_spawn_all(self->set, descs, 50));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, 0));
}

/* --- Spawn and wait ------------------------------------------------------- */

TEST_F(lib, spawn_wait)
{
	struct ktask_args_nop args = { .result = 4 };
	struct ktask_desc descs[10];
	struct ktask_spawn spawn = {
		.nr = ARRAY_SIZE(descs),
		.descs = to_u64(descs),
		.completions = to_u64(self->c),
		.max_completions = 64,
		.min_completions = 10,
		.timeout_ns = KTASK_FOREVER,
	};
	uint64_t seen = 0;
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_DESC(&descs[i], "nop", &args);
		descs[i].user_data = i;
	}
	ASSERT_EQ(0, ktask_spawn_wait(self->set, &spawn));
	EXPECT_EQ(10, spawn.spawned);
	EXPECT_EQ(0, spawn.error);
	EXPECT_EQ(10, spawn.completed);
	EXPECT_EQ(0, spawn.wait_error);
	/* What the caller has set is as it was. */
	EXPECT_EQ(10, spawn.nr);
	EXPECT_EQ(to_u64(descs), spawn.descs);
	EXPECT_EQ(64, spawn.max_completions);
	EXPECT_EQ(KTASK_FOREVER, spawn.timeout_ns);
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(4, self->c[i].result);
		seen |= 1ULL << self->c[i].user_data;
	}
	EXPECT_EQ(0x3ff, seen);
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, 0));
}

TEST_F(lib, spawn_wait_for_some)
{
	struct ktask_args_sleep args[2] = { { .duration_ns = 1 }, { .duration_ns = HOUR } };
	struct ktask_desc descs[4];
	struct ktask_spawn spawn = {
		.nr = 4,
		.descs = to_u64(descs),
		.completions = to_u64(self->c),
		.max_completions = 2,
		.min_completions = 2,
		.timeout_ns = KTASK_FOREVER,
	};
	int i;

	for (i = 0; i < 4; i++) {
		ASSERT_DESC(&descs[i], "sleep", &args[i % 2]);
	}
	ASSERT_EQ(0, ktask_spawn_wait(self->set, &spawn));
	EXPECT_EQ(4, spawn.spawned);
	EXPECT_EQ(2, spawn.completed);

	/* Only to wait. */
	spawn.nr = 0;
	spawn.timeout_ns = 20 * MSEC;
	EXPECT_EQ(-ETIMEDOUT, ktask_spawn_wait(self->set, &spawn));
	EXPECT_EQ(-ETIMEDOUT, spawn.wait_error);
	EXPECT_EQ(0, spawn.completed);
	/* The time runs out, but one has ended. */
	ASSERT_EQ(0, ktask_abort(self->set, descs[1].id));
	ASSERT_EQ(0, wait_ended(self->set, descs[1].id));
	EXPECT_EQ(0, ktask_spawn_wait(self->set, &spawn));
	EXPECT_EQ(1, spawn.completed);
	EXPECT_EQ(-ETIMEDOUT, spawn.wait_error);
	EXPECT_EQ(descs[1].id, self->c[0].id);
	/* One is left where two are wanted. */
	ASSERT_EQ(0, ktask_abort(self->set, descs[3].id));
	spawn.timeout_ns = KTASK_FOREVER;
	EXPECT_EQ(0, ktask_spawn_wait(self->set, &spawn));
	EXPECT_EQ(1, spawn.completed);
	EXPECT_EQ(-ENOENT, spawn.wait_error);
	EXPECT_EQ(-ENOENT, ktask_spawn_wait(self->set, &spawn));
}

TEST_F(lib, spawn_wait_errors)
{
	struct ktask_args_sleep args = { .duration_ns = 1 };
	struct ktask_desc descs[2];
	struct ktask_spawn spawn = {
		.nr = 2,
		.descs = to_u64(descs),
		.completions = to_u64(self->c),
		.max_completions = 2,
		.min_completions = 2,
		.timeout_ns = -2,
	};

	ASSERT_DESC(&descs[0], "sleep", &args);
	descs[1] = descs[0];
	EXPECT_EQ(-EINVAL, ktask_spawn_wait(self->set, &spawn));
	spawn.timeout_ns = KTASK_FOREVER;
	/* The second one is wrong: the first runs, and is not waited for. */
	descs[1].op = UINT_MAX;
	EXPECT_EQ(0, ktask_spawn_wait(self->set, &spawn));
	EXPECT_EQ(1, spawn.spawned);
	EXPECT_EQ(-ENOENT, spawn.error);
	if (!spawn.completed)
		EXPECT_EQ(1, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	/* And the first. */
	descs[0].op = UINT_MAX;
	EXPECT_EQ(-ENOENT, ktask_spawn_wait(self->set, &spawn));
	EXPECT_EQ(-ENOENT, spawn.error);
	EXPECT_EQ(0, spawn.spawned);
	/* Nothing to do. */
	memset(&spawn, 0, sizeof(spawn));
	EXPECT_EQ(-EINVAL, ktask_spawn_wait(self->set, &spawn));
	spawn.nr = KTASK_SPAWN_MAX + 1;
	EXPECT_EQ(-EINVAL, ktask_spawn_wait(self->set, &spawn));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, 0));
}

/* While it waits for room, and while it waits for completions. */
TEST_F(lib, spawn_wait_goes_on_after_signals)
{
	struct ktask_args_nop nop = { .result = 1 };
	struct ktask_after first = { .flags = KTASK_AFTER_ANY };
	struct ktask_desc descs[4];
	struct ktask_completion c[8];
	struct ktask_spawn spawn = {
		.nr = ARRAY_SIZE(descs),
		.descs = to_u64(descs),
		.completions = to_u64(c),
		.max_completions = ARRAY_SIZE(c),
		.min_completions = 3,
		.timeout_ns = HOUR,
	};
	struct spawning s = { .set = self->set, .wait = &spawn };
	uint64_t hindrance, sleeper;
	int i;

	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	hindrance = ktask_spawn_sleep(self->set, HOUR, 0);
	ASSERT_LT(0, (int64_t)hindrance);
	sleeper = ktask_spawn_sleep(self->set, HOUR, 0);
	ASSERT_LT(0, (int64_t)sleeper);
	first.id = sleeper;
	ASSERT_EQ(0, ktask_group_limit(self->set, 0, 0, 5));
	for (i = 0; i < 4; i++) {
		ASSERT_DESC(&descs[i], "nop", &nop);
		ktask_desc_after(&descs[i], &first, 1);
	}
	ASSERT_EQ(0, pthread_create(&s.thread, NULL, spawning_main, &s));

	/* Three are in, and there is no room for the fourth. */
	wait_asleep(&s.tid);
	ASSERT_EQ(0, pthread_kill(s.thread, SIGUSR1));
	while (signals_seen < 1)
		sched_yield();
	wait_asleep(&s.tid);
	ASSERT_EQ(0, ktask_abort(self->set, hindrance));
	ASSERT_EQ(0, ktask_join(self->set, hindrance, self->c, KTASK_FOREVER));

	/* Now it waits for three of them to end. */
	while (ktask_task_status(self->set, sleeper + 4, &(struct ktask_task){}))
		sched_yield();
	wait_asleep(&s.tid);
	ASSERT_EQ(0, pthread_kill(s.thread, SIGUSR1));
	while (signals_seen < 2)
		sched_yield();
	wait_asleep(&s.tid);
	ASSERT_EQ(0, ktask_abort(self->set, sleeper));
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
	EXPECT_EQ(0, s.ret);
	EXPECT_EQ(4, spawn.spawned);
	EXPECT_EQ(0, spawn.error);
	EXPECT_LE(3, spawn.completed);
	EXPECT_EQ(0, spawn.wait_error);
	EXPECT_EQ(sleeper, c[0].id);
	for (i = 1; i < (int)spawn.completed; i++)
		EXPECT_EQ(1, c[i].result);
}

TEST_HARNESS_MAIN
