// SPDX-License-Identifier: GPL-2.0
/*
 * A program that is killed while it has tasks as io_uring commands leaves nothing.
 */
#include "uring.h"

#define ENTRIES		SLEEPERS_MAX

static void sleep_for_ever(int fd, unsigned int setup_flags, unsigned int sqe_flags)
{
	struct ring r;

	if (ring_open(&r, fd, ENTRIES, setup_flags, sqe_flags))
		_exit(1);
	start_sleepers(&r, ENTRIES);
	ring_run(&r);
}

/* Without a descriptor of the set. */
static void sleep_without_set(int fd, unsigned int setup_flags,
			      unsigned int sqe_flags)
{
	struct ring r;

	if (ring_open(&r, fd, ENTRIES, setup_flags, sqe_flags | IOSQE_FIXED_FILE))
		_exit(1);
	close(fd);
	start_sleepers(&r, ENTRIES);
	ring_run(&r);
}

static void hash_without_end(int fd, unsigned int setup_flags,
			     unsigned int sqe_flags)
{
	struct ktask_args_hash args = { .fd = sparse_file(), .alg = "sha256" };
	struct ktask_desc desc;
	struct ring r;
	int i;

	if (ring_open(&r, fd, ENTRIES, setup_flags, sqe_flags))
		_exit(1);
	desc = DESC(r.hash, args);
	for (i = 0; i < ENTRIES; i++)
		ring_spawn(&r, &desc, NULL, i);
	io_uring_submit(&r.io);
	ring_run(&r);
}

/* The ring waits for a task that waits for the ring. */
static void poll_the_ring(int fd, unsigned int setup_flags, unsigned int sqe_flags)
{
	struct ktask_args_poll args = { .events = POLLPRI };
	struct ktask_desc desc;
	struct ring r;
	int i;

	if (ring_open(&r, fd, ENTRIES, setup_flags, sqe_flags))
		_exit(1);
	args.fd = r.io.ring_fd;
	desc = DESC(r.poll, args);
	for (i = 0; i < 4; i++)
		ring_spawn(&r, &desc, NULL, i);
	io_uring_submit(&r.io);
	ring_run(&r);
	pause();
}

/* As before, and no descriptor of the set tells when we are gone. */
static void poll_the_ring_without_set(int fd, unsigned int setup_flags,
				      unsigned int sqe_flags)
{
	struct ktask_args_poll args = { .events = POLLPRI };
	struct ktask_desc desc;
	struct ring r;
	int i;

	if (ring_open(&r, fd, ENTRIES, setup_flags, sqe_flags | IOSQE_FIXED_FILE))
		_exit(1);
	close(fd);
	args.fd = r.io.ring_fd;
	desc = DESC(r.poll, args);
	for (i = 0; i < 4; i++)
		ring_spawn(&r, &desc, NULL, i);
	io_uring_submit(&r.io);
	pause();
}

/* Commands that come and go, and some that stay. */
static void spawn_and_reap(int fd, unsigned int setup_flags,
			   unsigned int sqe_flags)
{
	struct ktask_args_sleep args = { .duration_ns = 100000 };
	static struct ktask_completion c[ENTRIES];
	struct ktask_desc nop, sleep, soon;
	struct io_uring_cqe cqe;
	struct ring r;
	int i;

	if (ring_open(&r, fd, ENTRIES, setup_flags, sqe_flags))
		_exit(1);
	nop = DESC(r.nop, nothing);
	soon = DESC(r.sleep, args);
	sleep = DESC(r.sleep, an_hour);
	for (;;) {
		for (i = 0; i < 8; i++)
			ring_spawn(&r, i % 2 ? &nop : &soon, &c[i], i);
		if (!(rand() % 16))
			ring_spawn(&r, &sleep, NULL, 9);
		io_uring_submit(&r.io);
		while (i--)
			ring_wait_cqe(&r, &cqe, NULL);
	}
}

/* The submission waits for memory. */
static void spawn_from_absent_page(int fd, unsigned int setup_flags,
				   unsigned int sqe_flags)
{
	struct ktask_desc desc;
	struct ring r;
	int uffd;
	char *mem = absent_page(&uffd);

	if (ring_open(&r, fd, ENTRIES, setup_flags, sqe_flags))
		_exit(1);
	start_sleepers(&r, 4);
	if (mem) {
		ring_spawn(&r, (void *)mem, NULL, 0);
		io_uring_submit(&r.io);
	}
	desc = DESC(r.sleep, an_hour);
	ring_spawn(&r, &desc, NULL, 0);
	io_uring_submit(&r.io);
	pause();
}

/* What has ended waits for memory to tell that. */
static void complete_to_absent_page(int fd, unsigned int setup_flags,
				    unsigned int sqe_flags)
{
	struct ktask_desc desc;
	struct ring r;
	int uffd;
	char *mem = absent_page(&uffd);

	if (ring_open(&r, fd, ENTRIES, setup_flags, sqe_flags))
		_exit(1);
	start_sleepers(&r, 4);
	desc = DESC(r.nop, nothing);
	if (mem)
		ring_spawn(&r, &desc, (void *)(mem + 4096 -
					       sizeof(struct ktask_completion)), 0);
	ring_run(&r);
	pause();
}

FIXTURE(kill) {
	int fd;
};

FIXTURE_VARIANT(kill) {
	void (*busy)(int fd, unsigned int setup_flags, unsigned int sqe_flags);
	unsigned int setup_flags;
	unsigned int sqe_flags;
};

#define DEFER	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

#define KILL_VARIANTS(function)						\
FIXTURE_VARIANT_ADD(kill, function) {					\
	.busy = function,						\
};									\
FIXTURE_VARIANT_ADD(kill, function##_defer) {				\
	.busy = function,						\
	.setup_flags = DEFER,						\
};									\
FIXTURE_VARIANT_ADD(kill, function##_sqpoll) {				\
	.busy = function,						\
	.setup_flags = IORING_SETUP_SQPOLL,				\
};									\
FIXTURE_VARIANT_ADD(kill, function##_async) {				\
	.busy = function,						\
	.sqe_flags = IOSQE_ASYNC,					\
}

KILL_VARIANTS(sleep_for_ever);
KILL_VARIANTS(sleep_without_set);
KILL_VARIANTS(hash_without_end);
KILL_VARIANTS(spawn_and_reap);
KILL_VARIANTS(spawn_from_absent_page);
KILL_VARIANTS(complete_to_absent_page);

FIXTURE_VARIANT_ADD(kill, poll_the_ring) {
	.busy = poll_the_ring,
};

FIXTURE_VARIANT_ADD(kill, poll_the_ring_async) {
	.busy = poll_the_ring,
	.sqe_flags = IOSQE_ASYNC,
};

FIXTURE_VARIANT_ADD(kill, poll_the_ring_without_set) {
	.busy = poll_the_ring_without_set,
};

FIXTURE_SETUP(kill)
{
	struct ring ring;

	SETUP_OPEN(self->fd, 0);
	NEED_RING(ring_open(&ring, self->fd, 8, 0, 0));
	ring_close(&ring);
}

FIXTURE_TEARDOWN(kill)
{
	close(self->fd);
}

TEST_F_TIMEOUT(kill, leaves_nothing, SLOW)
{
	int rounds = getenv("KTASK_QUICK") ? 2 : 10;
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
			srand(seed + round);
			if (fd >= 0 && write(pipe_fds[1], "", 1) == 1)
				variant->busy(fd, variant->setup_flags,
					      variant->sqe_flags);
			_exit(1);
		}
		ASSERT_EQ(1, read(pipe_fds[0], &byte, 1));
		usleep(rand_r(&seed) % 30000);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, child_status(pid));
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		WAIT_NOTHING_LEFT(self->fd);
	}
}

TEST_HARNESS_MAIN
