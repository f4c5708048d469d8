// SPDX-License-Identifier: GPL-2.0
/*
 * Op "hash": digest of a file, or of a part of it, by the kernel's crypto API.
 *
 * A blocking task, since reading may wait for a disk.
 */
#include <crypto/hash.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "ops.h"

/* Also how far an abort may lag behind. */
#define HASH_CHUNK	SZ_64K

struct hash_frame {
	struct file *file;
	struct crypto_shash *tfm;
	loff_t pos;
	loff_t end;
};

/* Whether we can read @file from a position of our own. */
static int hash_check_file(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (S_ISFIFO(inode->i_mode) || S_ISSOCK(inode->i_mode) ||
	    !(file->f_mode & FMODE_PREAD))
		return -ESPIPE;
	if (!S_ISREG(inode->i_mode) && !S_ISBLK(inode->i_mode))
		return -EINVAL;
	/* What kernel_read() would refuse later, with a line in the log. */
	if (!file->f_op->read_iter || file->f_op->read)
		return -EINVAL;
	/* Our buffer is not the caller's to have aligned. */
	if (file->f_flags & O_DIRECT)
		return -EINVAL;
	return 0;
}

static int hash_set_range(struct hash_frame *f,
			  const struct ktask_args_hash *a)
{
	u64 end;

	if (a->offset > MAX_LFS_FILESIZE ||
	    check_add_overflow(a->offset, a->length, &end) ||
	    end > MAX_LFS_FILESIZE)
		return -EINVAL;
	f->pos = a->offset;
	f->end = a->length ? end : MAX_LFS_FILESIZE;
	return 0;
}

static struct crypto_shash *hash_alg(const char *name)
{
	struct crypto_shash *tfm = crypto_alloc_shash(name, 0, 0);

	if (IS_ERR(tfm))
		return PTR_ERR(tfm) == -ENOMEM ? tfm : ERR_PTR(-EOPNOTSUPP);
	/* Neither do we have a key for a keyed one. */
	if (crypto_shash_digestsize(tfm) > KTASK_OUT_MAX ||
	    crypto_shash_get_flags(tfm) & CRYPTO_TFM_NEED_KEY) {
		crypto_free_shash(tfm);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return tfm;
}

static int hash_prepare(struct ktask *t, const void *args)
{
	const struct ktask_args_hash *a = args;
	struct hash_frame *f = ktask_frame(t);
	int err;

	if (a->flags)
		return -EOPNOTSUPP;
	if (!*a->alg || strnlen(a->alg, sizeof(a->alg)) == sizeof(a->alg))
		return -EINVAL;
	err = hash_set_range(f, a);
	if (err)
		return err;

	f->file = fget(a->fd);
	if (!f->file)
		return -EBADF;
	err = hash_check_file(f->file);
	if (!err) {
		f->tfm = hash_alg(a->alg);
		err = PTR_ERR_OR_ZERO(f->tfm);
	}
	if (err)
		fput(f->file);
	return err;
}

/*
 * Let go of the file before the program learns that the task is over. fput()
 * would leave that for later in a worker, and keep the file system busy.
 */
static void hash_put_file(struct file *file)
{
	if (current->flags & PF_KTHREAD)
		__fput_sync(file);
	else
		fput(file);
}

static void hash_release(struct ktask *t)
{
	struct hash_frame *f = ktask_frame(t);

	crypto_free_shash(f->tfm);
	hash_put_file(f->file);
}

/* Return: 0 at the end, or a negative errno. */
static int hash_read(struct ktask *t, struct shash_desc *desc, void *chunk)
{
	struct hash_frame *f = ktask_frame(t);

	while (f->pos < f->end) {
		size_t len = min_t(loff_t, HASH_CHUNK, f->end - f->pos);
		ssize_t n;
		int err;

		if (ktask_aborted(t))
			return -ECANCELED;
		n = kernel_read(f->file, chunk, len, &f->pos);
		if (n <= 0)
			return n;
		err = crypto_shash_update(desc, chunk, n);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static long hash_run(struct ktask *t)
{
	struct hash_frame *f = ktask_frame(t);
	SHASH_DESC_ON_STACK(desc, f->tfm);
	u8 digest[KTASK_OUT_MAX];
	loff_t start = f->pos;
	void *chunk;
	int err;

	chunk = kmalloc(HASH_CHUNK, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	desc->tfm = f->tfm;
	err = crypto_shash_init(desc);
	if (!err)
		err = hash_read(t, desc, chunk);
	if (!err)
		err = crypto_shash_final(desc, digest);
	if (!err)
		err = ktask_op_output(t, digest,
				      crypto_shash_digestsize(f->tfm));
	shash_desc_zero(desc);
	kfree(chunk);
	return err ?: f->pos - start;
}

static const struct ktask_op_arg hash_args[] = {
	KTASK_OP_ARG(struct ktask_args_hash, fd, KTASK_ARG_FD,
		     KTASK_ARG_REQUIRED),
	KTASK_OP_ARG(struct ktask_args_hash, offset, KTASK_ARG_U64, 0),
	KTASK_OP_ARG(struct ktask_args_hash, length, KTASK_ARG_U64, 0),
	KTASK_OP_ARG(struct ktask_args_hash, alg, KTASK_ARG_STRING,
		     KTASK_ARG_REQUIRED),
};

struct ktask_op hash_op = {
	.name = "hash",
	.summary = "digest of a file or of a part of it",
	.args = hash_args,
	.nr_args = ARRAY_SIZE(hash_args),
	.args_size = sizeof(struct ktask_args_hash),
	.args_min = offsetofend(struct ktask_args_hash, alg),
	.frame_size = sizeof(struct hash_frame),
	.prepare = hash_prepare,
	.run = hash_run,
	.release = hash_release,
};
