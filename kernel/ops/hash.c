// SPDX-License-Identifier: GPL-2.0
/*
 * Op "hash": digest of a file, or of what another task leaves, or of a part of
 * either, by the kernel's crypto API.
 *
 * A blocking task, since reading may wait for a disk.
 */
#include <crypto/hash.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/highmem.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/splice.h>

#include "../compat.h"
#include "file.h"
#include "ops.h"

/* Also how far an abort may lag behind. */
#define HASH_CHUNK	SZ_64K

struct hash_frame {
	struct file *file;	/* NULL: the input */
	struct crypto_shash *tfm;
	loff_t pos;
	loff_t end;
};

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

/* Return: the file to be hashed; NULL: the input; or ERR_PTR(). */
static struct file *hash_get_file(struct ktask *t, int fd)
{
	bool has_input = ktask_op_has_input(t);
	struct file *file;
	int err;

	if (has_input)
		return fd == -1 ? NULL : ERR_PTR(-EINVAL);
	file = ktask_op_fget(t, fd);
	if (IS_ERR(file))
		return file;
	err = file_check_read(file, true);
	if (!err && !file_is_regular(file) &&
	    !S_ISBLK(file_inode(file)->i_mode))
		err = -EINVAL;
	if (!err)
		return file;
	ktask_op_fput(t, file);
	return ERR_PTR(err);
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
	if (!file_range_ok(a->offset, a->length))
		return -EINVAL;
	f->pos = a->offset;
	f->end = a->length ? f->pos + a->length : MAX_LFS_FILESIZE;

	f->file = hash_get_file(t, a->fd);
	if (IS_ERR(f->file))
		return PTR_ERR(f->file);
	f->tfm = hash_alg(a->alg);
	err = PTR_ERR_OR_ZERO(f->tfm);
	if (err && f->file)
		ktask_op_fput(t, f->file);
	return err;
}

static void hash_release(struct ktask *t)
{
	struct hash_frame *f = ktask_frame(t);

	crypto_free_shash(f->tfm);
	if (f->file)
		ktask_op_fput(t, f->file);
}

/* --- A file, where it is ----------------------------------------------------- */

/*
 * Pages of the page cache are hashed where they are, not copied first. They come by
 * the pipe that each thread has for that, as those that nfsd sends do.
 */
static int hash_buffer(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
		       struct splice_desc *sd)
{
	/* It may be one page of several. */
	struct page *page = buf->page + buf->offset / PAGE_SIZE;
	size_t at = offset_in_page(buf->offset);
	size_t left = sd->len;

	while (left) {
		size_t n = min(left, PAGE_SIZE - at);
		u8 *data = kmap_local_page(page++);
		int err = crypto_shash_update(sd->u.data, data + at, n);

		kunmap_local(data);
		if (err)
			return err;
		left -= n;
		at = 0;
	}
	return sd->len;
}

static int hash_pipe(struct pipe_inode_info *pipe, struct splice_desc *sd)
{
	return __splice_from_pipe(pipe, sd, hash_buffer);
}

/*
 * Have the worker have such a pipe. It stays with the worker, so neither the user nor
 * the memory cgroup of the program, as which we run, shall pay for it.
 */
static void hash_make_pipe(struct file *file)
{
	const struct cred *cred = override_creds(current_real_cred());
	struct mem_cgroup *memcg = set_active_memcg(NULL);
	struct splice_desc nothing = {};

	splice_direct_to_actor(file, &nothing, hash_pipe);
	set_active_memcg(memcg);
	revert_creds(cred);
}

static bool hash_can_splice(const struct file *file)
{
	return file->f_op->splice_read && file->f_mode & FMODE_LSEEK;
}

/* Hash up to @len bytes. Return: how many, 0 at the end, or a negative errno. */
static ssize_t hash_spliced(struct hash_frame *f, struct shash_desc *desc,
			    size_t len)
{
	struct splice_desc sd = {
		.total_len = len,
		.pos = f->pos,
		.u.data = desc,
	};
	ssize_t n;

	n = ktask_splice_verify(f->file, &f->pos, len);
	if (n)
		return n;
	n = splice_direct_to_actor(f->file, &sd, hash_pipe);
	if (n <= 0)
		return n;
	f->pos += n;
	fsnotify_access(f->file);
	return n;
}

/* --- A file that can only be read -------------------------------------------- */

/* The same by way of @chunk. */
static ssize_t hash_read(struct hash_frame *f, struct shash_desc *desc,
			 void *chunk, size_t len)
{
	ssize_t n = kernel_read(f->file, chunk, len, &f->pos);

	return n > 0 ? crypto_shash_update(desc, chunk, n) ?: n : n;
}

/* --- All of it --------------------------------------------------------------- */

/* @chunk: NULL if @f->file can do without. Return: 0, or a negative errno. */
static int hash_chunks(struct ktask *t, struct shash_desc *desc, void *chunk)
{
	struct hash_frame *f = ktask_frame(t);

	while (f->pos < f->end) {
		size_t len = min_t(loff_t, HASH_CHUNK, f->end - f->pos);
		ssize_t n;

		if (ktask_aborted(t))
			return -ECANCELED;
		n = chunk ? hash_read(f, desc, chunk, len)
			  : hash_spliced(f, desc, len);
		if (n <= 0)
			return n;
		cond_resched();
	}
	return 0;
}

static int hash_file_data(struct ktask *t, struct shash_desc *desc)
{
	struct hash_frame *f = ktask_frame(t);
	void *chunk;
	int err;

	if (hash_can_splice(f->file)) {
		if (!current->splice_pipe)
			hash_make_pipe(f->file);
		return hash_chunks(t, desc, NULL);
	}
	chunk = kmalloc(HASH_CHUNK, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	err = hash_chunks(t, desc, chunk);
	kfree(chunk);
	return err;
}

/* Return: 0, or a negative errno. */
static int hash_input(struct ktask *t, struct shash_desc *desc)
{
	struct hash_frame *f = ktask_frame(t);
	const void *input;
	size_t len;

	input = ktask_op_input(t, &len);
	if (IS_ERR(input))
		return PTR_ERR(input);
	f->end = min_t(loff_t, f->end, len);
	while (f->pos < f->end) {
		size_t n = min_t(loff_t, HASH_CHUNK, f->end - f->pos);
		int err;

		if (ktask_aborted(t))
			return -ECANCELED;
		err = crypto_shash_update(desc, input + f->pos, n);
		if (err)
			return err;
		f->pos += n;
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
	int err;

	desc->tfm = f->tfm;
	err = crypto_shash_init(desc);
	if (!err)
		err = f->file ? hash_file_data(t, desc) : hash_input(t, desc);
	if (!err)
		err = crypto_shash_final(desc, digest);
	if (!err)
		err = ktask_op_output(t, digest,
				      crypto_shash_digestsize(f->tfm));
	shash_desc_zero(desc);
	return file_result(err) ?: f->pos - start;
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
	.flags = KTASK_OP_INPUT,
	.args = hash_args,
	.nr_args = ARRAY_SIZE(hash_args),
	.args_size = sizeof(struct ktask_args_hash),
	.args_min = offsetofend(struct ktask_args_hash, alg),
	.out_size = KTASK_OUT_MAX,
	.frame_size = sizeof(struct hash_frame),
	.prepare = hash_prepare,
	.run = hash_run,
	.release = hash_release,
};
