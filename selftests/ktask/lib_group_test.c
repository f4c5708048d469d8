// SPDX-License-Identifier: GPL-2.0
/*
 * libktask against the device: groups and their limits.
 */
#include "lib.h"

TEST_F(lib, group_create_and_info)
{
	struct ktask_group info;
	uint32_t group = 0, other = 0;

	ASSERT_EQ(0, ktask_group_create(self->set, 3, 100, &group));
	EXPECT_NE(0, group);
	ASSERT_EQ(0, ktask_group_create(self->set, 0, 0, &other));
	EXPECT_NE(group, other);
	memset(&info, 0xee, sizeof(info));
	ASSERT_EQ(0, ktask_group_info(self->set, group, &info));
	EXPECT_EQ(group, info.group);
	EXPECT_EQ(3, info.max_running);
	EXPECT_EQ(100, info.max_tasks);
	EXPECT_EQ(0, info.nr_tasks);
	EXPECT_EQ(0, info.nr_running);
	/* The whole set. */
	ASSERT_EQ(0, ktask_group_info(self->set, 0, &info));
	EXPECT_EQ(0, info.max_running);
	EXPECT_EQ(-ENOENT, ktask_group_info(self->set, 77, &info));
	EXPECT_EQ(-ENOENT, ktask_group_limit(self->set, 77, 1, 1));
}

TEST_F(lib, group_limit)
{
	struct ktask_args_sleep args = { .duration_ns = HOUR };
	struct ktask_group info;
	struct ktask_desc desc;
	uint32_t group;
	int i;

	ASSERT_EQ(0, ktask_group_create(self->set, 2, 0, &group));
	ASSERT_DESC(&desc, "sleep", &args);
	desc.group = group;
	for (i = 0; i < 10; i++)
		ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	ASSERT_EQ(0, ktask_group_info(self->set, group, &info));
	EXPECT_EQ(10, info.nr_tasks);
	EXPECT_EQ(2, info.nr_running);
	ASSERT_EQ(0, ktask_group_limit(self->set, group, 5, 10));
	ASSERT_EQ(0, ktask_group_info(self->set, group, &info));
	EXPECT_EQ(5, info.max_running);
	EXPECT_EQ(10, info.max_tasks);
	EXPECT_EQ(5, info.nr_running);
	EXPECT_EQ(-EAGAIN, ktask_spawn_nowait(self->set, &desc, 1, NULL));
	/* Those that run go on when there may be fewer. */
	ASSERT_EQ(0, ktask_group_limit(self->set, group, 1, 0));
	ASSERT_EQ(0, ktask_group_info(self->set, group, &info));
	EXPECT_EQ(5, info.nr_running);
	EXPECT_EQ(1, ktask_spawn_nowait(self->set, &desc, 1, NULL));
}

TEST_F(lib, group_limit_of_the_set)
{
	struct ktask_group info;
	int i;

	ASSERT_EQ(0, ktask_group_limit(self->set, 0, 1, 3));
	for (i = 0; i < 3; i++)
		ASSERT_LT(0, ktask_spawn_sleep(self->set, i ? 1 : HOUR, i));
	ASSERT_EQ(0, ktask_group_info(self->set, 0, &info));
	EXPECT_EQ(3, info.nr_tasks);
	EXPECT_EQ(1, info.nr_running);
	EXPECT_EQ(-ETIMEDOUT, ktask_join_next(self->set, self->c, 10 * MSEC));
	ASSERT_EQ(0, ktask_group_limit(self->set, 0, 0, 0));
	EXPECT_EQ(1, ktask_join_next(self->set, self->c, KTASK_FOREVER));
	EXPECT_EQ(1, ktask_join_next(self->set, self->c, KTASK_FOREVER));
}

TEST_F(lib, group_remove)
{
	struct ktask_args_nop args = {};
	struct ktask_group info;
	struct ktask_desc desc;
	uint32_t group;

	EXPECT_EQ(-EINVAL, ktask_group_remove(self->set, 0));
	EXPECT_EQ(-ENOENT, ktask_group_remove(self->set, 77));
	ASSERT_EQ(0, ktask_group_create(self->set, 0, 0, &group));
	ASSERT_DESC(&desc, "nop", &args);
	desc.group = group;
	ASSERT_LT(0, ktask_spawn_desc(self->set, &desc));
	EXPECT_EQ(-EBUSY, ktask_group_remove(self->set, group));
	EXPECT_EQ(1, ktask_join_group(self->set, group, self->c, KTASK_FOREVER));
	EXPECT_EQ(0, ktask_group_remove(self->set, group));
	EXPECT_EQ(-ENOENT, ktask_group_info(self->set, group, &info));
	EXPECT_EQ(-ENOENT, ktask_spawn_desc(self->set, &desc));
}

/* As many as there may be; the next one says so. */
TEST_F_TIMEOUT(lib, group_create_too_many, SLOW)
{
	struct ktask_set *set;
	uint32_t group;
	int i, err = 0;

	ASSERT_EQ(0, ktask_set_open(&set, 0));
	for (i = 0; i < KTASK_GROUPS_MAX && !err; i++)
		err = ktask_group_create(set, 0, 0, &group);
	EXPECT_EQ(0, err);
	EXPECT_EQ(-ENOSPC, ktask_group_create(set, 0, 0, &group));
	EXPECT_EQ(0, ktask_group_remove(set, group));
	EXPECT_EQ(0, ktask_group_create(set, 0, 0, &group));
	ktask_set_close(set);
}

TEST_HARNESS_MAIN
