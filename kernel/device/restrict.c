// SPDX-License-Identifier: GPL-2.0
/*
 * Restricted sessions: what may be spawned in one is taken away before its
 * descriptor is given to who is trusted less. The list is replaced under the
 * session's lock; there is no way back.
 */
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "device.h"

/**
 * struct op_list - numbers of ops
 * @nr: how many
 * @ops: these
 */
struct op_list {
	u32 nr;
	u32 ops[];
};

static bool op_listed(const struct op_list *list, u32 op)
{
	u32 i;

	for (i = 0; i < list->nr; i++) {
		if (list->ops[i] == op)
			return true;
	}
	return false;
}

/* Whether @op is one of those that may be spawned in @s, which is restricted. */
bool session_lists(struct session *s, u32 op)
{
	bool allowed;

	session_lock(s);
	allowed = op_listed(s->allowed, op);
	session_unlock(s);
	return allowed;
}

static void op_list_intersect(struct op_list *list,
			      const struct op_list *other)
{
	u32 i, kept = 0;

	for (i = 0; i < list->nr; i++) {
		if (op_listed(other, list->ops[i]))
			list->ops[kept++] = list->ops[i];
	}
	list->nr = kept;
}

/* KTASK_RESTRICT */
int session_restrict(struct session *s, const struct ktask_restrict *arg)
{
	struct op_list *list, *old;

	if (arg->flags & ~KTASK_RESTRICT_LIMITS)
		return -EOPNOTSUPP;
	if (arg->reserved || arg->nr > KTASK_RESTRICT_MAX)
		return -EINVAL;
	list = kzalloc(struct_size(list, ops, arg->nr), GFP_KERNEL_ACCOUNT);
	if (!list)
		return -ENOMEM;
	list->nr = arg->nr;
	if (copy_from_user(list->ops, u64_to_user_ptr(arg->ops),
			   array_size(arg->nr, sizeof(list->ops[0])))) {
		kfree(list);
		return -EFAULT;
	}

	session_lock(s);
	old = s->allowed;
	if (old)
		op_list_intersect(list, old);
	WRITE_ONCE(s->allowed, list);
	if (arg->flags & KTASK_RESTRICT_LIMITS)
		s->limits_fixed = true;
	session_unlock(s);
	kfree(old);
	return 0;
}
