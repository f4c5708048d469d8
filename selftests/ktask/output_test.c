// SPDX-License-Identifier: GPL-2.0
/*
 * Output that is longer than a completion carries: taken with it, or fetched
 * later, and counted as long as it is kept.
 */
#include "alg.h"
#include "helpers.h"

#define LONG		100000

FIXTURE(output) {
	int fd;
	int file;
	unsigned char *want;		/* what is in the file */
	unsigned char *got;		/* room for it, and as much again */
	struct ktask_completion c;
	__u64 total;
};

FIXTURE_SETUP(output)
{
	SETUP_OPEN(self->fd, 0);
	self->file = pattern_file(KTASK_DATA_MAX);
	ASSERT_LE(0, self->file);
	self->want = mmap(NULL, KTASK_DATA_MAX, PROT_READ, MAP_PRIVATE, self->file, 0);
	ASSERT_NE(MAP_FAILED, self->want);
	self->got = mmap(NULL, 2 * KTASK_DATA_MAX, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->got);
}

FIXTURE_TEARDOWN(output)
{
	munmap(self->want, KTASK_DATA_MAX);
	munmap(self->got, 2 * KTASK_DATA_MAX);
	close(self->file);
	close(self->fd);
}

/* A task that gives the first @len bytes of the file. */
static int64_t spawn_on(FIXTURE_DATA(output) *self, int fd, __u64 len, __u32 group)
{
	struct ktask_args_read args = { .fd = self->file, .length = len };
	struct ktask_desc desc = kt_desc(fd, "read", &args, sizeof(args));

	desc.group = group;
	return kt_spawn_desc(fd, &desc);
}

static int64_t spawn(FIXTURE_DATA(output) *self, __u64 len)
{
	return spawn_on(self, self->fd, len, 0);
}

static int64_t ended(FIXTURE_DATA(output) *self, __u64 len)
{
	int64_t id = spawn(self, len);

	return id < 0 || wait_state(self->fd, id, KTASK_STATE_ENDED) ? id : -1;
}

static int64_t user_bytes(int fd)
{
	struct ktask_info info;
	int err = kt_info(fd, &info);

	return err ? err : (int64_t)info.user_bytes;
}

#define EXPECT_GOT(offset, len)						\
	EXPECT_EQ(0, memcmp(self->want + (offset), self->got, len))

/* What the completion tells of an output of @len bytes. */
#define EXPECT_TOLD(which, len)						\
do {									\
	EXPECT_EQ(which, self->c.id);					\
	EXPECT_EQ(len, self->c.result);					\
	EXPECT_EQ(len, self->c.out_len);				\
	EXPECT_EQ(0, memcmp(self->want, self->c.out, KTASK_OUT_MAX));	\
} while (0)

/* Nothing of it is kept. */
#define EXPECT_GONE(which)						\
do {									\
	EXPECT_EQ(-ENOENT, kt_output(self->fd, 0, which, 0, self->got, 1, NULL)); \
	EXPECT_EQ(0, wait_no_bytes(self->fd));				\
} while (0)

/* --- With the completion -------------------------------------------------- */

TEST_F(output, join_takes_all_of_it)
{
	static const __u64 lens[] = {
		1, 63, 64, 65, 4095, 4096, 4097, LONG, KTASK_DATA_MAX,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		int64_t id = spawn(self, lens[i]);

		ASSERT_LT(0, id);
		memset(self->got, 0xee, lens[i] + 1);
		ASSERT_EQ(0, kt_join_out(self->fd, id, FOREVER, &self->c, self->got,
					 2 * KTASK_DATA_MAX));
		EXPECT_EQ(lens[i], self->c.out_len);
		EXPECT_GOT(0, lens[i]);
		/* And nothing behind it. */
		EXPECT_EQ(0xee, self->got[lens[i]]);
		EXPECT_GONE(id);
	}
}

TEST_F(output, join_with_just_enough_room)
{
	int64_t id = spawn(self, LONG);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, kt_join_out(self->fd, id, FOREVER, &self->c, self->got, LONG));
	EXPECT_TOLD(id, LONG);
	EXPECT_GOT(0, LONG);
	EXPECT_GONE(id);
}

TEST_F(output, join_with_too_little_room_is_EMSGSIZE)
{
	int64_t first = ended(self, LONG), second;

	ASSERT_LT(0, first);
	ASSERT_LT(0, second = ended(self, 10));
	memset(self->got, 0xee, LONG);
	EXPECT_EQ(-EMSGSIZE, kt_join_out(self->fd, first, FOREVER, &self->c,
					 self->got, LONG - 1));
	/* It tells what to make room for, */
	EXPECT_EQ(first, self->c.id);
	EXPECT_EQ(LONG, self->c.out_len);
	EXPECT_EQ(-EMSGSIZE, kt_join_out(self->fd, 0, FOREVER, &self->c, self->got, 1));
	EXPECT_EQ(first, self->c.id);
	EXPECT_EQ(LONG, self->c.out_len);
	/* and is not taken, nor comes later than it would have. */
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_TOLD(first, LONG);
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(second, self->c.id);
}

TEST_F(output, join_with_little_room_for_a_short_one)
{
	int64_t id = spawn(self, 10);

	ASSERT_LT(0, id);
	EXPECT_EQ(-EMSGSIZE, kt_join_out(self->fd, id, FOREVER, &self->c, self->got, 9));
	EXPECT_EQ(10, self->c.out_len);
	EXPECT_EQ(0, kt_join_out(self->fd, id, FOREVER, &self->c, self->got, 10));
	EXPECT_GOT(0, 10);
	/* One that has none needs none. */
	ASSERT_LT(0, id = kt_nop(self->fd, 0, 0));
	EXPECT_EQ(0, kt_join_out(self->fd, id, FOREVER, &self->c, self->got, 0));
}

TEST_F(output, join_of_a_group_takes_all_of_it)
{
	int64_t nr = kt_group_new(self->fd, 0, 0), id;
	struct ktask_join join = {
		.size = sizeof(join),
		.timeout_ns = FOREVER,
		.completion = to_u64(&self->c),
		.out = to_u64(self->got),
		.out_size = LONG,
		.group = nr,
	};

	ASSERT_LT(0, id = spawn_on(self, self->fd, LONG, nr));
	ASSERT_EQ(0, kt_ioctl(self->fd, KTASK_JOIN, &join));
	EXPECT_TOLD(id, LONG);
	EXPECT_GOT(0, LONG);
	/* Which takes memory too. */
	ASSERT_EQ(0, kt_group_remove(self->fd, nr));
	EXPECT_GONE(id);
}

TEST_F(output, bad_pointer_is_EFAULT_and_loses_nothing)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	int64_t id = ended(self, LONG);
	char *bad[] = { mem + page, mem + page - 100, (char *)-4096L };
	size_t i;

	ASSERT_NE(NULL, mem);
	ASSERT_LT(0, id);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EFAULT, kt_join_out(self->fd, id, FOREVER, &self->c,
					       bad[i], LONG));
		EXPECT_EQ(-EFAULT, kt_output(self->fd, 0, id, 0, bad[i], LONG, NULL));
	}
	EXPECT_EQ(-EFAULT, kt_join_out(self->fd, id, FOREVER, NULL, self->got, LONG));
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_TOLD(id, LONG);
	/* Nor when it is taken. */
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EFAULT, kt_output(self->fd, 0, id, 0, bad[i], LONG, NULL));
	EXPECT_EQ(LONG, kt_output(self->fd, 0, id, 0, self->got, LONG, NULL));
	EXPECT_GOT(0, LONG);
	EXPECT_GONE(id);
	munmap(mem, 2 * page);
}

/* --- Afterwards ----------------------------------------------------------- */

/* Ways to take a completion without its output. */
static int take(FIXTURE_DATA(output) *self, int way, __u64 id)
{
	struct ktask_spawn spawn = {
		.size = sizeof(spawn),
		.desc_size = sizeof(struct ktask_desc),
		.completions = to_u64(&self->c),
		.max_completions = 1,
		.min_completions = 1,
		.timeout_ns = FOREVER,
	};

	switch (way) {
	case 0:
		return kt_join(self->fd, id, FOREVER, &self->c);
	case 1:
		return kt_join(self->fd, 0, FOREVER, &self->c);
	case 2:
		return kt_read(self->fd, &self->c, 1) != 1;
	case 3:
		return kt_join_any(self->fd, 0, &id, 1, FOREVER, &self->c, NULL);
	default:
		return kt_ioctl(self->fd, KTASK_SPAWN, &spawn);
	}
}

#define WAYS		5

TEST_F(output, long_one_is_kept_whichever_way_it_is_taken)
{
	int way;

	for (way = 0; way < WAYS; way++) {
		int64_t id = spawn(self, LONG);

		ASSERT_LT(0, id);
		ASSERT_EQ(0, take(self, way, id));
		EXPECT_TOLD(id, LONG);
		EXPECT_LE(LONG, user_bytes(self->fd));
		memset(self->got, 0, LONG);
		EXPECT_EQ(LONG, kt_output(self->fd, 0, id, 0, self->got,
					  2 * KTASK_DATA_MAX, &self->total));
		EXPECT_EQ(LONG, self->total);
		EXPECT_GOT(0, LONG);
		EXPECT_GONE(id);
	}
}

TEST_F(output, short_one_is_not_kept)
{
	int way;

	for (way = 0; way < WAYS; way++) {
		int64_t id = spawn(self, KTASK_OUT_MAX);

		ASSERT_LT(0, id);
		ASSERT_EQ(0, take(self, way, id));
		EXPECT_TOLD(id, KTASK_OUT_MAX);
		EXPECT_GONE(id);
	}
}

TEST_F(output, fetched_in_parts)
{
	static const __u64 step = 7777;
	int64_t id = spawn(self, LONG), n;
	__u64 offset = 0;

	ASSERT_LT(0, id);
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	do {
		n = kt_output(self->fd, KTASK_OUTPUT_KEEP, id, offset, self->got,
			      step, &self->total);
		ASSERT_LE(0, n);
		EXPECT_EQ(LONG, self->total);
		EXPECT_EQ(LONG - offset < step ? LONG - offset : step, n);
		EXPECT_GOT(offset, n);
		offset += n;
	} while (n);
	EXPECT_EQ(LONG, offset);
	EXPECT_EQ(LONG, kt_output(self->fd, 0, id, 0, self->got, LONG, NULL));
	EXPECT_GONE(id);
}

TEST_F(output, offset_beyond_the_end_is_EINVAL)
{
	static const __u64 offsets[] = {
		LONG + 1, 1ULL << 32, INT64_MAX, 1ULL << 63, UINT64_MAX,
	};
	int64_t id = spawn(self, LONG);
	size_t i;

	ASSERT_LT(0, id);
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		EXPECT_EQ(-EINVAL, kt_output(self->fd, i % 2 ? KTASK_OUTPUT_KEEP : 0,
					     id, offsets[i], self->got, UINT64_MAX,
					     &self->total));
		EXPECT_EQ(LONG, self->total);
	}
	EXPECT_EQ(0, kt_output(self->fd, KTASK_OUTPUT_KEEP, id, LONG, self->got,
			       UINT64_MAX, &self->total));
	EXPECT_EQ(LONG, self->total);
	EXPECT_EQ(1, kt_output(self->fd, KTASK_OUTPUT_KEEP, id, LONG - 1, self->got,
			       UINT64_MAX, NULL));
	EXPECT_GOT(LONG - 1, 1);
}

/* How long it is, without a place to put it. */
TEST_F(output, room_for_none)
{
	int64_t id = ended(self, LONG);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, kt_output(self->fd, KTASK_OUTPUT_KEEP, id, 0, NULL, 0,
			       &self->total));
	EXPECT_EQ(LONG, self->total);
	EXPECT_EQ(LONG, kt_output(self->fd, 0, id, 0, self->got, LONG, NULL));
}

TEST_F(output, before_it_is_taken_it_is_left_there)
{
	int64_t id = ended(self, LONG);
	int i;

	ASSERT_LT(0, id);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(LONG, kt_output(self->fd, i == 1 ? KTASK_OUTPUT_KEEP : 0,
					  id, 0, self->got, LONG, NULL));
		EXPECT_GOT(0, LONG);
	}
	ASSERT_EQ(0, kt_join_out(self->fd, id, FOREVER, &self->c, self->got, LONG));
	EXPECT_TOLD(id, LONG);
	EXPECT_GONE(id);
}

TEST_F(output, of_a_short_one_before_it_is_taken)
{
	int64_t id = ended(self, 10);

	ASSERT_LT(0, id);
	EXPECT_EQ(10, kt_output(self->fd, 0, id, 0, self->got, LONG, &self->total));
	EXPECT_EQ(10, self->total);
	EXPECT_GOT(0, 10);
}

TEST_F(output, of_a_running_task_is_EBUSY)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-EBUSY, kt_output(self->fd, 0, id, 0, self->got, LONG, NULL));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	/* A cancelled one has left none. */
	EXPECT_EQ(0, kt_output(self->fd, 0, id, 0, self->got, LONG, &self->total));
	EXPECT_EQ(0, self->total);
}

TEST_F(output, unknown_id_is_ENOENT)
{
	int other = kt_open(0);
	int64_t id = 0, i;

	ASSERT_LE(0, other);
	for (i = 0; i < 5; i++)
		ASSERT_LT(0, id = spawn_on(self, other, LONG, 0));
	EXPECT_EQ(-ENOENT, kt_output(self->fd, 0, 0, 0, self->got, LONG, NULL));
	EXPECT_EQ(-ENOENT, kt_output(self->fd, 0, id, 0, self->got, LONG, NULL));
	EXPECT_EQ(-ENOENT, kt_output(self->fd, 0, UINT64_MAX, 0, self->got, LONG, NULL));
	close(other);
}

/* Of what is kept only the output is there. */
TEST_F(output, kept_one_is_no_task)
{
	struct ktask_task task;
	__u64 file = 0, last = 0;
	int64_t id = spawn(self, LONG);

	ASSERT_LT(0, id);
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, id, 0, &self->c));
	EXPECT_EQ(-ENOENT, kt_abort(self->fd, id));
	EXPECT_EQ(-ENOENT, kt_status(self->fd, id, &task));
	EXPECT_EQ(0, kt_list(self->fd, 0, &file, &last, &task, 1));
	EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(LONG, kt_output(self->fd, 0, id, 0, self->got, LONG, NULL));
}

/* Nor does it take the room of one. */
TEST_F(output, kept_one_takes_no_room)
{
	int64_t nr = kt_group_new(self->fd, 1, 1), id;
	struct ktask_group group;

	ASSERT_LT(0, nr);
	ASSERT_EQ(0, kt_group_set(self->fd, 0, 1, 1));
	ASSERT_LT(0, id = spawn_on(self, self->fd, LONG, nr));
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	ASSERT_EQ(0, kt_group_get(self->fd, nr, &group));
	EXPECT_EQ(0, group.nr_tasks);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(0, kt_group_remove(self->fd, nr));
	EXPECT_EQ(LONG, kt_output(self->fd, 0, id, 0, self->got, LONG, NULL));
}

/* --- Counted -------------------------------------------------------------- */

TEST_F(output, bytes_are_counted)
{
	int64_t id[3], before = user_bytes(self->fd), with_one;
	int i;

	EXPECT_EQ(0, before);
	for (i = 0; i < 3; i++) {
		ASSERT_LT(0, id[i] = ended(self, LONG));
		EXPECT_LE((i + 1) * LONG, user_bytes(self->fd));
	}
	with_one = user_bytes(self->fd) / 3;
	ASSERT_EQ(0, kt_join(self->fd, id[1], FOREVER, &self->c));
	EXPECT_LE(2 * LONG, user_bytes(self->fd));
	EXPECT_EQ(LONG, kt_output(self->fd, 0, id[1], 0, self->got, LONG, NULL));
	EXPECT_EQ(2 * with_one, user_bytes(self->fd));
	ASSERT_EQ(0, kt_join_out(self->fd, id[2], FOREVER, &self->c, self->got, LONG));
	EXPECT_EQ(with_one, user_bytes(self->fd));
}

TEST_F(output, close_frees_all_of_it)
{
	int fd = kt_open(0), i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 30; i++) {
		int64_t id = spawn_on(self, fd, LONG, 0);

		ASSERT_LT(0, id);
		/* Some are taken, some not; some have not ended. */
		if (i < 10) {
			ASSERT_EQ(1, kt_read(fd, &self->c, 1));
		} else if (i < 20) {
			ASSERT_TRUE(wait_state(fd, id, KTASK_STATE_ENDED));
		}
	}
	EXPECT_LE(20 * LONG, user_bytes(self->fd));
	EXPECT_EQ(0, close(fd));
	ASSERT_NOTHING_LEFT();
}

TEST_F(output, detached_task_leaves_none)
{
	struct ktask_args_read args = { .fd = self->file, .length = LONG };
	struct ktask_desc desc = kt_desc(self->fd, "read", &args, sizeof(args));
	int64_t id;

	desc.flags = KTASK_DESC_DETACHED;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	while (user_bytes(self->fd) || file_tasks(self->fd))
		sched_yield();
	/* Or when it is detached later. */
	ASSERT_LT(0, id = ended(self, LONG));
	ASSERT_EQ(0, kt_detach(self->fd, id));
	EXPECT_GONE(id);
}

/* It is there for those after it, and then for nobody. */
TEST_F(output, input_is_counted_and_freed)
{
	struct ktask_after after[2] = {};
	struct ktask_desc desc = kt_desc(self->fd, "nop", NULL, 0);

	after[0].flags = after[1].flags = KTASK_AFTER_INPUT;
	ASSERT_LT(0, after[0].id = spawn(self, LONG));
	ASSERT_LT(0, after[1].id = spawn(self, LONG));
	desc.after = to_u64(after);
	desc.nr_after = 2;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	ASSERT_EQ(0, kt_join_out(self->fd, desc.id, FOREVER, &self->c, self->got,
				 2 * LONG));
	EXPECT_GOT(0, LONG);
	EXPECT_EQ(0, memcmp(self->want, self->got + LONG, LONG));
	ASSERT_EQ(0, kt_join_out(self->fd, after[0].id, 0, &self->c, self->got, LONG));
	ASSERT_EQ(0, kt_join_out(self->fd, after[1].id, 0, &self->c, self->got, LONG));
	EXPECT_EQ(0, wait_no_bytes(self->fd));
}

struct fetcher {
	pthread_t thread;
	int fd;
	__u64 id;
	int64_t ret;
	unsigned char got[LONG];
};

static void *fetcher_main(void *arg)
{
	struct fetcher *f = arg;

	f->ret = kt_output(f->fd, 0, f->id, 0, f->got, LONG, NULL);
	return NULL;
}

/* Whoever gets it gets all of it. */
TEST_F_TIMEOUT(output, fetched_by_several_at_once, SLOW)
{
	static struct fetcher f[3];
	int round, i, got;

	for (round = 0; round < 50; round++) {
		int64_t id = spawn(self, LONG);

		ASSERT_LT(0, id);
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		for (i = 0; i < 3; i++) {
			f[i].fd = self->fd;
			f[i].id = id;
			memset(f[i].got, 0, LONG);
			ASSERT_EQ(0, pthread_create(&f[i].thread, NULL, fetcher_main,
						    &f[i]));
		}
		for (got = i = 0; i < 3; i++) {
			ASSERT_EQ(0, pthread_join(f[i].thread, NULL));
			if (f[i].ret < 0) {
				ASSERT_EQ(-ENOENT, f[i].ret);
				continue;
			}
			got++;
			ASSERT_EQ(LONG, f[i].ret);
			ASSERT_EQ(0, memcmp(self->want, f[i].got, LONG));
		}
		ASSERT_LE(1, got);
		EXPECT_GONE(id);
	}
}

TEST_HARNESS_MAIN
