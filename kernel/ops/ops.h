/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The built-in ops, each of which uses the public interface only.
 */
#ifndef _KTASK_OPS_H
#define _KTASK_OPS_H

#include <linux/kernel.h>
#include <linux/ktask_op.h>
#include <linux/module.h>

extern struct ktask_op nop_op;
extern struct ktask_op sleep_op;
extern struct ktask_op hash_op;
extern struct ktask_op read_op;
extern struct ktask_op write_op;
extern struct ktask_op fsync_op;
extern struct ktask_op copy_op;
extern struct ktask_op poll_op;

int ktask_ops_init(void);
void ktask_ops_exit(void);

#endif /* _KTASK_OPS_H */
