// SPDX-License-Identifier: GPL-2.0
/*
 * libktask: graphs, their order and their circles, and how they are spawned.
 */
#include "lib.h"

FIXTURE(graph) {
	struct ktask_set *set;
	struct ktask_graph *graph;
	struct ktask_completion c[64];
};

FIXTURE_SETUP(graph)
{
	int err = ktask_set_open(&self->set, 0);

	if (err == -ENOENT)
		SKIP(return, DEVICE " is not there: load ktask");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, ktask_graph_create(&self->graph));
}

FIXTURE_TEARDOWN(graph)
{
	ktask_graph_free(self->graph);
	ktask_set_close(self->set);
}

/* Adds a nop that returns @result, with its number as user_data. */
static int64_t add_nop(struct ktask_graph *graph, struct ktask_set *set, int64_t result)
{
	struct ktask_args_nop args = { .result = result };
	struct ktask_desc desc;
	int err = ktask_desc_init(set, &desc, "nop", &args, sizeof(args));

	if (err)
		return err;
	desc.user_data = ktask_graph_size(graph);
	/* That it has been copied shows when it is spawned. */
	err = ktask_graph_add(graph, &desc);
	args.result = -EBADMSG;
	return err;
}

static int add_nops(struct ktask_graph *graph, struct ktask_set *set, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (add_nop(graph, set, 0) != i)
			return -1;
	}
	return 0;
}

/* --- Building ------------------------------------------------------------- */

TEST_F(graph, empty)
{
	uint32_t node = 5;

	EXPECT_EQ(0, ktask_graph_size(self->graph));
	EXPECT_EQ(0, ktask_graph_cycle(self->graph, &node, 1));
	EXPECT_EQ(0, ktask_graph_spawn(self->graph, self->set, &node));
	EXPECT_EQ(UINT32_MAX, node);
	EXPECT_EQ(0, ktask_graph_spawn(self->graph, self->set, NULL));
	EXPECT_EQ(0, ktask_graph_id(self->graph, 0));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	ktask_graph_free(NULL);
}

TEST_F(graph, add_and_after_errors)
{
	struct ktask_args_nop args = {};
	struct ktask_after *after = calloc(KTASK_IDS_MAX + 1, sizeof(*after));
	struct ktask_desc desc;
	int i;

	ASSERT_NE(NULL, after);
	ASSERT_DESC(&desc, "nop", &args);
	after->flags = KTASK_AFTER_INDEX;
	ktask_desc_after(&desc, after, 1);
	EXPECT_EQ(-EINVAL, ktask_graph_add(self->graph, &desc));
	after->flags = 0;
	ktask_desc_after(&desc, after, KTASK_IDS_MAX + 1);
	EXPECT_EQ(-E2BIG, ktask_graph_add(self->graph, &desc));
	EXPECT_EQ(0, ktask_graph_size(self->graph));
	free(after);

	ASSERT_EQ(0, add_nops(self->graph, self->set, 2));
	EXPECT_EQ(2, ktask_graph_size(self->graph));
	EXPECT_EQ(-ENOENT, ktask_graph_after(self->graph, 0, 2, 0));
	EXPECT_EQ(-ENOENT, ktask_graph_after(self->graph, 2, 0, 0));
	EXPECT_EQ(-EOPNOTSUPP, ktask_graph_after(self->graph, 1, 0, KTASK_AFTER_INDEX));
	EXPECT_EQ(-EOPNOTSUPP, ktask_graph_after(self->graph, 1, 0, 0x80));
	for (i = 0; i < KTASK_IDS_MAX; i++)
		ASSERT_EQ(0, ktask_graph_after(self->graph, 1, 0, 0));
	EXPECT_EQ(-E2BIG, ktask_graph_after(self->graph, 1, 0, 0));
	/* So many it takes. */
	EXPECT_EQ(0, ktask_graph_spawn(self->graph, self->set, NULL));
	EXPECT_EQ(2, ktask_join_all(self->set, 0, self->c, 64, KTASK_FOREVER, NULL));
	EXPECT_EQ(KTASK_RETURNED, self->c[1].outcome);
}

/* --- Circles -------------------------------------------------------------- */

/* Whether these are in a circle, each after the one before it, from the lowest on. */
static bool is_circle(const uint32_t *nodes, ssize_t nr, const uint32_t *want, ssize_t nr_want)
{
	return nr == nr_want && !memcmp(nodes, want, nr * sizeof(*nodes));
}

TEST_F(graph, cycles)
{
	static const uint32_t three[] = { 2, 5, 7 }, one[] = { 4 };
	uint32_t nodes[10] = {}, node = 3;
	ssize_t n;

	ASSERT_EQ(0, add_nops(self->graph, self->set, 10));
	/* 7 after 5 after 2 after 7, with some before and some after these. */
	ASSERT_EQ(0, ktask_graph_after(self->graph, 7, 5, 0));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 5, 2, 0));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 2, 9, 0));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 0, 7, 0));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 1, 0, 0));
	EXPECT_EQ(0, ktask_graph_cycle(self->graph, nodes, 10));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 2, 7, KTASK_AFTER_ANY));
	n = ktask_graph_cycle(self->graph, nodes, 10);
	EXPECT_TRUE(is_circle(nodes, n, three, 3));

	EXPECT_EQ(-ELOOP, ktask_graph_spawn(self->graph, self->set, &node));
	EXPECT_EQ(UINT32_MAX, node);
	EXPECT_EQ(-ELOOP, ktask_graph_spawn(self->graph, self->set, NULL));
	EXPECT_EQ(0, ktask_graph_id(self->graph, 9));
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, KTASK_FOREVER));

	/* There is not room for all of it, or for nothing. */
	nodes[2] = 77;
	EXPECT_EQ(3, ktask_graph_cycle(self->graph, nodes, 2));
	EXPECT_EQ(2, nodes[0]);
	EXPECT_EQ(77, nodes[2]);
	EXPECT_EQ(3, ktask_graph_cycle(self->graph, NULL, 0));

	/* After itself. */
	ktask_graph_free(self->graph);
	ASSERT_EQ(0, ktask_graph_create(&self->graph));
	ASSERT_EQ(0, add_nops(self->graph, self->set, 10));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 4, 4, 0));
	n = ktask_graph_cycle(self->graph, nodes, 10);
	EXPECT_TRUE(is_circle(nodes, n, one, 1));
}

/* Deeper than a search that calls itself could go. */
TEST_F(graph, cycle_of_many)
{
	const uint32_t nr = 300000;
	uint32_t *nodes = calloc(nr, sizeof(*nodes)), i;
	struct ktask_desc desc = {};

	ASSERT_NE(NULL, nodes);
	for (i = 0; i < nr; i++)
		ASSERT_EQ(i, ktask_graph_add(self->graph, &desc));
	for (i = 1; i < nr; i++)
		ASSERT_EQ(0, ktask_graph_after(self->graph, i, i - 1, 0));
	EXPECT_EQ(0, ktask_graph_cycle(self->graph, nodes, nr));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 0, nr - 1, 0));
	EXPECT_EQ(nr, ktask_graph_cycle(self->graph, nodes, nr));
	for (i = 0; i < nr && nodes[i] == i; i++)
		;
	EXPECT_EQ(nr, i);
	free(nodes);
}

/* --- Spawning ------------------------------------------------------------- */

/* The order of the ends is one that the edges allow; everything is joined. */
static int check_order(struct ktask_set *set, const uint32_t (*edges)[2], size_t nr_edges,
		       uint32_t nr)
{
	uint32_t *at = calloc(nr, sizeof(*at)), i;
	struct ktask_completion c;
	size_t k;
	int ret = -1;

	for (i = 0; at && i < nr; i++) {
		if (ktask_join_next(set, &c, KTASK_FOREVER) != 1 ||
		    c.outcome != KTASK_RETURNED || c.result || c.user_data >= nr ||
		    at[c.user_data])
			goto out;
		at[c.user_data] = i + 1;
	}
	for (k = 0; at && k < nr_edges; k++) {
		if (at[edges[k][0]] < at[edges[k][1]])
			goto out;
	}
	ret = ktask_join_next(set, &c, KTASK_FOREVER);
out:
	free(at);
	return ret;
}

TEST_F_TIMEOUT(graph, spawn_in_order, SLOW)
{
	enum { NR = 300, EDGES = 900 };
	static uint32_t edges[EDGES][2];
	unsigned int seed = 7, i, round;

	ASSERT_EQ(0, add_nops(self->graph, self->set, NR));
	for (i = 0; i < EDGES; i++) {
		uint32_t a = rand_r(&seed) % NR, b = rand_r(&seed) % NR;

		/* Numbers in which there is no circle, but that are in no order. */
		edges[i][0] = (a > b ? a : b) * 71 % NR;
		edges[i][1] = (a > b ? b : a) * 71 % NR;
		if (a == b)
			edges[i][0] = edges[i][1] = 0;
		else
			ASSERT_EQ(0, ktask_graph_after(self->graph, edges[i][0], edges[i][1], 0));
	}
	/* And once more: a graph is not used up. */
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(0, ktask_graph_spawn(self->graph, self->set, NULL));
		EXPECT_EQ(0, check_order(self->set, edges, EDGES, NR));
	}
}

TEST_F(graph, ids_and_flags)
{
	int64_t ok = add_nop(self->graph, self->set, 0);
	int64_t bad = add_nop(self->graph, self->set, -EIO);
	int64_t after_bad = add_nop(self->graph, self->set, 0);
	int64_t whatever = add_nop(self->graph, self->set, 0);
	uint64_t ids[4];
	int i;

	ASSERT_EQ(0, ktask_graph_after(self->graph, bad, ok, 0));
	ASSERT_EQ(0, ktask_graph_after(self->graph, after_bad, bad, 0));
	ASSERT_EQ(0, ktask_graph_after(self->graph, whatever, after_bad, KTASK_AFTER_ANY));
	ASSERT_EQ(0, ktask_graph_spawn(self->graph, self->set, NULL));
	for (i = 0; i < 4; i++)
		ids[i] = ktask_graph_id(self->graph, i);
	EXPECT_EQ(0, ktask_graph_id(self->graph, 4));
	/* They outlive it. */
	ktask_graph_free(self->graph);
	self->graph = NULL;
	ASSERT_EQ(4, ktask_join_ids(self->set, ids, 4, self->c, KTASK_FOREVER, NULL));
	EXPECT_EQ(0, self->c[0].result);
	EXPECT_EQ(-EIO, self->c[1].result);
	EXPECT_EQ(KTASK_CANCELLED, self->c[2].outcome);
	EXPECT_EQ(KTASK_CAUSE_AFTER, self->c[2].cause);
	EXPECT_EQ(KTASK_RETURNED, self->c[3].outcome);
}

/* After a task that is no part of it. */
TEST_F(graph, after_a_task_of_the_set)
{
	struct ktask_args_nop args = {};
	struct ktask_after after = {};
	struct ktask_desc desc;
	int64_t id = ktask_spawn_sleep(self->set, HOUR, 99);
	int64_t node;

	ASSERT_LT(0, id);
	after.id = id;
	after.flags = KTASK_AFTER_ANY;
	ASSERT_DESC(&desc, "nop", &args);
	ktask_desc_after(&desc, &after, 1);
	ASSERT_EQ(0, node = ktask_graph_add(self->graph, &desc));
	/* That has been copied. */
	after.id = 0;
	ASSERT_EQ(1, add_nop(self->graph, self->set, 0));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 1, node, 0));
	ASSERT_EQ(0, ktask_graph_spawn(self->graph, self->set, NULL));
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(self->set, self->c, 20 * MSEC));
	ASSERT_EQ(0, ktask_abort(self->set, id));
	ASSERT_EQ(3, ktask_join_all(self->set, 0, self->c, 64, KTASK_FOREVER, NULL));
	EXPECT_EQ(99, self->c[0].user_data);
	EXPECT_EQ(KTASK_RETURNED, self->c[2].outcome);
	/* Now it is gone, so the graph cannot be spawned any more. */
	EXPECT_EQ(-ENOENT, ktask_graph_spawn(self->graph, self->set, NULL));
}

/* Copy, then hash both and have it on the disk, then put the digests together. */
TEST_F(graph, pipeline_with_input)
{
	int in = counting_file(100000), out = memfd_create("ktask-out", MFD_CLOEXEC);
	struct ktask_args_copy copy = { .fd_in = in, .fd_out = out };
	struct ktask_args_hash hash = { .fd = in, .alg = "sha256" };
	struct ktask_args_nop nop = {};
	struct ktask_desc desc;
	void *digests;

	ASSERT_DESC(&desc, "nop", &nop);
	ASSERT_EQ(0, ktask_graph_add(self->graph, &desc));
	ASSERT_DESC(&desc, "hash", &hash);
	ASSERT_EQ(1, ktask_graph_add(self->graph, &desc));
	hash.fd = out;
	ASSERT_EQ(2, ktask_graph_add(self->graph, &desc));
	ASSERT_DESC(&desc, "copy", &copy);
	ASSERT_EQ(3, ktask_graph_add(self->graph, &desc));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 0, 1, KTASK_AFTER_INPUT));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 0, 2, KTASK_AFTER_INPUT));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 2, 3, 0));
	ASSERT_EQ(0, ktask_graph_spawn(self->graph, self->set, NULL));
	/* They have the files now. */
	close(in);
	close(out);
	ASSERT_EQ(0, ktask_join_output(self->set, ktask_graph_id(self->graph, 0), self->c,
				       &digests, KTASK_FOREVER));
	ASSERT_EQ(64, self->c[0].out_len);
	EXPECT_EQ(0, memcmp(digests, (char *)digests + 32, 32));
	free(digests);
}

/* --- What cannot be spawned ----------------------------------------------- */

/* Nothing was started, and nothing is left. */
#define EXPECT_NOTHING_DONE(before)						\
do {										\
	struct ktask_info _after;						\
	struct ktask_group _group;						\
										\
	EXPECT_EQ(0, ktask_join_next(self->set, self->c, KTASK_FOREVER));	\
	do {									\
		ASSERT_EQ(0, ktask_group_info(self->set, 0, &_group));		\
	} while (_group.nr_tasks);						\
	/* What has been taken back is no end of a task that was at work. */	\
	ASSERT_EQ(0, ktask_info(self->set, &_after));				\
	EXPECT_EQ((before).completed - (before).cancelled,			\
		  _after.completed - _after.cancelled);				\
} while (0)

TEST_F(graph, tells_which_could_not_be_started)
{
	struct ktask_args_hash hash = { .fd = -2, .alg = "sha256" };
	struct ktask_info before;
	struct ktask_desc desc;
	uint32_t node = 0;
	int i;

	ASSERT_EQ(0, add_nops(self->graph, self->set, 20));
	ASSERT_DESC(&desc, "hash", &hash);
	ASSERT_EQ(20, ktask_graph_add(self->graph, &desc));
	/* In the middle of a chain, in which each may run in any case. */
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, ktask_graph_after(self->graph, i < 10 ? i : 20, i < 10 ? 20 : i,
					       KTASK_AFTER_ANY));
	ASSERT_EQ(0, ktask_info(self->set, &before));
	EXPECT_EQ(-EBADF, ktask_graph_spawn(self->graph, self->set, &node));
	EXPECT_EQ(20, node);
	EXPECT_NOTHING_DONE(before);
	EXPECT_EQ(-EBADF, ktask_graph_spawn(self->graph, self->set, NULL));
	EXPECT_NOTHING_DONE(before);
}

/* The first one: then there is nothing like it to keep others back. */
TEST_F(graph, tells_that_the_first_could_not_be_started)
{
	struct ktask_args_hash hash = { .fd = -2, .alg = "sha256" };
	struct ktask_info before;
	struct ktask_desc desc;
	uint32_t node = 9;

	ASSERT_DESC(&desc, "hash", &hash);
	ASSERT_EQ(0, ktask_graph_add(self->graph, &desc));
	ASSERT_EQ(1, add_nop(self->graph, self->set, 0));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 1, 0, KTASK_AFTER_ANY));
	ASSERT_EQ(0, ktask_info(self->set, &before));
	EXPECT_EQ(-EBADF, ktask_graph_spawn(self->graph, self->set, &node));
	EXPECT_EQ(0, node);
	EXPECT_NOTHING_DONE(before);
}

TEST_F(graph, no_room)
{
	struct ktask_info before;
	uint32_t node = 0;

	ASSERT_EQ(0, add_nops(self->graph, self->set, 20));
	ASSERT_EQ(0, ktask_group_limit(self->set, 0, 0, 10));
	ASSERT_EQ(0, ktask_info(self->set, &before));
	EXPECT_EQ(-EAGAIN, ktask_graph_spawn(self->graph, self->set, &node));
	EXPECT_EQ(UINT32_MAX, node);
	EXPECT_NOTHING_DONE(before);
	ASSERT_EQ(0, ktask_group_limit(self->set, 0, 0, 20));
	EXPECT_EQ(0, ktask_graph_spawn(self->graph, self->set, &node));
	EXPECT_EQ(UINT32_MAX, node);
	EXPECT_EQ(20, ktask_join_all(self->set, 0, NULL, 64, KTASK_FOREVER, NULL));
}

/* What keeps others back is nothing that a restricted set does not allow. */
TEST_F(graph, restricted)
{
	static const char *const ops[] = { "sleep", "hash" };
	struct ktask_args_sleep sleep = { .duration_ns = 1 };
	struct ktask_args_hash hash = { .fd = -2, .alg = "sha256" };
	struct ktask_info before;
	struct ktask_desc desc;
	uint32_t node = 9;

	ASSERT_DESC(&desc, "sleep", &sleep);
	ASSERT_EQ(0, ktask_graph_add(self->graph, &desc));
	ASSERT_EQ(1, ktask_graph_add(self->graph, &desc));
	ASSERT_DESC(&desc, "hash", &hash);
	ASSERT_EQ(2, ktask_graph_add(self->graph, &desc));
	ASSERT_EQ(0, ktask_set_restrict(self->set, ops, 2, 0));
	ASSERT_EQ(0, ktask_info(self->set, &before));
	EXPECT_EQ(-EBADF, ktask_graph_spawn(self->graph, self->set, &node));
	EXPECT_EQ(2, node);
	EXPECT_NOTHING_DONE(before);

	ASSERT_EQ(3, add_nop(self->graph, self->set, 0));
	ASSERT_EQ(0, ktask_graph_after(self->graph, 2, 3, 0));
	EXPECT_EQ(-EPERM, ktask_graph_spawn(self->graph, self->set, &node));
	EXPECT_EQ(3, node);
	EXPECT_NOTHING_DONE(before);
}

/* --- Large ones ----------------------------------------------------------- */

#define LARGE	(2 * KTASK_SPAWN_MAX + 100)

TEST_F_TIMEOUT(graph, large, SLOW)
{
	static uint32_t edges[LARGE][2];
	uint32_t i, nr_edges = 0;

	ASSERT_EQ(0, add_nops(self->graph, self->set, LARGE));
	/* Each but some after one that is far from it. */
	for (i = 0; i < LARGE; i++) {
		if (i % 3 == 0)
			continue;
		edges[nr_edges][0] = i;
		edges[nr_edges][1] = (LARGE - i) / 3 * 3;
		ASSERT_EQ(0, ktask_graph_after(self->graph, i, edges[nr_edges][1], 0));
		nr_edges++;
	}
	ASSERT_EQ(0, ktask_graph_spawn(self->graph, self->set, NULL));
	EXPECT_EQ(0, check_order(self->set, edges, nr_edges, LARGE));
}

TEST_F_TIMEOUT(graph, large_one_that_cannot_be_spawned, SLOW)
{
	struct ktask_args_nop args = {};
	struct ktask_info before;
	struct ktask_desc desc;
	uint32_t node = 0, i;

	ASSERT_EQ(0, add_nops(self->graph, self->set, LARGE - 2));
	ASSERT_DESC(&desc, "nop", &args);
	desc.op = UINT_MAX;
	ASSERT_EQ(LARGE - 2, ktask_graph_add(self->graph, &desc));
	ASSERT_EQ(LARGE - 1, add_nop(self->graph, self->set, 0));
	/* The wrong one is among the last, and those before it may run in any case. */
	for (i = 1; i < LARGE; i++)
		ASSERT_EQ(0, ktask_graph_after(self->graph, i, i - 1, KTASK_AFTER_ANY));
	ASSERT_EQ(0, ktask_info(self->set, &before));
	EXPECT_EQ(-ENOENT, ktask_graph_spawn(self->graph, self->set, &node));
	EXPECT_EQ(LARGE - 2, node);
	EXPECT_NOTHING_DONE(before);
	EXPECT_EQ(-ENOENT, ktask_graph_spawn(self->graph, self->set, NULL));
	EXPECT_NOTHING_DONE(before);
	/* There is room for the gate, and for some. */
	ASSERT_EQ(0, ktask_group_limit(self->set, 0, 0, KTASK_SPAWN_MAX + 1));
	EXPECT_EQ(-EAGAIN, ktask_graph_spawn(self->graph, self->set, &node));
	EXPECT_EQ(UINT32_MAX, node);
	EXPECT_NOTHING_DONE(before);
}

TEST_HARNESS_MAIN
