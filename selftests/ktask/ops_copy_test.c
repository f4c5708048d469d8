// SPDX-License-Identifier: GPL-2.0
/*
 * The op copy: every errno, what cannot be copied in one call, holes, and what an
 * abort leaves.
 */
#include <limits.h>
#include <sys/resource.h>
#include <sys/swap.h>

#include "files.h"

#define SIZE	300000
#define MIB	(1LL << 20)

FIXTURE(copy) {
	int fd;
	int in;
	int out;
	struct disk disk;
	struct ktask_args_copy args;
};

FIXTURE_SETUP(copy)
{
	SETUP_OPEN(self->fd, 0);
	self->in = pattern_file(SIZE);
	ASSERT_LE(0, self->in);
	self->out = temp_file("/tmp");
	ASSERT_LE(0, self->out);
	self->args.fd_in = self->in;
	self->args.fd_out = self->out;
}

FIXTURE_TEARDOWN(copy)
{
	disk_remove(&self->disk);
	close(self->in);
	close(self->out);
	close(self->fd);
}

static int64_t copy_range(FIXTURE_DATA(copy) *self, int in, __u64 offset_in,
			  int out, __u64 offset_out, __u64 length)
{
	int64_t id = kt_copy(self->fd, in, offset_in, out, offset_out, length);

	return id < 0 ? id : kt_result(self->fd, id);
}

static int64_t copy_all(FIXTURE_DATA(copy) *self, int in, int out)
{
	return copy_range(self, in, 0, out, 0, 0);
}

/* --- Arguments ------------------------------------------------------------- */

TEST_F(copy, unknown_flags_are_EOPNOTSUPP)
{
	int i;

	for (i = 0; i < 32; i++) {
		self->args.flags = 1U << i;
		EXPECT_EQ(-EOPNOTSUPP, kt_spawn_op(self->fd, "copy", &self->args,
						   sizeof(self->args), 0));
	}
}

TEST_F(copy, reserved_is_EINVAL)
{
	self->args.reserved = 1;
	EXPECT_EQ(-EINVAL, kt_spawn_op(self->fd, "copy", &self->args,
				       sizeof(self->args), 0));
}

TEST_F(copy, args_too_small_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kt_spawn_op(self->fd, "copy", &self->args,
				       sizeof(self->args) - 1, 0));
}

TEST_F(copy, range_beyond_the_largest_file_is_EINVAL)
{
	static const __u64 ranges[][3] = {
		{ 1ULL << 63, 0, 0 }, { 0, 1ULL << 63, 0 }, { UINT64_MAX, 0, 0 },
		{ 0, UINT64_MAX, 0 }, { INT64_MAX, 0, 1 }, { 0, INT64_MAX, 1 },
		{ 0, 0, 1ULL << 63 }, { 1, 0, INT64_MAX }, { 0, 1, INT64_MAX },
		{ 1, 1, UINT64_MAX },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		EXPECT_EQ(-EINVAL, copy_range(self, self->in, ranges[i][0], self->out,
					      ranges[i][1], ranges[i][2]));
	EXPECT_EQ(0, file_size(self->out));
}

TEST_F(copy, no_descriptor_is_EBADF)
{
	EXPECT_EQ(-EBADF, copy_all(self, -1, self->out));
	EXPECT_EQ(-EBADF, copy_all(self, self->in, -1));
	EXPECT_EQ(-EBADF, copy_all(self, INT_MAX, INT_MAX));
	EXPECT_EQ(-EBADF, copy_all(self, AT_FDCWD, self->out));
}

TEST_F(copy, not_open_as_needed_is_EBADF)
{
	int file = reopen(self->in, O_WRONLY);

	EXPECT_EQ(-EBADF, copy_all(self, file, self->out));
	close(file);
	file = reopen(self->out, O_RDONLY);
	EXPECT_EQ(-EBADF, copy_all(self, self->in, file));
	close(file);
	file = reopen(self->out, O_RDWR | O_APPEND);
	EXPECT_EQ(-EBADF, copy_all(self, self->in, file));
	/* To copy from it is fine. */
	EXPECT_EQ(0, copy_all(self, file, self->in));
	close(file);
}

TEST_F(copy, directory_is_EISDIR)
{
	int file = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	EXPECT_EQ(-EISDIR, copy_all(self, file, self->out));
	close(file);
}

TEST_F(copy, other_than_regular_files_is_EINVAL)
{
	int fds[2], socks[2], zero, task, terminal;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	ASSERT_LE(0, zero = open("/dev/zero", O_RDWR | O_CLOEXEC));
	ASSERT_LE(0, task = open(PROC_TASK_FILE, O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(-EINVAL, copy_all(self, fds[0], self->out));
	EXPECT_EQ(-EINVAL, copy_all(self, self->in, fds[1]));
	EXPECT_EQ(-EINVAL, copy_all(self, socks[0], self->out));
	EXPECT_EQ(-EINVAL, copy_all(self, self->in, socks[0]));
	EXPECT_EQ(-EINVAL, copy_all(self, zero, self->out));
	EXPECT_EQ(-EINVAL, copy_all(self, self->in, zero));
	EXPECT_EQ(-EINVAL, copy_all(self, task, self->out));
	EXPECT_EQ(-EINVAL, copy_all(self, self->fd, self->out));
	EXPECT_EQ(-EINVAL, copy_all(self, self->in, self->fd));
	terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal >= 0) {
		EXPECT_EQ(-EINVAL, copy_all(self, self->in, terminal));
		close(terminal);
	}
	close(task);
	ASSERT_LE(0, task = open("/dev/vda", O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(-EINVAL, copy_all(self, task, self->out));
	close(task);
	close(zero);
	close(fds[0]);
	close(fds[1]);
	close(socks[0]);
	close(socks[1]);
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(copy, overlapping_ranges_of_a_file_are_EINVAL)
{
	int other = reopen(self->in, O_RDWR);

	EXPECT_EQ(-EINVAL, copy_range(self, self->in, 0, self->in, 0, 10));
	EXPECT_EQ(-EINVAL, copy_range(self, self->in, 0, other, 9, 10));
	EXPECT_EQ(-EINVAL, copy_range(self, self->in, 9, other, 0, 10));
	EXPECT_EQ(-EINVAL, copy_range(self, self->in, 0, other, 0, 0));
	EXPECT_EQ(-EINVAL, copy_range(self, self->in, 0, other, SIZE - 1, 0));
	EXPECT_EQ(-EINVAL, copy_range(self, self->in, 1, other, 0, 0));
	/* Nor after a length that the file does not have. */
	EXPECT_EQ(-EINVAL, copy_range(self, self->in, SIZE - 10, other, SIZE - 1, MIB));
	close(other);
}

/* --- Ranges ---------------------------------------------------------------- */

TEST_F(copy, ranges)
{
	static const struct {
		off_t in;
		off_t out;
		off_t len;
		off_t result;
	} ranges[] = {
		{ 0, 0, 0, SIZE },
		{ 0, 0, 1, 1 },
		{ 1, 0, 4096, 4096 },
		{ 4095, 4097, 2, 2 },
		{ 5, 70000, 0, SIZE - 5 },
		{ 0, 0, SIZE + 1, SIZE },
		{ SIZE - 1, 3, MIB, 1 },
		{ SIZE, 3, MIB, 0 },
		{ SIZE + 1, 3, 0, 0 },
		{ 1LL << 40, 1LL << 40, 0, 0 },
		{ 0, 1LL << 32, 0, SIZE },
	};
	size_t i;

	ASSERT_EQ(77, lseek(self->in, 77, SEEK_SET));
	ASSERT_EQ(88, lseek(self->out, 88, SEEK_SET));
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		off_t end = ranges[i].result ? ranges[i].out + ranges[i].result : 0;

		ASSERT_EQ(0, ftruncate(self->out, 0));
		EXPECT_EQ(ranges[i].result,
			  copy_range(self, self->in, ranges[i].in, self->out,
				     ranges[i].out, ranges[i].len));
		EXPECT_EQ(end, file_size(self->out));
		EXPECT_TRUE(same_bytes(self->in, ranges[i].in, self->out,
				       ranges[i].out, ranges[i].result));
	}
	EXPECT_EQ(77, lseek(self->in, 0, SEEK_CUR));
	EXPECT_EQ(88, lseek(self->out, 0, SEEK_CUR));
}

/* What is around the range stays. */
TEST_F(copy, into_the_middle)
{
	int old = pattern_file(2 * SIZE);

	ASSERT_EQ(2 * SIZE, copy_all(self, old, self->out));
	EXPECT_EQ(1000, copy_range(self, self->in, 7, self->out, 5000, 1000));
	EXPECT_EQ(2 * SIZE, file_size(self->out));
	EXPECT_TRUE(same_bytes(old, 0, self->out, 0, 5000));
	EXPECT_TRUE(same_bytes(self->in, 7, self->out, 5000, 1000));
	EXPECT_TRUE(same_bytes(old, 6000, self->out, 6000, 2 * SIZE - 6000));
	close(old);
}

/* To the end, as it was: not of what is written meanwhile. */
TEST_F(copy, within_a_file)
{
	int want = pattern_file(SIZE);

	EXPECT_EQ(SIZE, copy_range(self, self->in, 0, self->in, SIZE, 0));
	EXPECT_EQ(2 * SIZE, file_size(self->in));
	EXPECT_TRUE(same_bytes(want, 0, self->in, 0, SIZE));
	EXPECT_TRUE(same_bytes(want, 0, self->in, SIZE, SIZE));
	EXPECT_EQ(100, copy_range(self, self->in, 100, self->in, 0, 100));
	EXPECT_TRUE(same_bytes(want, 100, self->in, 0, 100));
	EXPECT_EQ(100, copy_range(self, self->in, 2 * SIZE - 100, self->in, 0, MIB));
	EXPECT_EQ(0, copy_range(self, self->in, 2 * SIZE, self->in, 0, 0));
	close(want);
}

TEST_F(copy, empty_file)
{
	int empty = temp_file("/dev/shm");

	EXPECT_EQ(0, copy_all(self, empty, self->in));
	EXPECT_EQ(SIZE, file_size(self->in));
	close(empty);
}

TEST_F(copy, descriptors_closed_after_the_spawn)
{
	int in = dup(self->in), out = dup(self->out);
	int64_t id = kt_copy(self->fd, in, 0, out, 0, 0);

	close(in);
	close(out);
	EXPECT_EQ(SIZE, kt_result(self->fd, id));
	EXPECT_TRUE(files_same(self->in, self->out));
}

TEST_F_TIMEOUT(copy, many_at_once, SLOW)
{
	struct ktask_args_copy args = { .fd_in = self->in };
	int outs[100], i;
	int64_t ids[100];

	for (i = 0; i < 100; i++) {
		ASSERT_LE(0, outs[i] = temp_file(i % 2 ? "/tmp" : "/dev/shm"));
		args.fd_out = outs[i];
		args.offset_out = i;
		ids[i] = kt_spawn_op(self->fd, "copy", &args, sizeof(args), i);
		ASSERT_LT(0, ids[i]);
	}
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(SIZE, kt_result(self->fd, ids[i]));
		ASSERT_EQ(SIZE + i, file_size(outs[i]));
		ASSERT_TRUE(same_bytes(self->in, 0, outs[i], i, SIZE));
		close(outs[i]);
	}
}

/* More than is copied in one call. */
TEST_F_TIMEOUT(copy, large_file, SLOW)
{
	const off_t size = 20 * MIB + 12345;
	int in = pattern_file(size), shm = temp_file("/dev/shm");

	ASSERT_LE(0, in);
	/* In calls for parts of it, */
	EXPECT_EQ(size, copy_all(self, in, self->out));
	EXPECT_TRUE(files_same(in, self->out));
	/* and by reading and writing. */
	EXPECT_EQ(size, copy_all(self, self->out, shm));
	EXPECT_TRUE(files_same(in, shm));
	close(in);
	close(shm);
}

/* --- From one file system to another --------------------------------------- */

TEST_F(copy, between_file_systems)
{
	const char *why = disk_make(&self->disk, "16M");
	int file, shm;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(0, file = temp_file(self->disk.mnt));
	ASSERT_LE(0, shm = temp_file("/dev/shm"));
	EXPECT_EQ(SIZE, copy_all(self, self->in, file));
	EXPECT_TRUE(files_same(self->in, file));
	EXPECT_EQ(SIZE - 3, copy_range(self, file, 3, shm, 5, 0));
	EXPECT_EQ(SIZE + 2, file_size(shm));
	EXPECT_TRUE(same_bytes(self->in, 3, shm, 5, SIZE - 3));
	EXPECT_EQ(SIZE, copy_range(self, file, 0, file, SIZE, 0));
	EXPECT_TRUE(same_bytes(self->in, 0, file, SIZE, SIZE));
	EXPECT_EQ(1000, copy_range(self, shm, 5, file, 100, 1000));
	EXPECT_TRUE(same_bytes(shm, 5, file, 100, 1000));
	close(file);
	close(shm);
}

/* Its size is 0, until one reads it. */
TEST_F(copy, from_proc)
{
	static char want[1 << 16], got[1 << 16];
	int file = open(PROC_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t len = 0, n;

	ASSERT_LE(0, file);
	while ((n = pread(file, want + len, sizeof(want) - len, len)) > 0)
		len += n;
	ASSERT_LT(10, len);
	EXPECT_EQ(len, copy_all(self, file, self->out));
	EXPECT_EQ(len, pread(self->out, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(want, got, len));
	ASSERT_EQ(0, ftruncate(self->out, 0));
	EXPECT_EQ(5, copy_range(self, file, 2, self->out, 0, 5));
	EXPECT_EQ(5, pread(self->out, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(want + 2, got, 5));
	close(file);
}

/* --- Holes ----------------------------------------------------------------- */

/*
 * Data where @map has an "x", a hole where it has a space, for each MiB; and a bit
 * more, of the same.
 */
static int holey_file(const char *dir, const char *map)
{
	static unsigned char data[1 << 20];
	int file = temp_file(dir);
	size_t i, n = strlen(map);

	if (file < 0)
		return -1;
	for (i = 0; i < n; i++) {
		pattern(data, sizeof(data), i * MIB);
		if (map[i] == 'x' && pwrite(file, data, sizeof(data), i * MIB) != MIB)
			return -1;
	}
	if (map[n - 1] == 'x' ? pwrite(file, "more", 4, n * MIB) != 4 :
				ftruncate(file, n * MIB + 4))
		return -1;
	return file;
}

static const char *const maps[] = {
	" x x", "x x ", "   x", "x   ", "    ", "xx  xx  ", " x", "x ", " ",
};

static const char *const old_maps[] = { NULL, " ", "xxxxxxxxxxx", " x x x x x x" };

TEST_F_TIMEOUT(copy, holes, SLOW)
{
	const char *why = disk_make(&self->disk, "64M");
	const char *dirs[] = { "/tmp", "/dev/shm", self->disk.mnt };
	size_t i, k;

	/* By one way and the other; with a disk, on it. */
	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		for (k = 0; k < 9; k++) {
			const char *from = dirs[k / 3], *to = dirs[k % 3];
			int in, out;

			if (why && (k / 3 == 2 || k % 3 == 2))
				continue;
			ASSERT_LE(0, in = holey_file(from, maps[i]));
			ASSERT_LE(0, out = temp_file(to));
			ASSERT_EQ(5, lseek(in, 5, SEEK_SET));
			EXPECT_EQ(file_size(in), copy_all(self, in, out));
			EXPECT_TRUE(files_same(in, out)) {
				TH_LOG("\"%s\" from %s to %s", maps[i], from, to);
			}
			EXPECT_EQ(5, lseek(in, 0, SEEK_CUR));
			/* The holes are there: but for a block at the end. */
			EXPECT_GE(file_space(in) + 65536, file_space(out)) {
				TH_LOG("\"%s\" from %s to %s", maps[i], from, to);
			}
			close(in);
			close(out);
		}
	}
}

/* What a file had before is gone where a hole is copied to. */
TEST_F_TIMEOUT(copy, holes_over_data, SLOW)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		for (k = 0; k < ARRAY_SIZE(old_maps); k++) {
			int in, out, old;
			off_t size, old_size;

			ASSERT_LE(0, in = holey_file("/tmp", maps[i]));
			old = old_maps[k] ? holey_file("/dev/shm", old_maps[k])
					  : temp_file("/dev/shm");
			out = old_maps[k] ? holey_file("/dev/shm", old_maps[k])
					  : temp_file("/dev/shm");
			ASSERT_LE(0, old);
			ASSERT_LE(0, out);
			size = file_size(in);
			old_size = file_size(old);
			/* Some of it, to somewhere else: not a block at all. */
			EXPECT_EQ(size - 5000, copy_range(self, in, 1000, out, 3333,
							  size - 5000));
			EXPECT_TRUE(same_bytes(in, 1000, out, 3333, size - 5000)) {
				TH_LOG("\"%s\" over \"%s\"", maps[i], old_maps[k]);
			}
			if (old_size > 3333)
				EXPECT_TRUE(same_bytes(old, 0, out, 0, 3333));
			if (old_size > size - 5000 + 3333) {
				EXPECT_EQ(old_size, file_size(out));
				EXPECT_TRUE(same_bytes(old, size - 5000 + 3333, out,
						       size - 5000 + 3333,
						       old_size - (size - 5000 + 3333)));
			} else {
				EXPECT_EQ(size - 5000 + 3333, file_size(out));
			}
			close(in);
			close(out);
			close(old);
		}
	}
}

/* It would take for ever, and have no room. */
TEST_F(copy, sparse_file)
{
	int in = sparse_file();

	ASSERT_LE(0, in);
	ASSERT_EQ(3, pwrite(in, "abc", 3, SPARSE_SIZE / 2));
	EXPECT_EQ(SPARSE_SIZE, copy_all(self, in, self->out));
	EXPECT_EQ(SPARSE_SIZE, file_size(self->out));
	EXPECT_TRUE(same_bytes(in, SPARSE_SIZE / 2 - MIB, self->out,
			       SPARSE_SIZE / 2 - MIB, 2 * MIB));
	EXPECT_GE(MIB, file_space(self->out));
	close(in);
}

/* Others find the position of the file as it is. */
struct looker {
	pthread_t thread;
	_Atomic bool stop;
	int file;
	off_t other;
};

static void *looker_main(void *arg)
{
	struct looker *l = arg;

	while (!l->stop) {
		off_t at = lseek(l->file, 0, SEEK_CUR);

		if (at != 5)
			l->other = at;
	}
	return NULL;
}

TEST_F_TIMEOUT(copy, holes_and_the_position_of_the_file, SLOW)
{
	struct looker looker = {};
	int i, out;

	ASSERT_LE(0, looker.file = holey_file("/tmp", " x x x x"));
	ASSERT_EQ(5, lseek(looker.file, 5, SEEK_SET));
	ASSERT_EQ(0, pthread_create(&looker.thread, NULL, looker_main, &looker));
	for (i = 0; i < 20; i++) {
		ASSERT_LE(0, out = temp_file("/tmp"));
		EXPECT_EQ(8 * MIB + 4, copy_all(self, looker.file, out));
		close(out);
	}
	looker.stop = true;
	pthread_join(looker.thread, NULL);
	EXPECT_EQ(0, looker.other);
	close(looker.file);
}

/* --- Errors ---------------------------------------------------------------- */

TEST_F(copy, file_size_limit)
{
	struct rlimit limit = { .rlim_cur = 1000, .rlim_max = RLIM_INFINITY };
	int shm = temp_file("/dev/shm"), hole = temp_file("/tmp");

	ASSERT_EQ(0, ftruncate(hole, 4096));
	ASSERT_EQ(0, catch_signal(SIGXFSZ, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	EXPECT_EQ(-EFBIG, copy_all(self, self->in, self->out));
	EXPECT_EQ(1000, file_size(self->out));
	EXPECT_EQ(-EFBIG, copy_all(self, self->in, shm));
	EXPECT_EQ(1000, file_size(shm));
	EXPECT_EQ(-EFBIG, copy_all(self, hole, shm));
	EXPECT_EQ(1000, file_size(shm));
	EXPECT_EQ(1000, copy_range(self, self->in, 0, self->out, 0, 1000));
	limit.rlim_cur = RLIM_INFINITY;
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	EXPECT_EQ(SIZE, copy_all(self, self->in, self->out));
	EXPECT_EQ(0, signals_seen);
	close(shm);
	close(hole);
}

TEST_F(copy, full_file_system_is_ENOSPC)
{
	char path[] = "/tmp/ktask-test-XXXXXX";
	int file;

	if (own_mounts())
		SKIP(return, "only root may mount");
	ASSERT_NE(NULL, mkdtemp(path));
	ASSERT_EQ(0, mount("ktask-test", path, "tmpfs", 0, "size=64k"));
	ASSERT_LE(0, file = temp_file(path));
	EXPECT_EQ(-ENOSPC, copy_all(self, self->in, file));
	EXPECT_EQ(65536, file_size(file));
	EXPECT_TRUE(same_bytes(self->in, 0, file, 0, 65536));
	close(file);
	umount2(path, MNT_DETACH);
	rmdir(path);
}

TEST_F(copy, sealed_file_is_EPERM)
{
	int file = memfd_create("ktask-test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ASSERT_EQ(0, fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(-EPERM, copy_all(self, self->in, file));
	EXPECT_EQ(-EPERM, copy_all(self, self->out, file) ?: -EPERM);
	close(file);
}

TEST_F(copy, immutable_file_is_EPERM)
{
	const char *why = disk_make(&self->disk, "8M");
	int file;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(0, file = temp_file(self->disk.mnt));
	ASSERT_EQ(0, set_immutable(file, true));
	EXPECT_EQ(-EPERM, copy_all(self, self->in, file));
	ASSERT_EQ(0, set_immutable(file, false));
	EXPECT_EQ(SIZE, copy_all(self, self->in, file));
	close(file);
}

TEST_F(copy, swap_file_is_ETXTBSY)
{
	const char *why = disk_make(&self->disk, "8M");
	char path[96], cmd[512];
	int file;

	if (why)
		SKIP(return, "%s", why);
	snprintf(path, sizeof(path), "%s/swap", self->disk.mnt);
	snprintf(cmd, sizeof(cmd),
		 "{ dd if=/dev/zero of=%s bs=1M count=2 && chmod 600 %s && mkswap %s; } >/dev/null 2>&1",
		 path, path, path);
	ASSERT_EQ(0, system(cmd));
	ASSERT_LE(0, file = open(path, O_RDWR | O_CLOEXEC));
	if (swapon(path, 0)) {
		close(file);
		SKIP(return, "no swap: %s", strerror(errno));
	}
	EXPECT_EQ(-ETXTBSY, copy_all(self, self->in, file));
	EXPECT_EQ(-ETXTBSY, copy_all(self, file, self->out));
	EXPECT_EQ(0, swapoff(path));
	EXPECT_EQ(2 * MIB, copy_all(self, file, self->out));
	close(file);
}

TEST_F(copy, direct_io_is_EINVAL)
{
	const char *why = disk_make(&self->disk, "8M");
	int file, direct;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(0, file = temp_file(self->disk.mnt));
	ASSERT_LE(0, direct = reopen(file, O_RDWR | O_DIRECT));
	EXPECT_EQ(-EINVAL, copy_all(self, self->in, direct));
	EXPECT_EQ(-EINVAL, copy_all(self, direct, self->out));
	close(direct);
	close(file);
}

/* --- Abort ----------------------------------------------------------------- */

/*
 * It waits to write to a file system that is frozen, which nothing can end; once
 * that is over, it does not go on for long.
 */
TEST_F_TIMEOUT(copy, aborted_at_work, SLOW)
{
	const char *why = disk_make(&self->disk, "64M");
	int in = pattern_file(40 * MIB), file;
	int64_t id;
	off_t size;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(0, file = temp_file(self->disk.mnt));
	ASSERT_EQ(0, disk_freeze(&self->disk));
	id = kt_copy(self->fd, in, 0, file, 0, 0);
	if (id > 0 && wait_state(self->fd, id, KTASK_STATE_RUNNING))
		kt_abort(self->fd, id);
	ASSERT_EQ(0, disk_thaw(&self->disk));
	EXPECT_TRUE(kt_cancelled(self->fd, id));
	size = file_size(file);
	EXPECT_GE(2 * MIB, size);
	EXPECT_TRUE(same_bytes(in, 0, file, 0, size));
	close(in);
	close(file);
}

TEST_F_TIMEOUT(copy, aborts_at_any_time, SLOW)
{
	const off_t size = 4 * MIB;
	int in = pattern_file(size), i, cancelled = 0;
	int64_t took = now_ns();

	ASSERT_EQ(size, copy_all(self, in, self->out));
	took = now_ns() - took;
	for (i = 0; i < 30; i++) {
		int out = temp_file(i % 2 ? "/tmp" : "/dev/shm");
		int64_t id = kt_copy(self->fd, in, 0, out, 0, 0);
		struct ktask_completion c;
		struct timespec t = { .tv_nsec = took * i / 15 % SEC };
		off_t len;

		ASSERT_LT(0, id);
		nanosleep(&t, NULL);
		kt_abort(self->fd, id);
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &c));
		len = file_size(out);
		if (c.outcome == KTASK_CANCELLED) {
			cancelled++;
			ASSERT_GE(size, len);
		} else {
			ASSERT_EQ(size, c.result);
			ASSERT_EQ(size, len);
		}
		/* What is there is right. */
		ASSERT_TRUE(same_bytes(in, 0, out, 0, len));
		close(out);
	}
	TH_LOG("%d of 30 were cancelled", cancelled);
	close(in);
}

TEST_F(copy, file_system_can_be_unmounted_once_joined)
{
	const char *why = disk_make(&self->disk, "8M");
	int file, i;

	if (why)
		SKIP(return, "%s", why);
	for (i = 0; i < 5; i++) {
		ASSERT_LE(0, file = temp_file(self->disk.mnt));
		ASSERT_LT(0, kt_copy(self->fd, self->in, 0, file, 0, 0));
		ASSERT_LT(0, kt_copy(self->fd, file, 0, self->out, 0, 0));
		close(file);
	}
	for (i = 0; i < 10; i++)
		EXPECT_LE(0, kt_result(self->fd, 0));
	EXPECT_EQ(0, umount(self->disk.mnt));
}

/* --- A pipeline ------------------------------------------------------------ */

/* Copy, have it on the disk, and compare: what a careful cp does, in one call. */
TEST_F(copy, then_fsync_then_hash_both)
{
	const char *why = disk_make(&self->disk, "8M");
	struct ktask_args_copy copy = { .fd_in = self->in };
	struct ktask_args_fsync fsync = {};
	struct ktask_args_hash hash_in = { .fd = self->in, .alg = "sha256" };
	struct ktask_args_hash hash_out = { .alg = "sha256" };
	struct ktask_after after_copy = { .id = 0, .flags = KTASK_AFTER_INDEX };
	struct ktask_after after_fsync = { .id = 1, .flags = KTASK_AFTER_INDEX };
	struct ktask_completion c[4];
	struct ktask_desc descs[4];
	int file, i;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(0, file = temp_file(self->disk.mnt));
	copy.fd_out = file;
	fsync.fd = file;
	hash_out.fd = file;
	descs[0] = kt_desc(self->fd, "copy", &copy, sizeof(copy));
	descs[1] = kt_desc(self->fd, "fsync", &fsync, sizeof(fsync));
	descs[2] = kt_desc(self->fd, "hash", &hash_in, sizeof(hash_in));
	descs[3] = kt_desc(self->fd, "hash", &hash_out, sizeof(hash_out));
	descs[1].after = to_u64(&after_copy);
	descs[2].after = to_u64(&after_fsync);
	descs[3].after = to_u64(&after_fsync);
	descs[1].nr_after = descs[2].nr_after = descs[3].nr_after = 1;
	ASSERT_EQ(4, kt_spawn_flags(self->fd, KTASK_SPAWN_ALL, descs, 4, NULL));
	close(file);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, kt_join(self->fd, descs[i].id, FOREVER, &c[i]));
		EXPECT_EQ(KTASK_RETURNED, c[i].outcome);
		EXPECT_EQ(i == 1 ? 0 : SIZE, c[i].result);
	}
	EXPECT_EQ(32, c[2].out_len);
	EXPECT_EQ(0, memcmp(c[2].out, c[3].out, 32));
}

TEST_HARNESS_MAIN
