// SPDX-License-Identifier: GPL-2.0
/*
 * libktask against the device: the ways to join tasks, to abort and to detach them.
 */
#include "lib.h"

/* --- Joining -------------------------------------------------------------- */

TEST_F(lib, join_errors)
{
	int64_t id = ktask_spawn_sleep(self->set, HOUR, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ETIMEDOUT, ktask_join(self->set, id, self->c, 0));
	EXPECT_EQ(-ETIMEDOUT, ktask_join(self->set, id, self->c, 20 * MSEC));
	EXPECT_EQ(-EINVAL, ktask_join(self->set, id, self->c, -2));
	EXPECT_EQ(-ENOENT, ktask_join(self->set, id + 1, self->c, KTASK_FOREVER));
	/* To the device that is any task; to the library it is none. */
	EXPECT_EQ(-ENOENT, ktask_join(self->set, 0, self->c, 0));
	EXPECT_EQ(0, ktask_abort(self->set, id));
	EXPECT_EQ(-EFAULT, ktask_join(self->set, id, NULL, KTASK_FOREVER));
	EXPECT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
	EXPECT_EQ(-ENOENT, ktask_join(self->set, id, self->c, KTASK_FOREVER));
}

TEST_F(lib, join_nonblocking_set)
{
	struct ktask_set *set;
	int64_t id;

	ASSERT_EQ(0, ktask_set_open(&set, KTASK_SET_NONBLOCK));
	EXPECT_EQ(0, ktask_join_next(set, self->c, KTASK_FOREVER));
	ASSERT_LT(0, id = ktask_spawn_sleep(set, HOUR, 0));
	EXPECT_EQ(-EAGAIN, ktask_join(set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(-EAGAIN, ktask_join_next(set, self->c, KTASK_FOREVER));
	EXPECT_EQ(-EAGAIN, ktask_join_many(set, self->c, 64, KTASK_FOREVER));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(set, self->c, 0));
	ASSERT_EQ(0, ktask_abort(set, id));
	EXPECT_EQ(1, ktask_join_next(set, self->c, 20 * SEC));
	ktask_set_close(set);
}

TEST_F(lib, join_next)
{
	int64_t start = now_ns(), id;

	EXPECT_EQ(0, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, 20 * SEC));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, 0));
	ASSERT_LT(0, id = ktask_spawn_sleep(self->set, HOUR, 5));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(self->set, self->c, 0));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(self->set, self->c, 1));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(self->set, self->c, 20 * MSEC));
	EXPECT_LE(20 * MSEC, now_ns() - start);
	EXPECT_EQ(-EINVAL, ktask_join_next(self->set, self->c, -2));
	ASSERT_EQ(0, ktask_abort(self->set, id));
	EXPECT_EQ(1, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	EXPECT_EQ(5, self->c[0].user_data);
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, KTASK_FOREVER));
}

TEST_F(lib, join_many)
{
	int64_t timeouts[] = { KTASK_FOREVER, 0, 20 * SEC };
	int ep = ready_open(ktask_set_fd(self->set));
	size_t i;
	int k;

	ASSERT_LE(0, ep);
	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		ASSERT_LT(0, ktask_spawn_sleep(self->set, HOUR, 99));
		for (k = 0; k < 10; k++) {
			ASSERT_LT(0, ktask_spawn_nop(self->set, 0, k));
			ASSERT_EQ(1, ready_wait(ep));
		}
		/* As many as fit; then those there are, without a wait. */
		EXPECT_EQ(4, ktask_join_many(self->set, self->c, 4, timeouts[i]));
		for (k = 0; k < 4; k++)
			EXPECT_EQ(k, self->c[k].user_data);
		EXPECT_EQ(6, ktask_join_many(self->set, self->c, 64, timeouts[i]));
		EXPECT_EQ(9, self->c[5].user_data);
		EXPECT_EQ(-ETIMEDOUT, ktask_join_many(self->set, self->c, 64, MSEC));
		EXPECT_EQ(0, ktask_abort_all(self->set));
		EXPECT_EQ(1, ktask_join_many(self->set, self->c, 64, KTASK_FOREVER));
		EXPECT_EQ(0, ktask_join_many(self->set, self->c, 64, timeouts[i]));
	}
	EXPECT_EQ(-EINVAL, ktask_join_many(self->set, self->c, 0, 0));
	EXPECT_EQ(-EINVAL, ktask_join_many(self->set, self->c, 64, -2));
	close(ep);
}

TEST_F(lib, join_group)
{
	uint32_t group, other;
	struct ktask_args_nop args = { .result = 6 };
	struct ktask_desc desc;

	ASSERT_EQ(0, ktask_group_create(self->set, 0, 0, &group));
	ASSERT_EQ(0, ktask_group_create(self->set, 0, 0, &other));
	ASSERT_DESC(&desc, "nop", &args);
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	EXPECT_EQ(0, ktask_join_group(self->set, group, self->c, KTASK_FOREVER));
	desc.group = group;
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	EXPECT_EQ(0, ktask_join_group(self->set, other, self->c, KTASK_FOREVER));
	EXPECT_EQ(1, ktask_join_group(self->set, group, self->c, KTASK_FOREVER));
	EXPECT_EQ(desc.id, self->c[0].id);
	EXPECT_EQ(0, ktask_join_group(self->set, group, self->c, 0));
	/* No group is the whole set. */
	EXPECT_EQ(1, ktask_join_group(self->set, 0, self->c, KTASK_FOREVER));
	EXPECT_EQ(0, ktask_join_group(self->set, 0, self->c, KTASK_FOREVER));

	EXPECT_EQ(-ENOENT, ktask_join_group(self->set, 77, self->c, KTASK_FOREVER));
	EXPECT_EQ(-EINVAL, ktask_join_group(self->set, group, self->c, -2));
	desc.delay_ns = HOUR;
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_group(self->set, group, self->c, 0));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_group(self->set, group, self->c, MSEC));
	EXPECT_EQ(0, ktask_join_group(self->set, other, self->c, 0));
}

TEST_F(lib, join_any)
{
	uint64_t ids[4];
	size_t index = 99;
	int i;

	for (i = 0; i < 4; i++) {
		int64_t id = ktask_spawn_sleep(self->set, HOUR, i);

		ASSERT_LT(0, id);
		ids[i] = id;
	}
	EXPECT_EQ(-ETIMEDOUT, ktask_join_any(self->set, ids, 4, 0, &index, self->c, 0));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_any(self->set, ids, 4, 0, &index, self->c, MSEC));
	EXPECT_EQ(99, index);

	ASSERT_EQ(0, ktask_abort(self->set, ids[2]));
	ASSERT_EQ(0, ktask_join_any(self->set, ids, 4, 0, &index, self->c, KTASK_FOREVER));
	EXPECT_EQ(2, index);
	EXPECT_EQ(2, self->c[0].user_data);
	/* That one is not there any more. */
	index = 99;
	EXPECT_EQ(-ENOENT, ktask_join_any(self->set, ids, 4, 0, &index, self->c, 0));
	EXPECT_EQ(2, index);
	EXPECT_EQ(-ENOENT, ktask_join_any(self->set, ids, 4, 0, NULL, self->c, 0));

	/* The rest goes with the first, which is not asked for its number. */
	ASSERT_EQ(0, ktask_abort(self->set, ids[1]));
	ASSERT_EQ(0, ktask_join_any(self->set, ids, 2, KTASK_JOIN_ANY_ABORT_REST, NULL,
				    self->c, KTASK_FOREVER));
	EXPECT_EQ(ids[1], self->c[0].id);
	ASSERT_EQ(0, ktask_join(self->set, ids[0], self->c, KTASK_FOREVER));
	EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
	EXPECT_EQ(-ETIMEDOUT, ktask_join(self->set, ids[3], self->c, 0));
}

TEST_F(lib, join_any_of_those_that_have_ended)
{
	uint64_t ids[3];
	size_t index;
	int i;

	/* The last one of the list is the first to end. */
	for (i = 2; i >= 0; i--) {
		int64_t id = ktask_spawn_nop(self->set, i, 0);

		ASSERT_LT(0, id);
		ids[i] = id;
		ASSERT_EQ(0, wait_ended(self->set, id));
	}
	ASSERT_EQ(0, ktask_join_any(self->set, ids, 3, 0, &index, self->c, 0));
	EXPECT_EQ(2, index);
	EXPECT_EQ(2, self->c[0].result);
	ASSERT_EQ(0, ktask_join_any(self->set, ids, 2, 0, &index, self->c, HOUR));
	EXPECT_EQ(1, index);
}

TEST_F(lib, join_any_errors)
{
	int64_t id = ktask_spawn_sleep(self->set, HOUR, 0);
	uint64_t *ids = calloc(KTASK_IDS_MAX + 1, sizeof(*ids));
	struct ktask_set *set;
	size_t i;

	ASSERT_LT(0, id);
	ASSERT_NE(NULL, ids);
	for (i = 0; i <= KTASK_IDS_MAX; i++)
		ids[i] = id;
	EXPECT_EQ(-EINVAL, ktask_join_any(self->set, ids, 0, 0, NULL, self->c, 0));
	EXPECT_EQ(-EINVAL, ktask_join_any(self->set, ids, KTASK_IDS_MAX + 1, 0, NULL,
					  self->c, 0));
	EXPECT_EQ(-EINVAL, ktask_join_any(self->set, ids, 1, 0, NULL, self->c, -2));
	EXPECT_EQ(-EOPNOTSUPP, ktask_join_any(self->set, ids, 1, 0x80, NULL, self->c, 0));
	EXPECT_EQ(-EFAULT, ktask_join_any(self->set, NULL, 1, 0, NULL, self->c, 0));
	free(ids);

	ASSERT_EQ(0, ktask_set_open(&set, KTASK_SET_NONBLOCK));
	id = ktask_spawn_sleep(set, HOUR, 0);
	ASSERT_LT(0, id);
	EXPECT_EQ(-EAGAIN, ktask_join_any(set, &(uint64_t){ id }, 1, 0, NULL, self->c,
					  KTASK_FOREVER));
	ktask_set_close(set);
}

TEST_F(lib, join_ids)
{
	uint64_t ids[10];
	int i, err = 99;

	/* The first is the last to end. */
	for (i = 0; i < 10; i++) {
		int64_t id = ktask_spawn_sleep(self->set, (10 - i) * MSEC, i);

		ASSERT_LT(0, id);
		ids[i] = id;
	}
	ASSERT_EQ(10, ktask_join_ids(self->set, ids, 10, self->c, KTASK_FOREVER, &err));
	EXPECT_EQ(0, err);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(i, self->c[i].user_data);
	EXPECT_EQ(0, ktask_join_ids(self->set, ids, 0, self->c, KTASK_FOREVER, &err));
	EXPECT_EQ(0, err);
}

TEST_F(lib, join_ids_errors)
{
	uint64_t ids[4];
	int64_t start;
	int i, err = 99;

	for (i = 0; i < 4; i++) {
		int64_t id = ktask_spawn_sleep(self->set, i == 2 ? HOUR : 1, i);

		ASSERT_LT(0, id);
		ids[i] = id;
		if (i != 2)
			ASSERT_EQ(0, wait_ended(self->set, id));
	}
	start = now_ns();
	EXPECT_EQ(2, ktask_join_ids(self->set, ids, 4, self->c, 50 * MSEC, &err));
	EXPECT_EQ(-ETIMEDOUT, err);
	EXPECT_LE(50 * MSEC, now_ns() - start);
	EXPECT_EQ(-ETIMEDOUT, ktask_join_ids(self->set, ids + 2, 2, self->c, 0, &err));
	EXPECT_EQ(-ETIMEDOUT, err);
	EXPECT_EQ(-ENOENT, ktask_join_ids(self->set, ids, 4, self->c, 0, NULL));
	EXPECT_EQ(-EINVAL, ktask_join_ids(self->set, ids, 4, self->c, -2, &err));
	EXPECT_EQ(-EINVAL, err);
	/* The fourth is still there. */
	EXPECT_EQ(1, ktask_join_ids(self->set, ids + 3, 1, self->c, KTASK_FOREVER, NULL));
	EXPECT_EQ(3, self->c[0].user_data);
}

TEST_F(lib, join_all)
{
	static const int64_t timeouts[] = { KTASK_FOREVER, HOUR };
	struct ktask_args_nop args = {};
	struct ktask_desc desc;
	uint32_t group;
	size_t i;
	int err, k;

	ASSERT_EQ(0, ktask_group_create(self->set, 0, 0, &group));
	ASSERT_DESC(&desc, "nop", &args);
	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		/* 40 in the group, 40 not. */
		for (k = 0; k < 80; k++) {
			desc.group = k % 2 ? group : 0;
			desc.user_data = k;
			ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
		}
		/* Enough for what there is room for, and then the rest of the group. */
		err = 99;
		EXPECT_EQ(5, ktask_join_all(self->set, group, self->c, 5, timeouts[i], &err));
		EXPECT_EQ(0, err);
		EXPECT_EQ(35, ktask_join_all(self->set, group, self->c, 64, timeouts[i], &err));
		EXPECT_EQ(0, err);
		for (k = 0; k < 35; k++)
			EXPECT_EQ(1, self->c[k].user_data % 2);
		EXPECT_EQ(0, ktask_join_all(self->set, group, self->c, 64, timeouts[i], &err));
		/* And what is left in the set, which nobody wants to know. */
		EXPECT_EQ(40, ktask_join_all(self->set, 0, NULL, SIZE_MAX, timeouts[i], NULL));
		EXPECT_EQ(0, ktask_join_all(self->set, 0, NULL, SIZE_MAX, timeouts[i], &err));
		EXPECT_EQ(0, err);
	}
}

TEST_F(lib, join_all_errors)
{
	int64_t id;
	int err = 99;

	EXPECT_EQ(0, ktask_join_all(self->set, 0, self->c, 0, KTASK_FOREVER, &err));
	EXPECT_EQ(0, err);
	EXPECT_EQ(-EINVAL, ktask_join_all(self->set, 0, self->c, 64, -2, &err));
	EXPECT_EQ(-EINVAL, err);
	EXPECT_EQ(-ENOENT, ktask_join_all(self->set, 77, self->c, 64, 0, &err));
	EXPECT_EQ(-ENOENT, err);
	ASSERT_LT(0, id = ktask_spawn_nop(self->set, 0, 0));
	ASSERT_LT(0, ktask_spawn_sleep(self->set, HOUR, 0));
	ASSERT_EQ(0, wait_ended(self->set, id));
	EXPECT_EQ(1, ktask_join_all(self->set, 0, self->c, 64, 50 * MSEC, &err));
	EXPECT_EQ(-ETIMEDOUT, err);
	EXPECT_EQ(-ETIMEDOUT, ktask_join_all(self->set, 0, self->c, 64, 0, NULL));
}

/* The calls that wait. */
enum how {
	BY_ID,
	NEXT,
	OF_GROUP,
	ANY,
	OUTPUT,
	NR_HOW
};

struct waiting {
	pthread_t thread;
	_Atomic pid_t tid;
	struct ktask_set *set;
	enum how how;
	uint64_t id;
	int64_t timeout_ns;
	struct ktask_completion completion;
	void *out;
	int ret;
};

static void *waiting_main(void *arg)
{
	struct waiting *w = arg;

	w->tid = thread_id();
	switch (w->how) {
	case BY_ID:
		w->ret = ktask_join(w->set, w->id, &w->completion, w->timeout_ns);
		break;
	case NEXT:
		w->ret = ktask_join_next(w->set, &w->completion, w->timeout_ns);
		break;
	case OF_GROUP:
		w->ret = ktask_join_group(w->set, 0, &w->completion, w->timeout_ns);
		break;
	case ANY:
		w->ret = ktask_join_any(w->set, &w->id, 1, 0, NULL, &w->completion,
					w->timeout_ns);
		break;
	default:
		w->ret = ktask_join_output(w->set, 0, &w->completion, &w->out,
					   w->timeout_ns);
	}
	return NULL;
}

/* The library promises that they do not end a wait. */
TEST_F(lib, signals_do_not_end_a_wait)
{
	static const int64_t timeouts[] = { KTASK_FOREVER, HOUR };
	size_t i;
	int k;

	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	for (i = 0; i < NR_HOW * ARRAY_SIZE(timeouts); i++) {
		struct waiting w = {
			.set = self->set,
			.how = i % NR_HOW,
			.timeout_ns = timeouts[i / NR_HOW],
		};
		int64_t id = ktask_spawn_sleep(self->set, HOUR, 0);

		ASSERT_LT(0, id);
		w.id = id;
		signals_seen = 0;
		ASSERT_EQ(0, pthread_create(&w.thread, NULL, waiting_main, &w));
		for (k = 1; k <= 3; k++) {
			wait_asleep(&w.tid);
			ASSERT_EQ(0, pthread_kill(w.thread, SIGUSR1));
			while (signals_seen < k)
				sched_yield();
		}
		wait_asleep(&w.tid);
		ASSERT_EQ(0, ktask_abort(self->set, id));
		ASSERT_EQ(0, pthread_join(w.thread, NULL));
		EXPECT_EQ(w.how == NEXT || w.how == OF_GROUP ? 1 : 0, w.ret);
		EXPECT_EQ(id, w.completion.id);
	}
}

/* Nor do they make it longer. */
TEST_F(lib, signals_do_not_prolong_a_wait)
{
	struct waiting w = {
		.set = self->set,
		.how = NEXT,
		.timeout_ns = 500 * MSEC,
	};
	int64_t start = now_ns();

	ASSERT_LT(0, ktask_spawn_sleep(self->set, HOUR, 0));
	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, waiting_main, &w));
	wait_asleep(&w.tid);
	/* More often than it would take, were each to begin anew. */
	while (now_ns() - start < 5 * SEC && pthread_tryjoin_np(w.thread, NULL)) {
		pthread_kill(w.thread, SIGUSR1);
		usleep(20000);
	}
	EXPECT_EQ(-ETIMEDOUT, w.ret);
	EXPECT_LE(500 * MSEC, now_ns() - start);
	EXPECT_GT(5 * SEC, now_ns() - start);
}

/* --- Aborting ------------------------------------------------------------- */

TEST_F(lib, abort)
{
	int64_t first = ktask_spawn_sleep(self->set, HOUR, 0);
	int64_t second = ktask_spawn_sleep(self->set, HOUR, 0);
	int i;

	ASSERT_LT(0, first);
	ASSERT_LT(0, second);
	EXPECT_EQ(-ENOENT, ktask_abort(self->set, second + 1));
	EXPECT_EQ(0, ktask_abort(self->set, first));
	EXPECT_EQ(0, ktask_join(self->set, first, self->c, KTASK_FOREVER));
	EXPECT_EQ(-ENOENT, ktask_abort(self->set, first));
	for (i = 0; i < 10; i++)
		ASSERT_LT(0, ktask_spawn_sleep(self->set, HOUR, 0));
	EXPECT_EQ(0, ktask_abort_all(self->set));
	for (i = 0; i < 11; i++) {
		ASSERT_EQ(1, ktask_join_next(self->set, self->c, KTASK_FOREVER));
		EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
	}
	EXPECT_EQ(0, ktask_abort_all(self->set));
}

TEST_F(lib, abort_group)
{
	struct ktask_args_sleep args = { .duration_ns = HOUR };
	struct ktask_desc desc;
	uint32_t group;
	int i;

	ASSERT_EQ(0, ktask_group_create(self->set, 0, 0, &group));
	EXPECT_EQ(0, ktask_abort_group(self->set, group));
	ASSERT_DESC(&desc, "sleep", &args);
	for (i = 0; i < 20; i++) {
		desc.group = i % 2 ? group : 0;
		desc.user_data = i;
		ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	}
	EXPECT_EQ(0, ktask_abort_group(self->set, group));
	EXPECT_EQ(10, ktask_join_all(self->set, group, self->c, 64, KTASK_FOREVER, NULL));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(KTASK_CANCELLED, self->c[i].outcome);
		EXPECT_EQ(KTASK_CAUSE_ABORT, self->c[i].cause);
	}
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(self->set, self->c, 0));
	EXPECT_EQ(-ENOENT, ktask_abort_group(self->set, 77));
}

TEST_F(lib, detach)
{
	int64_t nop = ktask_spawn_nop(self->set, 0, 0);
	int64_t sleeper = ktask_spawn_sleep(self->set, HOUR, 0);
	struct waiting w = {
		.set = self->set,
		.how = BY_ID,
		.id = sleeper,
		.timeout_ns = KTASK_FOREVER,
	};

	ASSERT_LT(0, nop);
	ASSERT_LT(0, sleeper);
	/* Also one that has ended. */
	ASSERT_EQ(0, wait_ended(self->set, nop));
	EXPECT_EQ(0, ktask_detach(self->set, nop));
	EXPECT_EQ(-ENOENT, ktask_join(self->set, nop, self->c, 0));
	EXPECT_EQ(-ENOENT, ktask_detach(self->set, nop));

	/* Whoever waits for it goes empty-handed in the end. */
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, waiting_main, &w));
	wait_asleep(&w.tid);
	EXPECT_EQ(0, ktask_detach(self->set, sleeper));
	EXPECT_EQ(-ENOENT, ktask_detach(self->set, sleeper));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	EXPECT_EQ(0, ktask_abort(self->set, sleeper));
	ASSERT_EQ(0, pthread_join(w.thread, NULL));
	EXPECT_EQ(-ENOENT, w.ret);
	EXPECT_EQ(-ENOENT, ktask_detach(self->set, sleeper + 1));
}

TEST_HARNESS_MAIN
