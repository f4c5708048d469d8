// SPDX-License-Identifier: GPL-2.0
/*
 * read(): completions in the order in which tasks end, each once.
 */
#include <sys/uio.h>

#include "helpers.h"

FIXTURE(read) {
	int fd;
	int ep;
	struct ktask_completion c[256];
};

FIXTURE_SETUP(read)
{
	SETUP_OPEN(self->fd, 0);
	self->ep = ready_open(self->fd);
	ASSERT_LE(0, self->ep);
}

FIXTURE_TEARDOWN(read)
{
	close(self->ep);
	close(self->fd);
}

/* Have @nr completions that can be read; their user_data counts up from 0. */
static int make_ready(FIXTURE_DATA(read) *self, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (kt_nop(self->fd, 0, i) < 0 || ready_wait(self->ep) != 1)
			return -1;
	}
	return 0;
}

static int set_nonblock(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* --- What is read --------------------------------------------------------- */

TEST_F(read, empty_set_is_zero)
{
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));
	ASSERT_EQ(0, make_ready(self, 1));
	EXPECT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));
	ASSERT_EQ(0, set_nonblock(self->fd));
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));
}

TEST_F(read, waits_for_a_completion)
{
	int64_t id = kt_sleep(self->fd, 50 * MSEC, 17);

	ASSERT_LT(0, id);
	ASSERT_EQ(1, kt_read(self->fd, self->c, 8));
	EXPECT_EQ(id, self->c[0].id);
	EXPECT_EQ(17, self->c[0].user_data);
	EXPECT_EQ(0, self->c[0].result);
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
}

TEST_F(read, does_not_wait_for_more)
{
	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	ASSERT_EQ(0, make_ready(self, 3));
	EXPECT_EQ(3, kt_read(self->fd, self->c, 8));
}

/* The same, when there is a second buffer. */
TEST_F(read, readv_does_not_wait_for_more)
{
	struct iovec iov[] = {
		{ &self->c[0], sizeof(self->c[0]) },
		{ &self->c[1], sizeof(self->c[1]) },
	};

	ASSERT_LT(0, kt_sleep(self->fd, 3 * SEC, 0));
	ASSERT_EQ(0, make_ready(self, 1));
	EXPECT_EQ(sizeof(self->c[0]), readv(self->fd, iov, 2)) {
		TH_LOG("it waited until the second buffer was full as well");
	}
}

TEST_F(read, readv_of_small_pieces)
{
	struct ktask_completion c[2];
	struct iovec iov[8];
	char *p = (char *)c;
	int i;

	/* Pieces of 1, 61, 2, 64 bytes, which together are one completion. */
	for (i = 0; i < 8; i++) {
		static const size_t lens[] = { 1, 61, 2, 64 };

		iov[i].iov_base = p;
		iov[i].iov_len = lens[i % 4];
		p += lens[i % 4];
	}
	ASSERT_EQ(0, make_ready(self, 3));
	EXPECT_EQ(sizeof(c[0]), readv(self->fd, iov, 7));
	EXPECT_EQ(0, c[0].user_data);
	EXPECT_EQ(sizeof(c), readv(self->fd, iov, 8));
	EXPECT_EQ(1, c[0].user_data);
	EXPECT_EQ(2, c[1].user_data);
	EXPECT_EQ(-1, readv(self->fd, iov, 3));
	EXPECT_EQ(EINVAL, errno);
}

/* A completion that has room in part only is not lost. */
TEST_F(read, readv_to_a_bad_buffer)
{
	const size_t size = sizeof(self->c[0]), page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	struct iovec iov[] = {
		{ self->c, size },
		{ mem + page - size / 2, size },
	};

	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, make_ready(self, 2));
	EXPECT_EQ(size, readv(self->fd, iov, 2));
	EXPECT_EQ(0, self->c[0].user_data);
	EXPECT_EQ(-1, readv(self->fd, iov + 1, 1));
	EXPECT_EQ(EFAULT, errno);
	iov[0].iov_len = size / 4;
	EXPECT_EQ(-1, readv(self->fd, iov, 2));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(1, kt_read(self->fd, self->c, 8));
	EXPECT_EQ(1, self->c[0].user_data);
	munmap(mem, 2 * page);
}

TEST_F(read, preadv2_nowait_is_EAGAIN)
{
	struct iovec iov = { self->c, sizeof(self->c) };

	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	EXPECT_EQ(-1, preadv2(self->fd, &iov, 1, -1, RWF_NOWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, make_ready(self, 2));
	EXPECT_EQ(2 * sizeof(self->c[0]), preadv2(self->fd, &iov, 1, -1, RWF_NOWAIT));
}

TEST_F(read, order_is_that_of_the_ends)
{
	static const int order[] = { 3, 0, 4, 1, 2 };
	int64_t ids[5];
	int i;

	for (i = 0; i < 5; i++)
		ASSERT_LT(0, ids[i] = kt_sleep(self->fd, HOUR, i));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, kt_abort(self->fd, ids[order[i]]));
		ASSERT_EQ(1, ready_wait(self->ep));
	}
	ASSERT_EQ(5, kt_read(self->fd, self->c, 8));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(ids[order[i]], self->c[i].id);
		EXPECT_EQ(order[i], self->c[i].user_data);
	}
}

TEST_F(read, order_of_sleeps_is_by_length)
{
	int i;

	/* Far apart, for a machine that is slow at times. */
	ASSERT_LT(0, kt_sleep(self->fd, 1600 * MSEC, 2));
	ASSERT_LT(0, kt_sleep(self->fd, MSEC, 0));
	ASSERT_LT(0, kt_sleep(self->fd, 800 * MSEC, 1));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
		EXPECT_EQ(i, self->c[0].user_data);
	}
}

TEST_F(read, many_in_one_call)
{
	int i;

	/* More than the kernel copies out at a time. */
	ASSERT_EQ(0, make_ready(self, 200));
	ASSERT_EQ(200, kt_read(self->fd, self->c, 256));
	for (i = 0; i < 200; i++)
		EXPECT_EQ(i, self->c[i].user_data);
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));
}

TEST_F(read, as_many_as_fit)
{
	ASSERT_EQ(0, make_ready(self, 100));
	EXPECT_EQ(70, kt_read(self->fd, self->c, 70));
	EXPECT_EQ(0, self->c[0].user_data);
	EXPECT_EQ(69, self->c[69].user_data);
	EXPECT_EQ(30, kt_read(self->fd, self->c, 70));
	EXPECT_EQ(70, self->c[0].user_data);
}

/* --- Buffers -------------------------------------------------------------- */

TEST_F(read, less_than_a_completion_is_EINVAL)
{
	size_t len;

	ASSERT_EQ(0, make_ready(self, 1));
	for (len = 0; len < sizeof(self->c[0]); len += 1 + len / 2) {
		EXPECT_EQ(-1, read(self->fd, self->c, len));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(-1, read(self->fd, self->c, sizeof(self->c[0]) - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(1, kt_read(self->fd, self->c, 1));
	/* Of an empty set too. */
	EXPECT_EQ(-1, read(self->fd, self->c, 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(read, no_multiple_of_a_completion)
{
	const size_t size = sizeof(self->c[0]);

	memset(self->c, 0xee, sizeof(self->c));
	ASSERT_EQ(0, make_ready(self, 3));
	EXPECT_EQ(2 * size, read(self->fd, self->c, 3 * size - 1));
	EXPECT_EQ(0xee, self->c[2].out[0]);
	EXPECT_EQ(size, read(self->fd, self->c, size + 1));
	EXPECT_EQ(2, self->c[0].user_data);
}

/* A length is no promise that all of it is memory. */
TEST_F(read, larger_than_any_read)
{
	static struct ktask_completion c[4];

	ASSERT_EQ(0, make_ready(self, 3));
	EXPECT_EQ(3 * sizeof(c[0]), raw_read(self->fd, c, 1L << 40));
	EXPECT_EQ(2, c[2].user_data);
}

TEST_F(read, misaligned)
{
	char *p = (char *)self->c + 3;
	struct ktask_completion c;

	ASSERT_EQ(0, make_ready(self, 2));
	EXPECT_EQ(2 * sizeof(c), read(self->fd, p, 2 * sizeof(c)));
	memcpy(&c, p + sizeof(c), sizeof(c));
	EXPECT_EQ(1, c.user_data);
}

TEST_F(read, bad_pointer_is_EFAULT_and_loses_nothing)
{
	const size_t page = sysconf(_SC_PAGESIZE), size = sizeof(self->c[0]);
	char *mem = guarded_alloc(1);
	int i;

	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, make_ready(self, 100));
	EXPECT_EQ(-EFAULT, kt_read(self->fd, NULL, 100));
	EXPECT_EQ(-EFAULT, kt_read(self->fd, mem + page, 100));
	EXPECT_EQ(-EFAULT, kt_read(self->fd, mem + page - size + 1, 100));
	ASSERT_EQ(100, kt_read(self->fd, self->c, 100));
	/* Nor is the order another. */
	for (i = 0; i < 100; i++)
		EXPECT_EQ(i, self->c[i].user_data);
	munmap(mem, 2 * page);
}

TEST_F(read, partly_bad_buffer_gives_what_fits)
{
	const size_t page = sysconf(_SC_PAGESIZE), size = sizeof(self->c[0]);
	char *mem = guarded_alloc(1);
	struct ktask_completion *few;
	int i;

	ASSERT_NE(NULL, mem);
	/* Room for three, and for half of another. */
	few = (void *)(mem + page - 3 * size - size / 2);
	ASSERT_EQ(0, make_ready(self, 100));
	ASSERT_EQ(3, kt_read(self->fd, few, 100));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, few[i].user_data);
	ASSERT_EQ(97, kt_read(self->fd, self->c, 256));
	for (i = 0; i < 97; i++)
		EXPECT_EQ(3 + i, self->c[i].user_data);
	munmap(mem, 2 * page);
}

struct slow_reader {
	pthread_t thread;
	int fd;
	char *mem;
	int ret;
};

static void *slow_reader_main(void *arg)
{
	struct slow_reader *r = arg;

	r->ret = kt_read(r->fd, r->mem, 1);
	return NULL;
}

/* A reader whose memory is not there yet has what it has claimed, and no more. */
TEST_F(read, into_a_page_that_does_not_come)
{
	struct pollfd pfd = { .events = POLLIN };
	struct slow_reader slow = { .fd = self->fd, .mem = absent_page(&pfd.fd) };
	struct ktask_completion *got = (void *)slow.mem;

	if (!slow.mem)
		SKIP(return, "no userfaultfd: %s", strerror(errno));
	ASSERT_EQ(0, make_ready(self, 2));
	ASSERT_EQ(0, pthread_create(&slow.thread, NULL, slow_reader_main, &slow));
	ASSERT_EQ(1, poll(&pfd, 1, -1));

	EXPECT_EQ(-ENOENT, kt_join(self->fd, 1, FOREVER, self->c));
	EXPECT_EQ(1, kt_read(self->fd, self->c, 8));
	EXPECT_EQ(1, self->c[0].user_data);
	ASSERT_EQ(0, set_nonblock(self->fd));
	EXPECT_EQ(-EAGAIN, kt_read(self->fd, self->c, 8));

	EXPECT_EQ(0, absent_page_deliver(pfd.fd, slow.mem));
	ASSERT_EQ(0, pthread_join(slow.thread, NULL));
	EXPECT_EQ(1, slow.ret);
	EXPECT_EQ(0, got->user_data);
	EXPECT_EQ(0, kt_read(self->fd, self->c, 8));
	close(pfd.fd);
}

TEST_F(read, empty_set_and_bad_pointer_is_zero)
{
	EXPECT_EQ(0, kt_read(self->fd, NULL, 1));
}

/* --- Waiting -------------------------------------------------------------- */

TEST_F(read, nonblock_is_EAGAIN)
{
	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	ASSERT_EQ(0, set_nonblock(self->fd));
	EXPECT_EQ(-EAGAIN, kt_read(self->fd, self->c, 8));
	ASSERT_EQ(0, make_ready(self, 2));
	EXPECT_EQ(2, kt_read(self->fd, self->c, 8));
	EXPECT_EQ(-EAGAIN, kt_read(self->fd, self->c, 8));
}

TEST_F(read, nonblock_from_open)
{
	int fd = kt_open(O_NONBLOCK);

	ASSERT_LE(0, fd);
	ASSERT_LT(0, kt_sleep(fd, HOUR, 0));
	EXPECT_EQ(-EAGAIN, kt_read(fd, self->c, 8));
	close(fd);
}

TEST_F(read, signal_is_EINTR)
{
	struct taker reader;

	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	ASSERT_EQ(0, reader_start(&reader, self->fd));
	ASSERT_EQ(0, pthread_kill(reader.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, taker_wait(&reader));
}

TEST_F(read, signal_with_restart_goes_on)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker reader;
	int i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, catch_signal(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, reader_start(&reader, self->fd));
	for (i = 1; i <= 5; i++) {
		ASSERT_EQ(0, pthread_kill(reader.thread, SIGUSR1));
		while (signals_seen < i)
			sched_yield();
		wait_asleep(&reader.tid);
	}
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(id, reader.completion.id);
}

/* A thread that reads until something else than a signal ends it. */
struct pestered {
	pthread_t thread;
	int fd;
	_Atomic bool started;
	unsigned long interrupted;
	int ret;
};

static void *pestered_main(void *arg)
{
	struct pestered *p = arg;
	struct ktask_completion c;

	p->started = true;
	do {
		p->ret = kt_read(p->fd, &c, 1);
		if (p->ret == -EINTR)
			p->interrupted++;
	} while (p->ret == -EINTR);
	return NULL;
}

/* Whenever it comes, before the wait, within, or between two. */
TEST_F(read, signals_never_make_a_set_look_empty)
{
	struct pestered p = { .fd = self->fd };
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	int i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	ASSERT_EQ(0, pthread_create(&p.thread, NULL, pestered_main, &p));
	while (!p.started)
		sched_yield();
	for (i = 0; i < 20000; i++)
		pthread_kill(p.thread, SIGUSR1);
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ASSERT_EQ(0, pthread_join(p.thread, NULL));
	EXPECT_EQ(1, p.ret);
	EXPECT_LT(0, p.interrupted);
}

TEST_F(read, set_that_becomes_empty_ends_the_wait)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker readers[3], joiner;
	int i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, reader_start(&readers[i], self->fd));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&joiner));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, taker_wait(&readers[i]));
}

TEST_F(read, one_completion_wakes_one_of_many)
{
	int64_t first = kt_sleep(self->fd, HOUR, 0);
	int64_t second = kt_sleep(self->fd, HOUR, 0);
	struct taker readers[4];
	int got = 0, i;

	ASSERT_LT(0, first);
	ASSERT_LT(0, second);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, reader_start(&readers[i], self->fd));
	ASSERT_EQ(0, kt_abort(self->fd, first));
	ASSERT_EQ(0, kt_abort(self->fd, second));
	for (i = 0; i < 4; i++)
		got += taker_wait(&readers[i]);
	EXPECT_EQ(2, got);
}

/* --- Sharing -------------------------------------------------------------- */

#define READERS		4
#define SHARED		5000

struct share {
	pthread_t thread;
	int fd;
	unsigned int batch;
	unsigned int *seen;
	unsigned int taken;
	int ret;
};

static void *share_main(void *arg)
{
	struct share *s = arg;
	struct ktask_completion c[16];
	int i;

	for (;;) {
		s->ret = kt_read(s->fd, c, s->batch);
		if (s->ret <= 0)
			return NULL;
		for (i = 0; i < s->ret; i++)
			__sync_fetch_and_add(&s->seen[c[i].user_data], 1);
		s->taken += s->ret;
	}
}

TEST_F_TIMEOUT(read, several_readers_share_each_once, SLOW)
{
	static unsigned int seen[SHARED];
	struct share s[READERS];
	int64_t gate = kt_sleep(self->fd, HOUR, 0);
	unsigned int taken = 0;
	int i;

	ASSERT_LT(0, gate);
	for (i = 0; i < READERS; i++) {
		s[i] = (struct share){ .fd = self->fd, .batch = 1 + i * 5, .seen = seen };
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, share_main, &s[i]));
	}
	/* Half of them come while the readers wait, half at some time. */
	ASSERT_EQ(0, kt_spawn_many(self->fd, "nop", NULL, 0, SHARED));
	ASSERT_EQ(0, kt_abort(self->fd, gate));
	for (i = 0; i < READERS; i++) {
		ASSERT_EQ(0, pthread_join(s[i].thread, NULL));
		EXPECT_EQ(0, s[i].ret);
		taken += s[i].taken;
	}
	EXPECT_EQ(SHARED + 1, taken);
	/* The gate has user_data 0 as well. */
	EXPECT_EQ(2, seen[0]);
	for (i = 1; i < SHARED; i++)
		ASSERT_EQ(1, seen[i]);
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));
}

/* Each takes a part into memory that cannot hold it, which must be given back. */
TEST_F_TIMEOUT(read, readers_that_fault_lose_nothing, SLOW)
{
	static unsigned int seen[SHARED];
	const size_t page = sysconf(_SC_PAGESIZE), size = sizeof(self->c[0]);
	char *mem = guarded_alloc(1);
	struct share s = { .fd = self->fd, .batch = 16, .seen = seen };
	struct ktask_completion *few;
	unsigned int taken = 0;
	int ret, i;

	ASSERT_NE(NULL, mem);
	few = (void *)(mem + page - 2 * size);
	ASSERT_EQ(0, kt_spawn_many(self->fd, "nop", NULL, 0, SHARED));
	ASSERT_EQ(0, pthread_create(&s.thread, NULL, share_main, &s));
	while ((ret = kt_read(self->fd, few, 50)) != 0) {
		ASSERT_LT(0, ret);
		ASSERT_GE(2, ret);
		for (i = 0; i < ret; i++)
			__sync_fetch_and_add(&seen[few[i].user_data], 1);
		taken += ret;
		ret = kt_read(self->fd, mem + page - 1, 50);
		if (!ret)
			break;
		ASSERT_EQ(-EFAULT, ret);
	}
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
	EXPECT_EQ(0, s.ret);
	EXPECT_EQ(SHARED, taken + s.taken);
	for (i = 0; i < SHARED; i++)
		ASSERT_EQ(1, seen[i]);
	munmap(mem, 2 * page);
}

TEST_HARNESS_MAIN
