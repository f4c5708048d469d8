// SPDX-License-Identifier: GPL-2.0
/*
 * A program whose threads do all that there is, in any order, and which is killed
 * in the midst of it, many times: nothing may be left. What each call gives is of
 * no interest here.
 *
 * As in kill_test.c, what is left is asked right after waitpid().
 */
#include <stdatomic.h>
#include <sys/eventfd.h>

#include "helpers.h"

#define THREADS		6
#define GROUPS		8
#define FDS		16

/* What the threads share. Numbers that are out of date are welcome. */
static struct {
	int fd;
	int file;
	int event;
	int pipe[2];
	int socks[2];
	_Atomic __u64 last;		/* id, about */
	_Atomic __u32 groups[GROUPS];
	_Atomic int fds[FDS];		/* of tasks and groups */
} the;

struct thread {
	pthread_t thread;
	unsigned int seed;
	struct ktask_completion c[16];
	struct ktask_task tasks[16];
	char out[5000];
};

static int below(struct thread *t, int n)
{
	return rand_r(&t->seed) % n;
}

static __u64 some_id(struct thread *t)
{
	return the.last - below(t, 40);
}

static __u32 some_group(struct thread *t)
{
	return below(t, 2) ? the.groups[below(t, GROUPS)] : 0;
}

static __s64 some_time(struct thread *t)
{
	return below(t, 3 * MSEC);
}

/* One descriptor, with all that may be said of a task. */
struct words {
	struct ktask_args_nop nop;
	struct ktask_args_sleep sleep;
	struct ktask_args_hash hash;
	struct ktask_args_read read;
	struct ktask_args_poll poll;
	struct ktask_after after[4];
};

static struct ktask_desc some_task(struct thread *t, struct words *w, int n)
{
	const int held[] = { the.event, the.pipe[0], the.socks[below(t, 2)] };
	struct ktask_desc desc;
	int i;

	w->nop.result = below(t, 4) - 1;
	w->sleep.duration_ns = below(t, 3) ? some_time(t) : HOUR;
	w->hash = (struct ktask_args_hash){
		.fd = the.file,
		.length = below(t, 3) ? 10000 : 0,
		.alg = "sha256",
	};
	w->read = (struct ktask_args_read){ .fd = the.file, .length = 1 + below(t, 9000) };
	w->poll = (struct ktask_args_poll){ .fd = held[below(t, 3)], .events = POLLIN };
	switch (below(t, 8)) {
	case 0:
		desc = kt_desc(the.fd, "sleep", &w->sleep, sizeof(w->sleep));
		break;
	case 1:
		desc = kt_desc(the.fd, "hash", &w->hash, sizeof(w->hash));
		break;
	case 2:
		desc = kt_desc(the.fd, "read", &w->read, sizeof(w->read));
		break;
	case 3:
		desc = kt_desc(the.fd, "poll", &w->poll, sizeof(w->poll));
		break;
	default:
		desc = kt_desc(the.fd, "nop", &w->nop, sizeof(w->nop));
	}
	desc.group = some_group(t);
	desc.delay_ns = below(t, 3) ? 0 : some_time(t);
	desc.timeout_ns = below(t, 3) ? 0 : some_time(t);
	desc.priority = below(t, 4) ? KTASK_PRIORITY_NORMAL : KTASK_PRIORITY_IDLE;
	desc.flags = below(t, 8) ? 0 : KTASK_DESC_DETACHED;
	desc.nr_after = below(t, 2) ? 0 : below(t, 4);
	desc.after = to_u64(w->after);
	for (i = 0; i < 4; i++) {
		bool index = n && below(t, 3);

		w->after[i] = (struct ktask_after){
			.id = index ? (__u64)below(t, n) : some_id(t),
			.flags = (index ? KTASK_AFTER_INDEX : 0) |
				 (below(t, 2) ? KTASK_AFTER_ANY : 0) |
				 (below(t, 3) ? 0 : KTASK_AFTER_INPUT),
		};
	}
	return desc;
}

static void spawn_some(struct thread *t)
{
	struct words words[8];
	struct ktask_desc descs[8];
	struct ktask_spawn spawn = {
		.size = sizeof(spawn),
		.flags = below(t, 4) ? KTASK_SPAWN_NOWAIT : below(t, 3),
		.nr = 1 + below(t, 8),
		.desc_size = sizeof(descs[0]),
		.descs = to_u64(descs),
		.completions = to_u64(t->c),
		.max_completions = below(t, 2) ? 0 : 16,
		.timeout_ns = some_time(t),
	};
	unsigned int i;

	if (spawn.max_completions)
		spawn.min_completions = below(t, 8);
	for (i = 0; i < spawn.nr; i++)
		descs[i] = some_task(t, &words[i], i);
	kt_ioctl(the.fd, KTASK_SPAWN, &spawn);
	if (spawn.spawned)
		the.last = descs[spawn.spawned - 1].id;
}

static void take_some(struct thread *t)
{
	__u64 ids[5];
	int i;

	switch (below(t, 6)) {
	case 0:
		kt_join(the.fd, some_id(t), below(t, 20) ? some_time(t) : FOREVER, t->c);
		break;
	case 1:
		for (i = 0; i < 5; i++)
			ids[i] = some_id(t);
		kt_join_any(the.fd, below(t, 2), ids, 1 + below(t, 5), some_time(t),
			    t->c, NULL);
		break;
	case 2:
		kt_join_group(the.fd, some_group(t), some_time(t), t->c);
		break;
	case 3:
		kt_join_out(the.fd, below(t, 2) ? some_id(t) : 0, some_time(t), t->c,
			    t->out, sizeof(t->out));
		break;
	case 4:
		kt_read(the.fd, t->c, 1 + below(t, 16));
		break;
	default:
		kt_output(the.fd, below(t, 2), some_id(t), below(t, 100), t->out,
			  sizeof(t->out), NULL);
	}
}

static void change_something(struct thread *t)
{
	__u32 nr;

	switch (below(t, 8)) {
	case 0:
		kt_abort(the.fd, some_id(t));
		break;
	case 1:
		kt_detach(the.fd, some_id(t));
		break;
	case 2:
		kt_abort_group(the.fd, the.groups[below(t, GROUPS)]);
		break;
	case 3:
		if (!below(t, 20))
			kt_abort_all(the.fd);
		break;
	case 4:
		nr = kt_group_new(the.fd, below(t, 4), below(t, 2) * 50);
		the.groups[below(t, GROUPS)] = (int)nr < 0 ? 0 : nr;
		break;
	case 5:
		kt_group_set(the.fd, some_group(t), below(t, 4), below(t, 2) * 50);
		break;
	case 6:
		kt_group_remove(the.fd, the.groups[below(t, GROUPS)]);
		break;
	default:
		kt_eventfd(the.fd, below(t, 3) ? the.event : -1, some_group(t));
	}
}

static void look_at_something(struct thread *t)
{
	__u64 file = 0, id = 0;
	_Atomic int *slot = &the.fds[below(t, FDS)];
	int fd;

	switch (below(t, 5)) {
	case 0:
		kt_status(the.fd, some_id(t), t->tasks);
		break;
	case 1:
		kt_list(the.fd, below(t, 2), &file, &id, t->tasks, 1 + below(t, 16));
		break;
	case 2:
		fd = *slot;
		if (fd > 0) {
			fcntl(fd, F_SETFL, O_NONBLOCK);
			kt_read(fd, t->c, 4);
		}
		break;
	case 3:
		/* Another set, for a moment. */
		fd = kt_open(0);
		if (fd >= 0) {
			kt_restrict(fd, 0, &(__u32){ below(t, 4) }, 1);
			kt_nop(fd, 0, 0);
			kt_sleep(fd, HOUR, 0);
			close(fd);
		}
		break;
	default:
		fd = below(t, 2) ? kt_fd(the.fd, some_id(t), 0) :
				   kt_fd(the.fd, 0, the.groups[below(t, GROUPS)]);
		fd = atomic_exchange(slot, fd > 0 ? fd : 0);
		if (fd > 0)
			close(fd);
	}
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	for (;;) {
		switch (below(t, 8)) {
		case 0:
		case 1:
		case 2:
			spawn_some(t);
			break;
		case 3:
		case 4:
			take_some(t);
			break;
		case 5:
		case 6:
			change_something(t);
			break;
		default:
			look_at_something(t);
		}
	}
	return NULL;
}

static void be_busy(unsigned int seed)
{
	static struct thread threads[THREADS];
	int i;

	the.file = sparse_file();
	the.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pipe(the.pipe) || socketpair(AF_UNIX, SOCK_STREAM, 0, the.socks))
		return;
	/* Much would wait for what nobody does any more. */
	fcntl(the.fd, F_SETFL, O_NONBLOCK);
	for (i = 0; i < THREADS; i++) {
		threads[i].seed = seed + i;
		pthread_create(&threads[i].thread, NULL, thread_main, &threads[i]);
	}
	pause();
}

FIXTURE(killed) {
	int fd;
};

FIXTURE_SETUP(killed)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(killed)
{
	close(self->fd);
}

/* The limit of each test is for an idle machine; this one has much to do. */
TEST_F_TIMEOUT(killed, a_hundred_times_and_nothing_is_left, 2 * SLOW)
{
	int rounds = getenv("KTASK_QUICK") ? 15 : 100;
	unsigned int seed = time(NULL);
	struct ktask_info before, after;
	int round;

	if (getenv("KTASK_SEED"))
		seed = strtoul(getenv("KTASK_SEED"), NULL, 0);
	TH_LOG("KTASK_SEED=%u", seed);
	ASSERT_EQ(0, kt_info(self->fd, &before));
	for (round = 0; round < rounds; round++) {
		int pipe_fds[2];
		pid_t pid;
		char byte;

		ASSERT_EQ(0, pipe(pipe_fds));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			close(self->fd);
			the.fd = kt_open(0);
			if (the.fd >= 0 && write(pipe_fds[1], "", 1) == 1)
				be_busy(seed + round * THREADS);
			_exit(1);
		}
		/* At any moment from the first call on. */
		ASSERT_EQ(1, read(pipe_fds[0], &byte, 1));
		usleep(rand_r(&seed) % 100000);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, child_status(pid));
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		ASSERT_NOTHING_LEFT();
	}
	ASSERT_EQ(0, kt_info(self->fd, &after));
	TH_LOG("%llu tasks", after.spawned - before.spawned);
	EXPECT_LT(before.spawned, after.spawned);
}

TEST_HARNESS_MAIN
