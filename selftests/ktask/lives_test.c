// SPDX-License-Identifier: GPL-2.0
/*
 * What a program goes through while its tasks run: it forks, executes another, gives
 * its descriptor away, and all of them are killed; its memory cgroup is full; its
 * cgroup is frozen; the machine is suspended.
 */
#include <sys/eventfd.h>

#include "helpers.h"

FIXTURE(lives) {
	int fd;
};

FIXTURE_SETUP(lives)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(lives)
{
	close(self->fd);
}

/* --- A set in many hands, all of which are cut off ------------------------------ */

#define FAMILY		4

/* Tasks that run, wait, or hold a descriptor, as many as there may be meanwhile. */
static void spawn_all_kinds(int fd, int file, int pipe_fd)
{
	struct ktask_args_hash hash = { .fd = file, .alg = "sha256" };
	struct ktask_args_poll poll = { .fd = pipe_fd, .events = POLLIN };
	struct ktask_completion c[8];

	kt_spawn_op(fd, "hash", &hash, sizeof(hash), 0);
	kt_spawn_op(fd, "poll", &poll, sizeof(poll), 0);
	kt_sleep(fd, HOUR, 0);
	kt_sleep(fd, MSEC, 0);
	kt_nop(fd, 0, 0);
	kt_join(fd, 0, MSEC, c);
}

static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may be gone already. */
	if (getppid() != parent)
		_exit(1);
}

/*
 * A member of the family: works with the set that it has, gives it to the next by a
 * socket, and becomes another program now and then. The set stays open over that.
 */
static void member(int fd, int in, int out, unsigned int seed, pid_t first)
{
	int file = sparse_file(), fds[2];

	die_with(first);
	if (pipe(fds))
		_exit(1);
	fcntl(fd, F_SETFD, 0);
	for (;;) {
		pid_t self = getpid(), child;
		int got;

		spawn_all_kinds(fd, file, fds[0]);
		switch (rand_r(&seed) % 5) {
		case 0:
			send_fd(out, fd);
			break;
		case 1:
			got = recv(in, &(char){ 0 }, 1, MSG_PEEK | MSG_DONTWAIT) == 1 ?
			      receive_fd(in) : -1;
			if (got >= 0) {
				spawn_all_kinds(got, file, fds[0]);
				close(got);
			}
			break;
		case 2:
			child = fork();
			if (!child) {
				die_with(self);
				spawn_all_kinds(fd, file, fds[0]);
				_exit(0);
			}
			waitpid(child, NULL, 0);
			break;
		case 3:
			child = fork();
			if (!child) {
				die_with(self);
				execlp("true", "true", NULL);
				_exit(0);
			}
			if (rand_r(&seed) % 2)
				waitpid(child, NULL, 0);
			break;
		default:
			kt_abort_all(fd);
		}
	}
}

/* In a process of its own, which dies with them. */
static void be_a_family(int ready, unsigned int seed)
{
	int socks[2], i, fd = kt_open(0);
	pid_t first = getpid();

	if (fd < 0 || socketpair(AF_UNIX, SOCK_DGRAM, 0, socks))
		_exit(1);
	for (i = 0; i < FAMILY; i++) {
		if (!fork())
			member(fd, socks[i & 1], socks[!(i & 1)], seed + i, first);
	}
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* Until all of the killed have ended, those of whom nobody else takes notice too. */
static void wait_for_all(void)
{
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

TEST_F_TIMEOUT(lives, family_with_one_set_is_killed_and_nothing_is_left, 2 * SLOW)
{
	unsigned int seed = time(NULL), round, nr = getenv("KTASK_QUICK") ? 10 : 50;
	struct ktask_info info;

	if (getenv("KTASK_SEED"))
		seed = strtoul(getenv("KTASK_SEED"), NULL, 0);
	TH_LOG("KTASK_SEED=%u", seed);
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	for (round = 0; round < nr; round++) {
		int pipe_fds[2];
		pid_t pid;
		char byte;

		ASSERT_EQ(0, pipe(pipe_fds));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			/* So that all can be killed at once. */
			setpgid(0, 0);
			close(self->fd);
			be_a_family(pipe_fds[1], seed + round * FAMILY);
		}
		ASSERT_EQ(1, read(pipe_fds[0], &byte, 1));
		usleep(rand_r(&seed) % 100000);
		if (rand_r(&seed) % 2) {
			/* The first takes the others with it, in its own time. */
			ASSERT_EQ(0, kill(pid, SIGKILL));
		} else {
			ASSERT_EQ(0, kill(-pid, SIGKILL));
		}
		wait_for_all();
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		/* What was under way in a socket is closed a moment later. */
		do {
			sched_yield();
			ASSERT_EQ(0, kt_info(self->fd, &info));
		} while (info.files != 1);
		ASSERT_NOTHING_LEFT();
	}
}

/* --- A memory cgroup that is full ------------------------------------------------ */

#define CGROUP		"/sys/fs/cgroup/ktask-lives"
#define MEG		(1 << 20)

static int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	close(fd);
	return err;
}

/*
 * For who looks for complaints of the kernel, see selftests/vm/splat.awk: it tells at
 * length of a thread of its own that has run out of the cgroup's memory.
 */
static void announce(const char *what)
{
	put_text("/dev/kmsg", what);
}

/* Reads of a megabyte each, whose output nobody takes, until the memory is used up. */
static int fill_the_cgroup(int fd, int file, int *ended)
{
	struct ktask_args_read args = { .fd = file, .length = MEG };
	struct ktask_task task;
	int64_t id;
	int i;

	for (i = 0; i < 64; i++) {
		id = kt_spawn_op(fd, "read", &args, sizeof(args), 0);
		if (id < 0)
			return id;
		if (!wait_state(fd, id, KTASK_STATE_ENDED) &&
		    task_state(fd, id) != KTASK_STATE_ENDED)
			return -EIO;
		if (kt_status(fd, id, &task))
			return -EIO;
		++*ended;
		if (task.result < 0)
			return task.result;
	}
	return 0;
}

/* With the exit status: what was not as it should be. */
static int run_out_of_memory(int fd, int file)
{
	struct ktask_completion c;
	int ended = 0, i;
	char byte;

	if (fill_the_cgroup(fd, file, &ended) != -ENOMEM)
		return 1;
	if (ended < 4)
		return 2;
	/* Of those that ended well, each is there; and then there is memory again. */
	for (i = 0; i < ended; i++) {
		if (kt_join(fd, 0, FOREVER, &c))
			return 3;
		if (c.result == MEG &&
		    (kt_output(fd, 0, c.id, MEG - 1, &byte, 1, NULL) != 1 || byte))
			return 4;
		if (c.result != MEG && c.result != -ENOMEM)
			return 5;
	}
	ended = 0;
	return fill_the_cgroup(fd, file, &ended) == -ENOMEM && ended >= 4 ? 0 : 6;
}

TEST_F_TIMEOUT(lives, memory_cgroup_is_full_while_tasks_run, SLOW)
{
	char text[32];
	int file, err;
	pid_t pid;

	put_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) || access(CGROUP "/memory.max", W_OK)) {
		rmdir(CGROUP);
		SKIP(return, "no memory cgroups");
	}
	/* Its holes take no memory. */
	file = sparse_file();
	ASSERT_LE(0, file);
	err = put_text(CGROUP "/memory.max", "20M");
	ASSERT_EQ(0, err);
	put_text(CGROUP "/memory.swap.max", "0");
	announce("ktask selftest: memory is expected to run out");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		snprintf(text, sizeof(text), "%d", getpid());
		if (mlockall(MCL_CURRENT | MCL_FUTURE) ||
		    put_text("/proc/self/oom_score_adj", "-1000") ||
		    put_text(CGROUP "/cgroup.procs", text))
			_exit(97);
		_exit(run_out_of_memory(kt_open(0), file));
	}
	EXPECT_EQ(0, child_status(pid));
	announce("ktask selftest: memory is not expected to run out any more");
	close(file);
	ASSERT_NOTHING_LEFT();
	EXPECT_EQ(0, rmdir(CGROUP));
}

/* --- A cgroup that is frozen -------------------------------------------------------- */

#define ICE		"/sys/fs/cgroup/ktask-ice"

static bool is_frozen(void)
{
	char text[64] = "";
	int fd = open(ICE "/cgroup.events", O_RDONLY | O_CLOEXEC);
	bool frozen = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 &&
		      strstr(text, "frozen 1");

	close(fd);
	return frozen;
}

/* A program with all kinds of tasks under way, which joins, until it is killed. */
static void be_busy_in_ice(int fd, int ready)
{
	int file = sparse_file(), fds[2];
	struct ktask_completion c;
	char text[32];

	snprintf(text, sizeof(text), "%d", getpid());
	if (pipe(fds) || put_text(ICE "/cgroup.procs", text) || write(ready, "", 1) != 1)
		_exit(1);
	for (;;) {
		spawn_all_kinds(fd, file, fds[0]);
		kt_join(fd, kt_sleep(fd, MSEC, 0), FOREVER, &c);
		kt_abort_all(fd);
		while (kt_join(fd, 0, FOREVER, &c) == 0)
			;
	}
}

static uint64_t spawned_by_all(int fd)
{
	struct ktask_info info;

	return kt_info(fd, &info) ? 0 : info.spawned;
}

TEST_F_TIMEOUT(lives, frozen_program_goes_on_or_is_killed, SLOW)
{
	unsigned int seed = time(NULL), round, nr = getenv("KTASK_QUICK") ? 4 : 20;
	struct ktask_completion c;

	if (getenv("KTASK_SEED"))
		seed = strtoul(getenv("KTASK_SEED"), NULL, 0);
	TH_LOG("KTASK_SEED=%u", seed);
	if (mkdir(ICE, 0755) || access(ICE "/cgroup.freeze", W_OK)) {
		rmdir(ICE);
		SKIP(return, "no cgroups that freeze");
	}
	for (round = 0; round < nr; round++) {
		int pipe_fds[2], fd = kt_open(0);
		uint64_t before;
		int64_t id;
		pid_t pid;
		char byte;

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, pipe(pipe_fds));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			die_with(getppid());
			close(self->fd);
			be_busy_in_ice(fd, pipe_fds[1]);
		}
		ASSERT_EQ(1, read(pipe_fds[0], &byte, 1));
		usleep(rand_r(&seed) % 30000);
		/* Wherever it is in the kernel, it must come to where it can be frozen. */
		ASSERT_EQ(0, put_text(ICE "/cgroup.freeze", "1"));
		while (!is_frozen())
			sched_yield();
		/* Its set is at work all the same, for who has it too. */
		id = kt_sleep(fd, MSEC, 0);
		ASSERT_LT(0, id);
		EXPECT_EQ(0, kt_join(fd, id, FOREVER, &c));
		EXPECT_EQ(KTASK_RETURNED, c.outcome);
		if (round % 2) {
			before = spawned_by_all(self->fd);
			ASSERT_EQ(0, put_text(ICE "/cgroup.freeze", "0"));
			while (spawned_by_all(self->fd) < before + 10)
				sched_yield();
		}
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(128 + SIGKILL, child_status(pid));
		ASSERT_EQ(0, put_text(ICE "/cgroup.freeze", "0"));
		close(fd);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		ASSERT_NOTHING_LEFT();
	}
	EXPECT_EQ(0, rmdir(ICE));
}

/* --- A machine that is suspended -------------------------------------------------- */

TEST_F(lives, freezing_ends_neither_tasks_nor_waits)
{
	int err = put_text("/sys/power/pm_test", "freezer");
	struct taker joiner, reader;
	struct ktask_info before, now;
	struct gate gates[2] = {};
	int other;

	if (err)
		SKIP(return, "this kernel cannot test freezing: %s", strerror(-err));
	EXPECT_EQ(0, put_text("/sys/module/suspend/parameters/pm_test_delay", "0"));
	other = kt_open(0);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, hash_for_ever(self->fd, 2));
	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	ASSERT_LT(0, gate_spawn(self->fd, &gates[0]));
	ASSERT_LT(0, gate_spawn(other, &gates[1]));
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, gates[0].id, FOREVER));
	ASSERT_EQ(0, reader_start(&reader, other));
	ASSERT_EQ(0, kt_info(self->fd, &before));

	EXPECT_EQ(0, put_text("/sys/power/state", "freeze"));
	EXPECT_EQ(0, put_text("/sys/power/pm_test", "none"));

	ASSERT_EQ(0, kt_info(self->fd, &now));
	EXPECT_EQ(before.completed, now.completed);
	EXPECT_EQ(5, now.file_tasks);
	/* Both wait as before, and what they wait for can come. */
	EXPECT_EQ(0, gate_open(&gates[0]));
	EXPECT_EQ(0, taker_wait(&joiner));
	EXPECT_EQ(POLLIN, joiner.completion.result);
	EXPECT_EQ(0, gate_open(&gates[1]));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(POLLIN, reader.completion.result);
	gate_close(&gates[0]);
	gate_close(&gates[1]);
	close(other);
	kt_abort_all(self->fd);
	while (kt_join(self->fd, 0, FOREVER, &joiner.completion) == 0)
		EXPECT_EQ(KTASK_CANCELLED, joiner.completion.outcome);
	ASSERT_NOTHING_LEFT();
}

/* Whatever those who are frozen are doing, and to whichever sleep they are put. */
TEST_F_TIMEOUT(lives, freezing_a_family_at_work, SLOW)
{
	static const char *const states[] = { "freeze", "mem" };
	unsigned int seed = time(NULL), round, nr = getenv("KTASK_QUICK") ? 2 : 10;
	int err = put_text("/sys/power/pm_test", "freezer"), pipe_fds[2];
	struct ktask_info info;
	uint64_t before;
	pid_t pid;
	char byte;

	if (err)
		SKIP(return, "this kernel cannot test freezing: %s", strerror(-err));
	if (getenv("KTASK_SEED"))
		seed = strtoul(getenv("KTASK_SEED"), NULL, 0);
	TH_LOG("KTASK_SEED=%u", seed);
	EXPECT_EQ(0, put_text("/sys/module/suspend/parameters/pm_test_delay", "0"));
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, pipe(pipe_fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		setpgid(0, 0);
		close(self->fd);
		be_a_family(pipe_fds[1], seed);
	}
	ASSERT_EQ(1, read(pipe_fds[0], &byte, 1));
	for (round = 0; round < nr; round++) {
		before = spawned_by_all(self->fd);
		while (spawned_by_all(self->fd) < before + 10)
			sched_yield();
		err = put_text("/sys/power/state", states[round % 2]);
		/* Not each machine has the second. */
		EXPECT_TRUE(!err || (err == -EINVAL && round % 2)) {
			TH_LOG("%s: %s", states[round % 2], strerror(-err));
		}
	}
	EXPECT_EQ(0, put_text("/sys/power/pm_test", "none"));
	ASSERT_EQ(0, kill(-pid, SIGKILL));
	wait_for_all();
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	do {
		sched_yield();
		ASSERT_EQ(0, kt_info(self->fd, &info));
	} while (info.files != 1);
	ASSERT_NOTHING_LEFT();
}

TEST_HARNESS_MAIN
