// SPDX-License-Identifier: GPL-2.0
/*
 * A task set in an event loop: its descriptor in epoll(7), with a timer beside
 * it. Ten tasks end one by one; after half a second the timer aborts the rest.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <ktask.h>

#define NR_TASKS	10
#define MSEC		1000000ULL

/* Returns how many tasks are left, or -1. */
static int on_completions(struct ktask_set *set, int left)
{
	struct ktask_completion c;
	int n;

	/* Take what there is, and do not wait: there is a loop to go back to. */
	while ((n = ktask_join_next(set, &c, 0)) == 1) {
		printf("task %llu: %s\n", (unsigned long long)c.user_data,
		       ktask_outcome_name(c.outcome));
		left--;
	}
	if (n < 0 && n != -ETIMEDOUT) {
		fprintf(stderr, "ktask_join_next: %s\n", strerror(-n));
		return -1;
	}
	return left;
}

static void on_timer(struct ktask_set *set, int timer)
{
	uint64_t expirations;

	if (read(timer, &expirations, sizeof(expirations)) < 0)
		return;
	puts("time is over");
	/* Their completions come through the loop like all others. */
	ktask_abort_all(set);
}

static int loop(struct ktask_set *set, int epoll, int timer)
{
	int left = NR_TASKS;
	struct epoll_event event;

	while (left > 0) {
		if (epoll_wait(epoll, &event, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			perror("epoll_wait");
			return 1;
		}
		if (event.data.fd == timer)
			on_timer(set, timer);
		else
			left = on_completions(set, left);
	}
	return left < 0;
}

static int watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(void)
{
	struct itimerspec half_a_second = { .it_value.tv_nsec = 500 * MSEC };
	struct ktask_set *set;
	int epoll, timer, err, i;
	int64_t id;

	/* The loop does the waiting: whoever forgets that gets -EAGAIN. */
	err = ktask_set_open(&set, KTASK_SET_NONBLOCK);
	if (err) {
		fprintf(stderr, "/dev/ktask: %s\n", strerror(-err));
		return 1;
	}

	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (timer < 0 || epoll < 0 || watch(epoll, timer) || watch(epoll, ktask_set_fd(set)) ||
	    timerfd_settime(timer, 0, &half_a_second, NULL)) {
		perror("event loop");
		return 1;
	}

	for (i = 0; i < NR_TASKS; i++) {
		id = ktask_spawn_sleep(set, i * 100 * MSEC, i);
		if (id < 0) {
			fprintf(stderr, "ktask_spawn_sleep: %s\n", strerror(-id));
			return 1;
		}
	}

	err = loop(set, epoll, timer);
	ktask_set_close(set);
	close(epoll);
	close(timer);
	return err;
}
