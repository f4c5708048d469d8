// SPDX-License-Identifier: GPL-2.0
/*
 * libktask without memory: each allocation fails in turn. The call says so, and
 * leaves nothing behind; the linker has all of the library's allocations come here.
 */
#include "lib.h"

static bool armed;
/* Which allocation shall fail, counting down; and whether it has. */
static unsigned int countdown;
static bool failed;
/* Blocks allocated since then, less those freed. */
static int blocks;

static bool may_allocate(void)
{
	if (!armed || --countdown)
		return true;
	failed = true;
	return false;
}

static void *count(void *block)
{
	blocks += armed && block;
	return block;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_reallocarray(void *block, size_t nr, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? count(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t nr, size_t size)
{
	return may_allocate() ? count(__real_calloc(nr, size)) : NULL;
}

/* One that there was before is not one more. */
void *__wrap_realloc(void *block, size_t size)
{
	if (!may_allocate())
		return NULL;
	return block ? __real_realloc(block, size) : count(__real_realloc(NULL, size));
}

void *__wrap_reallocarray(void *block, size_t nr, size_t size)
{
	if (!may_allocate())
		return NULL;
	return block ? __real_reallocarray(block, nr, size)
		     : count(__real_reallocarray(NULL, nr, size));
}

void __wrap_free(void *block)
{
	blocks -= armed && block;
	__real_free(block);
}

static void arm(unsigned int nth)
{
	countdown = nth;
	failed = false;
	blocks = 0;
	armed = true;
}

/*
 * @call, with the first allocation failing, then with the second, and so on until
 * none does; @again prepares each of them.
 */
#define EXPECT_ENOMEM_EACH(at_least, again, call)			\
do {									\
	unsigned int _n = 0;						\
	int64_t _ret;							\
									\
	do {								\
		again;							\
		arm(++_n);						\
		_ret = (call);						\
		armed = false;						\
		if (failed) {						\
			EXPECT_EQ(-ENOMEM, _ret);			\
			EXPECT_EQ(0, blocks);				\
		} else {						\
			EXPECT_LE(0, _ret);				\
		}							\
	} while (failed);						\
	EXPECT_LT(at_least, _n);					\
} while (0)

#define NOTHING	do { } while (0)

/* A set that has not yet looked for any operation. */
static void renew(struct ktask_set **set)
{
	ktask_set_close(*set);
	if (ktask_set_open(set, 0))
		abort();
}

TEST_F(lib, sets)
{
	struct ktask_set *set = NULL;
	int fd = dup(ktask_set_fd(self->set));

	EXPECT_ENOMEM_EACH(1, NOTHING, ktask_set_open(&set, 0));
	ktask_set_close(set);
	ASSERT_LE(0, fd);
	EXPECT_ENOMEM_EACH(1, NOTHING, ktask_set_adopt(&set, fd));
	ktask_set_close(set);
}

TEST_F(lib, ops)
{
	struct ktask_op_info *info;
	struct ktask_desc desc;
	uint32_t op;

	EXPECT_ENOMEM_EACH(1, renew(&self->set), ktask_op_find(self->set, "nop", &op));
	EXPECT_ENOMEM_EACH(1, NOTHING, ktask_op_get(self->set, "nop", &info));
	ktask_op_free(info);
	EXPECT_ENOMEM_EACH(1, NOTHING, ktask_op_next(self->set, 0, &info));
	ktask_op_free(info);
	EXPECT_ENOMEM_EACH(1, renew(&self->set),
			   ktask_desc_init(self->set, &desc, "nop", NULL, 0));
	EXPECT_ENOMEM_EACH(1, renew(&self->set), ktask_spawn_nop(self->set, 0, 0));
}

TEST_F(lib, outputs)
{
	int file = counting_file(100000);
	int64_t id = ktask_spawn_read(self->set, file, 0, 100000, 0);
	void *out = NULL;
	size_t len;

	ASSERT_LT(0, id);
	/* Nothing is taken by those that fail. */
	EXPECT_ENOMEM_EACH(2, NOTHING,
			   ktask_join_output(self->set, id, self->c, &out, KTASK_FOREVER));
	ASSERT_EQ(100000, self->c[0].out_len);
	EXPECT_TRUE(is_counting(out, 100000));
	free(out);

	id = ktask_spawn_read(self->set, file, 0, 100000, 0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_ENOMEM_EACH(1, NOTHING, ktask_output_take(self->set, id, &out, &len));
	EXPECT_EQ(100000, len);
	EXPECT_TRUE(is_counting(out, len));
	free(out);
	close(file);
}

static int add(struct ktask_graph *graph, struct ktask_set *set, struct ktask_after *after)
{
	struct ktask_args_nop args = {};
	struct ktask_desc desc;

	if (ktask_desc_init(set, &desc, "nop", &args, sizeof(args)))
		return -EIO;
	ktask_desc_after(&desc, after, !!after);
	return ktask_graph_add(graph, &desc);
}

TEST_F(lib, graphs)
{
	struct ktask_after after = { .flags = KTASK_AFTER_ANY };
	int64_t id = ktask_spawn_nop(self->set, 0, 0);
	struct ktask_graph *graph = NULL;
	uint32_t nodes[4], node;

	ASSERT_LT(0, id);
	after.id = id;
	EXPECT_ENOMEM_EACH(1, NOTHING, ktask_graph_create(&graph));
	/* Grown, it keeps what it has room for; so this begins with a full one. */
	while (ktask_graph_size(graph) < 4)
		ASSERT_LE(0, add(graph, self->set, NULL));
	EXPECT_ENOMEM_EACH(2, NOTHING, add(graph, self->set, &after));
	EXPECT_EQ(5, ktask_graph_size(graph));
	EXPECT_ENOMEM_EACH(1, NOTHING, ktask_graph_after(graph, 0, 1, 0));
	EXPECT_ENOMEM_EACH(3, NOTHING, ktask_graph_cycle(graph, nodes, 4));
	EXPECT_ENOMEM_EACH(6, NOTHING, ktask_graph_spawn(graph, self->set, &node));
	/* It was spawned once. */
	EXPECT_EQ(6, ktask_join_all(self->set, 0, NULL, SIZE_MAX, KTASK_FOREVER, NULL));

	ASSERT_EQ(0, ktask_graph_after(graph, 1, 0, 0));
	EXPECT_ENOMEM_EACH(6, NOTHING, ktask_graph_cycle(graph, nodes, 4));
	ktask_graph_free(graph);
}

TEST_F_TIMEOUT(lib, large_graph, SLOW)
{
	struct ktask_graph *graph;
	uint32_t node;
	int i;

	ASSERT_EQ(0, ktask_graph_create(&graph));
	for (i = 0; i <= KTASK_SPAWN_MAX; i++)
		ASSERT_EQ(i, add(graph, self->set, NULL));
	EXPECT_ENOMEM_EACH(6, NOTHING, ktask_graph_spawn(graph, self->set, &node));
	EXPECT_EQ(KTASK_SPAWN_MAX + 1,
		  ktask_join_all(self->set, 0, NULL, SIZE_MAX, KTASK_FOREVER, NULL));
	ktask_graph_free(graph);
}

TEST_HARNESS_MAIN
