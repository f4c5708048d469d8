// SPDX-License-Identifier: GPL-2.0
/*
 * Typed cleanups of tasks, and scopes of threads.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "util.h"

static struct kt_trail *integers;

static void mark_integer(u8 c)
{
	kt_mark(integers, c);
}

/* Of a pointer with qualifiers, and of what is no pointer. */
DEFINE_KTASK_DEFER(mark, const struct kt_cleanup *, kt_mark(_T->trail, _T->c))
DEFINE_KTASK_DEFER(integer, u8, mark_integer(_T))
DEFINE_KTASK_DEFER(several, struct kt_cleanup *,
		   kt_mark(_T->trail, '<');
		   kt_mark(_T->trail, '>'))

struct holder {
	struct ktask_defer d[8];
	struct kt_cleanup mark;
	struct ktask *child;
	struct ktask_future *never;
	bool in;
};

static ktask_poll_t eternal_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_SLEEP(t, KTIME_MAX);
	KTASK_END(t);
}

static struct ktask *spawn_eternal(void)
{
	return ktask_spawn(eternal_body, void);
}

static ktask_poll_t generated_body(struct ktask *t)
{
	struct holder *f = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_defer_mark(t, &f->d[0], &f->mark);
	KTASK_YIELD(t);
	ktask_defer_integer(t, &f->d[1], 200);
	ktask_defer_several(t, &f->d[2], &f->mark);
	ktask_defer_integer(t, &f->d[3], 'i');
	ktask_undefer(t, &f->d[1]);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void defer_generated(struct kunit *test)
{
	struct holder f = { .mark.c = 'm' };
	struct ktask *t;

	integers = kt_trail(test);
	f.mark.trail = integers;
	t = kt_own(test, ktask_spawn(generated_body, struct holder,
				     .init = &f));
	KT_FINISH(test, t);
	KUNIT_EXPECT_STREQ(test, integers->s, "i<>m");
}

/* kmemleak tells if they are not freed. */
static ktask_poll_t memory_body(struct ktask *t)
{
	struct holder *f = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_defer_kfree(t, &f->d[0], kmalloc(100, GFP_KERNEL));
	ktask_defer_kvfree(t, &f->d[1], kvmalloc(100, GFP_KERNEL));
	ktask_defer_kvfree(t, &f->d[2], vmalloc(5 * PAGE_SIZE));
	ktask_defer_kfree(t, &f->d[3], NULL);
	ktask_defer_kvfree(t, &f->d[4], NULL);
	WRITE_ONCE(f->in, true);
	KTASK_AWAIT(t, f->never);
	KTASK_END(t);
}

static void defer_memory(struct kunit *test)
{
	struct holder f = {}, *frame;
	struct ktask *t;

	f.never = kunit_kzalloc(test, sizeof(*f.never), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f.never);
	t = kt_own(test, ktask_spawn(memory_body, struct holder, .init = &f));
	frame = ktask_frame(t);
	KT_EVENTUALLY(test, READ_ONCE(frame->in));
	ktask_abort(t);
	KT_FINISH(test, t);
}

static const struct file_operations no_fops = { .owner = THIS_MODULE };

struct refs {
	struct ktask_defer d[2];
	struct file *file;
};

static ktask_poll_t refs_body(struct ktask *t)
{
	struct refs *f = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_defer_fput(t, &f->d[0], f->file);
	__module_get(THIS_MODULE);
	ktask_defer_module_put(t, &f->d[1], THIS_MODULE);
	KTASK_YIELD(t);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void defer_references(struct kunit *test)
{
	struct refs f = {};
	struct ktask *t;
	int before = module_refcount(THIS_MODULE);

	f.file = anon_inode_getfile("kunit", &no_fops, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f.file);
	t = kt_own(test, ktask_spawn(refs_body, struct refs, .init = &f));
	KT_FINISH(test, t);
	/* A file that was put by a kernel thread is released by a work. */
	KT_EVENTUALLY(test, module_refcount(THIS_MODULE) == before);
}

static ktask_poll_t parent_body(struct ktask *t)
{
	struct holder *f = ktask_frame(t);

	KTASK_BEGIN(t);
	/* Before it is looked at, since the cleanup does that. */
	ktask_defer_abort(t, &f->d[0], f->child);
	ktask_defer_put(t, &f->d[1], ERR_PTR(-ENOMEM));
	ktask_defer_abort(t, &f->d[2], ERR_PTR(-ENOMEM));
	ktask_defer_abort(t, &f->d[3], NULL);
	ktask_defer_put(t, &f->d[4], NULL);
	ktask_defer_put(t, &f->d[5], ktask_get(f->child));
	WRITE_ONCE(f->in, true);
	KTASK_AWAIT(t, f->never);
	KTASK_END(t);
}

static void defer_children(struct kunit *test)
{
	struct holder f = {}, *frame;
	struct ktask *child, *t;

	f.never = kunit_kzalloc(test, sizeof(*f.never), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f.never);
	child = kt_own(test, spawn_eternal());
	f.child = ktask_get(child);
	t = kt_own(test, ktask_spawn(parent_body, struct holder, .init = &f));
	frame = ktask_frame(t);
	KT_EVENTUALLY(test, READ_ONCE(frame->in));
	KUNIT_EXPECT_FALSE(test, ktask_done(child));
	ktask_abort(t);
	KT_FINISH(test, t);
	/* Not outlived, even for a moment. */
	KUNIT_EXPECT_TRUE(test, ktask_done(child));
	KT_EXPECT_CANCELLED(test, child);
}

static void defer_scopes(struct kunit *test)
{
	struct ktask *child, *other;

	child = kt_own(test, spawn_eternal());
	other = kt_own(test, spawn_eternal());
	{
		struct ktask *scoped __free(ktask_abort) = ktask_get(child);
		struct ktask *put __free(ktask_put) = ktask_get(other);
		struct ktask *kept __free(ktask_abort) = ktask_get(other);
		struct ktask *none __free(ktask_abort) = ERR_PTR(-ENOMEM);
		struct ktask *null __free(ktask_put) = NULL;

		KUNIT_EXPECT_FALSE(test, ktask_done(scoped));
		KUNIT_EXPECT_PTR_EQ(test, put, other);
		KUNIT_EXPECT_TRUE(test, IS_ERR(none));
		KUNIT_EXPECT_NULL(test, null);
		ktask_put(no_free_ptr(kept));
	}
	KUNIT_EXPECT_TRUE(test, ktask_done(child));
	KUNIT_EXPECT_FALSE(test, ktask_done(other));
}

static struct kunit_case defer_helpers_cases[] = {
	KUNIT_CASE(defer_generated),
	KUNIT_CASE(defer_memory),
	KUNIT_CASE(defer_references),
	KUNIT_CASE(defer_children),
	KUNIT_CASE(defer_scopes),
	{}
};

struct kunit_suite ktask_defer_helpers_suite = {
	.name = "ktask_defer_helpers",
	.test_cases = defer_helpers_cases,
};
