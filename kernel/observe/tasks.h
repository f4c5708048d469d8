/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTASK_OBSERVE_TASKS_H
#define _KTASK_OBSERVE_TASKS_H

#include <linux/seq_file.h>

extern const struct seq_operations observe_tasks_ops;

#endif /* _KTASK_OBSERVE_TASKS_H */
