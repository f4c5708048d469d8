// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_EVENTFD: an eventfd that counts completions.
 */
#include <sys/eventfd.h>

#include "helpers.h"

FIXTURE(eventfd) {
	int fd;
	int event;
	struct ktask_completion c[8];
};

FIXTURE_SETUP(eventfd)
{
	SETUP_OPEN(self->fd, 0);
	ASSERT_LE(0, self->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

FIXTURE_TEARDOWN(eventfd)
{
	close(self->event);
	close(self->fd);
}

/* How much was added since the last time. */
static int64_t counted(int event)
{
	uint64_t value;

	if (read(event, &value, sizeof(value)) != sizeof(value))
		return errno == EAGAIN ? 0 : -errno;
	return value;
}

/* Wait until it is that much in all. */
static bool counts_to(int event, int64_t want)
{
	struct pollfd pfd = { .fd = event, .events = POLLIN };
	int64_t have = 0;

	while (have < want && poll(&pfd, 1, 20000) == 1)
		have += counted(event);
	return have == want;
}

static int64_t spawn_in(FIXTURE_DATA(eventfd) *self, __u32 group)
{
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);

	desc.group = group;
	return kt_spawn_desc(self->fd, &desc);
}

TEST_F(eventfd, counts_each_completion)
{
	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	EXPECT_EQ(0, counted(self->event));
	ASSERT_EQ(0, kt_spawn_many(self->fd, "nop", NULL, 0, 100));
	EXPECT_TRUE(counts_to(self->event, 100));
	/* Taking them adds nothing. */
	while (kt_read(self->fd, self->c, 8) > 0)
		;
	EXPECT_EQ(0, counted(self->event));
}

/* Each that ends in whatever way. */
TEST_F(eventfd, counts_cancelled_ones_too)
{
	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, kt_sleep_many(self->fd, HOUR, 10));
	EXPECT_EQ(0, counted(self->event));
	ASSERT_EQ(0, kt_abort_all(self->fd));
	EXPECT_TRUE(counts_to(self->event, 10));
}

TEST_F(eventfd, counts_from_then_on)
{
	int64_t id = kt_nop(self->fd, 0, 0);

	ASSERT_LT(0, id);
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	EXPECT_EQ(0, counted(self->event));
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_TRUE(counts_to(self->event, 1));
}

TEST_F(eventfd, when_it_has_counted_there_is_something_to_read)
{
	struct pollfd pfd = { .fd = self->event, .events = POLLIN };
	int i;

	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	for (i = 0; i < 1000; i++) {
		ASSERT_LT(0, kt_nop(self->fd, 0, i));
		ASSERT_EQ(1, poll(&pfd, 1, 20000));
		ASSERT_EQ(1, counted(self->event));
		ASSERT_EQ(1, kt_read(self->fd, self->c, 8));
	}
}

/* What somebody waits for by its id cannot be read. */
TEST_F(eventfd, does_not_count_what_is_joined)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker joiner;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&joiner));
	EXPECT_EQ(0, counted(self->event));
}

TEST_F(eventfd, does_not_count_detached_ones)
{
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);

	desc.flags = KTASK_DESC_DETACHED;
	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	while (task_state(self->fd, desc.id) != -ENOENT)
		sched_yield();
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_TRUE(counts_to(self->event, 1));
	EXPECT_EQ(0, counted(self->event));
}

TEST_F(eventfd, of_a_group)
{
	int all = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int64_t nr = kt_group_new(self->fd, 0, 0);
	int i;

	ASSERT_LE(0, all);
	ASSERT_LT(0, nr);
	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, nr));
	ASSERT_EQ(0, kt_eventfd(self->fd, all, 0));
	for (i = 0; i < 10; i++)
		ASSERT_LT(0, spawn_in(self, i % 2 ? nr : 0));
	EXPECT_TRUE(counts_to(self->event, 5));
	EXPECT_TRUE(counts_to(all, 10));
	/* With its group it goes. */
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, kt_join_group(self->fd, nr, 0, self->c));
	ASSERT_EQ(0, kt_group_remove(self->fd, nr));
	ASSERT_LT(0, spawn_in(self, 0));
	EXPECT_TRUE(counts_to(all, 1));
	EXPECT_EQ(0, counted(self->event));
	close(all);
}

TEST_F(eventfd, none_any_more)
{
	int64_t id;

	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, kt_eventfd(self->fd, -1, 0));
	ASSERT_LT(0, id = kt_nop(self->fd, 0, 0));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	EXPECT_EQ(0, counted(self->event));
	/* Nor is it an error if there was none. */
	EXPECT_EQ(0, kt_eventfd(self->fd, -1, 0));
}

TEST_F(eventfd, another_in_its_place)
{
	int second = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	ASSERT_LE(0, second);
	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, kt_eventfd(self->fd, second, 0));
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_TRUE(counts_to(second, 1));
	EXPECT_EQ(0, counted(self->event));
	close(second);
}

TEST_F(eventfd, one_for_several_sets)
{
	int other = kt_open(0);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, kt_eventfd(other, self->event, 0));
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	ASSERT_LT(0, kt_nop(other, 0, 0));
	EXPECT_TRUE(counts_to(self->event, 2));
	close(other);
}

TEST_F(eventfd, descriptor_may_be_closed)
{
	int copy = dup(self->event);

	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, close(self->event));
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_TRUE(counts_to(copy, 1));
	/* The last one too. */
	ASSERT_EQ(0, close(copy));
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(1, kt_read(self->fd, self->c, 1));
}

/* Which blocks nobody. */
TEST_F(eventfd, counter_that_is_full)
{
	uint64_t most = UINT64_MAX - 1;
	int i;

	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(sizeof(most), write(self->event, &most, sizeof(most)));
	ASSERT_EQ(0, kt_spawn_many(self->fd, "nop", NULL, 0, 10));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
}

TEST_F(eventfd, close_of_the_set)
{
	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, kt_sleep_many(self->fd, HOUR, 10));
	ASSERT_EQ(0, close(self->fd));
	/* Of what was aborted nothing can be read any more; it may be counted. */
	EXPECT_GE(10, counted(self->event));
	ASSERT_LE(0, self->fd = kt_open(0));
	ASSERT_NOTHING_LEFT();
}

TEST_F(eventfd, other_descriptors_are_EBADF)
{
	int pipe_fds[2], file = sparse_file();

	ASSERT_EQ(0, pipe2(pipe_fds, O_CLOEXEC));
	EXPECT_EQ(-EBADF, kt_eventfd(self->fd, 999, 0));
	EXPECT_EQ(-EBADF, kt_eventfd(self->fd, -2, 0));
	EXPECT_EQ(-EBADF, kt_eventfd(self->fd, INT32_MIN, 0));
	EXPECT_EQ(-EBADF, kt_eventfd(self->fd, pipe_fds[1], 0));
	EXPECT_EQ(-EBADF, kt_eventfd(self->fd, file, 0));
	EXPECT_EQ(-EBADF, kt_eventfd(self->fd, self->fd, 0));
	/* The one of before stays. */
	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	EXPECT_EQ(-EBADF, kt_eventfd(self->fd, file, 0));
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_TRUE(counts_to(self->event, 1));
}

TEST_F(eventfd, of_no_group_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, kt_eventfd(self->fd, self->event, 1));
	EXPECT_EQ(-ENOENT, kt_eventfd(self->fd, -1, 1));
	EXPECT_EQ(-ENOENT, kt_eventfd(self->fd, self->event, ~0U));
}

/* A change meets completions in any place: each is counted by one of the two. */
struct changer {
	pthread_t thread;
	int fd;
	int events[2];
	_Atomic bool stop;
};

static void *changer_main(void *arg)
{
	struct changer *c = arg;
	unsigned int i;

	for (i = 0; !c->stop; i++)
		kt_eventfd(c->fd, c->events[i % 2], 0);
	return NULL;
}

TEST_F_TIMEOUT(eventfd, changes_while_tasks_end, SLOW)
{
	struct changer c = {
		.fd = self->fd,
		.events = { self->event, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) },
	};
	int i;

	ASSERT_EQ(0, kt_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, pthread_create(&c.thread, NULL, changer_main, &c));
	ASSERT_EQ(0, kt_spawn_many(self->fd, "nop", NULL, 0, 5000));
	for (i = 0; i < 5000; )
		i += kt_read(self->fd, self->c, 8);
	c.stop = true;
	ASSERT_EQ(0, pthread_join(c.thread, NULL));
	EXPECT_EQ(5000, counted(c.events[0]) + counted(c.events[1]));
	close(c.events[1]);
}

TEST_HARNESS_MAIN
