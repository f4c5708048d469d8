/* SPDX-License-Identifier: GPL-2.0 */
/*
 * --json, for those who build with json-c.
 */
#ifndef KTASK_JSON_H
#define KTASK_JSON_H

#include <stdbool.h>

#include "ktask.h"

/* False: built without; has been said. Otherwise the functions below do work. */
bool json_available(void);

void json_info(const struct ktask_info *info);

/* An array: begin, each operation, end. */
struct json_object;
struct json_object *json_ops_begin(void);
void json_op(struct json_object *ops, const struct ktask_op_info *info);
void json_ops_end(struct json_object *ops);

#endif /* KTASK_JSON_H */
