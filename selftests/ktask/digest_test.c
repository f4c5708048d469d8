// SPDX-License-Identifier: GPL-2.0
/*
 * The op hash: right digests, with each algorithm that the kernel may have.
 */
#include "alg.h"
#include "helpers.h"

FIXTURE(digest) {
	int fd;
	struct ktask_completion c;
	char hex[2 * KTASK_OUT_MAX + 1];
};

FIXTURE_VARIANT(digest) {
	const char *alg;
	const char *empty;
	const char *abc;
};

FIXTURE_VARIANT_ADD(digest, blake2b_256) {
	.alg = "blake2b-256",
	.empty = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8",
	.abc = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
};

FIXTURE_VARIANT_ADD(digest, blake2b_512) {
	.alg = "blake2b-512",
	.empty = "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419"
		 "d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce",
	.abc = "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
	       "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
};

FIXTURE_VARIANT_ADD(digest, crc32c) {
	.alg = "crc32c",
	.empty = "00000000",
	.abc = "b73f4b36",
};

FIXTURE_VARIANT_ADD(digest, md5) {
	.alg = "md5",
	.empty = "d41d8cd98f00b204e9800998ecf8427e",
	.abc = "900150983cd24fb0d6963f7d28e17f72",
};

FIXTURE_VARIANT_ADD(digest, sha1) {
	.alg = "sha1",
	.empty = "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	.abc = "a9993e364706816aba3e25717850c26c9cd0d89d",
};

FIXTURE_VARIANT_ADD(digest, sha256) {
	.alg = "sha256",
	.empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	.abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
};

FIXTURE_VARIANT_ADD(digest, sha512) {
	.alg = "sha512",
	.empty = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
		 "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
	.abc = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
};

FIXTURE_VARIANT_ADD(digest, xxhash64) {
	.alg = "xxhash64",
	.empty = "99e9d85137db46ef",
	.abc = "990977adf52cbc44",
};

FIXTURE_SETUP(digest)
{
	int op;

	SETUP_OPEN(self->fd, 0);
	/* Whether the kernel has it is not asked of what is tested. */
	op = alg_open(variant->alg);
	if (op == -EAFNOSUPPORT)
		SKIP(return, "the kernel has no AF_ALG");
	if (op == -ENOENT)
		SKIP(return, "the kernel has no %s", variant->alg);
	ASSERT_LE(0, op);
	close(op);
}

FIXTURE_TEARDOWN(digest)
{
	close(self->fd);
}

static int hash_file(FIXTURE_DATA(digest) *self, const char *alg, int file)
{
	int64_t id = kt_hash(self->fd, file, alg, 0);
	int err;

	close(file);
	if (id < 0)
		return id;
	err = kt_join(self->fd, id, FOREVER, &self->c);
	if (!err)
		to_hex(self->hex, self->c.out, self->c.out_len);
	return err;
}

TEST_F(digest, of_nothing)
{
	ASSERT_EQ(0, hash_file(self, variant->alg, pattern_file(0)));
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
	EXPECT_EQ(0, self->c.result);
	EXPECT_STREQ(variant->empty, self->hex);
}

TEST_F(digest, of_abc)
{
	int file = memfd_create("ktask-test", MFD_CLOEXEC);

	ASSERT_EQ(3, write(file, "abc", 3));
	ASSERT_EQ(0, hash_file(self, variant->alg, file));
	EXPECT_EQ(3, self->c.result);
	EXPECT_STREQ(variant->abc, self->hex);
}

TEST_F(digest, of_sizes_around_pages_and_chunks)
{
	static const size_t sizes[] = {
		1, 63, 64, 65, 4095, 4096, 4097, 65535, 65536, 65537,
		131071, 131072, 131073, 1000000,
	};
	static const char zero[KTASK_OUT_MAX];
	unsigned char want[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		int file = pattern_file(sizes[i]);
		int len;

		ASSERT_LE(0, file);
		len = alg_digest(variant->alg, file, 0, sizes[i], want);
		ASSERT_LT(0, len);
		ASSERT_EQ(0, hash_file(self, variant->alg, file));
		EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
		EXPECT_EQ(sizes[i], self->c.result);
		EXPECT_EQ(len, self->c.out_len);
		EXPECT_EQ(0, memcmp(want, self->c.out, len));
		EXPECT_EQ(0, memcmp(zero, self->c.out + len, KTASK_OUT_MAX - len));
	}
}

TEST_HARNESS_MAIN
