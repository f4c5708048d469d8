// SPDX-License-Identifier: GPL-2.0
/*
 * A sample driver: a scrubber. It reads block devices in the background, and
 * tells which parts do not have the data any more that they once had.
 *
 *	modprobe ktask_scrub
 *	cd /sys/kernel/debug/ktask_scrub
 *	echo learn /dev/sdb >control	# make a checksum of each chunk
 *	echo wait /dev/sdb >control
 *	echo verify /dev/sdb >control	# later: compare; findings are logged
 *	cat status
 *	echo stop /dev/sdb >control	# or forget; or rmmod ktask_scrub
 *
 * Its tasks, all of idle priority and in one runtime:
 *
 *	scrub	  one for each device: a set of chunks, some of them at work
 *	chunk	  one for each chunk: reads it, again if that fails, and compares
 *	read	  one for each try: has the bio, and all that the bio needs
 *	reporter  logs what the scrubs find
 *
 * A task ends those that work for it before it ends itself, so whoever aborts a
 * scrub ends them all. The exception is a read that takes too long: a bio cannot
 * be taken back, so its read is detached, and ends when the bio does.
 */
#include <crypto/hash.h>
#include <linux/blkdev.h>
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ktask.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "compat.h"

#define CHUNK_SIZE	SZ_64K
/* Of one scrub: how many chunks are at work at once. */
#define SCRUB_JOBS	8
/* How often a read is tried again, and after which time. */
#define SCRUB_RETRIES	2
#define SCRUB_PAUSE	ms_to_ktime(20)
/* How often progress is published. */
#define SCRUB_TICK	ms_to_ktime(100)
/* Findings to be logged; when there are more, scrubs wait. */
#define SCRUB_REPORTS	16

static unsigned int budget = SZ_1M;
module_param(budget, uint, 0444);
MODULE_PARM_DESC(budget, "how many bytes all scrubs together read at once");

static unsigned int timeout_us = 10 * USEC_PER_SEC;
module_param(timeout_us, uint, 0644);
MODULE_PARM_DESC(timeout_us, "how long a read may take before the next try");

static struct ktask_runtime *runtime;
static struct crypto_shash *crc32c;
static struct ktask_semaphore in_flight;	/* bytes, up to the budget */
static struct ktask_channel reports;		/* of struct chunk */

/* The tasks do not pin the module: scrub_exit() ends them. */
#define SCRUB_TASK(what)						\
	.name = what,							\
	.runtime = runtime,						\
	.prio = KTASK_PRIO_IDLE,					\
	.flags = KTASK_NO_PIN

/* --- A read: one try, one bio ----------------------------------------------- */

struct read {
	struct file *file;
	sector_t sector;
	unsigned int len;
	__le32 crc;			/* what comes of it */
	struct ktask_permit permit;
	void *buf;
	struct bio bio;
	struct bio_vec vec;
	struct ktask_future done;
	struct ktask_defer put_file;
	struct ktask_defer free_buf;
	struct ktask_defer wait_bio;
};

/* The block device is its file's, opened as programs open it. */
static struct block_device *scrub_bdev(struct file *file)
{
	return I_BDEV(file->f_mapping->host);
}

/* In hard IRQ context, with most devices. */
static void read_end_io(struct bio *bio)
{
	struct read *r = bio->bi_private;

	ktask_future_complete(&r->done, blk_status_to_errno(bio->bi_status));
}

static void read_submit(struct read *r)
{
	bio_init(&r->bio, scrub_bdev(r->file), &r->vec, 1, REQ_OP_READ);
	r->bio.bi_iter.bi_sector = r->sector;
	r->bio.bi_end_io = read_end_io;
	r->bio.bi_private = r;
	__bio_add_page(&r->bio, virt_to_page(r->buf), r->len,
		       offset_in_page(r->buf));
	submit_bio(&r->bio);
}

/* A cleanup may sleep: those after it free what the bio uses. */
static void read_wait_bio(void *arg)
{
	struct read *r = arg;

	ktask_future_wait(&r->done);
}

static ktask_poll_t read_chunk(struct ktask *t)
{
	struct read *r = ktask_frame(t);
	long err;

	KTASK_BEGIN(t);
	r->buf = kmalloc(r->len, GFP_KERNEL);
	if (!r->buf)
		KTASK_RETURN(t, -ENOMEM);
	ktask_defer_kfree(t, &r->free_buf, r->buf);
	ktask_defer(t, &r->wait_bio, read_wait_bio, r);
	read_submit(r);
	KTASK_AWAIT(t, &r->done);
	err = ktask_future_value(&r->done);
	if (!err)
		err = crypto_shash_tfm_digest(crc32c, r->buf, r->len,
					      (u8 *)&r->crc);
	KTASK_RETURN(t, err);
	KTASK_END(t);
}

/* --- A chunk: as many reads as it takes ------------------------------------- */

/* What a chunk returns, if it could be read. */
enum chunk_result {
	CHUNK_GOOD,
	CHUNK_DIFFERS,
};

struct chunk {
	struct file *file;
	char disk[DISK_NAME_LEN];
	int place;
	u64 index;
	unsigned int len;
	const __le32 *expected;		/* NULL: any */
	__le32 crc;
	unsigned int retries;
	struct ktask_permit permit;
	struct ktask *read;
	struct ktask_defer end_read;
	struct ktask *self;
	struct ktask_msg report;
};

/* The read owns all that it needs, for it may come to be on its own. */
static struct ktask *chunk_read(struct chunk *c)
{
	struct ktask *t;
	struct read *r;
	int err;

	t = ktask_new(read_chunk, struct read, SCRUB_TASK("scrub read"),
		      .place = c->place);
	if (IS_ERR(t))
		return t;
	r = ktask_frame(t);
	r->sector = c->index * (CHUNK_SIZE >> SECTOR_SHIFT);
	r->len = c->len;
	r->file = get_file(c->file);
	ktask_defer_fput(t, &r->put_file, r->file);
	ktask_permit_move(&r->permit, t, &c->permit);
	err = ktask_start(t);
	if (!err)
		return t;
	ktask_permit_release(&r->permit);
	fput(r->file);
	ktask_put(t);
	return ERR_PTR(err);
}

/* Return: what came of the read, which the chunk does not have any more. */
static long chunk_take_read(struct chunk *c, bool timed_out)
{
	struct read *r = ktask_frame(c->read);
	long err, result;

	if (timed_out) {
		ktask_detach(c->read);
		return -ETIMEDOUT;
	}
	err = ktask_try_join(c->read, &result) ?: result;
	c->crc = r->crc;
	ktask_put(c->read);
	return err;
}

static ktask_poll_t check_chunk(struct ktask *t)
{
	struct chunk *c = ktask_frame(t);
	long err;

	KTASK_BEGIN(t);
	for (c->retries = 0; ; c->retries++) {
		KTASK_SEMAPHORE_ACQUIRE(t, &in_flight, &c->permit, c->len);
		c->read = chunk_read(c);
		if (IS_ERR(c->read))
			KTASK_RETURN(t, PTR_ERR(c->read));
		ktask_defer_abort(t, &c->end_read, c->read);
		KTASK_AWAIT_TIMEOUT(t, ktask_future(c->read),
				    ns_to_ktime(timeout_us * 1000ULL));
		ktask_undefer(t, &c->end_read);
		err = chunk_take_read(c, ktask_timed_out(t));
		if (!err)
			break;
		if (c->retries == SCRUB_RETRIES)
			KTASK_RETURN(t, err);
		KTASK_SLEEP(t, SCRUB_PAUSE);
	}
	if (c->expected && *c->expected != c->crc)
		KTASK_RETURN(t, CHUNK_DIFFERS);
	KTASK_RETURN(t, CHUNK_GOOD);
	KTASK_END(t);
}

/* --- The reporter ----------------------------------------------------------- */

/* A report is the chunk itself, which has ended: sending it needs no memory. */
static void report_put(struct ktask_msg *msg)
{
	ktask_put(container_of(msg, struct chunk, report)->self);
}

static void report_log(struct ktask_msg *msg)
{
	struct chunk *c = container_of(msg, struct chunk, report);
	long result = ktask_result(c->self);

	if (result == CHUNK_DIFFERS)
		pr_warn("%s: chunk %llu differs\n", c->disk, c->index);
	else
		pr_warn("%s: chunk %llu cannot be read: %pe\n", c->disk,
			c->index, ERR_PTR(result));
}

/* Its frame is a struct ktask_recv. */
static ktask_poll_t log_reports(struct ktask *t)
{
	struct ktask_recv *recv = ktask_frame(t);
	struct ktask_msg *msg;

	KTASK_BEGIN(t);
	for (;;) {
		KTASK_RECV(t, recv, &reports);
		msg = ktask_recv_take(recv);
		if (IS_ERR(msg))
			break;
		report_log(msg);
		report_put(msg);
	}
	KTASK_END(t);
}

/* --- A scrub: all chunks of a device ---------------------------------------- */

/* How many chunks ended how; and how many reads came to nothing. */
struct progress {
	u64 good;
	u64 differ;
	u64 errors;
	u64 cancelled;
	u64 retries;
};

enum {
	ARM_STOP,
	ARM_TICK,
	ARM_NEXT,
	ARM_COUNT
};

/* The last scrub of a device, also when it has ended. */
struct scrub {
	struct list_head node;		/* under scrubs_lock */
	struct ktask *task;		/* whose frame this is */
	char *path;
	struct ktask_token *stop;
	bool verify;
	u64 bytes;
	u64 total;			/* chunks */
	struct ktask_watch progress;	/* of latest */
	struct progress latest;
	/* Up to here for all; the rest is the task's until it ends. */
	__le32 *crcs;
	bool learned;			/* all of them */
	struct progress now;
	bool stopped;
	struct chunk chunk;		/* the next one to spawn */
	struct ktask_set chunks;
	struct ktask_set_wait next;
	struct ktask_timer tick;
	struct ktask_arm arms[ARM_COUNT];
	struct ktask_select select;
	struct ktask_send send;
	struct ktask_defer put_file;
	struct ktask_defer publish;
	struct ktask_defer end_chunks;
	struct ktask_defer end_send;
};

static void scrub_publish(void *arg)
{
	struct scrub *s = arg;

	ktask_watch_send(&s->progress, &s->now);
}

static void scrub_end_send(void *arg)
{
	struct scrub *s = arg;
	struct ktask_msg *msg = ktask_send_take_back(&s->send);

	if (msg)
		report_put(msg);
}

/*
 * Keep the set filled. Its limit is what is at work; as many again are held, to
 * begin the moment when others end. Return: why the set is empty, or 0.
 */
static int scrub_spawn(struct scrub *s)
{
	struct chunk *c = &s->chunk;
	int err = 0;

	while (!err && !s->stopped && c->index < s->total &&
	       ktask_set_len(&s->chunks) < 2 * SCRUB_JOBS) {
		c->len = min_t(u64, CHUNK_SIZE,
			       s->bytes - c->index * CHUNK_SIZE);
		c->expected = s->verify ? &s->crcs[c->index] : NULL;
		err = ktask_set_spawn(&s->chunks, check_chunk, struct chunk,
				      SCRUB_TASK("scrub chunk"),
				      .place = c->place, .init = c);
		if (!err)
			c->index++;
	}
	/* Memory that is short now may be there when the next one has ended. */
	return ktask_set_len(&s->chunks) ? 0 : err;
}

/* Return: whether @t, a chunk that has ended, is to be reported. */
static bool scrub_count(struct scrub *s, struct ktask *t)
{
	struct chunk *c = ktask_frame(t);
	long result;

	c->self = t;
	s->now.retries += c->retries;
	if (ktask_try_join(t, &result)) {
		s->now.cancelled++;
		return false;
	}
	if (result == CHUNK_GOOD) {
		s->now.good++;
		s->crcs[c->index] = c->crc;
		return false;
	}
	if (result == CHUNK_DIFFERS)
		s->now.differ++;
	else
		s->now.errors++;
	return true;
}

static void scrub_join_next(struct scrub *s, struct ktask *t)
{
	struct ktask_request *next;

	next = ktask_set_join_next_start(&s->next, t, &s->chunks);
	s->arms[ARM_NEXT] = ktask_arm_request(next);
}

static void scrub_tick(struct scrub *s, struct ktask *t)
{
	scrub_publish(s);
	ktask_timer_cancel(&s->tick);
	ktask_timer_start(&s->tick, t, SCRUB_TICK);
}

static ktask_poll_t scrub_device(struct ktask *t)
{
	struct scrub *s = ktask_frame(t);
	struct ktask *ended;
	struct chunk *c;
	int err;

	KTASK_BEGIN(t);
	ktask_defer(t, &s->publish, scrub_publish, s);
	ktask_set_init(&s->chunks, SCRUB_JOBS, 0);
	ktask_set_defer(t, &s->end_chunks, &s->chunks);
	ktask_defer(t, &s->end_send, scrub_end_send, s);
	s->arms[ARM_STOP] = ktask_arm_token(s->stop);
	ktask_timer_start(&s->tick, t, SCRUB_TICK);
	s->arms[ARM_TICK] = ktask_arm_timer(&s->tick);
	for (;;) {
		err = scrub_spawn(s);
		if (err)
			KTASK_RETURN(t, err);
		scrub_join_next(s, t);
		do {
			KTASK_SELECT(t, &s->select, s->arms, KTASK_SELECT_KEEP);
			if (ktask_selected(&s->select) == ARM_STOP) {
				s->arms[ARM_STOP] = ktask_arm_none();
				s->stopped = true;
				ktask_set_abort_all(&s->chunks);
			} else if (ktask_selected(&s->select) == ARM_TICK) {
				scrub_tick(s, t);
			}
		} while (ktask_selected(&s->select) != ARM_NEXT);

		ended = ktask_set_take(&s->next, NULL);
		if (!ended)
			break;
		if (scrub_count(s, ended)) {
			c = ktask_frame(ended);
			KTASK_SEND(t, &s->send, &reports, &c->report);
			scrub_end_send(s);
		} else {
			ktask_put(ended);
		}
	}
	s->learned = s->verify || s->now.good == s->total;
	KTASK_END(t);
}

/* --- Control ---------------------------------------------------------------- */

static LIST_HEAD(scrubs);
static DEFINE_MUTEX(scrubs_lock);

static struct scrub *scrub_find(const char *path)
{
	struct scrub *s;

	lockdep_assert_held(&scrubs_lock);
	list_for_each_entry(s, &scrubs, node) {
		if (!strcmp(s->path, path))
			return s;
	}
	return NULL;
}

/* Its task has ended, or was not started. */
static void scrub_free(struct scrub *s)
{
	ktask_feed_sender_put(&s->progress.feed);
	ktask_feed_destroy(&s->progress.feed);
	ktask_token_put(s->stop);
	kvfree(s->crcs);
	kfree(s->path);
	ktask_put(s->task);
}

/* @old: the last one of the device, or NULL. */
static struct scrub *scrub_new(const char *path, struct file *file,
			       const struct scrub *old, bool verify)
{
	struct block_device *bdev = scrub_bdev(file);
	struct scrub *s;
	struct ktask *t;

	t = ktask_new(scrub_device, struct scrub, SCRUB_TASK("scrub"));
	if (IS_ERR(t))
		return NULL;
	s = ktask_frame(t);
	s->task = t;
	s->verify = verify;
	s->bytes = bdev_nr_bytes(bdev);
	s->total = DIV_ROUND_UP_ULL(s->bytes, CHUNK_SIZE);
	ktask_watch_init(&s->progress, &s->latest, sizeof(s->latest));
	s->chunk.file = file;
	/* Near the device; without a node, anywhere. */
	s->chunk.place = KTASK_ON_NODE(bdev->bd_disk->node_id);
	snprintf(s->chunk.disk, sizeof(s->chunk.disk), "%pg", bdev);

	s->path = kstrdup(path, GFP_KERNEL);
	s->crcs = kvcalloc(s->total, sizeof(*s->crcs), GFP_KERNEL);
	s->stop = ktask_token_create(NULL, GFP_KERNEL);
	if (IS_ERR(s->stop))
		s->stop = NULL;
	if (!s->path || !s->crcs || !s->stop) {
		scrub_free(s);
		return NULL;
	}
	if (verify)
		memcpy(s->crcs, old->crcs, s->total * sizeof(*s->crcs));
	return s;
}

static int scrub_start(const char *path, bool verify)
{
	struct file *file __free(fput) = NULL;
	struct scrub *s, *old;
	int err;

	file = filp_open(path, O_RDONLY | O_LARGEFILE, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (!S_ISBLK(file_inode(file)->i_mode))
		return -ENOTBLK;

	guard(mutex)(&scrubs_lock);
	old = scrub_find(path);
	if (old && !ktask_done(old->task))
		return -EBUSY;
	if (verify && !(old && old->learned))
		return -ENODATA;
	if (verify && old->bytes != bdev_nr_bytes(scrub_bdev(file)))
		return -ESTALE;
	s = scrub_new(path, file, old, verify);
	if (!s)
		return -ENOMEM;
	ktask_defer_fput(s->task, &s->put_file, get_file(file));
	err = ktask_start(s->task);
	if (err) {
		fput(file);
		scrub_free(s);
		return err;
	}
	list_add_tail(&s->node, &scrubs);
	if (old) {
		list_del(&old->node);
		scrub_free(old);
	}
	return 0;
}

/* Wait for the end of a scrub, which is told to stop, if it shall. */
static int scrub_join(const char *path, bool stop)
{
	struct ktask *t __free(ktask_put) = NULL;
	struct scrub *s;
	long result;
	int err;

	scoped_guard(mutex, &scrubs_lock) {
		s = scrub_find(path);
		if (!s)
			return -ENOENT;
		if (stop)
			ktask_token_cancel(s->stop);
		t = ktask_get(s->task);
	}
	err = ktask_join_interruptible(t, &result) ?: result;
	if (err || stop)
		return err;
	if (s->stopped)
		return -ECANCELED;
	if (s->now.errors)
		return -EIO;
	return s->now.differ ? -EBADMSG : 0;
}

static int scrub_forget(const char *path)
{
	struct scrub *s;

	scoped_guard(mutex, &scrubs_lock) {
		s = scrub_find(path);
		if (!s)
			return -ENOENT;
		list_del(&s->node);
	}
	ktask_abort_and_wait(s->task);
	scrub_free(s);
	return 0;
}

static int control(const char *verb, const char *path)
{
	if (!strcmp(verb, "learn"))
		return scrub_start(path, false);
	if (!strcmp(verb, "verify"))
		return scrub_start(path, true);
	if (!strcmp(verb, "wait"))
		return scrub_join(path, false);
	if (!strcmp(verb, "stop"))
		return scrub_join(path, true);
	if (!strcmp(verb, "forget"))
		return scrub_forget(path);
	return -EINVAL;
}

static ssize_t control_write(struct file *file, const char __user *user,
			     size_t len, loff_t *pos)
{
	char *line __free(kfree) = NULL;
	char *verb, *path;
	int err;

	if (len > PATH_MAX)
		return -ENAMETOOLONG;
	line = memdup_user_nul(user, len);
	if (IS_ERR(line))
		return PTR_ERR(line);
	path = strim(line);
	verb = strsep(&path, " ");
	err = path ? control(verb, path) : -EINVAL;
	return err ?: len;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = control_write,
};

static const char *scrub_state(const struct scrub *s)
{
	if (!ktask_done(s->task))
		return "running";
	if (ktask_result(s->task))
		return "failed";
	return s->stopped ? "stopped" : "finished";
}

static int status_show(struct seq_file *m, void *v)
{
	struct progress p;
	struct scrub *s;

	guard(mutex)(&scrubs_lock);
	list_for_each_entry(s, &scrubs, node) {
		ktask_watch_peek(&s->progress, &p);
		seq_printf(m, "%s %s %s total=%llu good=%llu differ=%llu errors=%llu cancelled=%llu retries=%llu\n",
			   s->path, s->verify ? "verify" : "learn",
			   scrub_state(s), s->total, p.good, p.differ,
			   p.errors, p.cancelled, p.retries);
	}
	seq_printf(m, "in_flight=%u budget=%u\n",
		   budget - ktask_semaphore_available(&in_flight), budget);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(status);

/* --- Loading and unloading -------------------------------------------------- */

static struct dentry *dir;

static int __init scrub_init(void)
{
	struct ktask *t;
	int err;

	if (budget < CHUNK_SIZE || budget > KTASK_SEMAPHORE_MAX)
		return -EINVAL;
	ktask_semaphore_init(&in_flight, budget);
	ktask_channel_init(&reports, SCRUB_REPORTS, report_put);

	crc32c = crypto_alloc_shash("crc32c", 0, 0);
	if (IS_ERR(crc32c))
		return PTR_ERR(crc32c);
	/* Nothing is read while the system is suspended. */
	runtime = ktask_runtime_create("scrub", KTASK_RT_FREEZABLE);
	if (IS_ERR(runtime)) {
		err = PTR_ERR(runtime);
		goto err_crc32c;
	}
	t = ktask_spawn(log_reports, struct ktask_recv,
			SCRUB_TASK("scrub reporter"));
	if (IS_ERR(t)) {
		err = PTR_ERR(t);
		goto err_runtime;
	}
	/* It ends with the runtime, and there is nothing to join it for. */
	ktask_detach(t);

	dir = debugfs_create_dir("ktask_scrub", NULL);
	debugfs_create_file("control", 0200, dir, NULL, &control_fops);
	debugfs_create_file("status", 0400, dir, NULL, &status_fops);
	return 0;

err_runtime:
	ktask_runtime_destroy(runtime);
err_crc32c:
	crypto_free_shash(crc32c);
	return err;
}

static void __exit scrub_exit(void)
{
	struct scrub *s, *next;

	debugfs_remove(dir);
	/* Aborts all tasks, those on their own too, and waits for their end. */
	ktask_runtime_destroy(runtime);
	list_for_each_entry_safe(s, next, &scrubs, node)
		scrub_free(s);
	ktask_channel_sender_put(&reports);
	ktask_channel_destroy(&reports);
	ktask_semaphore_destroy(&in_flight);
	crypto_free_shash(crc32c);
}

module_init(scrub_init);
module_exit(scrub_exit);

MODULE_DESCRIPTION("Sample driver for ktask: a scrubber of block devices");
MODULE_AUTHOR("The ktask developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(KTASK_NS);
