// SPDX-License-Identifier: GPL-2.0
/*
 * What ops that work on a program's files have in common.
 *
 * A worker reads and writes for the program with kernel_read() and
 * kernel_write(): these ask the security module, tell fsnotify, and look at the
 * descriptor's O_NONBLOCK and O_APPEND, as the system calls do; hash.c, which takes
 * pages instead, sees to that itself. What they would refuse with a line in the log
 * is refused here, when the task is spawned.
 */
#include <linux/dcache.h>
#include <linux/errno.h>
#include <linux/ktask_op.h>
#include <linux/magic.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "file.h"

static bool file_has_no_type(const struct file *file)
{
	return file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC;
}

/* Whether @file is one that the kernel has made and calls @name. */
bool file_is_anon(const struct file *file, const char *name)
{
	return file_has_no_type(file) &&
	       !strcmp(file->f_path.dentry->d_name.name, name);
}

/* Kernels since 6.16 say of what they have made that it is a regular file. */
bool file_is_regular(const struct file *file)
{
	return S_ISREG(file_inode(file)->i_mode) && !file_has_no_type(file);
}

/* Whether @file is below /proc/sys. Nothing is ever renamed there. */
static bool file_is_sysctl(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;

	if (dentry->d_sb->s_magic != PROC_SUPER_MAGIC)
		return false;
	while (!IS_ROOT(dentry->d_parent))
		dentry = dentry->d_parent;
	return !strcmp(dentry->d_name.name, "sys");
}

/*
 * Whether what @file gives or does depends on the thread that asks: its signals,
 * its namespaces, or its descriptors, to which a userfaultfd adds when it tells of
 * a fork. A worker is the wrong one.
 */
static bool file_is_of_thread(const struct file *file)
{
	return file_is_anon(file, "[signalfd]") ||
	       file_is_anon(file, "[userfaultfd]") || file_is_sysctl(file);
}

static bool file_has_offsets(const struct file *file, fmode_t mode)
{
	umode_t type = file_inode(file)->i_mode;

	return file->f_mode & mode && !S_ISFIFO(type) && !S_ISSOCK(type);
}

/*
 * Whether I/O goes past the page cache, for which our buffers are not aligned.
 * Of a pipe, O_DIRECT says something else.
 */
static bool file_is_direct(const struct file *file)
{
	return file->f_flags & O_DIRECT &&
	       (file_is_regular(file) || S_ISBLK(file_inode(file)->i_mode));
}

/* Whether a worker can read @file; @at_offset: from a position of its own. */
int file_check_read(const struct file *file, bool at_offset)
{
	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (S_ISDIR(file_inode(file)->i_mode))
		return -EISDIR;
	if (at_offset && !file_has_offsets(file, FMODE_PREAD))
		return -ESPIPE;
	if (!file->f_op->read_iter || file->f_op->read ||
	    !(file->f_mode & FMODE_CAN_READ))
		return -EINVAL;
	return file_is_of_thread(file) || file_is_direct(file) ? -EINVAL : 0;
}

/* The same for writing. */
int file_check_write(const struct file *file, bool at_offset)
{
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (at_offset && !file_has_offsets(file, FMODE_PWRITE))
		return -ESPIPE;
	if (!file->f_op->write_iter || file->f_op->write ||
	    !(file->f_mode & FMODE_CAN_WRITE))
		return -EINVAL;
	return file_is_of_thread(file) || file_is_direct(file) ? -EINVAL : 0;
}

/* Whether there can be a file with that range of bytes. */
bool file_range_ok(u64 offset, u64 length)
{
	u64 end;

	return offset <= MAX_LFS_FILESIZE &&
	       !check_add_overflow(offset, length, &end) &&
	       end <= MAX_LFS_FILESIZE;
}

/*
 * How large a file the calling thread may make. The kernel asks that of the
 * thread that writes; but a worker is not the one with the limit, so an op takes
 * it along, and has file_room() look at it.
 */
u64 file_limit(void)
{
	return min_t(u64, rlimit(RLIMIT_FSIZE), MAX_LFS_FILESIZE);
}

/*
 * How many of @len bytes may be written at @pos. There is no SIGXFSZ: the thread
 * that would get it has been told by the spawn that all is well.
 */
loff_t file_room(const struct file *file, loff_t pos, loff_t len, u64 limit)
{
	if (!len || !file_is_regular(file))
		return len;
	if (pos >= limit)
		return -EFBIG;
	return min_t(u64, len, limit - pos);
}

/*
 * Find out where to read or write, @offset or where the open file is. As for
 * read(2), nobody else moves that of a regular file before file_pos_end().
 * Return: 0; -EINTR after an abort.
 */
int file_pos_begin(struct file *file, u64 offset, struct file_pos *p)
{
	p->moves = false;
	p->pos = offset;
	p->at = &p->pos;
	if (offset != KTASK_OFFSET_FILE)
		return 0;

	p->pos = 0;
	p->at = NULL;
	if (file->f_mode & FMODE_STREAM)
		return 0;
	if (file->f_mode & FMODE_ATOMIC_POS &&
	    mutex_lock_killable(&file->f_pos_lock))
		return -EINTR;
	p->moves = true;
	p->pos = file->f_pos;
	p->at = &p->pos;
	return 0;
}

/* It has been read or written, with that result. */
void file_pos_end(struct file *file, struct file_pos *p, ssize_t result)
{
	if (!p->moves)
		return;
	if (result >= 0)
		file->f_pos = p->pos;
	if (file->f_mode & FMODE_ATOMIC_POS)
		mutex_unlock(&file->f_pos_lock);
}

/*
 * What a program can be told. A signal, which here is an abort, makes some system
 * calls return what only the kernel's entry code knows.
 */
long file_result(long result)
{
	switch (result) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		return -EINTR;
	}
	return result;
}
