// SPDX-License-Identifier: GPL-2.0
/*
 * How it is used: files in debugfs.
 *
 *	cd /sys/kernel/debug/ktask_bench
 *	cat rows			# what there is: NAME <TAB> in words
 *	echo spawn_join 5 1000 >run	# NAME [ROUNDS [COUNT [SUBJECT]]]
 *	cat run				# ROW SUBJECT METRIC ROUND VALUE, with tabs
 *
 * COUNT is how many operations each subject does in a round. A SUBJECT has its
 * turn alone, for a look at what it does with ftrace or perf. The write returns
 * when all is done, or has come to an end because of a fatal signal. ENOENT: no
 * such row, or subject of it; EINVAL: no such numbers; ENXIO: there are not CPUs
 * enough.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "bench.h"

/* A request is no longer than that. */
#define REQUEST_MAX	128
#define ROUNDS_MAX	1000
#define COUNT_MAX	10000000

static const struct bench_row *const rows[] = {
	&bench_spawn_join,
	&bench_batch_join,
	&bench_batch_scale,
	&bench_yield,
	&bench_wake_cpu,
	&bench_wake_irq,
	&bench_spread,
	&bench_memory,
	&bench_sleepers,
	&bench_notify,
	&bench_semaphore,
	&bench_channel,
};

/* One run at a time, or they would measure each other. */
static DEFINE_MUTEX(lock);
/* The last one; under the lock. */
static struct bench last = { .samples = LIST_HEAD_INIT(last.samples) };

static struct dentry *dir;

static int rows_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		seq_printf(m, "%s\t%s\n", rows[i]->name, rows[i]->what);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rows);

static int run_show(struct seq_file *m, void *unused)
{
	struct bench_sample *s;
	u32 rest;
	u64 whole;

	if (mutex_lock_interruptible(&lock))
		return -EINTR;
	list_for_each_entry(s, &last.samples, node) {
		whole = div_u64_rem(s->value, 1000, &rest);
		seq_printf(m, "%s\t%s\t%s\t%u\t%llu.%03u\n", last.row->name,
			   s->subject, s->metric, s->round, whole, rest);
	}
	mutex_unlock(&lock);
	return 0;
}

static int run_open(struct inode *inode, struct file *file)
{
	return single_open(file, run_show, NULL);
}

static const struct bench_row *find_row(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i]->name, name))
			return rows[i];
	}
	return NULL;
}

static const struct bench_subject *find_subject(const struct bench_row *row,
						const char *name)
{
	const struct bench_subject *s;

	for (s = row->subjects; s->name; s++) {
		if (!strcmp(s->name, name))
			return s;
	}
	return NULL;
}

/* @word may be missing, and then *@number stays. */
static int parse_number(const char *word, unsigned int most,
			unsigned int *number)
{
	int err;

	if (!word)
		return 0;
	err = kstrtouint(word, 10, number);
	if (err)
		return -EINVAL;
	return *number && *number <= most ? 0 : -EINVAL;
}

static char *next_word(char **request)
{
	char *word;

	do {
		word = strsep(request, " \t\n");
	} while (word && !*word);
	return word;
}

static int parse(struct bench *b, char *request)
{
	char *name = next_word(&request);
	char *rounds = next_word(&request);
	char *count = next_word(&request);
	char *subject = next_word(&request);
	int err;

	if (!name || next_word(&request))
		return -EINVAL;
	b->row = find_row(name);
	if (!b->row)
		return -ENOENT;
	b->rounds = b->row->rounds;
	b->count = b->row->count;
	err = parse_number(rounds, ROUNDS_MAX, &b->rounds);
	if (!err)
		err = parse_number(count, COUNT_MAX, &b->count);
	if (err || !subject)
		return err;
	b->only = find_subject(b->row, subject);
	return b->only ? 0 : -ENOENT;
}

static ssize_t run_write(struct file *file, const char __user *buf, size_t len,
			 loff_t *pos)
{
	struct bench b = { .samples = LIST_HEAD_INIT(b.samples) };
	char *request;
	int err;

	if (len >= REQUEST_MAX)
		return -EINVAL;
	request = memdup_user_nul(buf, len);
	if (IS_ERR(request))
		return PTR_ERR(request);
	err = parse(&b, request);
	kfree(request);
	if (err)
		return err;

	if (mutex_lock_interruptible(&lock))
		return -EINTR;
	err = bench_run(&b);
	bench_free_samples(&last);
	if (err) {
		bench_free_samples(&b);
	} else {
		last.row = b.row;
		list_splice(&b.samples, &last.samples);
	}
	mutex_unlock(&lock);
	/* *pos stays: the same file may be read from its beginning. */
	return err ?: len;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = run_open,
	.read = seq_read,
	.write = run_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void bench_control_init(void)
{
	dir = debugfs_create_dir("ktask_bench", NULL);
	debugfs_create_file("rows", 0400, dir, NULL, &rows_fops);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
}

void bench_control_exit(void)
{
	debugfs_remove(dir);
	bench_free_samples(&last);
}
