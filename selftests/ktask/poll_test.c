// SPDX-License-Identifier: GPL-2.0
/*
 * poll(), select() and epoll: readable when a completion can be read, and at no
 * other time.
 */
#include <poll.h>
#include <sys/select.h>

#include "helpers.h"

/* Milliseconds after which a wake-up must have been lost. */
#define LOST		20000

FIXTURE(poll) {
	int fd;
	struct ktask_completion c[64];
};

FIXTURE_SETUP(poll)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(poll)
{
	close(self->fd);
}

/* Return: what poll() reports; 0 if the time is over. */
static int poll_fd(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLRDNORM | POLLPRI | POLLOUT };
	int n = poll(&pfd, 1, timeout_ms);

	return n < 0 ? -errno : pfd.revents;
}

#define READABLE	(POLLIN | POLLRDNORM)

TEST_F(poll, empty_set_is_not_ready)
{
	EXPECT_EQ(0, poll_fd(self->fd, 0));
	EXPECT_EQ(0, poll_fd(self->fd, 20));
}

TEST_F(poll, running_task_is_not_ready)
{
	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	EXPECT_EQ(0, poll_fd(self->fd, 20));
}

TEST_F(poll, completion_is_ready_until_it_is_read)
{
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(READABLE, poll_fd(self->fd, LOST));
	EXPECT_EQ(READABLE, poll_fd(self->fd, 0));
	ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(0, poll_fd(self->fd, 0));
}

TEST_F(poll, completion_is_ready_until_it_is_joined)
{
	int64_t id = kt_nop(self->fd, 0, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(READABLE, poll_fd(self->fd, LOST));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
	EXPECT_EQ(0, poll_fd(self->fd, 0));
}

TEST_F(poll, ready_while_some_are_left)
{
	int ep = ready_open(self->fd);

	ASSERT_LE(0, ep);
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	ASSERT_EQ(1, ready_wait(ep));
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	ASSERT_EQ(1, ready_wait(ep));
	ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(READABLE, poll_fd(self->fd, 0));
	ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(0, poll_fd(self->fd, 0));
	close(ep);
}

TEST_F(poll, joined_task_is_not_ready)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker joiner;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&joiner));
	EXPECT_EQ(0, poll_fd(self->fd, 20));
}

TEST_F(poll, completion_that_a_joiner_gave_up_is_ready)
{
	int64_t id = kt_sleep(self->fd, 50 * MSEC, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-EFAULT, kt_join(self->fd, id, FOREVER, NULL));
	EXPECT_EQ(READABLE, poll_fd(self->fd, LOST));
}

TEST_F(poll, select)
{
	struct timeval now = {}, later = { .tv_sec = LOST / 1000 };
	fd_set read, write, except;

#define SELECT(timeout)	({						\
	FD_ZERO(&read);							\
	FD_ZERO(&write);						\
	FD_ZERO(&except);						\
	FD_SET(self->fd, &read);					\
	FD_SET(self->fd, &write);					\
	FD_SET(self->fd, &except);					\
	select(self->fd + 1, &read, &write, &except, timeout);		\
})
	EXPECT_EQ(0, SELECT(&now));
	ASSERT_LT(0, kt_sleep(self->fd, 50 * MSEC, 0));
	EXPECT_EQ(1, SELECT(&later));
	EXPECT_TRUE(FD_ISSET(self->fd, &read));
	EXPECT_FALSE(FD_ISSET(self->fd, &write));
	EXPECT_FALSE(FD_ISSET(self->fd, &except));
	ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(0, SELECT(&now));
}

/* --- epoll ---------------------------------------------------------------- */

static int epoll_of(int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

TEST_F(poll, epoll_level)
{
	struct epoll_event event;
	int ep = epoll_of(self->fd, EPOLLIN, 5);

	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, LOST));
	EXPECT_EQ(EPOLLIN, event.events);
	EXPECT_EQ(5, event.data.u64);
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
	ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	close(ep);
}

TEST_F(poll, epoll_edge)
{
	struct epoll_event event;
	int ep = epoll_of(self->fd, EPOLLIN | EPOLLET, 0);

	ASSERT_LE(0, ep);
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, LOST));
	/* Told once, until there is another. */
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 20));
	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, LOST));
	EXPECT_EQ(2, kt_read(self->fd, self->c, 64));
	/* That the set has become empty is not an edge. */
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 20));
	close(ep);
}

TEST_F(poll, epoll_added_when_ready)
{
	struct epoll_event event;
	int ep;

	ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	ASSERT_EQ(READABLE, poll_fd(self->fd, LOST));
	ep = epoll_of(self->fd, EPOLLIN | EPOLLET, 0);
	ASSERT_LE(0, ep);
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
	close(ep);
}

#define FILES		16

TEST_F(poll, epoll_with_several_files)
{
	struct epoll_event event = { .events = EPOLLIN }, events[FILES];
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int fds[FILES], ready = 0, i;

	ASSERT_LE(0, ep);
	for (i = 0; i < FILES; i++) {
		ASSERT_LE(0, fds[i] = kt_open(0));
		event.data.u64 = i;
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &event));
		ASSERT_LT(0, kt_sleep(fds[i], i % 2 ? HOUR : MSEC, i));
	}
	while (ready < FILES / 2) {
		int n = epoll_wait(ep, events, FILES, LOST);

		ASSERT_LT(0, n);
		for (i = 0; i < n; i++) {
			/* Only those that sleep for a short time. */
			ASSERT_EQ(0, events[i].data.u64 % 2);
			ASSERT_EQ(1, kt_read(fds[events[i].data.u64], self->c, 1));
			EXPECT_EQ(events[i].data.u64, self->c[0].user_data);
			ready++;
		}
	}
	EXPECT_EQ(0, epoll_wait(ep, events, FILES, 20));
	for (i = 0; i < FILES; i++)
		close(fds[i]);
	close(ep);
}

TEST_F(poll, epoll_of_an_epoll)
{
	struct epoll_event event;
	int inner = epoll_of(self->fd, EPOLLIN, 0);
	int outer = epoll_of(inner, EPOLLIN, 0);

	ASSERT_LE(0, outer);
	EXPECT_EQ(0, epoll_wait(outer, &event, 1, 0));
	ASSERT_LT(0, kt_sleep(self->fd, 20 * MSEC, 0));
	EXPECT_EQ(1, epoll_wait(outer, &event, 1, LOST));
	close(outer);
	close(inner);
}

/* --- Those who wait ------------------------------------------------------- */

struct poller {
	pthread_t thread;
	_Atomic pid_t tid;
	int fd;
	int ret;
};

static void *poller_main(void *arg)
{
	struct poller *p = arg;

	p->tid = thread_id();
	p->ret = poll_fd(p->fd, LOST);
	return NULL;
}

TEST_F(poll, all_blocked_pollers_are_woken)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct poller p[4] = {};
	int i;

	ASSERT_LT(0, id);
	for (i = 0; i < 4; i++) {
		p[i].fd = self->fd;
		ASSERT_EQ(0, pthread_create(&p[i].thread, NULL, poller_main, &p[i]));
		wait_asleep(&p[i].tid);
	}
	ASSERT_EQ(0, kt_abort(self->fd, id));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(p[i].thread, NULL));
		EXPECT_EQ(READABLE, p[i].ret);
	}
}

TEST_F(poll, signal_is_EINTR)
{
	struct poller p = { .fd = self->fd };

	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	ASSERT_EQ(0, pthread_create(&p.thread, NULL, poller_main, &p));
	wait_asleep(&p.tid);
	ASSERT_EQ(0, pthread_kill(p.thread, SIGUSR1));
	ASSERT_EQ(0, pthread_join(p.thread, NULL));
	EXPECT_EQ(-EINTR, p.ret);
}

/* A thread that spawns a task whenever it is told to. */
struct spawner {
	pthread_t thread;
	int fd;
	_Atomic unsigned int wanted;
	unsigned int spawned;
	int64_t op;
};

static void *spawner_main(void *arg)
{
	struct spawner *s = arg;
	struct ktask_desc desc = { .op = s->op };
	volatile unsigned int spin;

	while (s->wanted != UINT32_MAX) {
		if (s->wanted == s->spawned)
			continue;
		/* So that it meets the poller in any place. */
		for (spin = s->spawned % 500; spin; spin--)
			;
		kt_spawn(s->fd, &desc, 1, NULL);
		s->spawned++;
	}
	return NULL;
}

TEST_F_TIMEOUT(poll, no_wake_up_is_lost, SLOW)
{
	struct spawner s = { .fd = self->fd, .op = kt_op(self->fd, "nop") };
	unsigned int i;

	ASSERT_LE(0, s.op);
	ASSERT_EQ(0, pthread_create(&s.thread, NULL, spawner_main, &s));
	for (i = 1; i <= 5000; i++) {
		s.wanted = i;
		ASSERT_EQ(READABLE, poll_fd(self->fd, LOST)) {
			TH_LOG("in round %u", i);
		}
		ASSERT_EQ(1, kt_read(self->fd, self->c, 64));
	}
	s.wanted = UINT32_MAX;
	ASSERT_EQ(0, pthread_join(s.thread, NULL));
}

TEST_HARNESS_MAIN
