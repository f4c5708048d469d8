// SPDX-License-Identifier: GPL-2.0
/*
 * Graphs made up at random, against a model of what becomes of each task.
 */
#include "alg.h"
#include "helpers.h"

#define DAG_NODES	300
#define DAG_AFTER	6
#define DAG_BYTES	2048

/* What the model says of a task. */
struct node {
	struct ktask_after after[DAG_AFTER];
	int preds[DAG_AFTER];
	int nr;
	struct ktask_args_nop args;
	__u64 id;
	bool succeeds;
	bool cancelled;
	unsigned int len;
	unsigned char out[DAG_BYTES];
};

FIXTURE(dag) {
	int fd;
	unsigned int seed;
	int64_t nop;
	unsigned char pieces[8][32];
	struct ktask_args_hash hashes[8];
	struct node nodes[DAG_NODES];
	struct ktask_completion c;
};

FIXTURE_SETUP(dag)
{
	int file = pattern_file(1000), i;

	SETUP_OPEN(self->fd, 0);
	ASSERT_LE(0, self->nop = kt_op(self->fd, "nop"));
	for (i = 0; i < 8; i++) {
		self->hashes[i] = (struct ktask_args_hash){
			.fd = file,
			.offset = i,
			.length = 100,
			.alg = "sha256",
		};
		if (alg_digest("sha256", file, i, 100, self->pieces[i]) != 32)
			SKIP(return, "the kernel has no AF_ALG to compare with");
	}
	self->seed = time(NULL);
	if (getenv("KTASK_SEED"))
		self->seed = strtoul(getenv("KTASK_SEED"), NULL, 0);
	TH_LOG("KTASK_SEED=%u", self->seed);
}

FIXTURE_TEARDOWN(dag)
{
	close(self->hashes[0].fd);
	close(self->fd);
}

static int dag_random(FIXTURE_DATA(dag) *self, int below)
{
	return rand_r(&self->seed) % below;
}

/*
 * Make up node @i, and what will become of it. Of those before it, the ones from
 * @batch on are spawned by the same call.
 */
static struct ktask_desc dag_node(FIXTURE_DATA(dag) *self, int i, int batch)
{
	struct node *n = &self->nodes[i];
	struct ktask_desc desc = { .op = self->nop, .user_data = i };
	int k;

	n->nr = i && dag_random(self, 4) ? dag_random(self, DAG_AFTER + 1) : 0;
	n->cancelled = false;
	n->len = 0;
	for (k = 0; k < n->nr; k++) {
		int pred = dag_random(self, 3) ? i - 1 - dag_random(self, i < 9 ? i : 9) :
						 dag_random(self, i);
		struct node *p = &self->nodes[pred];

		n->preds[k] = pred;
		n->after[k] = (struct ktask_after){ .id = p->id };
		if (pred >= batch) {
			n->after[k].id = pred - batch;
			n->after[k].flags |= KTASK_AFTER_INDEX;
		}
		if (!dag_random(self, 3))
			n->after[k].flags |= KTASK_AFTER_ANY;
		else if (!p->succeeds)
			n->cancelled = true;
		if (dag_random(self, 2) && n->len + p->len <= DAG_BYTES) {
			n->after[k].flags |= KTASK_AFTER_INPUT;
			memcpy(n->out + n->len, p->out, p->len);
			n->len += p->len;
		}
	}
	n->args.result = dag_random(self, 6) ? dag_random(self, 100) :
					       -1 - dag_random(self, 100);
	desc.args = to_u64(&n->args);
	desc.args_size = sizeof(n->args);
	if (!n->nr && dag_random(self, 2)) {
		k = dag_random(self, 8);
		desc.op = kt_op(self->fd, "hash");
		desc.args = to_u64(&self->hashes[k]);
		desc.args_size = sizeof(self->hashes[k]);
		n->args.result = 100;
		n->len = 32;
		memcpy(n->out, self->pieces[k], 32);
	}
	desc.after = to_u64(n->after);
	desc.nr_after = n->nr;
	n->succeeds = !n->cancelled && n->args.result >= 0;
	if (n->cancelled)
		n->len = 0;
	return desc;
}

/* In calls of random size. Return: 0, or what a call gave. */
static int dag_spawn(FIXTURE_DATA(dag) *self)
{
	struct ktask_desc descs[64];
	int done, nr, i, n;

	for (done = 0; done < DAG_NODES; done += nr) {
		nr = 1 + dag_random(self, 64);
		if (nr > DAG_NODES - done)
			nr = DAG_NODES - done;
		for (i = 0; i < nr; i++)
			descs[i] = dag_node(self, done + i, done);
		n = kt_spawn_flags(self->fd, dag_random(self, 2) ? KTASK_SPAWN_ALL : 0,
				   descs, nr, NULL);
		if (n != nr)
			return n < 0 ? n : -EIO;
		for (i = 0; i < nr; i++)
			self->nodes[done + i].id = descs[i].id;
	}
	return 0;
}

TEST_F_TIMEOUT(dag, random_graphs_do_as_the_model_says, SLOW)
{
	int rounds = getenv("KTASK_QUICK") ? 5 : 25;
	static unsigned char out[DAG_BYTES];
	int round, i;

	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, dag_spawn(self));
		for (i = 0; i < DAG_NODES; i++) {
			struct node *n = &self->nodes[i];

			ASSERT_EQ(0, kt_join_out(self->fd, n->id, FOREVER,
						 &self->c, out, sizeof(out)));
			ASSERT_EQ(i, self->c.user_data);
			ASSERT_EQ(n->cancelled ? KTASK_CANCELLED : KTASK_RETURNED,
				  self->c.outcome) {
				TH_LOG("node %d", i);
			}
			ASSERT_EQ(n->cancelled ? KTASK_CAUSE_AFTER :
						 KTASK_CAUSE_NONE, self->c.cause);
			ASSERT_EQ(n->cancelled ? -ECANCELED : n->args.result,
				  self->c.result);
			ASSERT_EQ(n->len, self->c.out_len) {
				TH_LOG("node %d", i);
			}
			ASSERT_EQ(0, memcmp(out, n->out, n->len));
		}
		ASSERT_EQ(0, file_tasks(self->fd));
	}
}

/* Nothing ends before what it waits for, as read() tells. */
TEST_F_TIMEOUT(dag, order_of_the_ends, SLOW)
{
	int rounds = getenv("KTASK_QUICK") ? 5 : 25;
	static unsigned char out[DAG_BYTES];
	static bool ended[DAG_NODES];
	int round, i, k;

	for (round = 0; round < rounds; round++) {
		memset(ended, 0, sizeof(ended));
		ASSERT_EQ(0, dag_spawn(self));
		for (i = 0; i < DAG_NODES; i++) {
			struct node *n;
			int failed = 0;

			ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
			n = &self->nodes[self->c.user_data];
			ASSERT_FALSE(ended[self->c.user_data]);
			ended[self->c.user_data] = true;
			for (k = 0; k < n->nr; k++) {
				bool early = !ended[n->preds[k]];

				if (!early && !self->nodes[n->preds[k]].succeeds)
					failed++;
				ASSERT_FALSE(early && !n->cancelled) {
					TH_LOG("%llu ended before %d", self->c.user_data,
					       n->preds[k]);
				}
			}
			if (n->cancelled)
				ASSERT_LT(0, failed);
			/* A long output is left behind when it is read. */
			if (n->len > KTASK_OUT_MAX)
				ASSERT_EQ(n->len, kt_output(self->fd, 0, n->id, 0,
							    out, sizeof(out),
							    NULL));
		}
		EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));
	}
}

struct dag_aborter {
	pthread_t thread;
	int fd;
	unsigned int seed;
	const struct node *nodes;
	_Atomic bool stop;
};

static void *dag_aborter_main(void *arg)
{
	struct dag_aborter *a = arg;

	while (!a->stop)
		kt_abort(a->fd, a->nodes[rand_r(&a->seed) % DAG_NODES].id);
	return NULL;
}

/* What is aborted is not known before, but what follows from it. */
TEST_F_TIMEOUT(dag, aborts_in_the_midst, SLOW)
{
	int rounds = getenv("KTASK_QUICK") ? 5 : 25;
	static struct ktask_completion got[DAG_NODES];
	static unsigned char out[DAG_BYTES];
	struct dag_aborter a = {
		.fd = self->fd,
		.seed = self->seed,
		.nodes = self->nodes,
	};
	int aborted = 0, round, i, k;

	ASSERT_EQ(0, pthread_create(&a.thread, NULL, dag_aborter_main, &a));
	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, dag_spawn(self));
		for (i = 0; i < DAG_NODES; i++)
			ASSERT_EQ(0, kt_join(self->fd, self->nodes[i].id, FOREVER,
					     &got[i]));
		for (i = 0; i < DAG_NODES; i++) {
			struct node *n = &self->nodes[i];
			bool fails = false;

			for (k = 0; k < n->nr; k++) {
				if (got[n->preds[k]].result < 0 &&
				    !(n->after[k].flags & KTASK_AFTER_ANY))
					fails = true;
			}
			aborted += got[i].cause == KTASK_CAUSE_ABORT;
			if (got[i].outcome == KTASK_RETURNED) {
				ASSERT_FALSE(fails);
				ASSERT_EQ(n->args.result, got[i].result);
			} else {
				ASSERT_EQ(KTASK_CANCELLED, got[i].outcome);
				ASSERT_EQ(-ECANCELED, got[i].result);
				ASSERT_TRUE(got[i].cause == KTASK_CAUSE_ABORT ||
					    (fails && got[i].cause == KTASK_CAUSE_AFTER)) {
					TH_LOG("node %d: cause %u", i, got[i].cause);
				}
			}
			if (got[i].out_len > KTASK_OUT_MAX)
				ASSERT_EQ(got[i].out_len,
					  kt_output(self->fd, 0, n->id, 0, out,
						    sizeof(out), NULL));
		}
	}
	a.stop = true;
	ASSERT_EQ(0, pthread_join(a.thread, NULL));
	EXPECT_LT(0, aborted);
	TH_LOG("%d of %d were aborted", aborted, rounds * DAG_NODES);
}

/* Others are taken, or end, while something is put after them. */
struct dag_taker {
	pthread_t thread;
	int fd;
	_Atomic bool stop;
};

static void *dag_taker_main(void *arg)
{
	struct dag_taker *t = arg;
	struct ktask_completion c;

	while (!t->stop)
		kt_read(t->fd, &c, 1);
	return NULL;
}

TEST_F_TIMEOUT(dag, others_are_taken_meanwhile, SLOW)
{
	struct dag_taker t = { .fd = self->fd };
	struct ktask_after after = {};
	struct ktask_desc desc = {
		.op = self->nop,
		.after = to_u64(&after),
		.nr_after = 1,
	};
	int there = 0, i;

	ASSERT_EQ(0, pthread_create(&t.thread, NULL, dag_taker_main, &t));
	for (i = 0; i < 3000; i++) {
		volatile int spin;
		int64_t id;

		ASSERT_LT(0, id = kt_nop(self->fd, 0, 0));
		for (spin = i % 1000 * 2; spin; spin--)
			;
		after.id = id;
		id = kt_spawn_desc(self->fd, &desc);
		ASSERT_TRUE(id > 0 || id == -ENOENT);
		there += id > 0;
	}
	t.stop = true;
	ASSERT_EQ(0, pthread_join(t.thread, NULL));
	TH_LOG("%d of 3000 were still there", there);
	while (kt_read(self->fd, &self->c, 1) > 0)
		;
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_HARNESS_MAIN
