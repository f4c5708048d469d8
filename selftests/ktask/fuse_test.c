// SPDX-License-Identifier: GPL-2.0
/*
 * Files whose reads do not return: those of a FUSE server that does not answer.
 * Any user may mount one, in a user namespace, so whoever has such tasks must be
 * the only one to wait for them, and must die when killed.
 */
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "files.h"
#include "uring.h"

#define FILE_SIZE	(1 << 20)

/* Longer than anything takes that is not stuck. */
#define PATIENCE	(10 * SEC)

/*
 * @stubborn: have the kernel wait for its answers in a way that no signal ends
 * @reads: how many reads of the file it has been asked for
 * @polls: how often whether the file is ready: it is, the first time
 */
struct server {
	pthread_t thread;
	int fd;
	bool stubborn;
	_Atomic unsigned int reads;
	_Atomic unsigned int polls;
};

static void answer(int fd, uint64_t unique, int error, const void *data, size_t len)
{
	struct {
		struct fuse_out_header header;
		char data[256];
	} out = {
		.header.len = sizeof(out.header) + len,
		.header.error = error,
		.header.unique = unique,
	};

	if (len)
		memcpy(out.data, data, len);
	if (write(fd, &out, out.header.len) < 0)
		fprintf(stderr, "# fuse: %s\n", strerror(errno));
}

/* A directory with one file, by whatever name. */
static void *serve(void *arg)
{
	static const struct fuse_attr dir = { .ino = 1, .mode = S_IFDIR | 0755, .nlink = 2 };
	static const struct fuse_attr file = {
		.ino = 2,
		.mode = S_IFREG | 0644,
		.nlink = 1,
		.size = FILE_SIZE,
	};
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = 31,
		.max_write = 4096,
	};
	struct fuse_entry_out entry = {
		.nodeid = 2,
		.attr = file,
		.attr_valid = 1000,
		.entry_valid = 1000,
	};
	struct fuse_attr_out attr = { .attr_valid = 1000 };
	struct fuse_open_out opened = {};
	struct fuse_poll_out ready = { .revents = POLLIN };
	struct server *s = arg;
	static char buf[1 << 17] __attribute__((aligned(8)));
	const struct fuse_in_header *in = (void *)buf;

	/* Without it the kernel waits in a way that no signal ends. */
	if (!s->stubborn)
		init.flags = FUSE_ASYNC_READ;
	/* Until the file system is unmounted. */
	while (read(s->fd, buf, sizeof(buf)) > 0) {
		switch (in->opcode) {
		case FUSE_INIT:
			answer(s->fd, in->unique, 0, &init, sizeof(init));
			break;
		case FUSE_LOOKUP:
			answer(s->fd, in->unique, 0, &entry, sizeof(entry));
			break;
		case FUSE_GETATTR:
			attr.attr = in->nodeid == 1 ? dir : file;
			answer(s->fd, in->unique, 0, &attr, sizeof(attr));
			break;
		case FUSE_OPEN:
			answer(s->fd, in->unique, 0, &opened, sizeof(opened));
			break;
		case FUSE_READ:
			/* No answer. */
			s->reads++;
			break;
		case FUSE_POLL:
			if (!s->polls++)
				answer(s->fd, in->unique, 0, &ready, sizeof(ready));
			break;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT:
			break;
		default:
			answer(s->fd, in->unique, -ENOSYS, NULL, 0);
		}
	}
	return NULL;
}

FIXTURE(fuse) {
	int fd;
	char dir[32];
	char path[64];
	struct server server;
};

FIXTURE_SETUP(fuse)
{
	SETUP_OPEN(self->fd, 0);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		SKIP(return, "no permission to mount: %s", strerror(errno));
	if (system("modprobe -q fuse") || access("/dev/fuse", R_OK | W_OK))
		SKIP(return, "the kernel has no FUSE");
	strcpy(self->dir, "/tmp/ktask-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/file", self->dir);
}

FIXTURE_TEARDOWN(fuse)
{
	/* Ends the reads. */
	umount2(self->dir, MNT_FORCE | MNT_DETACH);
	EXPECT_EQ(0, rmdir(self->dir));
	close(self->fd);
}

static int mount_and_serve(FIXTURE_DATA(fuse) *self)
{
	char options[128];

	self->server.fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (self->server.fd < 0)
		return -errno;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0",
		 self->server.fd);
	if (mount("ktask-test", self->dir, "fuse", 0, options))
		return -errno;
	return -pthread_create(&self->server.thread, NULL, serve, &self->server);
}

/* Hash the file @nr times; returns when it is being read. */
static int hash_unanswered(FIXTURE_DATA(fuse) *self, int fd, unsigned int nr)
{
	struct ktask_args_hash args = { .alg = "sha256" };
	int err;

	args.fd = open(self->path, O_RDONLY | O_CLOEXEC);
	if (args.fd < 0)
		return -errno;
	err = kt_spawn_many(fd, "hash", &args, sizeof(args), nr);
	while (!err && !self->server.reads)
		usleep(1000);
	close(args.fd);
	return err;
}

/*
 * The server is in the process that is killed, and the file of its device is
 * closed after that of ours: those are closed last opened first.
 */
TEST_F_TIMEOUT(fuse, killed_server_of_a_file_that_it_hashes_ends, SLOW)
{
	int64_t patience = now_ns() + PATIENCE;
	int pipe_fds[2], status;
	pid_t pid, ended;
	char byte;

	ASSERT_EQ(0, pipe(pipe_fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int err = mount_and_serve(self);

		if (!err)
			err = hash_unanswered(self, kt_open(0), 1);
		if (err || write(pipe_fds[1], "", 1) != 1)
			_exit(-err);
		pause();
	}
	close(pipe_fds[1]);
	ASSERT_EQ(1, read(pipe_fds[0], &byte, 1));
	close(pipe_fds[0]);

	ASSERT_EQ(0, kill(pid, SIGKILL));
	while (!(ended = waitpid(pid, &status, WNOHANG)) && now_ns() < patience)
		usleep(10000);
	EXPECT_EQ(pid, ended) {
		TH_LOG("it waits for itself");
		umount2(self->dir, MNT_FORCE);
		waitpid(pid, &status, 0);
	}
	EXPECT_EQ(0, file_tasks(self->fd));
}

/* However many wait for such a file, others are not kept from hashing theirs. */
TEST_F_TIMEOUT(fuse, unanswered_reads_keep_no_others_waiting, SLOW)
{
	struct ktask_completion c;
	int fd = kt_open(0);
	int file = sparse_file();
	int64_t id;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, mount_and_serve(self));
	ASSERT_EQ(0, hash_unanswered(self, fd, 2000));
	id = kt_hash_range(self->fd, file, "sha256", 0, 4096, 0);
	ASSERT_LT(0, id);
	EXPECT_EQ(0, kt_join(self->fd, id, PATIENCE, &c));
	umount2(self->dir, MNT_FORCE);
	close(file);
	close(fd);
}

/* An abort leads to the end, also when the server never answers. */
TEST_F_TIMEOUT(fuse, aborted_read_ends, SLOW)
{
	struct ktask_completion c;

	ASSERT_EQ(0, mount_and_serve(self));
	ASSERT_EQ(0, hash_unanswered(self, self->fd, 1));
	ASSERT_EQ(0, kt_abort_all(self->fd));
	EXPECT_EQ(0, kt_join(self->fd, 0, PATIENCE, &c));
	umount2(self->dir, MNT_FORCE);
}

/* @path: to be hashed; NULL: one that does not end by itself. */
static void hash_by_ring(const char *path)
{
	struct ktask_args_hash args = { .alg = "sha256" };
	int fd = kt_open(0);
	struct ktask_desc desc;
	struct ring r;

	args.fd = path ? open(path, O_RDONLY | O_CLOEXEC) : sparse_file();
	if (fd < 0 || args.fd < 0 || ring_open(&r, fd, 8, 0, 0))
		_exit(1);
	desc = DESC(r.hash, args);
	ring_spawn(&r, &desc, NULL, 0);
	ring_run(&r);
	_exit(1);
}

/*
 * A kernel thread closes the set of a program that is killed with a command of
 * io_uring in flight. It must not wait for it, as it closes the sets of others too.
 */
TEST_F_TIMEOUT(fuse, stuck_task_keeps_no_kernel_thread, SLOW)
{
	struct ktask_info info;
	struct ring ring;
	pid_t pid;
	int i;

	NEED_RING(ring_open(&ring, self->fd, 8, 0, 0));
	ring_close(&ring);
	self->server.stubborn = true;
	ASSERT_EQ(0, mount_and_serve(self));
	for (i = 0; i < 3; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			hash_by_ring(i ? NULL : self->path);
		/* Until it is under way. */
		do {
			sched_yield();
			ASSERT_EQ(0, kt_info(self->fd, &info));
		} while (info.file_tasks != 1 + !!i || (!i && !self->server.reads));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, child_status(pid));
		/* All that is left is that of the first. */
		do {
			sched_yield();
			ASSERT_EQ(0, kt_info(self->fd, &info));
		} while (info.files != 2 || info.file_tasks != 1);
	}
	umount2(self->dir, MNT_FORCE);
	WAIT_NOTHING_LEFT(self->fd);
}

TEST_F_TIMEOUT(fuse, aborted_read_and_copy_end, SLOW)
{
	int file, out = temp_file("/tmp"), i;
	struct ktask_completion c;

	ASSERT_EQ(0, mount_and_serve(self));
	ASSERT_LE(0, file = open(self->path, O_RDONLY | O_CLOEXEC));
	ASSERT_LT(0, kt_read_file(self->fd, file, 0, 4096));
	ASSERT_LT(0, kt_copy(self->fd, file, 1 << 19, out, 0, 0));
	while (self->server.reads < 2)
		usleep(1000);
	ASSERT_EQ(0, kt_abort_all(self->fd));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, kt_join(self->fd, 0, PATIENCE, &c));
		EXPECT_EQ(KTASK_CANCELLED, c.outcome);
	}
	EXPECT_EQ(0, file_size(out));
	umount2(self->dir, MNT_FORCE);
	close(file);
	close(out);
}

/* A read that waits, and keeps the position of the file meanwhile. */
struct reader {
	pthread_t thread;
	int file;
};

static void *reader_main(void *arg)
{
	struct reader *r = arg;
	char byte;

	return read(r->file, &byte, 1) == 1 ? r : NULL;
}

TEST_F_TIMEOUT(fuse, aborted_wait_for_the_position_ends, SLOW)
{
	struct ktask_completion c;
	struct reader reader;
	int64_t ids[2];
	int i;

	ASSERT_EQ(0, mount_and_serve(self));
	ASSERT_LE(0, reader.file = open(self->path, O_RDWR | O_CLOEXEC));
	ASSERT_EQ(0, pthread_create(&reader.thread, NULL, reader_main, &reader));
	while (!self->server.reads)
		usleep(1000);
	ids[0] = kt_read_file(self->fd, reader.file, KTASK_OFFSET_FILE, 10);
	ids[1] = kt_write_file(self->fd, reader.file, KTASK_OFFSET_FILE, "x", 1);
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(wait_state(self->fd, ids[i], KTASK_STATE_RUNNING));
		EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, ids[i], 10 * MSEC, &c));
		ASSERT_EQ(0, kt_abort(self->fd, ids[i]));
		EXPECT_EQ(0, kt_join(self->fd, ids[i], PATIENCE, &c));
		EXPECT_EQ(KTASK_CANCELLED, c.outcome);
	}
	umount2(self->dir, MNT_FORCE);
	pthread_join(reader.thread, NULL);
	close(reader.file);
}

/* It is not for those who run all tasks to ask such a server. */
TEST_F_TIMEOUT(fuse, poll_of_a_file_is_EOPNOTSUPP, SLOW)
{
	int file;

	ASSERT_EQ(0, mount_and_serve(self));
	ASSERT_LE(0, file = open(self->path, O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(-EOPNOTSUPP, kt_poll(self->fd, file, POLLIN));
	EXPECT_EQ(0, self->server.polls);
	umount2(self->dir, MNT_FORCE);
	close(file);
}

/* Nor by way of an epoll: who spawns that waits, and nobody else. */
TEST_F_TIMEOUT(fuse, poll_of_an_epoll_with_it, SLOW)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC), file, i;
	struct ktask_args_poll args = { .fd = ep, .events = POLLIN };
	struct ktask_desc desc = kt_desc(self->fd, "poll", &args, sizeof(args));
	struct ktask_spawn spawn = {
		.size = sizeof(spawn),
		.nr = 1,
		.desc_size = sizeof(desc),
		.descs = to_u64(&desc),
	};
	struct ktask_completion c;
	struct caller caller = {
		.fd = self->fd,
		.cmd = KTASK_SPAWN,
		.arg = &spawn,
	};

	ASSERT_EQ(0, mount_and_serve(self));
	ASSERT_LE(0, file = open(self->path, O_RDONLY | O_CLOEXEC));
	/* It is ready, and so will be looked at. */
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, file, &event));
	ASSERT_EQ(0, pthread_create(&caller.thread, NULL, caller_main, &caller));
	while (self->server.polls < 2)
		usleep(1000);
	ASSERT_EQ(0, kt_sleep_many(self->fd, 1, 100));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, kt_join(self->fd, 0, PATIENCE, &c));
	/* It ends with the server, and with an error that is an event. */
	umount2(self->dir, MNT_FORCE);
	EXPECT_EQ(0, caller_wait(&caller));
	EXPECT_EQ(0, kt_join(self->fd, desc.id, PATIENCE, &c));
	close(file);
	close(ep);
}

TEST_HARNESS_MAIN
