// SPDX-License-Identifier: GPL-2.0
/*
 * The op hash: parts of files, an errno for each file that cannot be hashed, and
 * what is left. With an algorithm that every kernel has; digest_test.c has more.
 */
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <linux/memfd.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "alg.h"
#include "helpers.h"

FIXTURE(hash) {
	int fd;
	struct ktask_args_hash args;
	struct ktask_completion c;
	char hex[2 * KTASK_OUT_MAX + 1];
};

#define SHA256_EMPTY	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

FIXTURE_SETUP(hash)
{
	SETUP_OPEN(self->fd, 0);
	strcpy(self->args.alg, "sha256");
	self->args.fd = pattern_file(200000);
	ASSERT_LE(0, self->args.fd);
}

FIXTURE_TEARDOWN(hash)
{
	close(self->args.fd);
	close(self->fd);
}

static int64_t hash(FIXTURE_DATA(hash) *self)
{
	return kt_spawn_op(self->fd, "hash", &self->args, sizeof(self->args), 0);
}

static int64_t hash_of(FIXTURE_DATA(hash) *self, int file)
{
	return kt_hash(self->fd, file, "sha256", 0);
}

/* Whether the digest of @file by ktask is @want. */
static bool hashes_to(FIXTURE_DATA(hash) *self, int file, off_t offset, size_t len,
		      const unsigned char want[32])
{
	int64_t id = kt_hash_range(self->fd, file, "sha256", offset, len, 0);

	return id > 0 && !kt_join(self->fd, id, FOREVER, &self->c) &&
	       self->c.outcome == KTASK_RETURNED && self->c.out_len == 32 &&
	       !memcmp(want, self->c.out, 32);
}

/* Whether it is that by AF_ALG. */
static bool right(FIXTURE_DATA(hash) *self, int file, off_t offset, size_t len)
{
	unsigned char want[64];

	return alg_digest("sha256", file, offset, len ?: SIZE_MAX, want) == 32 &&
	       hashes_to(self, file, offset, len, want);
}

TEST_F(hash, algorithm_unknown_is_EOPNOTSUPP)
{
	static const char *const names[] = {
		"no-such-algorithm", "SHA256", "sha256 ", "%s%n", "../../etc",
		"cbc(aes)", "hmac(no-such)", "hmac(", "(", "\xff\xfe",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		memset(self->args.alg, 0, sizeof(self->args.alg));
		strcpy(self->args.alg, names[i]);
		EXPECT_EQ(-EOPNOTSUPP, hash(self)) {
			TH_LOG("\"%s\"", names[i]);
		}
	}
	/* As long as can be. */
	memset(self->args.alg, 'a', sizeof(self->args.alg) - 1);
	EXPECT_EQ(-EOPNOTSUPP, hash(self));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(hash, algorithm_with_a_key_is_EOPNOTSUPP)
{
	strcpy(self->args.alg, "hmac(sha256)");
	EXPECT_EQ(-EOPNOTSUPP, hash(self));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(hash, algorithm_empty_is_EINVAL)
{
	*self->args.alg = 0;
	EXPECT_EQ(-EINVAL, hash(self));
}

TEST_F(hash, algorithm_unterminated_is_EINVAL)
{
	memset(self->args.alg, 'a', sizeof(self->args.alg));
	EXPECT_EQ(-EINVAL, hash(self));
}

TEST_F(hash, unknown_flags_are_EOPNOTSUPP)
{
	int i;

	for (i = 0; i < 32; i++) {
		self->args.flags = 1U << i;
		EXPECT_EQ(-EOPNOTSUPP, hash(self));
	}
}

TEST_F(hash, args_too_small_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kt_spawn_op(self->fd, "hash", &self->args,
				       sizeof(self->args) - 1, 0));
	EXPECT_EQ(-EINVAL, kt_spawn_op(self->fd, "hash", NULL, 0, 0));
}

/* --- Ranges --------------------------------------------------------------- */

TEST_F(hash, range)
{
	static const struct {
		off_t offset;
		size_t len;
		__s64 result;
	} ranges[] = {
		{ 0, 1, 1 },
		{ 0, 200000, 200000 },
		{ 1, 0, 199999 },
		{ 5, 10, 10 },
		{ 4095, 2, 2 },
		{ 65535, 65538, 65538 },
		{ 199999, 1, 1 },
		{ 199999, 0, 1 },
		{ 199999, 100, 1 },
		{ 100000, 1 << 30, 100000 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		EXPECT_TRUE(right(self, self->args.fd, ranges[i].offset, ranges[i].len));
		EXPECT_EQ(ranges[i].result, self->c.result);
	}
}

TEST_F(hash, range_beyond_the_end_is_empty)
{
	static const __u64 ranges[][2] = {
		{ 200000, 0 }, { 200000, 1 }, { 200001, 0 }, { 1ULL << 40, 1 << 20 },
		{ INT64_MAX - 1, 1 }, { INT64_MAX, 0 }, { INT64_MAX - 65536, 65536 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		int64_t id = kt_hash_range(self->fd, self->args.fd, "sha256",
					   ranges[i][0], ranges[i][1], 0);

		ASSERT_LT(0, id);
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
		EXPECT_EQ(0, self->c.result);
		to_hex(self->hex, self->c.out, self->c.out_len);
		EXPECT_STREQ(SHA256_EMPTY, self->hex);
	}
}

TEST_F(hash, range_that_overflows_is_EINVAL)
{
	static const __u64 ranges[][2] = {
		{ 1ULL << 63, 0 }, { UINT64_MAX, 0 }, { UINT64_MAX, 1 },
		{ INT64_MAX, 1 }, { 1, INT64_MAX }, { 0, 1ULL << 63 },
		{ 0, UINT64_MAX }, { 1, UINT64_MAX }, { UINT64_MAX, UINT64_MAX },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		EXPECT_EQ(-EINVAL, kt_hash_range(self->fd, self->args.fd, "sha256",
						 ranges[i][0], ranges[i][1], 0));
}

/* --- Files ---------------------------------------------------------------- */

TEST_F(hash, no_descriptor_is_EBADF)
{
	int file = dup(self->args.fd);

	close(file);
	EXPECT_EQ(-EBADF, hash_of(self, file));
	EXPECT_EQ(-EBADF, hash_of(self, -2));
	EXPECT_EQ(-EBADF, hash_of(self, INT_MAX));
	EXPECT_EQ(-EBADF, hash_of(self, AT_FDCWD));
}

TEST_F(hash, write_only_is_EBADF)
{
	char path[64];
	int file;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->args.fd);
	file = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, file);
	EXPECT_EQ(-EBADF, hash_of(self, file));
	close(file);
}

TEST_F(hash, path_only_is_EBADF)
{
	int file = open("/proc/self/exe", O_PATH | O_CLOEXEC);

	ASSERT_LE(0, file);
	EXPECT_EQ(-EBADF, hash_of(self, file));
	close(file);
}

TEST_F(hash, directory_is_EISDIR)
{
	int file = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ASSERT_LE(0, file);
	EXPECT_EQ(-EISDIR, hash_of(self, file));
	close(file);
}

TEST_F(hash, pipe_is_ESPIPE)
{
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	EXPECT_EQ(-ESPIPE, hash_of(self, fds[0]));
	EXPECT_EQ(-EBADF, hash_of(self, fds[1]));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(hash, socket_is_ESPIPE)
{
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	EXPECT_EQ(-ESPIPE, hash_of(self, fds[0]));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(hash, terminal_is_ESPIPE)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (terminal < 0)
		SKIP(return, "no pseudo-terminals: %s", strerror(errno));
	EXPECT_EQ(-ESPIPE, hash_of(self, terminal));
	close(terminal);
}

TEST_F(hash, character_device_is_EINVAL)
{
	static const char *const paths[] = { "/dev/null", "/dev/zero" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		int file = open(paths[i], O_RDONLY | O_CLOEXEC);

		ASSERT_LE(0, file);
		EXPECT_EQ(-EINVAL, hash_of(self, file));
		close(file);
	}
}

TEST_F(hash, ktask_itself_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, hash_of(self, self->fd));
}

TEST_F(hash, epoll_is_ESPIPE)
{
	int file = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, file);
	EXPECT_EQ(-ESPIPE, hash_of(self, file));
	close(file);
}

/* Its file system reads it only for a thread with memory of its own. */
TEST_F(hash, proc_file_is_EINVAL)
{
	static const char *const paths[] = { "/proc/self/maps", "/proc/self/status" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		int file = open(paths[i], O_RDONLY | O_CLOEXEC);

		ASSERT_LE(0, file);
		EXPECT_EQ(-EINVAL, hash_of(self, file));
		close(file);
	}
}

TEST_F(hash, block_device)
{
	int file = open("/dev/vda", O_RDONLY | O_CLOEXEC);

	if (file < 0)
		SKIP(return, "no block device /dev/vda");
	EXPECT_TRUE(right(self, file, 1 << 20, 300001));
	EXPECT_EQ(300001, self->c.result);
	close(file);
}

/* Any of the kernel's modules: those are on a disk. */
static int disk_file(int flags)
{
	char pattern[256];
	struct utsname name;
	glob_t found;
	int fd = -1;

	uname(&name);
	snprintf(pattern, sizeof(pattern), "/lib/modules/%s/kernel/*/*.ko*", name.release);
	glob(pattern, 0, NULL, &found);
	snprintf(pattern, sizeof(pattern), "/lib/modules/%s/kernel/*/*/*.ko*", name.release);
	glob(pattern, GLOB_APPEND, NULL, &found);
	if (found.gl_pathc)
		fd = open(found.gl_pathv[0], O_RDONLY | O_CLOEXEC | flags);
	globfree(&found);
	return fd;
}

TEST_F(hash, file_on_disk)
{
	int file = disk_file(0);

	if (file < 0)
		SKIP(return, "no kernel modules on a disk");
	EXPECT_TRUE(right(self, file, 0, 0));
	EXPECT_LT(0, self->c.result);
	/* Where the file is not in memory yet, or not any more. */
	EXPECT_EQ(0, posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
	EXPECT_TRUE(right(self, file, 100, 0));
	close(file);
}

TEST_F(hash, holes)
{
	int file = memfd_create("ktask-test", MFD_CLOEXEC);

	ASSERT_LE(0, file);
	ASSERT_EQ(5, pwrite(file, "early", 5, 4094));
	ASSERT_EQ(4, pwrite(file, "late", 4, 300000));
	ASSERT_EQ(0, ftruncate(file, 400001));
	EXPECT_TRUE(right(self, file, 0, 0));
	EXPECT_EQ(400001, self->c.result);
	EXPECT_TRUE(right(self, file, 4095, 300000));
	close(file);
}

/* Have @more huge pages than @before, which is found out if @more is not 0. */
static bool set_huge_pages(unsigned int more, unsigned int *before)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "r+");
	bool ok = f && (!more || fscanf(f, "%u", before) == 1) &&
		  !fseek(f, 0, SEEK_SET) && fprintf(f, "%u", *before + more) > 0;

	return (!f || !fclose(f)) && ok;
}

/* Of such a file some kernels cannot give the pages, but only copies. */
TEST_F(hash, huge_pages)
{
	int file = memfd_create("ktask-test", MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB);
	size_t size = 2 << 20;
	unsigned int before;
	unsigned char *p;

	if (file < 0 || !set_huge_pages(1, &before))
		SKIP(return, "the kernel has no files of huge pages");
	EXPECT_EQ(0, ftruncate(file, size));
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (p == MAP_FAILED) {
		set_huge_pages(0, &before);
		SKIP(return, "there is no memory for a huge page");
	}
	for (size_t i = 0; i < size; i++)
		p[i] = i * 7 + (i >> 12);
	EXPECT_TRUE(right(self, file, 0, 0));
	EXPECT_EQ((__s64)size, self->c.result);
	EXPECT_TRUE(right(self, file, 4097, 1000000));
	munmap(p, size);
	close(file);
	EXPECT_TRUE(set_huge_pages(0, &before));
}

/* What it has is a digest of neither then, but it has all of the file. */
TEST_F(hash, file_written_meanwhile)
{
	pid_t writer = fork();
	int i;

	ASSERT_LE(0, writer);
	if (!writer)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!writer) {
		if (pwrite(self->args.fd, &writer, sizeof(writer), 70000) < 0)
			_exit(1);
	}
	for (i = 0; i < 50; i++) {
		int64_t id = hash(self);

		ASSERT_LT(0, id);
		EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
		EXPECT_EQ(200000, self->c.result);
	}
	EXPECT_EQ(0, kill(writer, SIGKILL));
	EXPECT_EQ(writer, waitpid(writer, NULL, 0));
}

TEST_F(hash, direct_io_is_EINVAL)
{
	int file = disk_file(O_DIRECT);

	if (file < 0)
		SKIP(return, "no file that can be opened with O_DIRECT");
	EXPECT_EQ(-EINVAL, hash_of(self, file));
	close(file);
}

TEST_F(hash, executable_that_runs)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, file);
	EXPECT_TRUE(right(self, file, 0, 0));
	close(file);
}

TEST_F(hash, file_offset_is_neither_used_nor_moved)
{
	ASSERT_EQ(777, lseek(self->args.fd, 777, SEEK_SET));
	EXPECT_TRUE(right(self, self->args.fd, 0, 0));
	EXPECT_EQ(200000, self->c.result);
	EXPECT_EQ(777, lseek(self->args.fd, 0, SEEK_CUR));
}

TEST_F(hash, descriptor_closed_after_the_spawn)
{
	int64_t ids[50];
	int i;

	for (i = 0; i < 50; i++) {
		int file = dup(self->args.fd);

		ASSERT_LT(0, ids[i] = hash_of(self, file));
		close(file);
	}
	ASSERT_TRUE(right(self, self->args.fd, 0, 0));
	to_hex(self->hex, self->c.out, self->c.out_len);
	for (i = 0; i < 50; i++) {
		char hex[sizeof(self->hex)];

		ASSERT_EQ(0, kt_join(self->fd, ids[i], FOREVER, &self->c));
		to_hex(hex, self->c.out, self->c.out_len);
		EXPECT_STREQ(self->hex, hex);
	}
}

TEST_F(hash, descriptor_put_to_other_use_after_the_spawn)
{
	int file = pattern_file(3000), other = sparse_file();
	unsigned char want[64];
	int64_t id;

	ASSERT_EQ(32, alg_digest("sha256", file, 0, SIZE_MAX, want));
	ASSERT_LT(0, id = hash_of(self, file));
	ASSERT_EQ(file, dup2(other, file));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(3000, self->c.result);
	EXPECT_EQ(0, memcmp(want, self->c.out, 32));
	close(file);
	close(other);
}

TEST_F(hash, file_truncated_meanwhile)
{
	int file = sparse_file();
	struct ktask_info before, now;
	int64_t id;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, kt_info(self->fd, &before));
	ASSERT_LT(0, id = hash_of(self, file));
	do {
		ASSERT_EQ(0, kt_info(self->fd, &now));
	} while (now.resumed == before.resumed);
	ASSERT_EQ(0, ftruncate(file, 0));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
	EXPECT_LE(0, self->c.result);
	EXPECT_GT(SPARSE_SIZE, self->c.result);
	EXPECT_EQ(32, self->c.out_len);
	close(file);
}

TEST_F_TIMEOUT(hash, many_at_once, SLOW)
{
	unsigned int total = 0;
	unsigned char want[64];

	ASSERT_EQ(32, alg_digest("sha256", self->args.fd, 0, SIZE_MAX, want));
	ASSERT_EQ(0, kt_spawn_many(self->fd, "hash", &self->args,
				   sizeof(self->args), 500));
	while (kt_read(self->fd, &self->c, 1) == 1) {
		ASSERT_EQ(200000, self->c.result);
		ASSERT_EQ(0, memcmp(want, self->c.out, 32));
		total++;
	}
	EXPECT_EQ(500, total);
}

/* --- Who may, and what is left -------------------------------------------- */

/*
 * What counts is that the file was opened, as for read(2); not who the thread
 * is that spawns, nor who the worker is.
 */
TEST_F(hash, opened_before_privileges_were_dropped)
{
	char path[] = "/tmp/ktask-test-XXXXXX";
	int file = mkstemp(path);
	unsigned char want[64];
	int status;
	pid_t pid;

	ASSERT_LE(0, file);
	ASSERT_EQ(5, write(file, "hello", 5));
	/* Before: there are kernels that let only root use AF_ALG. */
	ASSERT_EQ(32, alg_digest("sha256", file, 0, SIZE_MAX, want));
	ASSERT_EQ(0, fchmod(file, 0600));
	if (geteuid()) {
		unlink(path);
		SKIP(return, "only root can become another user");
	}
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setgroups(0, NULL) || setresgid(1000, 1000, 1000) ||
		    setresuid(1000, 1000, 1000))
			_exit(2);
		if (open(path, O_RDONLY) >= 0)
			_exit(3);
		_exit(hashes_to(self, file, 0, 0, want) && self->c.result == 5 ? 0 : 4);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	unlink(path);
	close(file);
}

/* Once its end is known, a task does not keep its file open any more. */
TEST_F_TIMEOUT(hash, file_system_can_be_unmounted_once_joined, SLOW)
{
	char path[64] = "/tmp/ktask-test-XXXXXX", name[96];
	int i, err, file;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		SKIP(return, "only root may mount: %s", strerror(errno));
	ASSERT_NE(NULL, mkdtemp(path));
	snprintf(name, sizeof(name), "%s/file", path);
	for (i = 0, err = 0; !err && i < 5; i++) {
		int64_t id;

		ASSERT_EQ(0, mount("ktask-test", path, "tmpfs", 0, NULL));
		ASSERT_LE(0, file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
		/* It takes so long that the task is the last to have it open. */
		ASSERT_EQ(0, ftruncate(file, 1 << 23));
		ASSERT_LT(0, id = hash_of(self, file));
		close(file);
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
		err = umount(path) ? errno : 0;
		umount2(path, MNT_DETACH);
		EXPECT_EQ(0, err) {
			TH_LOG("%s", strerror(err));
		}
	}
	EXPECT_EQ(0, rmdir(path));
}

TEST_F_TIMEOUT(hash, file_system_can_be_unmounted_once_closed, SLOW)
{
	char path[64] = "/tmp/ktask-test-XXXXXX", name[96];
	int fd, file;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		SKIP(return, "only root may mount: %s", strerror(errno));
	ASSERT_NE(NULL, mkdtemp(path));
	snprintf(name, sizeof(name), "%s/file", path);
	ASSERT_EQ(0, mount("ktask-test", path, "tmpfs", 0, NULL));
	ASSERT_LE(0, file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	ASSERT_EQ(0, ftruncate(file, SPARSE_SIZE));
	ASSERT_LE(0, fd = kt_open(0));
	ASSERT_LT(0, kt_hash(fd, file, "sha256", 0));
	ASSERT_LT(0, kt_hash(fd, file, "sha256", 0));
	close(file);
	close(fd);
	EXPECT_EQ(0, umount(path)) {
		TH_LOG("%s", strerror(errno));
		umount2(path, MNT_DETACH);
	}
	EXPECT_EQ(0, rmdir(path));
}

TEST_HARNESS_MAIN
