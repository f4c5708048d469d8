// SPDX-License-Identifier: GPL-2.0
/*
 * In place of json.c when json-c is not there.
 */
#include "cmd.h"
#include "json.h"

bool json_available(void)
{
	message("--json: this ktask was built without json-c");
	return false;
}

void json_info(const struct ktask_info *info)
{
	(void)info;
}

struct json_object *json_ops_begin(void)
{
	return NULL;
}

void json_op(struct json_object *ops, const struct ktask_op_info *info)
{
	(void)ops;
	(void)info;
}

void json_ops_end(struct json_object *ops)
{
	(void)ops;
}
