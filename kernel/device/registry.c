// SPDX-License-Identifier: GPL-2.0
/*
 * The operations that there are.
 *
 * Found by number under RCU, with the op's module pinned before anything of it
 * is touched; a module that is going away is as good as gone.
 */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "device.h"
#include "registry.h"

static DEFINE_XARRAY_ALLOC(ops);

/* Serialises registering, so that a name is not taken twice. */
static DEFINE_MUTEX(ops_mutex);
static unsigned int nr_ops;
static u32 next_nr;

const struct ktask_op *own_ops[OWN_OPS];

#define ARG_FLAGS	(KTASK_ARG_REQUIRED | KTASK_ARG_WRITE | KTASK_ARG_ANY_FD)
#define OP_FLAGS	(KTASK_OP_PURE | KTASK_OP_INPUT)

/* Bytes that an argument of that type has; 0: its own len; -1: no such type. */
static int arg_type_len(u32 type)
{
	switch (type) {
	case KTASK_ARG_U32:
	case KTASK_ARG_FD:
		return sizeof(u32);
	case KTASK_ARG_U64:
	case KTASK_ARG_S64:
	case KTASK_ARG_NS:
		return sizeof(u64);
	case KTASK_ARG_DATA:
		return sizeof(struct ktask_data);
	case KTASK_ARG_STRING:
		return 0;
	}
	return -1;
}

static bool arg_valid(const struct ktask_op *op, const struct ktask_op_arg *arg)
{
	int len = arg_type_len(arg->type);

	if (!arg->name || !*arg->name || strlen(arg->name) >= KTASK_NAME_MAX)
		return false;
	if (len < 0 || (len && arg->len != len) || !arg->len)
		return false;
	if (arg->flags & ~ARG_FLAGS)
		return false;
	if (arg->flags & ~KTASK_ARG_REQUIRED && arg->type != KTASK_ARG_FD)
		return false;
	return arg->offset <= op->args_size &&
	       arg->len <= op->args_size - arg->offset;
}

static bool op_valid(const struct ktask_op *op)
{
	unsigned int i;

	if (!op->name || !*op->name || strlen(op->name) >= KTASK_NAME_MAX)
		return false;
	if (!op->resume == !op->run || op->flags & ~OP_FLAGS)
		return false;
	if (op->out_size > KTASK_DATA_MAX)
		return false;
	if (op->args_size > KTASK_OP_ARGS_MAX || op->args_min > op->args_size)
		return false;
	for (i = 0; i < op->nr_args; i++) {
		if (!arg_valid(op, &op->args[i]))
			return false;
	}
	return true;
}

static struct ktask_op *op_by_name(const char *name)
{
	struct ktask_op *op;
	unsigned long nr;

	xa_for_each(&ops, nr, op) {
		if (!strcmp(op->name, name))
			return op;
	}
	return NULL;
}

int __ktask_op_register(struct ktask_op *op, struct module *owner)
{
	int err;

	if (!op_valid(op))
		return -EINVAL;

	guard(mutex)(&ops_mutex);
	if (op_by_name(op->name))
		return -EEXIST;
	op->owner = owner;
	/* Cyclic, so that a number does not soon mean another op. */
	err = xa_alloc_cyclic(&ops, &op->nr, op, XA_LIMIT(0, INT_MAX), &next_nr,
			      GFP_KERNEL);
	if (err < 0)
		return err;
	WRITE_ONCE(nr_ops, nr_ops + 1);
	if (!op_is_foreign(op) && op->nr < OWN_OPS)
		own_ops[op->nr] = op;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(__ktask_op_register, KTASK_NS);

/**
 * ktask_op_unregister - do not offer an op any more
 * @op: the op; free to be changed when this returns
 *
 * Only in a module's exit function, when none of its tasks can be at work, or
 * in its init function, before any can.
 *
 * Context: process context, sleeps.
 */
void ktask_op_unregister(struct ktask_op *op)
{
	scoped_guard(mutex, &ops_mutex) {
		xa_erase(&ops, op->nr);
		WRITE_ONCE(nr_ops, nr_ops - 1);
		if (!op_is_foreign(op) && op->nr < OWN_OPS)
			own_ops[op->nr] = NULL;
	}
	/* op_get() may be looking at it. */
	synchronize_rcu();
}
EXPORT_SYMBOL_NS_GPL(ktask_op_unregister, KTASK_NS);

/* Return: false if its module is going away. */
static bool op_pin(const struct ktask_op *op)
{
	return !op_is_foreign(op) || try_module_get(op->owner);
}

/* Any op. Return: as op_get(). */
const struct ktask_op *op_find(u32 nr)
{
	const struct ktask_op *op;

	rcu_read_lock();
	op = xa_load(&ops, nr);
	if (op && !op_pin(op))
		op = NULL;
	rcu_read_unlock();
	return op;
}

/* The name of an op that was there, for listings; empty if it has gone. */
void op_name(u32 nr, char name[KTASK_NAME_MAX])
{
	const struct ktask_op *op;

	rcu_read_lock();
	op = xa_load(&ops, nr);
	if (op)
		strscpy(name, op->name, KTASK_NAME_MAX);
	rcu_read_unlock();
}

unsigned int op_count(void)
{
	return READ_ONCE(nr_ops);
}

static int op_args_to_user(const struct ktask_op *op, u64 addr, u32 room)
{
	struct ktask_arg_info __user *to = u64_to_user_ptr(addr);
	unsigned int i;

	if (!addr)
		return 0;
	for (i = 0; i < op->nr_args && i < room; i++) {
		const struct ktask_op_arg *arg = &op->args[i];
		struct ktask_arg_info a = {
			.type = arg->type,
			.flags = arg->flags,
			.offset = arg->offset,
			.len = arg->len,
		};

		strscpy(a.name, arg->name, sizeof(a.name));
		if (copy_to_user(&to[i], &a, sizeof(a)))
			return -EFAULT;
	}
	return 0;
}

/* Return: the op that @info asks for, its module pinned; or NULL. */
static const struct ktask_op *op_asked(const struct ktask_op_info *info)
{
	unsigned long nr = info->op;
	const struct ktask_op *op;

	guard(mutex)(&ops_mutex);
	if (info->flags & KTASK_OP_BY_NAME) {
		op = op_by_name(info->name);
		return op && op_pin(op) ? op : NULL;
	}
	/* The first that is not just going away with its module. */
	xa_for_each_start(&ops, nr, op, nr) {
		if (op_pin(op))
			return op;
	}
	return NULL;
}

/* KTASK_OP_INFO */
int op_info(struct ktask_op_info *info)
{
	const struct ktask_op *op;
	int err;

	if (info->flags & ~KTASK_OP_BY_NAME)
		return -EOPNOTSUPP;
	if (info->flags & KTASK_OP_BY_NAME &&
	    strnlen(info->name, sizeof(info->name)) == sizeof(info->name))
		return -EINVAL;
	op = op_asked(info);
	if (!op)
		return -ENOENT;

	info->op = op->nr;
	info->args_size = op->args_size;
	strscpy_pad(info->name, op->name, sizeof(info->name));
	strscpy_pad(info->module, op->owner ? module_name(op->owner) : "kernel",
		    sizeof(info->module));
	strscpy_pad(info->summary, op->summary ?: "", sizeof(info->summary));
	info->out_size = op->out_size;
	info->op_flags = op->flags & KTASK_OP_INPUT ? KTASK_OP_TAKES_INPUT : 0;
	info->reserved = 0;
	/* It may fault for ever, so not under the mutex. */
	err = op_args_to_user(op, info->args, info->nr_args);
	info->nr_args = op->nr_args;
	op_put(op);
	return err;
}
