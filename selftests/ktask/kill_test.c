// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that are killed in the midst of everything, and threads that do
 * anything.
 *
 * What is left is asked right after waitpid() has returned, with no patience:
 * the file is released by the last thread that leaves it, before anybody learns
 * that this thread has ended, and the release waits for the tasks.
 */
#include "helpers.h"

/* --- What they do --------------------------------------------------------- */

static void spawn_in_a_loop(int fd)
{
	for (;;) {
		kt_sleep_many(fd, HOUR, 1000);
		kt_spawn_many(fd, "nop", NULL, 0, 1000);
		if (file_tasks(fd) > 20000) {
			close(fd);
			fd = kt_open(0);
		}
	}
}

static void block_in_join(int fd)
{
	struct ktask_completion c;

	kt_join(fd, kt_sleep(fd, HOUR, 0), FOREVER, &c);
}

static void block_in_read(int fd)
{
	struct ktask_completion c;

	kt_sleep(fd, HOUR, 0);
	kt_read(fd, &c, 1);
}

static void hash_and_wait(int fd)
{
	hash_for_ever(fd, 20);
	block_in_read(fd);
}

/* Where there is no userfaultfd, two more that are blocked in read(). */
static void read_to_an_absent_page(int fd)
{
	int uffd;
	char *mem = absent_page(&uffd);

	kt_nop(fd, 0, 0);
	if (mem)
		kt_read(fd, mem, 1);
	block_in_read(fd);
}

static void spawn_from_an_absent_page(int fd)
{
	int uffd;
	char *mem = absent_page(&uffd);

	if (mem)
		kt_spawn_op(fd, "nop", mem, sizeof(struct ktask_args_nop), 0);
	block_in_read(fd);
}

/* Anything, from any thread, on one file. Ends when *@stop; or never. */
struct busy {
	pthread_t thread;
	int fd;
	int file;
	unsigned int seed;
	const _Atomic bool *stop;
	_Atomic unsigned int *seen;
	_Atomic uint64_t *last;		/* id that was given last, about */
	uint64_t spawned;
	const char *wrong;		/* a call gave what it never should */
	int got;
};

#define BUSY_IDS	(1 << 22)

static void busy_note(struct busy *b, const struct ktask_completion *c)
{
	if (b->seen && c->id < BUSY_IDS)
		b->seen[c->id]++;
	if (c->outcome == KTASK_CANCELLED ? c->result != -ECANCELED :
					    c->outcome != KTASK_RETURNED)
		b->wrong = "outcome";
}

static void busy_check(struct busy *b, const char *call, int ret, bool allowed)
{
	if (!allowed && !b->wrong) {
		b->wrong = call;
		b->got = ret;
	}
}

static void busy_spawn(struct busy *b, int kind)
{
	struct ktask_args_nop nop = { .result = rand_r(&b->seed) % 100 };
	struct ktask_args_sleep sleep = {
		.duration_ns = kind == 1 ? rand_r(&b->seed) % (2 * MSEC) : HOUR,
	};
	struct ktask_args_hash hash = {
		.fd = b->file,
		.length = rand_r(&b->seed) % 3 ? 100000 : 0,
		.alg = "sha256",
	};
	static const char *const names[] = { "nop", "sleep", "sleep", "hash" };
	void *args[] = { &nop, &sleep, &sleep, &hash };
	size_t sizes[] = { sizeof(nop), sizeof(sleep), sizeof(sleep), sizeof(hash) };
	struct ktask_desc descs[8] = {};
	int nr = kind == 3 ? 1 : 1 + rand_r(&b->seed) % 8;
	int n, i;

	for (i = 0; i < nr; i++) {
		descs[i].op = kt_op(b->fd, names[kind]);
		descs[i].args = to_u64(args[kind]);
		descs[i].args_size = sizes[kind];
	}
	n = kt_spawn(b->fd, descs, nr, NULL);
	busy_check(b, "spawn", n, n == nr);
	if (n > 0) {
		b->spawned += n;
		*b->last = descs[n - 1].id;
	}
}

static void *busy_main(void *arg)
{
	struct ktask_completion c[8];
	struct busy *b = arg;

	while (!b->stop || !*b->stop) {
		uint64_t last = *b->last, id = last - rand_r(&b->seed) % 64;
		int ret, i;

		switch (rand_r(&b->seed) % 12) {
		case 0:
			busy_spawn(b, 3);
			break;
		case 1:
		case 2:
		case 3:
			busy_spawn(b, rand_r(&b->seed) % 3);
			break;
		case 4:
		case 5:
			ret = kt_join(b->fd, id, rand_r(&b->seed) % MSEC, c);
			busy_check(b, "join", ret, !ret || ret == -ETIMEDOUT ||
				   ret == -ENOENT);
			if (!ret)
				busy_note(b, c);
			break;
		case 6:
			ret = kt_join(b->fd, id, FOREVER, c);
			busy_check(b, "join", ret, !ret || ret == -EAGAIN ||
				   ret == -ENOENT);
			if (!ret)
				busy_note(b, c);
			break;
		case 7:
			ret = kt_join(b->fd, id, rand_r(&b->seed) % MSEC, NULL);
			busy_check(b, "bad join", ret, ret == -EFAULT ||
				   ret == -ETIMEDOUT || ret == -ENOENT);
			break;
		case 8:
		case 9:
			ret = kt_abort(b->fd, id);
			busy_check(b, "abort", ret, !ret || ret == -EALREADY ||
				   ret == -ENOENT);
			break;
		case 10:
			if (rand_r(&b->seed) % 16)
				break;
			ret = kt_abort_all(b->fd);
			busy_check(b, "abort all", ret, !ret);
			break;
		case 11:
			ret = kt_read(b->fd, c, 1 + rand_r(&b->seed) % 8);
			busy_check(b, "read", ret, ret >= 0 || ret == -EAGAIN);
			for (i = 0; i < ret; i++)
				busy_note(b, &c[i]);
			break;
		}
	}
	return NULL;
}

#define BUSY_THREADS	8

static void many_threads(int fd)
{
	static struct busy b[BUSY_THREADS];
	static _Atomic uint64_t last = 1;
	int file = sparse_file();
	int i;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (i = 0; i < BUSY_THREADS; i++) {
		b[i].fd = fd;
		b[i].file = file;
		b[i].seed = getpid() + i;
		b[i].last = &last;
		pthread_create(&b[i].thread, NULL, busy_main, &b[i]);
	}
	pause();
}

/* --- kill ----------------------------------------------------------------- */

FIXTURE(kill) {
	int fd;
};

FIXTURE_VARIANT(kill) {
	void (*busy)(int fd);
	int rounds;
};

FIXTURE_VARIANT_ADD(kill, spawning) {
	.busy = spawn_in_a_loop,
	.rounds = 25,
};

FIXTURE_VARIANT_ADD(kill, blocked_in_join) {
	.busy = block_in_join,
	.rounds = 50,
};

FIXTURE_VARIANT_ADD(kill, blocked_in_read) {
	.busy = block_in_read,
	.rounds = 50,
};

FIXTURE_VARIANT_ADD(kill, reading_to_an_absent_page) {
	.busy = read_to_an_absent_page,
	.rounds = 25,
};

FIXTURE_VARIANT_ADD(kill, spawning_from_an_absent_page) {
	.busy = spawn_from_an_absent_page,
	.rounds = 25,
};

FIXTURE_VARIANT_ADD(kill, hashing) {
	.busy = hash_and_wait,
	.rounds = 25,
};

FIXTURE_VARIANT_ADD(kill, many_threads) {
	.busy = many_threads,
	.rounds = 25,
};

FIXTURE_SETUP(kill)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(kill)
{
	close(self->fd);
}

TEST_F_TIMEOUT(kill, leaves_nothing, SLOW)
{
	int rounds = getenv("KTASK_QUICK") ? variant->rounds / 5 : variant->rounds;
	unsigned int seed = time(NULL);
	int round;

	TH_LOG("seed %u", seed);
	for (round = 0; round < rounds; round++) {
		int pipe_fds[2];
		pid_t pid;
		char byte;

		ASSERT_EQ(0, pipe(pipe_fds));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			int fd = kt_open(0);

			close(self->fd);
			if (fd >= 0 && write(pipe_fds[1], "", 1) == 1)
				variant->busy(fd);
			_exit(1);
		}
		/* At any moment from the first call on. */
		ASSERT_EQ(1, read(pipe_fds[0], &byte, 1));
		usleep(rand_r(&seed) % 30000);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, child_status(pid));
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		ASSERT_NOTHING_LEFT();
	}
}

/* --- Everything at once --------------------------------------------------- */

FIXTURE(threads) {
	int fd;
	struct ktask_completion c[64];
};

FIXTURE_SETUP(threads)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(threads)
{
	close(self->fd);
}

TEST_F_TIMEOUT(threads, doing_anything_account_for_each, SLOW)
{
	_Atomic unsigned int *seen = calloc(BUSY_IDS, sizeof(*seen));
	_Atomic uint64_t last = 1;
	_Atomic bool stop = false;
	struct busy b[BUSY_THREADS];
	unsigned int seed = time(NULL);
	uint64_t spawned = 0, id;
	int file = sparse_file();
	int n, i;

	ASSERT_NE(NULL, seen);
	ASSERT_LE(0, file);
	if (getenv("KTASK_SEED"))
		seed = strtoul(getenv("KTASK_SEED"), NULL, 0);
	TH_LOG("KTASK_SEED=%u", seed);

	/* A read must not wait for a sleeper that nobody will abort. */
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	for (i = 0; i < BUSY_THREADS; i++) {
		b[i] = (struct busy){
			.fd = self->fd,
			.file = file,
			.seed = seed + i,
			.stop = &stop,
			.seen = seen,
			.last = &last,
		};
		ASSERT_EQ(0, pthread_create(&b[i].thread, NULL, busy_main, &b[i]));
	}
	sleep(2);
	stop = true;
	for (i = 0; i < BUSY_THREADS; i++) {
		ASSERT_EQ(0, pthread_join(b[i].thread, NULL));
		EXPECT_EQ(NULL, b[i].wrong) {
			TH_LOG("%s gave %d", b[i].wrong, b[i].got);
		}
		spawned += b[i].spawned;
	}

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	ASSERT_EQ(0, kt_abort_all(self->fd));
	while ((n = kt_read(self->fd, self->c, ARRAY_SIZE(self->c))) > 0) {
		for (i = 0; i < n; i++) {
			if (self->c[i].id < BUSY_IDS)
				seen[self->c[i].id]++;
		}
	}
	EXPECT_EQ(0, n);
	ASSERT_GT(BUSY_IDS, spawned);
	/* Ids are given one after the other, as none of the spawns failed. */
	for (id = 1; id <= spawned; id++) {
		ASSERT_EQ(1, seen[id]) {
			TH_LOG("id %llu of %llu", (unsigned long long)id,
			       (unsigned long long)spawned);
		}
	}
	TH_LOG("%llu tasks", (unsigned long long)spawned);
	EXPECT_EQ(0, file_tasks(self->fd));
	free((void *)seen);
}

TEST_HARNESS_MAIN
