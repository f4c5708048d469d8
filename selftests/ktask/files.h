/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the tests of ops that work on files: their tasks, and files of all kinds.
 */
#ifndef KTASK_SELFTESTS_FILES_H
#define KTASK_SELFTESTS_FILES_H

#include <linux/fs.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "alg.h"
#include "helpers.h"

/* A result that no task of these tests has. */
#define NO_RESULT	INT64_MIN

/* --- Tasks ---------------------------------------------------------------- */

static inline int64_t kt_read_file(int fd, int file, __u64 offset, __u64 length)
{
	struct ktask_args_read args = {
		.fd = file,
		.offset = offset,
		.length = length,
	};

	return kt_spawn_op(fd, "read", &args, sizeof(args), 0);
}

static inline int64_t kt_write_file(int fd, int file, __u64 offset,
				    const void *data, size_t len)
{
	struct ktask_args_write args = {
		.fd = file,
		.offset = offset,
		.data = { .ptr = to_u64(data), .len = len },
	};

	return kt_spawn_op(fd, "write", &args, sizeof(args), 0);
}

static inline int64_t kt_fsync(int fd, int file, __u32 flags)
{
	struct ktask_args_fsync args = { .fd = file, .flags = flags };

	return kt_spawn_op(fd, "fsync", &args, sizeof(args), 0);
}

static inline int64_t kt_copy(int fd, int in, __u64 offset_in, int out,
			      __u64 offset_out, __u64 length)
{
	struct ktask_args_copy args = {
		.fd_in = in,
		.fd_out = out,
		.offset_in = offset_in,
		.offset_out = offset_out,
		.length = length,
	};

	return kt_spawn_op(fd, "copy", &args, sizeof(args), 0);
}

static inline int64_t kt_poll(int fd, int file, __u32 events)
{
	struct ktask_args_poll args = { .fd = file, .events = events };

	return kt_spawn_op(fd, "poll", &args, sizeof(args), 0);
}

/* Join a task that shall return. @id: of it, or why it was not spawned. */
static inline int64_t kt_result(int fd, int64_t id)
{
	struct ktask_completion c;

	if (id < 0 || kt_join(fd, id, FOREVER, &c) ||
	    c.outcome != KTASK_RETURNED)
		return NO_RESULT;
	return c.result;
}

/* The same, and put its output into @out. */
static inline int64_t kt_result_out(int fd, int64_t id, void *out, size_t size)
{
	struct ktask_completion c;

	if (id < 0 || kt_join_out(fd, id, FOREVER, &c, out, size) ||
	    c.outcome != KTASK_RETURNED ||
	    c.out_len != (c.result > 0 ? c.result : 0))
		return NO_RESULT;
	return c.result;
}

/* Whether the task has been cancelled. */
static inline bool kt_cancelled(int fd, int64_t id)
{
	struct ktask_completion c;

	return id > 0 && !kt_join(fd, id, FOREVER, &c) &&
	       c.outcome == KTASK_CANCELLED && c.result == -ECANCELED &&
	       !c.out_len;
}

/* --- Files ---------------------------------------------------------------- */

/* What pattern_file() has at @offset. */
static inline void pattern(unsigned char *buf, size_t len, size_t offset)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = (offset + i) * 31 + ((offset + i) >> 12);
}

/* Whether @len bytes of two files are the same. */
static inline bool same_bytes(int a, off_t a_off, int b, off_t b_off, off_t len)
{
	static char buf_a[1 << 16], buf_b[1 << 16];

	while (len > 0) {
		size_t n = len < (off_t)sizeof(buf_a) ? len : (off_t)sizeof(buf_a);

		if (pread(a, buf_a, n, a_off) != (ssize_t)n ||
		    pread(b, buf_b, n, b_off) != (ssize_t)n ||
		    memcmp(buf_a, buf_b, n))
			return false;
		a_off += n;
		b_off += n;
		len -= n;
	}
	return true;
}

static inline off_t file_size(int file)
{
	struct stat st;

	return fstat(file, &st) ? -1 : st.st_size;
}

/* Bytes on its disk, or what it has instead. */
static inline off_t file_space(int file)
{
	struct stat st;

	return fstat(file, &st) ? -1 : st.st_blocks * 512;
}

static inline bool files_same(int a, int b)
{
	off_t size = file_size(a);

	return size >= 0 && size == file_size(b) && same_bytes(a, 0, b, 0, size);
}

/* A file, open for reading and writing, without a name. */
static inline int temp_file(const char *dir)
{
	return open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

/* Another open file of the same one. */
static inline int reopen(int file, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return open(path, flags | O_CLOEXEC);
}

/* A file of procfs whose contents stay. */
#define PROC_FILE	"/proc/filesystems"
/* One that the kernel reads for a process only. */
#define PROC_TASK_FILE	"/proc/self/maps"
/* One that is about whoever reads it. */
#define SYSCTL_FILE	"/proc/sys/kernel/hostname"

/* A namespace of mounts in which those of a test are nobody else's. */
static inline int own_mounts(void)
{
	return unshare(CLONE_NEWNS) ||
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -errno : 0;
}

/* --- A file system on a disk ----------------------------------------------- */

struct disk {
	char dir[32];
	char image[64];
	char mnt[64];
};

/* Return: NULL, or why there is none. */
static inline const char *disk_make(struct disk *d, const char *size)
{
	char cmd[512];

	strcpy(d->dir, "/tmp/ktask-test-XXXXXX");
	if (own_mounts())
		return "only root may mount";
	if (!mkdtemp(d->dir))
		return "no directory";
	snprintf(d->image, sizeof(d->image), "%s/image", d->dir);
	snprintf(d->mnt, sizeof(d->mnt), "%s/mnt", d->dir);
	/* The loop device goes with the mount, which nobody may have it open for. */
	snprintf(cmd, sizeof(cmd),
		 "{ modprobe -q loop; mkdir %s && truncate -s %s %s && "
		 "mke2fs -q -t ext4 -O ^has_journal %s && dev=$(losetup -f) && "
		 "losetup $dev %s && mount -t ext4 $dev %s && losetup -d $dev; } "
		 ">/dev/null 2>&1",
		 d->mnt, size, d->image, d->image, d->image, d->mnt);
	return system(cmd) ? "cannot make a file system in a file" : NULL;
}

static inline void disk_remove(struct disk *d)
{
	char cmd[128];

	if (!*d->mnt)
		return;
	umount2(d->mnt, MNT_DETACH);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", d->dir);
	if (system(cmd))
		fprintf(stderr, "# %s is left\n", d->dir);
}

/* Nothing is written to it from here on. */
static inline int disk_freeze(const struct disk *d)
{
	int fd = open(d->mnt, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 || ioctl(fd, FIFREEZE, 0) ? -errno : 0;

	close(fd);
	return err;
}

static inline int disk_thaw(const struct disk *d)
{
	int fd = open(d->mnt, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 || ioctl(fd, FITHAW, 0) ? -errno : 0;

	close(fd);
	return err;
}

/* Nobody may change @file any more; or again. */
static inline int set_immutable(int file, bool immutable)
{
	int flags = immutable ? FS_IMMUTABLE_FL : 0;

	return ioctl(file, FS_IOC_SETFLAGS, &flags) ? -errno : 0;
}

#endif /* KTASK_SELFTESTS_FILES_H */
