/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations and their arguments, for people.
 */
#ifndef KTASK_OPS_H
#define KTASK_OPS_H

#include <stdbool.h>

#include "ktask.h"

/* A word for the type of an argument. */
const char *arg_type_name(const struct ktask_arg_info *arg);

/*
 * args.c: allocates the argument structure of an operation and fills it in from
 * key=value words. Returns an exit status; if it is not 0 it has been said why.
 */
int args_encode(const struct ktask_op_info *info, char *const *words, void **encoded);

#endif /* KTASK_OPS_H */
