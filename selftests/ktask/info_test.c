// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_INFO and KTASK_OP_INFO: what there is, and what has been done.
 */
#include <limits.h>

#include "helpers.h"

/* --- KTASK_INFO ----------------------------------------------------------- */

FIXTURE(info) {
	int fd;
	struct ktask_info before;
	struct ktask_info after;
};

FIXTURE_SETUP(info)
{
	SETUP_OPEN(self->fd, 0);
	ASSERT_EQ(0, kt_info(self->fd, &self->before));
}

FIXTURE_TEARDOWN(info)
{
	close(self->fd);
}

TEST_F(info, versions)
{
	unsigned int major = 0, minor = 0, patch = 0;
	FILE *file;

	EXPECT_EQ(KTASK_ABI_VERSION, self->before.abi_version);

	file = fopen("/sys/module/ktask/version", "re");
	ASSERT_NE(NULL, file);
	EXPECT_LE(2, fscanf(file, "%u.%u.%u", &major, &minor, &patch));
	fclose(file);
	EXPECT_EQ(major << 16 | minor << 8 | patch, self->before.module_version);
}

TEST_F(info, constants)
{
	EXPECT_LE(3, self->before.nr_ops);
	EXPECT_LE(sysconf(_SC_NPROCESSORS_CONF), self->before.nr_executors);
	EXPECT_LE(1, self->before.files);
}

TEST_F(info, counts_files)
{
	int fd = kt_open(0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kt_info(self->fd, &self->after));
	EXPECT_EQ(self->before.files + 1, self->after.files);
	/* Every file tells of all. */
	EXPECT_EQ(0, kt_info(fd, &self->after));
	EXPECT_EQ(self->before.files + 1, self->after.files);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, kt_info(self->fd, &self->after));
	EXPECT_EQ(self->before.files, self->after.files);
}

TEST_F(info, counts_tasks)
{
	struct ktask_completion completion;
	int64_t id;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_LT(0, id = kt_sleep(self->fd, HOUR, 0));
	EXPECT_EQ(self->before.file_tasks + 3, file_tasks(self->fd));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &completion));
	EXPECT_EQ(self->before.file_tasks + 2, file_tasks(self->fd));

	ASSERT_LT(0, id = kt_nop(self->fd, 0, 0));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &completion));
	EXPECT_EQ(0, kt_info(self->fd, &self->after));
	EXPECT_EQ(self->before.spawned + 4, self->after.spawned);
	EXPECT_EQ(self->before.completed + 2, self->after.completed);
	EXPECT_EQ(self->before.cancelled + 1, self->after.cancelled);
	EXPECT_LT(self->before.resumed, self->after.resumed);
	EXPECT_LE(self->before.helped, self->after.helped);
}

/* --- KTASK_OP_INFO -------------------------------------------------------- */

FIXTURE(op_info) {
	int fd;
	struct ktask_op_info info;
	struct ktask_arg_info args[64];
};

FIXTURE_SETUP(op_info)
{
	SETUP_OPEN(self->fd, 0);
	self->info.size = sizeof(self->info);
}

FIXTURE_TEARDOWN(op_info)
{
	close(self->fd);
}

static int op_info(FIXTURE_DATA(op_info) *self)
{
	return kt_ioctl(self->fd, KTASK_OP_INFO, &self->info);
}

static int op_info_by_name(FIXTURE_DATA(op_info) *self, const char *name)
{
	memset(self->info.name, 0, sizeof(self->info.name));
	memcpy(self->info.name, name, strlen(name));
	self->info.flags = KTASK_OP_BY_NAME;
	return op_info(self);
}

TEST_F(op_info, list_ends_with_ENOENT)
{
	struct ktask_info info;
	__u32 last = 0;
	__u32 n;
	int err;

	for (n = 0; ; n++) {
		const struct ktask_arg_info *arg;

		self->info.args = to_u64(self->args);
		self->info.nr_args = ARRAY_SIZE(self->args);
		err = op_info(self);
		if (err)
			break;
		if (n)
			EXPECT_LT(last, self->info.op);
		last = self->info.op;

		EXPECT_LT(0, strnlen(self->info.name, KTASK_NAME_MAX));
		EXPECT_GT(KTASK_NAME_MAX, strnlen(self->info.name, KTASK_NAME_MAX));
		EXPECT_LT(0, strnlen(self->info.module, 64));
		EXPECT_GT(64, strnlen(self->info.module, 64));
		EXPECT_LT(0, strnlen(self->info.summary, 128));
		EXPECT_GT(128, strnlen(self->info.summary, 128));
		EXPECT_GE(KTASK_DATA_MAX, self->info.out_size);
		EXPECT_EQ(0, self->info.op_flags & ~KTASK_OP_TAKES_INPUT);
		EXPECT_EQ(0, self->info.reserved);
		ASSERT_GE(ARRAY_SIZE(self->args), self->info.nr_args);
		for (arg = self->args; arg < self->args + self->info.nr_args; arg++) {
			EXPECT_LT(0, strnlen(arg->name, KTASK_NAME_MAX));
			EXPECT_GT(KTASK_NAME_MAX, strnlen(arg->name, KTASK_NAME_MAX));
			EXPECT_LE(KTASK_ARG_U32, arg->type);
			EXPECT_GE(KTASK_ARG_DATA, arg->type);
			EXPECT_EQ(0, arg->flags & ~(KTASK_ARG_REQUIRED |
						    KTASK_ARG_WRITE |
						    KTASK_ARG_ANY_FD));
			EXPECT_LT(0, arg->len);
			EXPECT_GE(self->info.args_size, arg->offset + arg->len);
		}
		self->info.op++;
	}
	EXPECT_EQ(-ENOENT, err);
	ASSERT_EQ(0, kt_info(self->fd, &info));
	EXPECT_EQ(info.nr_ops, n);
}

TEST_F(op_info, number_above_all_is_ENOENT)
{
	self->info.op = UINT_MAX;
	EXPECT_EQ(-ENOENT, op_info(self));
}

TEST_F(op_info, found_by_name)
{
	__u32 nr;

	ASSERT_EQ(0, op_info_by_name(self, "sleep"));
	EXPECT_STREQ("sleep", self->info.name);
	EXPECT_STREQ("ktask", self->info.module);
	EXPECT_EQ(sizeof(struct ktask_args_sleep), self->info.args_size);
	EXPECT_EQ(1, self->info.nr_args);

	/* The same by its number. */
	nr = self->info.op;
	self->info.flags = 0;
	self->info.nr_args = 0;
	ASSERT_EQ(0, op_info(self));
	EXPECT_EQ(nr, self->info.op);
	EXPECT_STREQ("sleep", self->info.name);
}

TEST_F(op_info, arguments_of_hash)
{
	static const struct ktask_arg_info want[] = {
		{ "fd", KTASK_ARG_FD, KTASK_ARG_REQUIRED, 0, 4 },
		{ "offset", KTASK_ARG_U64, 0, 8, 8 },
		{ "length", KTASK_ARG_U64, 0, 16, 8 },
		{ "alg", KTASK_ARG_STRING, KTASK_ARG_REQUIRED, 24, KTASK_ALG_MAX },
	};

	self->info.args = to_u64(self->args);
	self->info.nr_args = ARRAY_SIZE(self->args);
	ASSERT_EQ(0, op_info_by_name(self, "hash"));
	EXPECT_EQ(sizeof(struct ktask_args_hash), self->info.args_size);
	EXPECT_EQ(KTASK_OUT_MAX, self->info.out_size);
	ASSERT_EQ(ARRAY_SIZE(want), self->info.nr_args);
	EXPECT_EQ(0, memcmp(want, self->args, sizeof(want)));
}

TEST_F(op_info, name_unknown_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, op_info_by_name(self, "no such op"));
	EXPECT_EQ(-ENOENT, op_info_by_name(self, "slee"));
	EXPECT_EQ(-ENOENT, op_info_by_name(self, "sleep "));
	EXPECT_EQ(-ENOENT, op_info_by_name(self, ""));
}

TEST_F(op_info, name_unterminated_is_EINVAL)
{
	memset(self->info.name, 'n', sizeof(self->info.name));
	self->info.flags = KTASK_OP_BY_NAME;
	EXPECT_EQ(-EINVAL, op_info(self));
	/* By number it is not looked at. */
	self->info.flags = 0;
	EXPECT_EQ(0, op_info(self));
	EXPECT_STREQ("nop", self->info.name);
}

TEST_F(op_info, room_for_fewer_arguments)
{
	memset(self->args, 0x55, sizeof(self->args));
	self->info.args = to_u64(self->args);
	self->info.nr_args = 2;
	ASSERT_EQ(0, op_info_by_name(self, "hash"));
	/* As many as there is room for, and how many there are. */
	EXPECT_EQ(4, self->info.nr_args);
	EXPECT_STREQ("fd", self->args[0].name);
	EXPECT_STREQ("offset", self->args[1].name);
	EXPECT_EQ(0x55, self->args[2].name[0]);
}

TEST_F(op_info, args_null_is_no_room)
{
	self->info.nr_args = 4;
	EXPECT_EQ(0, op_info_by_name(self, "hash"));
	EXPECT_EQ(4, self->info.nr_args);
}

TEST_F(op_info, args_bad_pointer_is_EFAULT)
{
	char *mem = guarded_alloc(1);
	size_t page = sysconf(_SC_PAGESIZE);

	ASSERT_NE(NULL, mem);
	self->info.nr_args = 4;
	self->info.args = to_u64(mem + page);
	EXPECT_EQ(-EFAULT, op_info_by_name(self, "hash"));
	self->info.args = (__u64)-8;
	EXPECT_EQ(-EFAULT, op_info_by_name(self, "hash"));
	/* The last one does not fit. */
	self->info.args = to_u64(mem + page - 3 * sizeof(self->args[0]));
	EXPECT_EQ(-EFAULT, op_info_by_name(self, "hash"));
	self->info.args = to_u64(mem + page - 4 * sizeof(self->args[0]));
	EXPECT_EQ(0, op_info_by_name(self, "hash"));
	/* Without room the pointer is nothing to look at. */
	self->info.nr_args = 0;
	self->info.args = to_u64(mem + page);
	EXPECT_EQ(0, op_info_by_name(self, "hash"));
	munmap(mem, 2 * page);
}

static void *ask_about_hash(void *arg)
{
	FIXTURE_DATA(op_info) *self = arg;

	return (void *)(intptr_t)op_info_by_name(self, "hash");
}

/*
 * A page that its owner does not deliver keeps nobody else waiting: not those
 * who ask about ops, and not a module that wants to offer one.
 */
TEST_F(op_info, args_in_a_page_that_does_not_come)
{
	FIXTURE_DATA(op_info) second = *self;
	struct pollfd pfd = { .events = POLLIN };
	char *mem = absent_page(&pfd.fd);
	pthread_t asker, other;
	struct timespec patience;
	void *ret = NULL;

	if (!mem)
		SKIP(return, "no userfaultfd: %s", strerror(errno));
	self->info.nr_args = 4;
	self->info.args = to_u64(mem);
	ASSERT_EQ(0, pthread_create(&asker, NULL, ask_about_hash, self));
	ASSERT_EQ(1, poll(&pfd, 1, -1));

	ASSERT_EQ(0, pthread_create(&other, NULL, ask_about_hash, &second));
	clock_gettime(CLOCK_REALTIME, &patience);
	patience.tv_sec += 10;
	EXPECT_EQ(0, pthread_timedjoin_np(other, &ret, &patience)) {
		TH_LOG("one caller's page keeps all others waiting");
	}

	EXPECT_EQ(0, absent_page_deliver(pfd.fd, mem));
	EXPECT_EQ(0, pthread_join(asker, &ret));
	EXPECT_EQ(NULL, ret);
	EXPECT_STREQ("fd", mem);
	close(pfd.fd);
}

TEST_HARNESS_MAIN
