// SPDX-License-Identifier: GPL-2.0
/*
 * libktask against the device.
 */
#include <ktask.h>
#include <limits.h>
#include <poll.h>

#include "alg.h"
#include "helpers.h"

FIXTURE(lib) {
	struct ktask_set *set;
	struct ktask_completion c[64];
};

FIXTURE_SETUP(lib)
{
	int err = ktask_set_open(&self->set, 0);

	if (err == -ENOENT)
		SKIP(return, DEVICE " is not there: load ktask");
	if (err == -EACCES)
		SKIP(return, "no permission to use " DEVICE);
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(lib)
{
	ktask_set_close(self->set);
}

/* --- Sets ----------------------------------------------------------------- */

TEST_F(lib, set_open_unknown_flags_is_EINVAL)
{
	struct ktask_set *set = self->set;

	EXPECT_EQ(-EINVAL, ktask_set_open(&set, ~KTASK_SET_NONBLOCK));
	EXPECT_EQ(NULL, set);
}

TEST_F(lib, set_open_without_descriptors_is_EMFILE)
{
	struct ktask_set *set = self->set;
	int fds[1024], n = 0;

	while (n < 1024 && (fds[n] = dup(0)) >= 0)
		n++;
	if (n == 1024)
		SKIP(goto close, "more than 1024 descriptors are allowed");
	EXPECT_EQ(-EMFILE, ktask_set_open(&set, 0));
	EXPECT_EQ(NULL, set);
close:
	while (n--)
		close(fds[n]);
}

TEST_F(lib, set_close_of_null)
{
	ktask_set_close(NULL);
}

TEST_F(lib, set_close_ends_the_tasks)
{
	struct ktask_set *set;
	struct ktask_info info;
	int i;

	ASSERT_EQ(0, ktask_set_open(&set, 0));
	for (i = 0; i < 100; i++)
		ASSERT_LT(0, ktask_spawn_sleep(set, HOUR, i));
	ktask_set_close(set);
	ASSERT_EQ(0, ktask_info(self->set, &info));
	EXPECT_EQ(1, info.files);
	EXPECT_EQ(0, info.file_tasks);
}

TEST_F(lib, set_fd_is_close_on_exec_and_polls)
{
	struct pollfd pfd = { .fd = ktask_set_fd(self->set), .events = POLLIN };

	EXPECT_EQ(FD_CLOEXEC, fcntl(pfd.fd, F_GETFD));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_LT(0, ktask_spawn_nop(self->set, 0, 0));
	EXPECT_EQ(1, poll(&pfd, 1, 20000));
	EXPECT_EQ(1, ktask_join_next(self->set, self->c, 0));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
}

TEST_F(lib, info)
{
	struct ktask_info info;

	memset(&info, 0xee, sizeof(info));
	ASSERT_EQ(0, ktask_info(self->set, &info));
	EXPECT_EQ(KTASK_ABI_VERSION, info.abi_version);
	EXPECT_EQ(1, info.files);
}

TEST_F(lib, outcome_names)
{
	EXPECT_STREQ("returned", ktask_outcome_name(KTASK_RETURNED));
	EXPECT_STREQ("cancelled", ktask_outcome_name(KTASK_CANCELLED));
	EXPECT_STREQ("failed", ktask_outcome_name(KTASK_FAILED));
	EXPECT_STREQ("unknown", ktask_outcome_name(99));
}

/* --- Operations ----------------------------------------------------------- */

TEST_F(lib, op_find)
{
	uint32_t op = 99, again = 98;

	EXPECT_EQ(0, ktask_op_find(self->set, "sleep", &op));
	EXPECT_EQ(kt_op(ktask_set_fd(self->set), "sleep"), op);
	EXPECT_EQ(0, ktask_op_find(self->set, "sleep", &again));
	EXPECT_EQ(op, again);
	EXPECT_EQ(-ENOENT, ktask_op_find(self->set, "no such op", &op));
	EXPECT_EQ(-ENOENT, ktask_op_find(self->set, "", &op));
	EXPECT_EQ(-ENAMETOOLONG,
		  ktask_op_find(self->set, "a name of more than thirty-one bytes", &op));
}

TEST_F(lib, op_get)
{
	struct ktask_op_info *info;
	const struct ktask_arg_info *args;

	ASSERT_EQ(0, ktask_op_get(self->set, "hash", &info));
	EXPECT_STREQ("hash", info->name);
	ASSERT_EQ(4, info->nr_args);
	args = ktask_op_args(info);
	EXPECT_STREQ("fd", args[0].name);
	EXPECT_STREQ("alg", args[3].name);
	ktask_op_free(info);

	EXPECT_EQ(-ENOENT, ktask_op_get(self->set, "no such op", &info));
	EXPECT_EQ(NULL, info);
	ktask_op_free(NULL);
}

TEST_F(lib, op_next_lists_all)
{
	struct ktask_op_info *op;
	struct ktask_info info;
	uint32_t from = 0, n = 0;
	int err;

	while (!(err = ktask_op_next(self->set, from, &op))) {
		EXPECT_LE(from, op->op);
		from = op->op + 1;
		n++;
		ktask_op_free(op);
	}
	EXPECT_EQ(-ENOENT, err);
	ASSERT_EQ(0, ktask_info(self->set, &info));
	EXPECT_EQ(info.nr_ops, n);
}

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
	EXPECT_EQ(-E2BIG, ktask_spawn(self->set, "sleep", args, 1ULL << 32, NULL, 0, &id));
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

TEST_F(lib, spawn_nop)
{
	int64_t id = ktask_spawn_nop(self->set, LLONG_MIN, 7);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(LLONG_MIN, self->c[0].result);
	EXPECT_EQ(7, self->c[0].user_data);
}

TEST_F(lib, spawn_sleep)
{
	int64_t start = now_ns();
	int64_t id = ktask_spawn_sleep(self->set, 30 * MSEC, 7);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_LE(30 * MSEC, now_ns() - start);
	EXPECT_EQ(0, self->c[0].result);
}

TEST_F(lib, spawn_hash)
{
	unsigned char want[64];
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int64_t id;

	ASSERT_LE(0, file);
	if (alg_digest("sha256", file, 0, SIZE_MAX, want) != 32)
		SKIP(return, "no AF_ALG to compare with");
	ASSERT_LT(0, id = ktask_spawn_hash(self->set, file, "sha256", 0));
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(lseek(file, 0, SEEK_END), self->c[0].result);
	ASSERT_EQ(32, self->c[0].out_len);
	EXPECT_EQ(0, memcmp(want, self->c[0].out, 32));

	ASSERT_EQ(32, alg_digest("sha256", file, 99, 1234, want));
	ASSERT_LT(0, id = ktask_spawn_hash_range(self->set, file, 99, 1234, "sha256", 0));
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(1234, self->c[0].result);
	EXPECT_EQ(0, memcmp(want, self->c[0].out, 32));
	close(file);
}

TEST_F(lib, spawn_hash_errors)
{
	char name[KTASK_ALG_MAX + 1];
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int dir = open("/", O_RDONLY | O_CLOEXEC);

	memset(name, 'a', KTASK_ALG_MAX);
	name[KTASK_ALG_MAX] = 0;
	EXPECT_EQ(-EBADF, ktask_spawn_hash(self->set, -1, "sha256", 0));
	EXPECT_EQ(-EISDIR, ktask_spawn_hash(self->set, dir, "sha256", 0));
	EXPECT_EQ(-EOPNOTSUPP, ktask_spawn_hash(self->set, file, "no-such-alg", 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_hash(self->set, file, "", 0));
	EXPECT_EQ(-ENAMETOOLONG, ktask_spawn_hash(self->set, file, name, 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_hash_range(self->set, file, UINT64_MAX, 0,
						  "sha256", 0));
	close(file);
	close(dir);
}

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
	ASSERT_LT(0, id = ktask_spawn_sleep(set, 50 * MSEC, 0));
	EXPECT_EQ(-EAGAIN, ktask_join(set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(-EAGAIN, ktask_join_next(set, self->c, KTASK_FOREVER));
	EXPECT_EQ(-EAGAIN, ktask_join_many(set, self->c, 64, KTASK_FOREVER));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(set, self->c, 0));
	EXPECT_EQ(1, ktask_join_next(set, self->c, 20 * SEC));
	ktask_set_close(set);
}

TEST_F(lib, join_next)
{
	int64_t start = now_ns();

	EXPECT_EQ(0, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, 20 * SEC));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, 0));
	ASSERT_LT(0, ktask_spawn_sleep(self->set, 300 * MSEC, 5));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(self->set, self->c, 0));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(self->set, self->c, 1));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(self->set, self->c, 20 * MSEC));
	EXPECT_LE(20 * MSEC, now_ns() - start);
	EXPECT_EQ(-EINVAL, ktask_join_next(self->set, self->c, -2));
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

/* A call that waits: by its id, or if that is 0, for any. */
struct waiting {
	pthread_t thread;
	_Atomic pid_t tid;
	struct ktask_set *set;
	uint64_t id;
	int64_t timeout_ns;
	struct ktask_completion completion;
	int ret;
};

static void *waiting_main(void *arg)
{
	struct waiting *w = arg;

	w->tid = thread_id();
	if (w->id)
		w->ret = ktask_join(w->set, w->id, &w->completion, w->timeout_ns);
	else
		w->ret = ktask_join_next(w->set, &w->completion, w->timeout_ns);
	return NULL;
}

/* The library promises that they do not end a wait. */
TEST_F(lib, signals_do_not_end_a_wait)
{
	static const int64_t timeouts[] = { KTASK_FOREVER, HOUR };
	size_t i;
	int by_id, k;

	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	for (i = 0; i < 2 * ARRAY_SIZE(timeouts); i++) {
		struct waiting w = { .set = self->set, .timeout_ns = timeouts[i / 2] };
		int64_t id = ktask_spawn_sleep(self->set, HOUR, 0);

		by_id = i % 2;
		ASSERT_LT(0, id);
		w.id = by_id ? id : 0;
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
		EXPECT_EQ(by_id ? 0 : 1, w.ret);
		EXPECT_EQ(id, w.completion.id);
	}
}

/* Nor do they make it longer. */
TEST_F(lib, signals_do_not_prolong_a_wait)
{
	struct waiting w = { .set = self->set, .timeout_ns = 500 * MSEC };
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

/* --- Threads -------------------------------------------------------------- */

#define THREADS		6
#define EACH		1000

struct worker {
	pthread_t thread;
	struct ktask_set *set;
	_Atomic unsigned int *seen;
	int number;
	int wrong;
};

/* Spawns, and takes as many as it has spawned: by id, one by one, or many. */
static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct ktask_completion c[8];
	ssize_t n;
	int taken = 0, i;

	for (i = 0; i < EACH; i++) {
		int64_t id = ktask_spawn_nop(w->set, i, w->number * EACH + i);

		if (id <= 0) {
			w->wrong = -__LINE__;
			return NULL;
		}
	}
	while (taken < EACH) {
		if (w->number % 3 == 0)
			n = ktask_join_next(w->set, c, KTASK_FOREVER);
		else if (w->number % 3 == 1)
			n = ktask_join_next(w->set, c, 20 * SEC);
		else
			n = ktask_join_many(w->set, c, 8, KTASK_FOREVER);
		/* The set is empty when others have taken more than they gave. */
		if (n <= 0) {
			w->wrong = n;
			return NULL;
		}
		for (i = 0; i < n; i++)
			w->seen[c[i].user_data]++;
		taken += n;
	}
	return NULL;
}

TEST_F_TIMEOUT(lib, several_threads_share_a_set, SLOW)
{
	static _Atomic unsigned int seen[THREADS * EACH];
	struct worker w[THREADS];
	ssize_t n, k;
	int i;

	for (i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .set = self->set, .seen = seen, .number = i };
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, worker_main, &w[i]));
	}
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_EQ(0, w[i].wrong);
	}
	while ((n = ktask_join_many(self->set, self->c, 64, KTASK_FOREVER)) > 0) {
		for (k = 0; k < n; k++)
			seen[self->c[k].user_data]++;
	}
	for (i = 0; i < THREADS * EACH; i++) {
		ASSERT_EQ(1, seen[i]);
	}
}

static void *own_set_main(void *arg)
{
	struct worker *w = arg;
	struct ktask_completion c;
	int i;

	for (i = 0; i < 30 && !w->wrong; i++) {
		int64_t id;

		if (ktask_set_open(&w->set, 0))
			w->wrong = __LINE__;
		id = ktask_spawn_sleep(w->set, MSEC, i);
		if (id <= 0 || ktask_spawn_sleep(w->set, HOUR, 0) <= 0)
			w->wrong = __LINE__;
		if (ktask_join(w->set, id, &c, KTASK_FOREVER) || c.result)
			w->wrong = __LINE__;
		ktask_set_close(w->set);
	}
	return NULL;
}

TEST_F_TIMEOUT(lib, several_threads_with_sets_of_their_own, SLOW)
{
	struct worker w[THREADS] = {};
	struct ktask_info info;
	int i;

	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, own_set_main, &w[i]));
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_EQ(0, w[i].wrong);
	}
	ASSERT_EQ(0, ktask_info(self->set, &info));
	EXPECT_EQ(1, info.files);
	EXPECT_EQ(0, info.file_tasks);
}

TEST_HARNESS_MAIN
