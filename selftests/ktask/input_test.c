// SPDX-License-Identifier: GPL-2.0
/*
 * What a task is given of the output of others.
 */
#include "alg.h"
#include "helpers.h"

FIXTURE(input) {
	int fd;
	int64_t nop;
	struct ktask_args_nop good;
	struct ktask_args_sleep hour;
	struct ktask_completion c;
};

FIXTURE_SETUP(input)
{
	SETUP_OPEN(self->fd, 0);
	ASSERT_LE(0, self->nop = kt_op(self->fd, "nop"));
	self->good.result = 7;
	self->hour.duration_ns = HOUR;
}

FIXTURE_TEARDOWN(input)
{
	close(self->fd);
}

/* A nop after @nr others. */
static struct ktask_desc nop_after(FIXTURE_DATA(input) *self,
				   const struct ktask_after *after, unsigned int nr)
{
	return (struct ktask_desc){
		.op = self->nop,
		.args = to_u64(&self->good),
		.args_size = sizeof(self->good),
		.after = to_u64(after),
		.nr_after = nr,
	};
}

/* The same, after one task; spawned. */
static int64_t spawn_after(FIXTURE_DATA(input) *self, __u64 id, __u32 flags)
{
	struct ktask_after after = { .id = id, .flags = flags };
	struct ktask_desc desc = nop_after(self, &after, 1);

	return kt_spawn_desc(self->fd, &desc);
}

#define EXPECT_RETURNS(which, value)					\
do {									\
	__u64 _id = which;						\
									\
	ASSERT_EQ(0, kt_join(self->fd, _id, FOREVER, &self->c));	\
	EXPECT_EQ(_id, self->c.id);					\
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);			\
	EXPECT_EQ(KTASK_CAUSE_NONE, self->c.cause);			\
	EXPECT_EQ(value, self->c.result);				\
} while (0)

/* The spawn of @desc fails so, and there is no more than there was. */
#define EXPECT_REFUSED(err, desc)					\
do {									\
	int64_t _before = file_tasks(self->fd);				\
									\
	EXPECT_EQ(-(err), kt_spawn_desc(self->fd, desc));		\
	EXPECT_EQ(_before, file_tasks(self->fd));			\
} while (0)

/* @nr different pieces of 32 bytes, and the tasks that left them. */
static int make_pieces(FIXTURE_DATA(input) *self, unsigned char (*pieces)[32],
		       __u64 *ids, int nr)
{
	int file = pattern_file(1000), i;

	for (i = 0; i < nr; i++) {
		ids[i] = kt_hash_range(self->fd, file, "sha256", i, 100, 0);
		if (alg_digest("sha256", file, i, 100, pieces[i]) != 32 ||
		    (int64_t)ids[i] < 0)
			return -1;
	}
	close(file);
	return 0;
}

/* The digest of @len bytes. */
static int digest_of(const void *data, size_t len, unsigned char digest[64])
{
	int file = memfd_create("ktask-test", MFD_CLOEXEC);
	int n = write(file, data, len) == (ssize_t)len ?
		alg_digest("sha256", file, 0, len, digest) : -1;

	close(file);
	return n == 32 ? 0 : -1;
}

#define PIECES		20

TEST_F(input, is_the_others_output)
{
	unsigned char piece[1][32];
	__u64 id;

	if (make_pieces(self, piece, &id, 1))
		SKIP(return, "the kernel has no AF_ALG to compare with");
	ASSERT_LT(0, id = spawn_after(self, id, KTASK_AFTER_INPUT));
	EXPECT_RETURNS(id, 7);
	ASSERT_EQ(32, self->c.out_len);
	EXPECT_EQ(0, memcmp(piece, self->c.out, 32));
}

TEST_F(input, through_a_chain_into_a_hash)
{
	struct ktask_args_hash args = { .fd = -1, .alg = "sha256" };
	struct ktask_after after = { .flags = KTASK_AFTER_INPUT };
	unsigned char piece[1][32], want[64];
	struct ktask_desc desc;
	__u64 id;
	int i;

	if (make_pieces(self, piece, &id, 1) || digest_of(piece, 32, want))
		SKIP(return, "the kernel has no AF_ALG to compare with");
	for (i = 0; i < 10; i++)
		ASSERT_LT(0, id = spawn_after(self, id, KTASK_AFTER_INPUT));
	after.id = id;
	desc = kt_desc(self->fd, "hash", &args, sizeof(args));
	desc.after = to_u64(&after);
	desc.nr_after = 1;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_RETURNS(desc.id, 32);
	ASSERT_EQ(32, self->c.out_len);
	EXPECT_EQ(0, memcmp(want, self->c.out, 32));
}

/* In the order in which they are named, not in which they end. */
TEST_F(input, is_put_together_in_order)
{
	static unsigned char pieces[PIECES][32], want[PIECES + 1][32];
	static unsigned char got[sizeof(want) + 1];
	struct ktask_after after[PIECES + 2] = {};
	struct ktask_desc desc;
	__u64 ids[PIECES];
	struct gate gate;
	int i;

	if (make_pieces(self, pieces, ids, PIECES))
		SKIP(return, "the kernel has no AF_ALG to compare with");
	/* One with no output, one named twice, and one that is late. */
	ASSERT_LT(0, gate_spawn(self->fd, &gate));
	after[5].id = gate.id;
	after[5].flags = KTASK_AFTER_INPUT;
	for (i = 0; i < PIECES + 1; i++) {
		int k = i * 7 % PIECES;

		after[i < 5 ? i : i + 1].id = ids[k];
		after[i < 5 ? i : i + 1].flags = KTASK_AFTER_INPUT;
		memcpy(want[i], pieces[k], 32);
	}
	desc = nop_after(self, after, PIECES + 2);
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	ASSERT_EQ(0, gate_open(&gate));
	ASSERT_EQ(0, kt_join_out(self->fd, desc.id, FOREVER, &self->c, got,
				 sizeof(got)));
	ASSERT_EQ(sizeof(want), self->c.out_len);
	EXPECT_EQ(0, memcmp(want, got, sizeof(want)));
	EXPECT_EQ(0, memcmp(want, self->c.out, KTASK_OUT_MAX));
	gate_close(&gate);
}

TEST_F(input, only_of_those_it_is_asked_of)
{
	unsigned char pieces[3][32];
	struct ktask_after after[3];
	struct ktask_desc desc;
	__u64 ids[3];
	int i;

	if (make_pieces(self, pieces, ids, 3))
		SKIP(return, "the kernel has no AF_ALG to compare with");
	for (i = 0; i < 3; i++)
		after[i] = (struct ktask_after){
			.id = ids[i],
			.flags = i == 1 ? KTASK_AFTER_INPUT : 0,
		};
	desc = nop_after(self, after, 3);
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_RETURNS(desc.id, 7);
	ASSERT_EQ(32, self->c.out_len);
	EXPECT_EQ(0, memcmp(pieces[1], self->c.out, 32));
}

/* It is there although its completion has been taken, with the output. */
TEST_F(input, of_a_task_that_is_taken_meanwhile)
{
	struct ktask_after after[2] = {};
	unsigned char piece[1][32];
	struct ktask_desc desc;
	struct gate gate;
	__u64 id;

	if (make_pieces(self, piece, &id, 1))
		SKIP(return, "the kernel has no AF_ALG to compare with");
	ASSERT_LT(0, gate_spawn(self->fd, &gate));
	after[0].id = id;
	after[0].flags = KTASK_AFTER_INPUT;
	after[1].id = gate.id;
	desc = nop_after(self, after, 2);
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_RETURNS(id, 100);
	ASSERT_EQ(0, gate_open(&gate));
	EXPECT_RETURNS(desc.id, 7);
	ASSERT_EQ(32, self->c.out_len);
	EXPECT_EQ(0, memcmp(piece, self->c.out, 32));
	gate_close(&gate);
}

TEST_F(input, of_a_cancelled_task_is_empty)
{
	struct ktask_args_hash args = { .fd = -1, .alg = "md5" };
	struct ktask_after after = {
		.id = kt_sleep(self->fd, HOUR, 0),
		.flags = KTASK_AFTER_INPUT | KTASK_AFTER_ANY,
	};
	/* Of nothing. */
	static const unsigned char want[16] =
		"\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e";
	struct ktask_desc desc = kt_desc(self->fd, "hash", &args, sizeof(args));

	desc.after = to_u64(&after);
	desc.nr_after = 1;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	ASSERT_EQ(0, kt_abort(self->fd, after.id));
	EXPECT_RETURNS(desc.id, 0);
	ASSERT_EQ(16, self->c.out_len);
	EXPECT_EQ(0, memcmp(want, self->c.out, 16));
}

TEST_F(input, that_the_op_does_not_take_is_EOPNOTSUPP)
{
	struct ktask_after after = {
		.id = kt_nop(self->fd, 0, 0),
		.flags = KTASK_AFTER_INPUT,
	};
	struct ktask_desc desc = kt_desc(self->fd, "sleep", &self->hour,
					 sizeof(self->hour));

	desc.after = to_u64(&after);
	desc.nr_after = 1;
	EXPECT_REFUSED(EOPNOTSUPP, &desc);
}

TEST_F(input, beside_a_file_is_EINVAL_and_neither_EBADF)
{
	struct ktask_args_hash args = { .fd = -1, .alg = "sha256" };
	struct ktask_after after = {
		.id = kt_nop(self->fd, 0, 0),
		.flags = KTASK_AFTER_INPUT,
	};
	struct ktask_desc desc = kt_desc(self->fd, "hash", &args, sizeof(args));

	/* Hashes nothing, */
	EXPECT_REFUSED(EBADF, &desc);
	/* or two things. */
	ASSERT_LE(0, args.fd = pattern_file(10));
	desc.after = to_u64(&after);
	desc.nr_after = 1;
	EXPECT_REFUSED(EINVAL, &desc);
	/* To run after something is no input. */
	after.flags = 0;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_RETURNS(desc.id, 10);
	close(args.fd);
}

/*
 * Twice as long with each task: as long as an output may be, and then longer.
 */
TEST_F_TIMEOUT(input, too_long_is_EMSGSIZE, SLOW)
{
	struct ktask_args_hash hash = { .fd = -1, .alg = "sha256" };
	struct ktask_after after[2] = {};
	static char out[KTASK_DATA_MAX];
	struct ktask_desc desc, others[2];
	int file = pattern_file(10);
	struct ktask_args_write write = { .fd = file };
	unsigned int len;
	int64_t id;
	int i;

	ASSERT_LE(0, file);
	ASSERT_LT(0, id = kt_hash(self->fd, file, "sha512", 0));
	after[0].flags = after[1].flags = KTASK_AFTER_INPUT;
	for (len = 64; len < KTASK_DATA_MAX; len *= 2) {
		after[0].id = after[1].id = id;
		desc = nop_after(self, after, 2);
		ASSERT_LT(0, id = kt_spawn_desc(self->fd, &desc));
	}
	after[0].id = after[1].id = id;
	desc = nop_after(self, after, 2);
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	others[0] = kt_desc(self->fd, "hash", &hash, sizeof(hash));
	others[1] = kt_desc(self->fd, "write", &write, sizeof(write));
	for (i = 0; i < 2; i++) {
		others[i].after = to_u64(after);
		others[i].nr_after = 2;
		ASSERT_LT(0, kt_spawn_desc(self->fd, &others[i]));
	}
	ASSERT_EQ(0, kt_join_out(self->fd, id, FOREVER, &self->c, out, sizeof(out)));
	EXPECT_EQ(7, self->c.result);
	ASSERT_EQ(KTASK_DATA_MAX, self->c.out_len);
	EXPECT_EQ(0, memcmp(out, out + 64, KTASK_DATA_MAX - 64));
	ASSERT_EQ(0, kt_join(self->fd, desc.id, FOREVER, &self->c));
	EXPECT_EQ(-EMSGSIZE, self->c.result);
	EXPECT_EQ(0, self->c.out_len);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, kt_join(self->fd, others[i].id, FOREVER, &self->c));
		EXPECT_EQ(-EMSGSIZE, self->c.result);
	}
	/* Nothing has been written. */
	EXPECT_EQ(10, lseek(file, 0, SEEK_END));
	close(file);
}

TEST_HARNESS_MAIN
