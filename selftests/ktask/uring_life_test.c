// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks as io_uring commands whose ring, set or thread goes away, or whose program
 * becomes another; and commands that all kinds of things happen to at once.
 */
#include <sys/eventfd.h>

#include "uring.h"

#define ENTRIES		SLEEPERS_MAX

/* --- Rings that are closed --------------------------------------------------- */

FIXTURE(life) {
	int fd;
	struct ring ring;
	struct ktask_completion c;
};

FIXTURE_VARIANT(life) {
	unsigned int setup_flags;
	unsigned int sqe_flags;
};

FIXTURE_VARIANT_ADD(life, plain) {
};

FIXTURE_VARIANT_ADD(life, defer_taskrun) {
	.setup_flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

FIXTURE_VARIANT_ADD(life, sqpoll) {
	.setup_flags = IORING_SETUP_SQPOLL,
};

FIXTURE_VARIANT_ADD(life, async) {
	.sqe_flags = IOSQE_ASYNC,
};

FIXTURE_VARIANT_ADD(life, fixed_file) {
	.sqe_flags = IOSQE_FIXED_FILE,
};

FIXTURE_SETUP(life)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(life)
{
	close(self->fd);
}

TEST_F_TIMEOUT(life, closing_the_ring_ends_its_commands, SLOW)
{
	struct ktask_completion c;
	struct ring other;
	int64_t id;
	int i;

	for (i = 0; i < 10; i++) {
		NEED_RING(ring_open(&self->ring, self->fd, ENTRIES,
				    variant->setup_flags, variant->sqe_flags));
		ASSERT_EQ(0, start_sleepers(&self->ring, 20));
		ring_close(&self->ring);
	}
	/* But no others. */
	NEED_RING(ring_open(&other, self->fd, ENTRIES, 0, 0));
	ASSERT_EQ(0, start_sleepers(&other, 1));
	ASSERT_LT(0, id = kt_sleep(self->fd, HOUR, 0));
	while (file_tasks(self->fd) != 2)
		sched_yield();
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 0, &c));
	ASSERT_EQ(0, kt_abort_all(self->fd));
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, &c));
	EXPECT_EQ(-ECANCELED, ring_run(&other));
	ring_close(&other);
	WAIT_NOTHING_LEFT(self->fd);
}

/* What runs does not stop at once; the ring does not wait for it. */
TEST_F_TIMEOUT(life, closing_the_ring_ends_what_runs, SLOW)
{
	struct ktask_args_hash args = { .alg = "sha256" };
	struct ktask_desc desc;
	int i;

	args.fd = sparse_file();
	ASSERT_LE(0, args.fd);
	for (i = 0; i < 5; i++) {
		NEED_RING(ring_open(&self->ring, self->fd, ENTRIES,
				    variant->setup_flags, variant->sqe_flags));
		desc = DESC(self->ring.hash, args);
		self->c.id = 0;
		ring_spawn(&self->ring, &desc, &self->c, 0);
		ring_spawn(&self->ring, &desc, NULL, 1);
		ASSERT_LE(0, io_uring_submit(&self->ring.io));
		ring_wait_id(&self->c);
		ring_close(&self->ring);
	}
	close(args.fd);
	WAIT_NOTHING_LEFT(self->fd);
}

TEST_F(life, set_and_ring_are_closed)
{
	int other = kt_open(0);

	ASSERT_LE(0, other);
	NEED_RING(ring_open(&self->ring, self->fd, ENTRIES, variant->setup_flags,
			    variant->sqe_flags));
	ASSERT_EQ(0, start_sleepers(&self->ring, 20));
	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	ASSERT_EQ(0, close(self->fd));
	self->fd = other;
	ring_close(&self->ring);
	WAIT_NOTHING_LEFT(self->fd);
}

/* What a task may hold, if nothing tells when the program is gone: no eventfd. */
TEST_F(life, held_files_need_a_descriptor_of_the_set)
{
	struct ktask_args_poll args = { .events = POLLIN };
	int other = kt_open(0);
	struct ktask_desc desc;

	if (!(variant->sqe_flags & IOSQE_FIXED_FILE))
		SKIP(return, "only registered files do without");
	ASSERT_LE(0, other);
	args.fd = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, args.fd);
	NEED_RING(ring_open(&self->ring, self->fd, ENTRIES, variant->setup_flags,
			    variant->sqe_flags));
	ASSERT_EQ(0, close(self->fd));
	self->fd = other;
	desc = DESC(self->ring.poll, args);
	ring_spawn(&self->ring, &desc, &self->c, 0);
	EXPECT_EQ(-ECANCELED, ring_run(&self->ring));
	EXPECT_EQ(KTASK_CAUSE_ABORT, self->c.cause);
	ring_close(&self->ring);
	close(args.fd);
	WAIT_NOTHING_LEFT(self->fd);
}

/* --- Machines that are suspended ------------------------------------------------ */

static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	close(fd);
	return err;
}

/* Threads of io_uring's that wait are frozen in that, and not woken up. */
TEST_F(life, freezing_ends_none)
{
	int err = write_to("/sys/power/pm_test", "freezer");
	struct io_uring_cqe *cqe;

	if (err)
		SKIP(return, "this kernel cannot test freezing: %s", strerror(-err));
	EXPECT_EQ(0, write_to("/sys/module/suspend/parameters/pm_test_delay", "0"));
	NEED_RING(ring_open(&self->ring, self->fd, ENTRIES, variant->setup_flags,
			    variant->sqe_flags));
	ASSERT_EQ(0, start_sleepers(&self->ring, STARTED));
	EXPECT_EQ(0, write_to("/sys/power/state", "freeze"));
	EXPECT_EQ(0, write_to("/sys/power/pm_test", "none"));
	EXPECT_EQ(STARTED, file_tasks(self->fd));
	EXPECT_EQ(-EAGAIN, io_uring_peek_cqe(&self->ring.io, &cqe));
	ring_close(&self->ring);
	WAIT_NOTHING_LEFT(self->fd);
}

/* --- Threads that end --------------------------------------------------------- */

static void *submit_and_end(void *arg)
{
	struct ring *r = arg;

	return start_sleepers(r, 2) ? arg : NULL;
}

TEST_F(life, ending_thread_leaves_its_commands)
{
	struct io_uring_cqe cqe;
	pthread_t thread;
	void *failed;
	int i, res;

	if (variant->setup_flags & IORING_SETUP_SINGLE_ISSUER)
		SKIP(return, "only one thread may use the ring");
	NEED_RING(ring_open(&self->ring, self->fd, ENTRIES, variant->setup_flags,
			    variant->sqe_flags));
	ASSERT_EQ(0, pthread_create(&thread, NULL, submit_and_end, &self->ring));
	ASSERT_EQ(0, pthread_join(thread, &failed));
	ASSERT_EQ(NULL, failed);

	ASSERT_EQ(0, kt_abort_all(self->fd));
	for (i = 0; i < 2; i++) {
		res = ring_wait_cqe(&self->ring, &cqe, NULL);
		/* Nobody is left who could write the completion. */
		if (variant->setup_flags & IORING_SETUP_SQPOLL ||
		    variant->sqe_flags & IOSQE_ASYNC) {
			EXPECT_EQ(-ECANCELED, res);
		} else {
			EXPECT_EQ(-EFAULT, res);
		}
	}
	ring_close(&self->ring);
	WAIT_NOTHING_LEFT(self->fd);
}

/* A child has the ring too; that the parent dies is no reason to cancel. */
TEST_F(life, ring_outlives_who_submitted)
{
	struct io_uring_cqe cqe;
	int i, pipe_fds[2];
	pid_t pid;
	char byte;

	if (variant->setup_flags || variant->sqe_flags)
		SKIP(return, "the other rings end with their threads");
	ASSERT_EQ(0, pipe(pipe_fds));
	NEED_RING(ring_open(&self->ring, self->fd, ENTRIES, 0, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct ktask_desc desc = DESC(self->ring.sleep, an_hour);

		ring_spawn(&self->ring, &desc, NULL, 0);
		ring_spawn(&self->ring, &desc, NULL, 1);
		if (io_uring_submit(&self->ring.io) != 2 ||
		    write(pipe_fds[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	ASSERT_EQ(1, read(pipe_fds[0], &byte, 1));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(128 + SIGKILL, child_status(pid));
	EXPECT_EQ(2, file_tasks(self->fd));
	ASSERT_EQ(0, kt_abort_all(self->fd));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(-ECANCELED, ring_wait_cqe(&self->ring, &cqe, NULL));
	ring_close(&self->ring);
	WAIT_NOTHING_LEFT(self->fd);
}

/* --- Programs that become others ------------------------------------------------ */

static void exec_with_sleepers(unsigned int setup_flags, unsigned int sqe_flags)
{
	struct ring r;
	int fd = kt_open(0);

	/* The first fails, which must not end anything. */
	if (fd < 0 || ring_open(&r, fd, ENTRIES, setup_flags, sqe_flags) ||
	    start_sleepers(&r, 20) ||
	    execl("/nowhere", "nowhere", NULL) != -1 ||
	    file_tasks(fd) < STARTED)
		_exit(1);
	execlp("true", "true", NULL);
	_exit(2);
}

TEST_F_TIMEOUT(life, exec_ends_them, SLOW)
{
	int i;

	NEED_RING(ring_open(&self->ring, self->fd, ENTRIES, 0, 0));
	ring_close(&self->ring);
	for (i = 0; i < 5; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid)
			exec_with_sleepers(variant->setup_flags,
					   variant->sqe_flags);
		ASSERT_EQ(0, child_status(pid));
		WAIT_NOTHING_LEFT(self->fd);
	}
}

/* --- Everything at once -------------------------------------------------------------- */

#define STORM_THREADS	4
#define STORM_COMMANDS	32
/* user_data of what is not a task */
#define CANCEL_DATA	(1 << 20)

/* A command that may be in flight, and what the kernel may look at then. */
struct storm_command {
	bool pending;
	struct ktask_desc desc;
	struct ktask_completion c;
	struct __kernel_timespec ts;
	union {
		struct ktask_args_nop nop;
		struct ktask_args_sleep sleep;
		struct ktask_args_hash hash;
		struct ktask_args_poll poll;
	};
};

/* A thread with a ring of its own, on a set that all share. */
struct storm {
	pthread_t thread;
	unsigned int setup_flags;
	unsigned int sqe_flags;
	unsigned int seed;
	int fd;
	int file;
	int event;
	const _Atomic bool *stop;
	struct ring ring;
	struct storm_command commands[STORM_COMMANDS];
	unsigned int nr_pending;
	unsigned long done, cancelled;
	const char *wrong;
	long long got;
};

static void storm_wrong(struct storm *s, const char *what, long long got)
{
	if (!s->wrong) {
		s->wrong = what;
		s->got = got;
	}
}

/* A descriptor of anything. What it names stays, as a thread may read it late. */
static void storm_desc(struct storm *s, struct storm_command *cmd)
{
	switch (rand_r(&s->seed) % 16) {
	case 0:
		cmd->hash = (struct ktask_args_hash){
			.fd = s->file,
			.length = rand_r(&s->seed) % 3 ? 100000 : 0,
			.alg = "sha256",
		};
		cmd->desc = DESC(s->ring.hash, cmd->hash);
		break;
	case 1 ... 4:
		cmd->sleep.duration_ns = rand_r(&s->seed) % 2 ? HOUR :
					 rand_r(&s->seed) % MSEC;
		cmd->desc = DESC(s->ring.sleep, cmd->sleep);
		break;
	case 5 ... 6:
		cmd->poll.fd = s->event;
		cmd->poll.events = POLLIN;
		cmd->desc = DESC(s->ring.poll, cmd->poll);
		break;
	default:
		cmd->nop.result = rand_r(&s->seed) % 100;
		cmd->desc = DESC(s->ring.nop, cmd->nop);
	}
	if (!(rand_r(&s->seed) % 8))
		cmd->desc.timeout_ns = rand_r(&s->seed) % MSEC;
}

static void storm_spawn(struct storm *s)
{
	unsigned int i = rand_r(&s->seed) % STORM_COMMANDS;
	struct storm_command *cmd = &s->commands[i];
	struct io_uring_sqe *sqe;

	if (cmd->pending)
		return;
	storm_desc(s, cmd);
	cmd->desc.user_data = i;
	memset(&cmd->c, 0, sizeof(cmd->c));
	sqe = ring_spawn(&s->ring, &cmd->desc,
			 rand_r(&s->seed) % 8 ? &cmd->c : NULL, i);
	if (!(rand_r(&s->seed) % 4))
		sqe->flags |= IOSQE_ASYNC;
	cmd->pending = true;
	s->nr_pending++;
	if (!(rand_r(&s->seed) % 4)) {
		sqe->flags |= IOSQE_IO_LINK;
		cmd->ts.tv_nsec = rand_r(&s->seed) % MSEC;
		sqe = ring_sqe(&s->ring);
		io_uring_prep_link_timeout(sqe, &cmd->ts, 0);
		sqe->user_data = CANCEL_DATA;
	}
	io_uring_submit(&s->ring.io);
}

static void storm_cancel(struct storm *s)
{
	struct io_uring_sqe *sqe = ring_sqe(&s->ring);

	if (rand_r(&s->seed) % 8)
		io_uring_prep_cancel64(sqe, rand_r(&s->seed) % STORM_COMMANDS, 0);
	else
		io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY);
	sqe->user_data = CANCEL_DATA;
	io_uring_submit(&s->ring.io);
}

static void storm_reap_one(struct storm *s, const struct io_uring_cqe *cqe)
{
	struct storm_command *cmd = &s->commands[cqe->user_data % STORM_COMMANDS];
	const struct ktask_completion *c = &cmd->c;

	if (cqe->user_data == CANCEL_DATA)
		return;
	if (cqe->user_data >= STORM_COMMANDS || !cmd->pending) {
		storm_wrong(s, "a CQE for nothing", cqe->user_data);
		return;
	}
	cmd->pending = false;
	s->nr_pending--;
	s->done++;
	s->cancelled += cqe->res == -ECANCELED;
	if (cqe->res < 0 && cqe->res != -ECANCELED)
		storm_wrong(s, "result", cqe->res);
	/* There is no completion if it was cancelled before it was started. */
	if (c->id && c->user_data != cqe->user_data)
		storm_wrong(s, "user_data", c->user_data);
	if (c->id && c->result != cqe->res)
		storm_wrong(s, "completion", c->result);
}

static void storm_reap(struct storm *s)
{
	struct __kernel_timespec now = {};
	struct io_uring_cqe *cqe;

	while (!io_uring_wait_cqe_timeout(&s->ring.io, &cqe, &now)) {
		storm_reap_one(s, cqe);
		io_uring_cqe_seen(&s->ring.io, cqe);
	}
}

static void *storm_main(void *arg)
{
	struct storm *s = arg;
	int err, i;

	err = ring_open(&s->ring, s->fd, ENTRIES, s->setup_flags, s->sqe_flags);
	if (err) {
		storm_wrong(s, "ring", err);
		return NULL;
	}
	while (!*s->stop) {
		switch (rand_r(&s->seed) % 16) {
		case 0:
			storm_cancel(s);
			break;
		case 1 ... 2:
			i = rand_r(&s->seed) % STORM_COMMANDS;
			err = kt_abort(s->fd, s->commands[i].c.id);
			if (err && err != -ENOENT && err != -EALREADY)
				storm_wrong(s, "abort", err);
			break;
		case 3:
			if (s->nr_pending == STORM_COMMANDS)
				kt_abort_all(s->fd);
			break;
		case 4 ... 5:
			storm_reap(s);
			break;
		default:
			storm_spawn(s);
		}
	}
	/* Half of them close the ring with what is in flight. */
	while (s->nr_pending && s->seed % 2) {
		kt_abort_all(s->fd);
		storm_reap(s);
	}
	ring_close(&s->ring);
	return NULL;
}

TEST_F_TIMEOUT(life, storm_ends_each_once, SLOW)
{
	static struct storm storms[STORM_THREADS];
	_Atomic bool stop = false;
	unsigned int seed = time(NULL);
	int i;

	NEED_RING(ring_open(&self->ring, self->fd, 8, 0, 0));
	ring_close(&self->ring);
	if (getenv("KTASK_SEED"))
		seed = strtoul(getenv("KTASK_SEED"), NULL, 0);
	TH_LOG("KTASK_SEED=%u", seed);
	for (i = 0; i < STORM_THREADS; i++) {
		storms[i] = (struct storm){
			.setup_flags = variant->setup_flags,
			.sqe_flags = variant->sqe_flags,
			.seed = seed + i,
			.fd = self->fd,
			.file = sparse_file(),
			.event = eventfd(0, EFD_CLOEXEC),
			.stop = &stop,
		};
		ASSERT_LE(0, storms[i].file);
		ASSERT_LE(0, storms[i].event);
		ASSERT_EQ(0, pthread_create(&storms[i].thread, NULL, storm_main,
					    &storms[i]));
	}
	sleep(2);
	stop = true;
	for (i = 0; i < STORM_THREADS; i++) {
		ASSERT_EQ(0, pthread_join(storms[i].thread, NULL));
		EXPECT_EQ(NULL, storms[i].wrong) {
			TH_LOG("%s: %lld", storms[i].wrong, storms[i].got);
		}
		TH_LOG("%lu commands, %lu cancelled", storms[i].done,
		       storms[i].cancelled);
		close(storms[i].file);
		close(storms[i].event);
	}
	WAIT_NOTHING_LEFT(self->fd);
}

TEST_HARNESS_MAIN
