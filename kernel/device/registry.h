/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The operations that there are, and how long they stay.
 */
#ifndef _KTASK_DEVICE_REGISTRY_H
#define _KTASK_DEVICE_REGISTRY_H

#include <linux/ktask_op.h>
#include <linux/module.h>
#include <linux/nospec.h>

/* As many of our own as there may be, and more. */
#define OWN_OPS	16

/*
 * Our own by number: they come first, and stay while a file is open, as that pins
 * our module. So they are found without RCU, and need no pin.
 */
extern const struct ktask_op *own_ops[OWN_OPS];

static inline bool op_is_foreign(const struct ktask_op *op)
{
	return op->owner != THIS_MODULE;
}

const struct ktask_op *op_find(u32 nr);

/* For who has an open file. Return: the op, its module pinned; or NULL. */
static inline const struct ktask_op *op_get(u32 nr)
{
	const struct ktask_op *op = NULL;

	if (likely(nr < OWN_OPS))
		op = own_ops[array_index_nospec(nr, OWN_OPS)];
	return likely(op) ? op : op_find(nr);
}

/* One more pin of a module that the caller has pinned. */
static inline void op_get_again(const struct ktask_op *op)
{
	if (op_is_foreign(op))
		__module_get(op->owner);
}

static inline void op_put(const struct ktask_op *op)
{
	if (op_is_foreign(op))
		module_put(op->owner);
}

int op_info(struct ktask_op_info *info);
unsigned int op_count(void);
void op_name(u32 nr, char name[KTASK_NAME_MAX]);

#endif /* _KTASK_DEVICE_REGISTRY_H */
