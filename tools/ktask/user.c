// SPDX-License-Identifier: GPL-2.0
/*
 * Names of users.
 */
#include <pwd.h>
#include <search.h>
#include <stdlib.h>

#include "cmd.h"
#include "rows.h"

struct user {
	uint32_t uid;
	char *name;
};

static int compare(const void *a, const void *b)
{
	const struct user *first = a, *second = b;

	return first->uid < second->uid ? -1 : first->uid > second->uid;
}

/* Asked once for each: the answer may come over a network. */
const char *user_name(uint32_t uid)
{
	static void *users;
	struct user key = { .uid = uid };
	struct user **found = tfind(&key, &users, compare);
	struct passwd *passwd;
	struct user *user;

	if (found)
		return (*found)->name;
	user = must_calloc(1, sizeof(*user));
	passwd = getpwuid(uid);
	user->uid = uid;
	user->name = passwd ? must_format("%s", passwd->pw_name) : must_format("%u", uid);
	must(tsearch(user, &users, compare));
	return user->name;
}
